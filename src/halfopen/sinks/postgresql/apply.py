"""One judged answer into the mirror, inside of the caller's transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from halfopen.sinks import exclusions, ledger_lines, several, vanished
from halfopen.sinks.base import Applied
from halfopen.sinks.findings import note
from halfopen.sinks.ledger_lines import Outcome
from halfopen.sinks.postgresql import merge as merging
from halfopen.sinks.postgresql import quarantine, twice
from halfopen.sinks.postgresql.incoming import table_of
from halfopen.sinks.postgresql.judged import Judged
from halfopen.sinks.postgresql.link import Session
from halfopen.sinks.postgresql.merge import Merge
from halfopen.sinks.postgresql.sheet import Sheet
from halfopen.sinks.replay import Rejudged, Replayed, settle
from halfopen.sinks.rows import BY_SEQUENCE
from halfopen.sinks.stage import Note
from halfopen.sinks.sticky import sticky


def apply(session: Session, judged: Judged, *, anything_held: bool) -> Outcome:
    """Apply one answer.

    `anything_held` says whether quarantine holds rows of this feed, which a good version may supersede.
    """
    outcome = _Application(session, judged, dict(judged.values)).run(anything_held=anything_held)
    ledger_lines.commit(session, judged.answer, outcome.applied)
    return outcome


def replay(session: Session, job: Rejudged, judged: Judged) -> tuple[Replayed, int]:
    """Merge held rows that were judged again: what came of them, and how many rows the table gained.

    No ledger line, no finding: both were written when the rows came.
    """
    application = _Application(session, judged, dict(judged.values))
    unusable, accepted = application.again()
    return settle(session, job, unusable, accepted), application.inserted


class _Application:
    """The steps of one answer that need to know of each other."""

    def __init__(self, session: Session, judged: Judged, values: dict[str, Any]) -> None:
        self._session = session
        self._judged = judged
        self._values = values
        self._notes: list[Note] = list(judged.notes)
        self.inserted = 0
        self._updated = 0
        self._late = 0

    def run(self, *, anything_held: bool) -> Outcome:
        """Do all of it and sum up."""
        judged = self._judged
        if judged.rows and judged.staged.shape is not None:
            merge = Merge(shape=judged.staged.shape, patched=judged.patched, overrules=judged.answer.overrules)
            self._merge(merge)
            if anything_held:
                quarantine.supersede(self._session, merge, self._values)
        self._count()
        staged = judged.staged
        if judged.answer.whole and not judged.broken:  # broken rows do not say which rows they are
            self._notes += vanished.after_postgresql(self._session, judged.answer, staged, self._values)
        note(self._session, judged.answer, self._notes)
        applied = Applied(
            rows=staged.rows + judged.broken + staged.fallen,
            changed=self.inserted + self._updated,
            late=self._late,
            quarantined=judged.unusable + judged.broken,
            findings=sum(each.count for each in self._notes),
        )
        return Outcome(applied=applied, inserted=self.inserted, held=applied.quarantined > 0)

    def again(self) -> tuple[dict[int, str], dict[int, bool]]:
        """Merge only: codes of what is unusable, and whether each of the others was taken, by place."""
        judged, unusable, accepted = self._judged, [], []
        if judged.rows and judged.staged.shape is not None:
            self._merge(Merge(shape=judged.staged.shape, patched=judged.patched))
            accepted = self._session.rows(quarantine.accepted(table_of(judged.answer.feed)), self._values)
        if judged.held:
            self._copy(judged.held, "in_held")
            unusable = self._session.rows(quarantine.UNUSABLE, self._values)
        return dict(unusable), dict(accepted)

    def _merge(self, merge: Merge) -> None:
        feed = merge.shape.feed
        rows = self._copy(self._judged.rows, table_of(feed))
        if self._judged.twice:
            merge = replace(merge, twice=True)
            rows -= self._keep_newest(merge)
        for table, sheet in self._judged.sides:
            sheet.copy(self._session, f"in_{table}")
        if self._judged.sides:
            several.keep_in_postgresql(self._session, merge.shape, self._values)
        self._session.write(merging.match(merge), self._values)
        [(stored, back, differing, same_cursor)] = self._session.rows(merging.SUMMARY, self._values)
        exclusions.find_in_postgresql(self._session, merge.shape, self._values, twice=merge.twice)
        if rows > stored:
            self.inserted = self._session.write(merging.insert(merge, all_new=not stored), self._values)
        if differing:
            self._updated = self._session.write(merging.update(merge), self._values)
        for code, count in (("cursor_went_back", back), ("changed_without_cursor", same_cursor)):
            if count and feed.kind not in BY_SEQUENCE:
                self._notes.append(Note(code=code, count=count, field=feed.cursor, value=None))
        if self._judged.answer.rung > 0 and self.inserted + self._updated:
            self._late = quarantine.late(self._session, merge, self._values)

    def _count(self) -> None:
        """Findings, then what is held: the count wants to know which held rows are new."""
        judged = self._judged
        if judged.held:
            self._copy(judged.held, "in_held")
        if judged.verdicts:
            self._copy(judged.verdicts, "in_verdicts")
            incoming = table_of(judged.answer.feed)
            self._notes += quarantine.count_verdicts(self._session, judged.answer.feed, incoming, self._values)
        if judged.held:
            quarantine.hold(self._session, self._values)

    def _keep_newest(self, merge: Merge) -> int:
        """Let fall what the answer has a newer version of; how many rows."""
        self._copy(self._judged.twice, twice.TABLE)
        if sticky(merge.shape):
            self._session.write(twice.settle(merge), self._values)
        fallen, doubled, ahead = twice.let_fall(self._session, merge, self._values)
        if doubled:
            self._notes.append(Note(code="duplicate_id", count=doubled, field=merge.shape.feed.key, value=None))
        if ahead:  # they were counted with their piece; of one key only the row that stays counts
            self._notes = list(_fewer(self._notes, "cursor_in_future", ahead))
        return fallen

    def _copy(self, sheets: Sequence[Sheet], table: str) -> int:
        return sum(sheet.copy(self._session, table) for sheet in sheets)


def _fewer(notes: Sequence[Note], code: str, count: int) -> Iterator[Note]:
    """The notes, with so many less of one code."""
    for each in notes:
        if each.code != code:
            yield each
        elif each.count > count:
            yield replace(each, count=each.count - count)
