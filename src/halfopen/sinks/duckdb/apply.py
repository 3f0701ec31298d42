"""One answer into the mirror: stage, judge, merge, hold what is unusable, count what is odd, write the ledger line."""

from dataclasses import replace
from typing import Any

import duckdb

from halfopen.sinks import exclusions, ledger_lines, several, vanished
from halfopen.sinks.base import Answer, Applied
from halfopen.sinks.duckdb import late, quarantine
from halfopen.sinks.duckdb import merge as merging
from halfopen.sinks.duckdb.merge import Merge
from halfopen.sinks.duckdb.run import DuckDBDatabase, run, written
from halfopen.sinks.findings import note
from halfopen.sinks.judging import SMALL_ROWS, UNUSABLE, judge, learned, values_of
from halfopen.sinks.ledger_lines import Outcome
from halfopen.sinks.replay import Rejudged, Replayed, settle
from halfopen.sinks.rows import BY_SEQUENCE
from halfopen.sinks.stage import Note, Shape, Staged, show

_TEMPORARY = ("values_at_hand", "keyed", "differing", "held", "verdicts")


def apply(connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, *, anything_held: bool) -> Outcome:
    """Apply one answer inside of the caller's transaction.

    `anything_held` says whether quarantine holds rows of this feed, which a good version may supersede.
    """
    outcome = _Application(connection, answer, values_of(answer), staged).run(anything_held=anything_held)
    ledger_lines.commit(DuckDBDatabase(connection), answer, outcome.applied)
    return outcome


def replay(connection: duckdb.DuckDBPyConnection, job: Rejudged, staged: Staged) -> tuple[Replayed, int]:
    """Judge held rows again inside of the caller's transaction: what came of them, and how many rows the table gained.

    No ledger line, no finding: both were written when the rows came.
    """
    application = _Application(connection, job.answer, values_of(job.answer), staged)
    unusable, accepted = application.again()
    return settle(DuckDBDatabase(connection), job, unusable, accepted), application.inserted


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
        self.inserted = 0
        self._updated = 0
        self._late = 0

    def run(self, *, anything_held: bool) -> Outcome:
        """Do all of it and sum up."""
        staged = self._staged
        if staged.shape is not None and staged.rows:
            self._rows(staged.shape, anything_held=anything_held)
        if self._answer.whole:
            self._notes += vanished.after_duckdb(DuckDBDatabase(self._connection), self._answer, staged, self._values)
        if staged.broken:
            self._notes += quarantine.hold_broken(self._connection, self._answer, staged, self._values)
        note(DuckDBDatabase(self._connection), self._answer, self._notes)
        applied = Applied(
            rows=staged.rows + len(staged.broken) + staged.fallen,
            changed=self.inserted + self._updated,
            late=self._late,
            quarantined=self._unusable + len(staged.broken),
            findings=sum(each.count for each in self._notes),
        )
        return Outcome(applied=applied, inserted=self.inserted, held=applied.quarantined > 0)

    def again(self) -> tuple[dict[int, str], dict[int, bool]]:
        """Judge and merge only: codes of what is unusable, and whether each of the others was taken, by place."""
        shape = self._staged.shape
        if shape is None or not self._staged.rows:
            return {}, {}
        self._judged_and_merged(shape)
        unusable = self._connection.execute(UNUSABLE).fetchall() if self._unusable else []
        return dict(unusable), dict(self._connection.execute("SELECT _n, _accepted FROM keyed").fetchall())

    def _rows(self, shape: Shape, *, anything_held: bool) -> None:
        wrong = self._judged_and_merged(shape)
        if anything_held:
            quarantine.supersede(self._connection, shape, self._values)
        if self._unusable:
            quarantine.hold(self._connection, shape, self._values)
        if wrong:
            self._notes += quarantine.count_verdicts(self._connection, shape, self._counted())

    def _judged_and_merged(self, shape: Shape) -> int:
        """How many verdicts there are, once all that is usable is in the mirror."""
        show(self._connection, self._staged)
        small = self._staged.rows <= SMALL_ROWS
        wrong = judge(self._connection, shape, small=small)
        merge = Merge(
            shape=shape,
            unusable=False,
            unreadable=(),
            at_hand=small,
            sound=not wrong,
            overrules=self._answer.overrules,
        )
        if wrong:
            merge = self._judged(merge)
        if small:
            self._connection.execute(merging.at_hand(merge))
        self._merge(merge)
        return wrong

    def _judged(self, merge: Merge) -> Merge:
        """Learn from the verdicts which rows to hold back and which fields may have no reading."""
        self._unusable, unreadable = learned(self._connection, merge.shape)
        return replace(merge, unusable=bool(self._unusable), unreadable=unreadable)

    def _merge(self, merge: Merge) -> None:
        rows, keys, new, replacing, back, ahead = self._keyed(merge)
        if keys < rows:
            doubles = rows - (several.apart(self._connection, merge) if merge.shape.feed.several else keys)
            if doubles:
                self._notes.append(Note(code="duplicate_id", count=doubles, field=merge.shape.feed.key, value=None))
            merge = replace(merge, distinct=False)
            rows, keys, new, replacing, back, ahead = self._keyed(merge)
        if new:
            all_new = new == self._staged.rows and not ahead
            self.inserted = written(self._connection, merging.insert(merge, all_new=all_new), self._values)
        if replacing:
            self._updated = written(self._connection, merging.differing(merge), self._values)
        if self._updated:
            self._overwrite(merge)
        exclusions.find_in_duckdb(self._connection, merge, self._values, inserted=self.inserted, updated=self._updated)
        several.keep_in_duckdb(self._connection, merge, self._values, None)
        cursor = merge.shape.feed.cursor
        for code, count in (("cursor_went_back", back), ("cursor_in_future", ahead)):
            if count:
                self._notes.append(Note(code=code, count=count, field=cursor, value=None))
        if self._answer.rung > 0 and self.inserted + self._updated:
            self._late = late.late(self._connection, merge.shape, self._values, self._sources())

    def _keyed(self, merge: Merge) -> tuple[int, ...]:
        run(self._connection, merging.keyed(merge), self._values)
        rows, keys, *counts = self._connection.execute(merging.SUMMARY).fetchone() or (0,) * 6
        if keys < rows:
            [(keys,)] = self._connection.execute(merging.KEYS).fetchall()
        return rows, keys, *counts

    def _overwrite(self, merge: Merge) -> None:
        columns, query = merging.changes(merge)
        *flags, same_cursor = self._connection.execute(query).fetchone() or (*columns, 0)
        changing = tuple(name for name, flag in zip(columns, flags, strict=True) if flag)
        run(self._connection, merging.update(merge, changing), self._values)
        if same_cursor and merge.shape.feed.kind not in BY_SEQUENCE:
            cursor = merge.shape.feed.cursor
            self._notes.append(Note(code="changed_without_cursor", count=same_cursor, field=cursor, value=None))

    def _sources(self) -> list[str]:
        sources = []
        if self.inserted:
            sources.append("SELECT _key, _cursor, NULL::TIMESTAMP AS _was_fetched FROM keyed WHERE NOT _stored")
        if self._updated:
            sources.append("SELECT _key, _cursor, _was_fetched FROM differing")
        return sources

    def _counted(self) -> list[str]:
        """Queries of the rows whose findings count: those that changed the mirror, and those held for the first time.

        So a row is counted once, however often a window is asked again.
        """
        counted = ["SELECT NULL::BIGINT AS _n WHERE false"]
        if self.inserted:
            counted.append("SELECT _n FROM keyed WHERE NOT _stored")
        if self._updated:
            counted.append("SELECT _n FROM differing")
        if self._unusable:
            counted.append("SELECT _n FROM held WHERE fresh")
        return counted
