"""One answer into the mirror: stage, judge, merge, hold what is unusable, count what is odd, write the ledger line."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from halfopen.contract.judge import suspects, violations
from halfopen.sinks import duckdb_ledger as ledger
from halfopen.sinks import duckdb_merge as merging
from halfopen.sinks import duckdb_quarantine as quarantine
from halfopen.sinks.base import Answer, Applied
from halfopen.sinks.duckdb_merge import Merge
from halfopen.sinks.duckdb_run import naive, run, written
from halfopen.sinks.duckdb_stage import Note, Shape, Staged, show, stage

AHEAD = timedelta(hours=1)
"""A cursor further than this ahead of the product's clock is not believed."""
SMALL_ROWS = 20_000
"""Up to here planning SQL costs more than running it."""
_TEMPORARY = ("values_at_hand", "keyed", "differing", "held", "verdicts")
_NO_COUNTS = Applied(rows=0, changed=0, late=0, quarantined=0, findings=0)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What applying did: the counts for the caller, and how many rows the feed's table gained."""

    applied: Applied
    inserted: int
    held: bool


def prepare(connection: duckdb.DuckDBPyConnection, answers: Sequence[Answer], staging: Path) -> list[Staged]:
    """Read the bodies into temporary tables, before the transaction.

    Raises:
        ContractError: a body cannot be parsed.
    """
    staged = []
    for number, answer in enumerate(answers):
        link, spare = staging / f"{number}.body", staging / f"{number}.mended"
        try:
            _bring(answer.body, link)
            staged.append(stage(connection, answer, link, spare, f"stage_{number}"))
        finally:
            link.unlink(missing_ok=True)
            spare.unlink(missing_ok=True)
    return staged


def apply(connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, *, anything_held: bool) -> Outcome:
    """Apply one answer inside of the caller's transaction.

    `anything_held` says whether quarantine holds rows of this feed, which a good version may supersede.
    """
    values = _values(answer)
    outcome = _Application(connection, answer, values, staged).run(anything_held=anything_held)
    ledger.commit(connection, outcome.applied, values)
    for rung, part in answer.settles:
        place = {"rung": rung, "window_start": naive(part.start), "window_end": naive(part.end)}
        ledger.commit(connection, _NO_COUNTS, {**values, **place})
    return outcome


def discard(connection: duckdb.DuckDBPyConnection, count: int) -> None:
    """Let go of the temporary tables of that many answers."""
    for table in (*(f"stage_{number}" for number in range(count)), *_TEMPORARY):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


class _Application:
    """The steps of one answer that need to know of each other."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, answer: Answer, values: dict[str, Any], staged: Staged
    ) -> None:
        self._connection = connection
        self._answer = answer
        self._values = values
        self._staged = staged
        self._notes: list[Note] = list(staged.notes)
        self._unusable = 0
        self._inserted = 0
        self._updated = 0
        self._late = 0

    def run(self, *, anything_held: bool) -> Outcome:
        """Do all of it and sum up."""
        staged = self._staged
        if staged.shape is not None and staged.rows:
            self._rows(staged.shape, anything_held=anything_held)
        if staged.broken:
            self._notes += quarantine.hold_broken(self._connection, self._answer, staged.broken, self._values)
        quarantine.note(self._connection, self._answer, self._notes)
        applied = Applied(
            rows=staged.rows + len(staged.broken),
            changed=self._inserted + self._updated,
            late=self._late,
            quarantined=self._unusable + len(staged.broken),
            findings=sum(note.count for note in self._notes),
        )
        return Outcome(applied=applied, inserted=self._inserted, held=applied.quarantined > 0)

    def _rows(self, shape: Shape, *, anything_held: bool) -> None:
        show(self._connection, self._staged)
        small = self._staged.rows <= SMALL_ROWS
        wrong = self._judge(shape, small=small)
        merge = Merge(shape=shape, unusable=False, unreadable=(), at_hand=small)
        if wrong:
            merge = self._judged(merge)
        if small:
            self._connection.execute(merging.at_hand(merge))
        self._merge(merge)
        if anything_held:
            quarantine.supersede(self._connection, shape, self._values)
        if self._unusable:
            quarantine.hold(self._connection, shape, self._values)
        if wrong:
            self._notes += quarantine.count_verdicts(self._connection, shape, self._counted())

    def _judge(self, shape: Shape, *, small: bool) -> int:
        """Make `verdicts`; give how many there are. Where there are none the table may be missing."""
        only = None
        if small:
            doubts = self._connection.execute(suspects(shape.feed, "staged", shape.present)).fetchone() or ()
            only = tuple(name for name, doubt in zip(shape.present, doubts, strict=True) if doubt)
            if not only and set(shape.feed.required) <= set(shape.present):
                return 0
        judged = violations(shape.feed, "staged", shape.present, only)
        return written(self._connection, f"CREATE OR REPLACE TEMP TABLE verdicts AS {judged}")

    def _judged(self, merge: Merge) -> Merge:
        """Learn from the verdicts which rows to hold back and which fields may have no reading."""
        row = self._connection.execute(
            "SELECT count(DISTINCT _n) FILTER (unusable), list(DISTINCT field) FROM verdicts"
        ).fetchone()
        self._unusable, fields = row or (0, [])
        shape = merge.shape
        unreadable = tuple(name for name in shape.present if name in fields and not shape.feed.fields[name].required)
        return replace(merge, unusable=bool(self._unusable), unreadable=unreadable)

    def _merge(self, merge: Merge) -> None:
        rows, keys, new, replacing, back, ahead = self._keyed(merge)
        if keys < rows:
            self._notes.append(Note(code="duplicate_id", count=rows - keys, field=merge.shape.feed.key, value=None))
            merge = replace(merge, distinct=False)
            rows, keys, new, replacing, back, ahead = self._keyed(merge)
        if new:
            all_new = new == self._staged.rows and not ahead
            self._inserted = written(self._connection, merging.insert(merge, all_new=all_new), self._values)
        if replacing:
            self._updated = written(self._connection, merging.differing(merge), self._values)
        if self._updated:
            self._overwrite(merge)
        cursor = merge.shape.feed.cursor
        for code, count in (("cursor_went_back", back), ("cursor_in_future", ahead)):
            if count:
                self._notes.append(Note(code=code, count=count, field=cursor, value=None))
        if self._answer.rung and self._inserted + self._updated:
            self._late = ledger.late(self._connection, merge.shape, self._values, self._sources())

    def _keyed(self, merge: Merge) -> tuple[int, ...]:
        run(self._connection, merging.keyed(merge), self._values)
        return self._connection.execute(merging.SUMMARY).fetchone() or (0,) * 6

    def _overwrite(self, merge: Merge) -> None:
        columns, query = merging.changes(merge)
        *flags, same_cursor = self._connection.execute(query).fetchone() or (*columns, 0)
        changing = tuple(name for name, flag in zip(columns, flags, strict=True) if flag)
        run(self._connection, merging.update(merge, changing), self._values)
        if same_cursor and merge.shape.feed.kind not in merging.BY_SEQUENCE:
            cursor = merge.shape.feed.cursor
            self._notes.append(Note(code="changed_without_cursor", count=same_cursor, field=cursor, value=None))

    def _sources(self) -> list[str]:
        sources = []
        if self._inserted:
            sources.append("SELECT _id, _cursor, NULL::TIMESTAMP AS _was_fetched FROM keyed WHERE NOT _stored")
        if self._updated:
            sources.append("SELECT _id, _cursor, _was_fetched FROM differing")
        return sources

    def _counted(self) -> list[str]:
        """Queries of the rows whose findings count: those that changed the mirror, and those held for the first time.

        So a row is counted once, however often a window is asked again.
        """
        counted = ["SELECT NULL::BIGINT AS _n WHERE false"]
        if self._inserted:
            counted.append("SELECT _n FROM keyed WHERE NOT _stored")
        if self._updated:
            counted.append("SELECT _n FROM differing")
        if self._unusable:
            counted.append("SELECT _n FROM held WHERE fresh")
        return counted


def _values(answer: Answer) -> dict[str, Any]:
    clock = naive(answer.server_date or answer.fetched_at)
    return {**ledger.values_of(answer), "clock": clock, "ahead": clock + AHEAD}


def _bring(body: Path, link: Path) -> None:
    """Show the body to DuckDB, which can read the staging folder and nothing else."""
    link.unlink(missing_ok=True)
    try:
        os.link(body, link)
    except OSError:
        shutil.copyfile(body, link)  # another file system
