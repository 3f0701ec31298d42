"""The mirror in a PostgreSQL database. Any number of processes read it, one at a time writes."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from halfopen.errors import LostTurnError, SinkError
from halfopen.sinks import exclusions, ledger, vanished
from halfopen.sinks.base import Answer, Applied, Hole, Progress
from halfopen.sinks.care import Care
from halfopen.sinks.compaction import compact
from halfopen.sinks.compare import Comparison
from halfopen.sinks.drift import Seen, with_remark
from halfopen.sinks.duckdb.run import first_line
from halfopen.sinks.findings import held_at
from halfopen.sinks.forget import Forgotten, forget
from halfopen.sinks.graves import Graves
from halfopen.sinks.postgresql import fence, incoming, schema
from halfopen.sinks.postgresql.apply import apply, replay
from halfopen.sinks.postgresql.compare import compare
from halfopen.sinks.postgresql.judged import PIECE_BYTES, judged
from halfopen.sinks.postgresql.link import FAILURES, Interrupted, Loop, Session
from halfopen.sinks.postgresql.query import PostgreSQLReader, query
from halfopen.sinks.postgresql.remembered import Remembered
from halfopen.sinks.postgresql.workplace import Workplace
from halfopen.sinks.replay import Held, Rejudged, Replayed, held
from halfopen.sinks.summary import progress_of, status_of
from halfopen.sinks.tokens import Vault
from halfopen.window.clock import utc_now
from halfopen.window.coverage import Coverage

SETTINGS = {
    "application_name": "halfopen",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "client_encoding": "UTF8",
    "client_min_messages": "warning",
    "statement_timeout": "0",
    # Answers differ in size by orders of magnitude: a plan made for one must not serve another.
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
}
WRITING = {
    # Somebody else's lock makes a hole that is tried again; a process that hangs lets go of its turn.
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "5min",
}


class PostgreSQLSink:
    """Keeps the promise of `sinks.base.Sink`.

    url: with the password; shown: the same without it, for errors. reads_only: never take the turn to write, so that
    whoever has it keeps it; `apply` and `fail` are then refused. Otherwise opening takes the turn from whoever had it.
    Answers are judged and typed in a folder of temporary files; longer ones in pieces of `piece_bytes` or a little
    more, `threads` of them at a time.
    """

    def __init__(
        self,
        url: str,
        shown: str,
        *,
        reads_only: bool = False,
        threads: int = 2,
        memory_limit: str | None = None,
        piece_bytes: int = PIECE_BYTES,
        vault: Vault | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._clock = clock
        self._care = Care(vault=vault)
        self._known = Remembered(is_ours=not reads_only)
        self._url = url
        self._shown = shown
        self._reads_only = reads_only
        self._threads = threads
        self._memory_limit = memory_limit
        self._piece_bytes = piece_bytes
        self._loop = Loop()
        self._number: int | None = None
        self._open = False
        self._session: Session | None = None
        self._reader: Session | None = None
        self._reading_lock = threading.Lock()
        self._readers: set[PostgreSQLReader] = set()
        self._door = threading.Lock()
        self._work: Workplace | None = None
        self._seq = 0

    def open(self) -> None:
        """Connect, make what is missing and take the turn; see `Sink.open`."""
        if self._open:
            return
        self._open = True
        try:
            with self._failing("cannot be opened; is [mirror] database right, and its server up?"):
                self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the server and the temporary files, and stop whoever still reads."""
        with self._door:
            self._open = False
            readers = tuple(self._readers)
        for one in readers:
            one.close()
        self._number = None
        session, self._session = self._session, None
        reader, self._reader = self._reader, None
        for each in (session, reader):
            if each is not None:
                each.close()
        self._loop.close()
        work, self._work = self._work, None
        if work is not None:
            work.close()

    def next_seq(self) -> int:
        """The next request sequence."""
        self._seq += 1
        return self._seq

    def apply(self, answers: Sequence[Answer]) -> list[Applied]:
        """Store answers in one transaction; see `Sink.apply`."""
        work = self._workplace()
        try:
            with self._failing("nothing was written"):
                ready = judged(work, answers, self._care, piece_bytes=self._piece_bytes)
                outcomes = []
                names = [(answer.product, answer.feed.name) for answer in answers]
                with self._transaction() as session:
                    held = set(self._known.held(session))
                    owing = self._known.owing(session) & set(names)
                    for name, one in zip(names, ready, strict=True):
                        outcomes.append(apply(session, one, anything_held=name in held))
                        if outcomes[-1].held:
                            held.add(name)
                    settled = {name for name in owing if ledger.fill(session, *name) == 0}
                    changed = {feed for (_, feed), one in zip(names, outcomes, strict=True) if one.applied.changed}
                    exclusions.stamp(session, changed, self._clock())
                    seen = [
                        Seen(
                            answer=one.answer,
                            shape=one.staged.shape,
                            rows=one.staged.rows,
                            quarantined=outcome.applied.quarantined,
                        )
                        for one, outcome in zip(ready, outcomes, strict=True)
                    ]
                    remarks = self._known.watch.look(session, seen)
        finally:
            work.sweep()
        self._seq = max(self._seq, *(answer.seq for answer in answers))
        self._known.stored(answers, outcomes, held, settled)
        return [with_remark(answer, one.applied, remarks) for answer, one in zip(answers, outcomes, strict=True)]

    def held(self, product: str, feed: str, *, code: str | None, after: tuple[int, str], limit: int) -> list[Held]:
        """Rows in quarantine; see `Sink.held`."""
        with self._failing(), self._using() as session:
            return held(session, product, feed, code=code, after=after, limit=limit)

    def replay(self, jobs: Sequence[Rejudged]) -> list[Replayed]:
        """Judge held rows again; see `Sink.replay`."""
        work = self._workplace()
        try:
            with self._failing("nothing was written"):
                ready = judged(work, [job.answer for job in jobs], self._care)
                with self._transaction() as session:
                    done = [replay(session, job, one) for job, one in zip(jobs, ready, strict=True)]
                    exclusions.stamp(session, {job.answer.feed.name for job in jobs}, self._clock())
        finally:
            work.sweep()
        for job, (_, inserted) in zip(jobs, done, strict=True):
            self._known.inserted((job.answer.product, job.answer.feed.name), inserted)
        return [replayed for replayed, _ in done]

    def forget(self, product: str, player: str, now: datetime) -> Forgotten:
        """Erase a person; see `Sink.forget`."""
        with self._failing("nothing was erased"), self._transaction() as session:
            found = forget(session, product, player, now)
            graves = Graves.read(session)
        self._care = replace(self._care, graves=graves)
        self._known.forget()
        return found

    def fail(self, hole: Hole) -> None:
        """Record a window that failed; see `Sink.fail`."""
        with self._failing("nothing was written"), self._transaction() as session:
            ledger.fail(session, hole)
        self._known.failed((hole.product, hole.feed))

    def progress(self, product: str, feed: str) -> Progress:
        """What is committed, re-read and owed."""
        with self._failing(), self._using() as session:
            return progress_of(self._known.passes(session, product, feed), ledger.holes(session, product, feed))

    def status(self) -> dict[str, Any]:
        """Per product and feed: watermark and frontier (aware UTC, None before there is one) and counts."""
        with self._failing(), self._using() as session:
            return status_of(
                ledger.counts(session),
                held_at(session),
                self._known.rows(session),
                lambda product, feed: self._known.passes(session, product, feed).get(0, Coverage()),
            )

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Answer one reading statement, from any thread, also while answers are applied."""
        if not self._open:
            raise self._closed()
        with self._reading_lock, self._failing():
            if self._reader is None or self._reader.lost:
                self._reader = Session.connect(self._loop, self._url, SETTINGS)
            return query(self._reader, sql)

    def reader(self) -> PostgreSQLReader:
        """Somebody to ask one question of, from any thread; see `Sink.reader`."""
        with self._door:
            if not self._open:
                raise self._closed()
            reader = PostgreSQLReader(self._url, self._shown, SETTINGS, self._readers.discard)
            self._readers.add(reader)
        return reader

    def compare(self, answer: Answer, *, claimed: datetime, sought: Collection[str] = ()) -> Comparison:
        """What of an answer the mirror has not, or has otherwise; see `Sink.compare`."""
        work = self._workplace()
        with self._failing(), self._using() as session:
            return compare(session, work.judge, answer, work.folder, claimed=claimed, sought=sought, care=self._care)

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        """Write a copy for readers, from any thread, also while answers are applied; see `Sink.snapshot`."""
        with closing(self.reader()) as reader:
            return reader.snapshot(file, folder)

    def compact(self, now: datetime) -> int:
        """Merge old lines of the ledger and make views for people anew; see `Sink.compact`."""
        with self._failing("nothing was written"), self._transaction() as session:
            fewer = compact(session, now, "postgresql")
        with suppress(SinkError), self._failing(), self._transaction() as session:
            session.script(schema.BRIEFLY)  # a view that somebody reads just now is made anew the next time
            schema.refresh_views(session)
        return fewer

    def vanish(self, product: str, feed: str, keys: Collection[str], at: datetime) -> int:
        """Mark stored rows as no longer served; see `Sink.vanish`."""
        with self._failing("nothing was written"), self._transaction() as session:
            return vanished.mark(session, product, feed, keys, at)

    def interrupt(self) -> None:
        """Stop the statements that run now."""
        self._loop.interrupt()
        if self._work is not None:
            self._work.interrupt()

    def _prepare(self) -> None:
        session = self._connect()
        schema.demand_utf8(session)
        if self._reads_only:
            if schema.version(session) is None:
                raise SinkError("there is no mirror in it yet; halfopen sync makes one")
        else:
            session.script("BEGIN")
            session.rows(f"SELECT pg_advisory_xact_lock({schema.LOCK})")
            schema.migrate(session)
            self._number = fence.take(session)
            session.script("COMMIT")
            incoming.make(session)
            self._care = replace(self._care, graves=Graves.read(session))
        self._seq = max(self._seq, ledger.last_seq(session))

    def _connect(self) -> Session:
        """A new session; what was remembered may be of a transaction whose end nobody saw."""
        self._known.forget()
        settings = SETTINGS if self._reads_only else {**SETTINGS, **WRITING}
        self._session = Session.connect(self._loop, self._url, settings)
        return self._session

    def _workplace(self) -> Workplace:
        """Where the judge works, made at the first use: whoever only reads needs none."""
        if not self._open:
            raise self._closed()
        if self._work is None:
            self._work = Workplace(threads=self._threads, memory_limit=self._memory_limit)
        return self._work

    @contextmanager
    def _using(self) -> Iterator[Session]:
        """The session, connected again if it was lost; the turn is not taken again."""
        if not self._open:
            raise self._closed()
        session = self._session
        if session is None or session.lost:
            session = self._connect()
            if not self._reads_only:
                incoming.make(session)
        yield session

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """All or nothing, and only while it is our turn."""
        with self._using() as session:
            if self._number is None:
                raise SinkError("it was opened for reading only")
            try:
                session.script("BEGIN")
                fence.demand(session, self._number)
                yield session
                session.script("COMMIT")
            except BaseException:
                self._known.forget()
                _roll_back(session)
                raise

    @contextmanager
    def _failing(self, consequence: str = "") -> Iterator[None]:
        """Whatever fails is one line that names the mirror."""
        end = f"; {consequence}" if consequence else ""
        try:
            yield
        except (*FAILURES, duckdb.Error) as error:
            raise SinkError(f"mirror {self._shown!r}: {first_line(error)}{end}") from error
        except LostTurnError as error:
            raise LostTurnError(f"mirror {self._shown!r}: {error}{end}") from error
        except Interrupted as error:
            raise Interrupted(f"mirror {self._shown!r}: {error}{end}") from error
        except SinkError as error:
            if str(error).startswith(("mirror ", "query: ")):
                raise
            raise SinkError(f"mirror {self._shown!r}: {error}{end}") from error

    def _closed(self) -> SinkError:
        return SinkError(f"mirror {self._shown!r}: is not open")


def _roll_back(session: Session) -> None:
    """End the transaction; a session that cannot is given up, and the server ends it."""
    try:
        session.script("ROLLBACK")
    except (*FAILURES, SinkError):
        session.close()
