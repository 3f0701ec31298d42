"""Groups of small answers into the mirror: the same steps as in `apply`, a group at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from halfopen.sinks import exclusions, several
from halfopen.sinks.base import Answer, Applied
from halfopen.sinks.batch import Group
from halfopen.sinks.duckdb import late
from halfopen.sinks.duckdb import merge as merging
from halfopen.sinks.duckdb.merge import Merge
from halfopen.sinks.duckdb.run import DuckDBDatabase, run, written
from halfopen.sinks.findings import note
from halfopen.sinks.judging import values_of
from halfopen.sinks.ledger_lines import NO_COUNTS, Outcome
from halfopen.sinks.rows import BY_SEQUENCE
from halfopen.sinks.stage import Note, show
from halfopen.sinks.tokens import MASKED, secret_fields

NOTHING_DONE = Outcome(applied=NO_COUNTS, inserted=0, held=False)
_ASKED = {
    "product": "VARCHAR",
    "window_start": "TIMESTAMP",
    "window_end": "TIMESTAMP",
    "fetched_at": "TIMESTAMP",
    "clock": "TIMESTAMP",
    "ahead": "TIMESTAMP",
    "seq": "BIGINT",
}
_MAKE_ASKED = "CREATE OR REPLACE TEMP TABLE asked AS SELECT unnest($p_a::INTEGER[]) AS _a, " + ", ".join(
    f"unnest($p_{name}::{kind}[]) AS {name}" for name, kind in _ASKED.items()
)
_KEYED = (
    "SELECT _a, count(*) FILTER (NOT _stored), count(*) FILTER (_stored AND _accepted), count(*) FILTER (_back),"
    " count(_version) FROM keyed GROUP BY _a"
)


@dataclass
class _Tally:
    """What happens to one answer."""

    inserted: int = 0
    updated: int = 0
    late: int = 0
    notes: list[Note] = field(default_factory=list)


def apply_groups(
    connection: duckdb.DuckDBPyConnection,
    answers: Sequence[Answer],
    groups: Sequence[Group],
) -> dict[int, Outcome]:
    """Apply groups inside of the caller's transaction, all but their ledger lines; outcomes by the answer's place."""
    if not groups:
        return {}
    values = {place: values_of(answers[place]) for group in groups for place in group.counts}
    if any(len(group.counts) > 1 or not group.fresh for group in groups):
        columns = {name: [each[name] for each in values.values()] for name in _ASKED}
        run(connection, _MAKE_ASKED, {"a": list(values), **columns})
    outcomes = {}
    for group in groups:
        tallies = _Group(connection, answers, group, values).run()
        for place, rows in group.counts.items():
            tally = tallies[place]
            note(DuckDBDatabase(connection), answers[place], tally.notes)
            applied = Applied(
                rows=rows,
                changed=tally.inserted + tally.updated,
                late=tally.late,
                quarantined=0,
                findings=sum(each.count for each in tally.notes),
            )
            outcomes[place] = Outcome(applied=applied, inserted=tally.inserted, held=False)
    return outcomes


class _Group:
    """The steps of one group that need to know of each other."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        answers: Sequence[Answer],
        group: Group,
        values: Mapping[int, dict[str, Any]],
    ) -> None:
        self._connection = connection
        self._answers = answers
        self._group = group
        self._values = values
        self._tallies: dict[int, _Tally] = defaultdict(_Tally)
        self._merge = Merge(
            shape=group.shape,
            unusable=False,
            unreadable=group.unreadable,
            at_hand=True,
            many=True,
            listed=group.lists is not None,
        )

    def run(self) -> Mapping[int, _Tally]:
        """Do all of it; a tally for each answer."""
        group, merge = self._group, self._merge
        if group.fresh:
            return self._insert_all()
        if group.lists is None:
            show(self._connection, group.staged)
        self._connection.execute(merging.at_hand(merge), group.lists)
        self._connection.execute(merging.keyed(merge))
        inserted, replacing = self._count_keyed()
        if inserted:
            all_new = inserted == sum(group.counts.values()) and not any(t.notes for t in self._tallies.values())
            self._connection.execute(merging.insert(merge, all_new=all_new))
        updated = written(self._connection, merging.differing(merge)) if replacing else 0
        if updated:
            self._overwrite()
        exclusions.find_in_duckdb(self._connection, merge, {}, inserted=inserted, updated=updated)
        several.keep_in_duckdb(self._connection, merge, {}, None)
        if group.verdicts is not None and inserted + updated:
            self._count_verdicts(group.verdicts)
        for place, tally in self._tallies.items():
            if self._answers[place].rung and tally.inserted + tally.updated:
                tally.late = self._late(place)
        return self._tallies

    def _insert_all(self) -> Mapping[int, _Tally]:
        """Write rows of which it is known that each is new."""
        lists, [first, *others] = self._group.lists, self._group.counts
        merge = replace(self._merge, at_hand=False, many=bool(others))
        run(self._connection, merging.insert(merge, all_new=True), self._values[first], lists)
        several.keep_in_duckdb(self._connection, merge, self._values[first], lists)
        return {place: _Tally(inserted=rows) for place, rows in self._group.counts.items()}

    def _count_keyed(self) -> tuple[int, int]:
        """New rows and replacing ones of all."""
        cursor = self._group.shape.feed.cursor
        totals = [0, 0]
        for place, new, replacing, back, ahead in self._connection.execute(_KEYED).fetchall():
            tally = self._tallies[place]
            tally.inserted = new
            totals[0] += new
            totals[1] += replacing
            for code, count in (("cursor_went_back", back), ("cursor_in_future", ahead)):
                if count:
                    tally.notes.append(Note(code=code, count=count, field=cursor, value=None))
        return totals[0], totals[1]

    def _overwrite(self) -> None:
        columns, query = merging.changes(self._merge)
        feed = self._group.shape.feed
        changing: set[str] = set()
        for place, count, same_cursor, *flags in self._connection.execute(query).fetchall():
            tally = self._tallies[place]
            tally.updated = count
            changing |= {name for name, flag in zip(columns, flags, strict=True) if flag}
            if same_cursor and feed.kind not in BY_SEQUENCE:
                odd = Note(code="changed_without_cursor", count=same_cursor, field=feed.cursor, value=None)
                tally.notes.append(odd)
        ordered = tuple(name for name in columns if name in changing)
        self._connection.execute(merging.update(self._merge, ordered))

    def _count_verdicts(self, verdicts: str) -> None:
        """Findings about the rows that changed the mirror, by answer and code."""
        counted = ["SELECT _n, _a FROM keyed WHERE NOT _stored"]
        if any(tally.updated for tally in self._tallies.values()):
            counted.append("SELECT _n, _a FROM differing")
        rows = self._connection.execute(
            "SELECT c._a, v.code, count(*), arg_min(v.field, v._n), arg_min(coalesce(v.value, ''), v._n)"
            f" FROM {verdicts} v JOIN ({' UNION ALL '.join(counted)}) c ON c._n = v._n GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        secret = secret_fields(self._group.shape.feed)
        for place, code, count, name, value in rows:
            shown = MASKED if name in secret else value
            self._tallies[place].notes.append(Note(code=code, count=count, field=name, value=shown))

    def _late(self, place: int) -> int:
        tally = self._tallies[place]
        sources = []
        if tally.inserted:
            sources.append(
                f"SELECT _key, _cursor, NULL::TIMESTAMP AS _was_fetched FROM keyed WHERE NOT _stored AND _a = {place}"
            )
        if tally.updated:
            sources.append(f"SELECT _key, _cursor, _was_fetched FROM differing WHERE _a = {place}")
        return late.late(self._connection, self._group.shape, dict(self._values[place]), sources)
