"""The mirror in a DuckDB file: `duckdb:///mirror.duckdb`. One process owns the file."""

import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from halfopen.contract.load import NAMES
from halfopen.errors import SinkError
from halfopen.sinks import exclusions, ledger, ledger_lines, vanished
from halfopen.sinks.base import Answer, Applied, Hole, Progress
from halfopen.sinks.batch import sort
from halfopen.sinks.care import Care
from halfopen.sinks.compaction import compact
from halfopen.sinks.compare import Comparison, compare
from halfopen.sinks.drift import Seen, Watch, with_remark
from halfopen.sinks.duckdb.apply import apply, discard, replay
from halfopen.sinks.duckdb.batch import NOTHING_DONE, apply_groups
from halfopen.sinks.duckdb.listing import groups_of
from halfopen.sinks.duckdb.query import DuckDBReader
from halfopen.sinks.duckdb.run import DuckDBDatabase, first_line
from halfopen.sinks.duckdb.schema import connect, views
from halfopen.sinks.findings import held_at
from halfopen.sinks.forget import Forgotten, forget
from halfopen.sinks.graves import Graves
from halfopen.sinks.judging import SMALL_ROWS, prepare
from halfopen.sinks.ledger_lines import Outcome
from halfopen.sinks.replay import Held, Rejudged, Replayed, held
from halfopen.sinks.summary import progress_of, status_of
from halfopen.sinks.tokens import Vault
from halfopen.window.clock import utc_now
from halfopen.window.coverage import Coverage

_PIECE = 10_000
MOST_THREADS = 4
"""A mirror shares its machine with the puller; more threads hardly help at the sizes of a minute."""


class DuckDBSink:
    """Keeps the promise of `sinks.base.Sink`.

    Beside the file lie `<file>.wal`, `<file>.tmp` (what does not fit into memory) and `<file>.staging` (links to the
    bodies in hand; the only folder that SQL in this mirror can read). Bodies on the same file system are linked
    rather than copied.
    """

    def __init__(
        self,
        path: Path,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        vault: Vault | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._clock = clock
        self._care = Care(vault=vault)
        self._watch = Watch()
        self._path = path.absolute()
        self._staging = self._path.with_name(f"{self._path.name}.staging")
        self._threads = threads or min(MOST_THREADS, os.cpu_count() or 1)
        self._memory_limit = memory_limit
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._root: duckdb.DuckDBPyConnection | None = None
        """Readers' cursors come from it; nothing is ever run on it, so that it is never busy."""
        self._readers: set[DuckDBReader] = set()
        self._door = threading.Lock()
        self._gave_up = False
        self._seq = 0
        self._rows: dict[tuple[str, str], int] = {}
        self._held: set[tuple[str, str]] = set()
        self._owing: set[tuple[str, str]] = set()
        self._coverage: dict[tuple[str, str], dict[int, Coverage]] | None = None

    def open(self) -> None:
        """Open the file, making it and its tables where they are missing."""
        if self._connection is not None:
            return
        connection = connect(self._path, self._staging, threads=self._threads, memory_limit=self._memory_limit)
        try:
            shutil.rmtree(self._staging, ignore_errors=True)
            self._staging.mkdir(mode=0o700)
            database = DuckDBDatabase(connection)
            self._rows = ledger.rows_stored(database, NAMES)
            self._held = set(held_at(database))
            self._care = replace(self._care, graves=Graves.read(database))
            self._owing = ledger.owing(database)
            self._seq = max(self._seq, ledger.last_seq(database))
        except (OSError, duckdb.Error) as error:
            connection.close()
            raise SinkError(f"mirror {str(self._path)!r}: {first_line(error)}") from error
        self._coverage = None
        self._connection = connection
        with self._door:
            self._root = connection.cursor()
        self._gave_up = False

    def close(self) -> None:
        """Let go of the file, and stop whoever still reads it: one open cursor alone would hold it."""
        self._gave_up = False
        connection, self._connection = self._connection, None
        with self._door:
            root, self._root = self._root, None
            readers = tuple(self._readers)
        for each in (*readers, root, connection):
            if each is not None:
                each.close()
        shutil.rmtree(self._staging, ignore_errors=True)

    def next_seq(self) -> int:
        """The next request sequence."""
        self._seq += 1
        return self._seq

    def apply(self, answers: Sequence[Answer]) -> list[Applied]:
        """Store answers in one transaction; see `Sink.apply`."""
        with self._reading() as connection:
            found = sort(connection, answers, self._staging, self._held | self._care.needed(answers))
            found.groups += groups_of(connection, answers, found.lists)
            staged = prepare(connection, [answers[place] for place in found.alone], self._staging, self._care)
        owing = self._owing & {(answer.product, answer.feed.name) for answer in answers}
        with self._transaction() as connection:
            database = DuckDBDatabase(connection)
            outcomes = dict.fromkeys(found.bare, NOTHING_DONE)
            outcomes |= apply_groups(connection, answers, found.groups)
            self._write_lines(database, [(answers[place], outcome) for place, outcome in outcomes.items()])
            held = set(self._held)
            for place, lying in zip(found.alone, staged, strict=True):
                name = (answers[place].product, answers[place].feed.name)
                outcomes[place] = apply(connection, answers[place], lying, anything_held=name in held)
                if outcomes[place].held:
                    held.add(name)
            settled = {name for name in owing if ledger.fill(database, *name) == 0}
            if sum(lying.rows for lying in staged) > SMALL_ROWS:
                discard(connection, len(staged))
            exclusions.stamp(database, _changed(answers, outcomes), self._clock())
            seen = [
                *(
                    Seen(answer=answers[at], shape=group.shape, rows=rows, quarantined=0)
                    for group in found.groups
                    for at, rows in group.counts.items()
                ),
                *(
                    Seen(
                        answer=answers[at],
                        shape=lying.shape,
                        rows=lying.rows,
                        quarantined=outcomes[at].applied.quarantined,
                    )
                    for at, lying in zip(found.alone, staged, strict=True)
                ),
            ]
            remarks = self._watch.look(database, seen)
        self._owing -= settled
        for place, answer in enumerate(answers):
            self._remember(answer, outcomes[place])
        return [with_remark(answer, outcomes[place].applied, remarks) for place, answer in enumerate(answers)]

    def _write_lines(self, database: DuckDBDatabase, outcomes: Sequence[tuple[Answer, Outcome]]) -> None:
        """The ledger lines of these answers: in one statement, but for windows that may have a line already."""
        fresh = []
        for answer, outcome in outcomes:
            name = (answer.product, answer.feed.name)
            known = self._all_passes(database).get(name, {})
            for window, counts, values in ledger_lines.lines_of(answer, outcome.applied):
                if name in self._owing or known.get(values["rung"], Coverage()).intersection(window):
                    ledger.commit(database, counts, values)
                else:
                    fresh.append((counts, values))
        ledger_lines.write(database, fresh)

    def held(self, product: str, feed: str, *, code: str | None, after: tuple[int, str], limit: int) -> list[Held]:
        """Rows in quarantine; see `Sink.held`."""
        with self._reading() as connection:
            return held(DuckDBDatabase(connection), product, feed, code=code, after=after, limit=limit)

    def replay(self, jobs: Sequence[Rejudged]) -> list[Replayed]:
        """Judge held rows again; see `Sink.replay`."""
        with self._reading() as connection:
            staged = prepare(connection, [job.answer for job in jobs], self._staging, self._care)
        with self._transaction() as connection:
            done = [replay(connection, job, lying) for job, lying in zip(jobs, staged, strict=True)]
            discard(connection, len(jobs))
            exclusions.stamp(DuckDBDatabase(connection), {job.answer.feed.name for job in jobs}, self._clock())
        for job, (_, inserted) in zip(jobs, done, strict=True):
            name = (job.answer.product, job.answer.feed.name)
            self._rows[name] = self._rows.get(name, 0) + inserted
        return [replayed for replayed, _ in done]

    def forget(self, product: str, player: str, now: datetime) -> Forgotten:
        """Erase a person; see `Sink.forget`. Then the file is rewritten where it was erased, as far as DuckDB does."""
        with self._transaction() as connection:
            database = DuckDBDatabase(connection)
            found = forget(database, product, player, now)
            graves = Graves.read(database)
        self._care = replace(self._care, graves=graves)
        with self._reading() as connection:
            self._rows = ledger.rows_stored(DuckDBDatabase(connection), NAMES)
            with suppress(duckdb.TransactionException):  # somebody reads just now: the next checkpoint does it
                connection.execute("CHECKPOINT")
        return found

    def fail(self, hole: Hole) -> None:
        """Record a window that failed; see `Sink.fail`."""
        with self._transaction() as connection:
            ledger.fail(DuckDBDatabase(connection), hole)
        self._owing.add((hole.product, hole.feed))

    def progress(self, product: str, feed: str) -> Progress:
        """What is committed, re-read and owed."""
        with self._reading() as connection:
            database = DuckDBDatabase(connection)
            passes = self._passes(database, product, feed)
            owed = ledger.holes(database, product, feed) if (product, feed) in self._owing else ()
        return progress_of(passes, owed)

    def status(self) -> dict[str, Any]:
        """Per product and feed: watermark and frontier (aware UTC, None before there is one) and counts."""
        with self._reading() as connection:
            database = DuckDBDatabase(connection)
            return status_of(
                ledger.counts(database),
                held_at(database),
                self._rows,
                lambda product, feed: self._passes(database, product, feed).get(0, Coverage()),
            )

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Answer one reading statement, from any thread, also while answers are applied."""
        with closing(self.reader()) as reader:
            names = reader.ask(sql)
            rows: list[tuple[Any, ...]] = []
            while more := reader.fetch(_PIECE):
                rows += more
            return names, rows

    def reader(self) -> DuckDBReader:
        """Somebody to ask one question of, from any thread; see `Sink.reader`."""
        with self._door:
            if self._root is None:
                raise self._closed()
            reader = DuckDBReader(self._root, self._path, self._staging, self._readers.discard)
            self._readers.add(reader)
        return reader

    def compare(self, answer: Answer, *, claimed: datetime, sought: Collection[str] = ()) -> Comparison:
        """What of an answer the mirror has not, or has otherwise; see `Sink.compare`."""
        with self._reading() as connection:
            [staged] = prepare(connection, [answer], self._staging, self._care)
            return compare(connection, answer, staged, claimed=claimed, sought=sought)

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        """Write a copy for readers, from any thread, also while answers are applied; see `Sink.snapshot`."""
        with closing(self.reader()) as reader:
            return reader.snapshot(file, folder)

    def compact(self, now: datetime) -> int:
        """Merge old lines of the ledger and make views for people anew; see `Sink.compact`."""
        with self._transaction() as connection:
            fewer = compact(DuckDBDatabase(connection), now, "duckdb")
        with suppress(SinkError), self._transaction() as connection:
            for statement in views(connection, has_players=True):
                connection.execute(statement)
        return fewer

    def vanish(self, product: str, feed: str, keys: Collection[str], at: datetime) -> int:
        """Mark stored rows as no longer served; see `Sink.vanish`."""
        with self._transaction() as connection:
            return vanished.mark(DuckDBDatabase(connection), product, feed, keys, at)

    def interrupt(self) -> None:
        """Stop the statement that runs now."""
        if self._connection is not None:
            self._connection.interrupt()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All or nothing; a DuckDB that gave itself up is opened again."""
        connection = self._opened()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except duckdb.Error as error:
            self._recover(connection, error)
            raise SinkError(f"mirror {str(self._path)!r}: {_what_failed(error)}; nothing was written") from error
        except BaseException:
            self._recover(connection, None)
            raise

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._opened()
        try:
            yield connection
        except duckdb.Error as error:
            self._recover(connection, error)
            raise SinkError(f"mirror {str(self._path)!r}: {_what_failed(error)}") from error

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._gave_up:
            self.open()
        if self._connection is None:
            raise self._closed()
        return self._connection

    def _closed(self) -> SinkError:
        return SinkError(f"mirror {str(self._path)!r}: is not open")

    def _recover(self, connection: duckdb.DuckDBPyConnection, error: duckdb.Error | None) -> None:
        """Roll back; after a failure that DuckDB takes for fatal, the next use opens the file again."""
        self._watch.forget()
        broken = isinstance(error, (duckdb.FatalException, duckdb.InternalException))
        try:
            connection.execute("ROLLBACK")
        except duckdb.TransactionException:
            pass  # DuckDB had rolled back by itself
        except duckdb.Error:
            broken = True
        if broken:
            self.close()
            self._gave_up = True

    def _passes(self, database: DuckDBDatabase, product: str, feed: str) -> dict[int, Coverage]:
        return self._all_passes(database).setdefault((product, feed), {})

    def _all_passes(self, database: DuckDBDatabase) -> dict[tuple[str, str], dict[int, Coverage]]:
        """Coverage by feed and pass, read once and kept up to date by `apply`: nobody else writes this file."""
        if self._coverage is None:
            self._coverage = ledger_lines.coverages(database)
        return self._coverage

    def _remember(self, answer: Answer, outcome: Outcome) -> None:
        name = (answer.product, answer.feed.name)
        self._seq = max(self._seq, answer.seq)
        self._rows[name] = self._rows.get(name, 0) + outcome.inserted
        if outcome.held:
            self._held.add(name)
        if self._coverage is not None:
            passes = self._coverage.setdefault(name, {})
            for rung, part in ((answer.rung, answer.window), *answer.settles):
                passes[rung] = passes.get(rung, Coverage()).add(part)


def _changed(answers: Sequence[Answer], outcomes: Mapping[int, Outcome]) -> set[str]:
    """Feeds whose stored rows were changed."""
    return {answers[place].feed.name for place, outcome in outcomes.items() if outcome.applied.changed}


def _what_failed(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.InterruptException):
        return "interrupted"
    return first_line(error)
