"""What a product sends may be other than was thought: columns come or go, bad rows become many, a cursor is missing.

All are findings of the answer's own transaction; the latter two are also told to whoever applied the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from halfopen.sinks.base import Answer, Applied
from halfopen.sinks.database import Database, naive
from halfopen.sinks.findings import note
from halfopen.sinks.ledger import OF_FEED
from halfopen.sinks.stage import Note, Shape
from halfopen.wire.negotiate import Format

HOUR, BEFORE = timedelta(hours=1), timedelta(days=7)
FEWEST = 20
"""Held rows in the last hour that may be a jump."""
TIMES = 10
"""A jump is a share so many times that of the days before."""
NEW_SHARE = 0.1
"""The same of a feed that has hardly any days before."""
TELLING_ROWS = 20
"""In JSON a product may leave out what is null; a column that so many rows lack has gone."""

_MAYBE_CATALOGUE = (
    '{feed} has no {cursor}: if every answer is the whole list, write catalogues = ["{feed}"] in [products.{product}],'
    " so that it is read as a whole, at its own pace, and what vanishes from it is marked"
)
Name = tuple[str, str]


Changes = dict[tuple[str, str, str], tuple[str | None, datetime, datetime | None]]
"""Columns by product, feed and name: the field, when it was seen, when it vanished."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An answer that was applied: its columns, if it had any, its staged rows and those of them that are held."""

    answer: Answer
    shape: Shape | None
    rows: int
    quarantined: int


class Watch:
    """What is known of all feeds; `forget` it when a transaction fails, for it may have learned from that."""

    def __init__(self) -> None:
        self._columns: dict[Name, dict[str, bool]] | None = None
        self._told: dict[Name, datetime] = {}
        self._cursorless: set[Name] = set()

    def forget(self) -> None:
        """Read the columns again at the next use."""
        self._columns = None

    def look(self, database: Database, seen: Sequence[Seen]) -> dict[Name, str]:
        """Note what is new, after the ledger lines of these answers; by feed, a sentence that is to be told."""
        remarks: dict[Name, str] = {}
        changes: Changes = {}
        for one in seen:
            if one.shape is not None and one.rows:
                changes |= self._compare(database, one.answer, one.shape, one.rows)
        _write(database, changes)
        for one in seen:
            name = (one.answer.product, one.answer.feed.name)
            if name not in self._cursorless and _is_cursorless(one):
                self._cursorless.add(name)
                remarks[name] = _MAYBE_CATALOGUE.format(feed=name[1], cursor=one.answer.feed.cursor, product=name[0])
                note(database, one.answer, [Note(code="no_cursor", count=1, field=one.answer.feed.cursor, value=None)])
            if one.quarantined and (sentence := self._jump(database, one.answer)):
                remarks[name] = f"QUARANTINE JUMPED: {sentence}"
                self._told[name] = one.answer.fetched_at
                note(database, one.answer, [Note(code="quarantine_jump", count=1, field=None, value=sentence)])
        return remarks

    def _compare(self, database: Database, answer: Answer, shape: Shape, rows: int) -> Changes:
        if self._columns is None:
            self._columns = _read(database)
        known = self._columns.setdefault((answer.product, answer.feed.name), {})
        fields: dict[str, str | None] = {column: field for field, column in shape.fields}
        fields.update(dict.fromkeys(shape.extras))
        there = {column for column, is_there in known.items() if is_there}
        if there == fields.keys():
            return {}
        come = sorted(fields.keys() - there)
        whole = answer.format is Format.CSV or rows >= TELLING_ROWS
        gone = sorted(there - fields.keys()) if whole else []
        notes = [Note(code="column_vanished", count=1, field=column, value=None) for column in gone]
        if known:
            notes += [Note(code="column_appeared", count=1, field=column, value=None) for column in come]
        known.update(dict.fromkeys(come, True) | dict.fromkeys(gone, False))
        note(database, answer, notes)
        now = naive(answer.fetched_at)
        name = (answer.product, answer.feed.name)
        return {(*name, column): (fields.get(column), now, now if column in gone else None) for column in come + gone}

    def _jump(self, database: Database, answer: Answer) -> str | None:
        """The sentence, at most once an hour for a feed."""
        now = answer.fetched_at
        told = self._told.get((answer.product, answer.feed.name))
        if told is not None and abs(now - told) < HOUR:
            return None
        [counts] = database.rows(
            "SELECT coalesce(sum(rows) FILTER (WHERE asked_at > $p_hour::TIMESTAMP), 0),"
            " coalesce(sum(quarantined) FILTER (WHERE asked_at > $p_hour::TIMESTAMP), 0),"
            " coalesce(sum(rows) FILTER (WHERE asked_at <= $p_hour::TIMESTAMP), 0),"
            " coalesce(sum(quarantined) FILTER (WHERE asked_at <= $p_hour::TIMESTAMP), 0)"
            f" FROM halfopen.ledger WHERE {OF_FEED} AND state = 'committed' AND pass = 0"
            " AND asked_at > $p_before::TIMESTAMP AND asked_at <= $p_now::TIMESTAMP",
            {
                "product": answer.product,
                "feed": answer.feed.name,
                "hour": naive(now - HOUR),
                "before": naive(now - HOUR - BEFORE),
                "now": naive(now),
            },
        )
        return jump(*map(int, counts))


def with_remark(answer: Answer, applied: Applied, remarks: dict[Name, str]) -> Applied:
    """What an answer did, with the remark about its feed told once."""
    sentence = remarks.pop((answer.product, answer.feed.name), "")
    return replace(applied, remark=sentence) if sentence else applied


def _is_cursorless(one: Seen) -> bool:
    """Rows without the cursor of a feed that may go without: its windows may mean nothing."""
    feed = one.answer.feed
    has_cursor = one.shape is None or feed.cursor in one.shape.present
    return one.rows > 0 and not has_cursor and not feed.cursor_is_certain and not one.answer.whole


def jump(rows: int, bad: int, rows_before: int, bad_before: int) -> str | None:
    """Whether the last hour's share of held rows is far above that of the days before: a sentence, or None."""
    if bad < FEWEST:
        return None
    share = bad / rows
    if rows_before < FEWEST:
        return (
            f"{share:.1%} of the last hour's rows are held, and there is little before" if share > NEW_SHARE else None
        )
    before = bad_before / rows_before
    if share <= TIMES * before:
        return None
    return f"{share:.1%} of the last hour's rows are held, {before:.2%} of those in the {BEFORE.days} days before"


def _read(database: Database) -> dict[Name, dict[str, bool]]:
    found: dict[Name, dict[str, bool]] = {}
    for product, feed, column, there in database.rows(
        "SELECT product, feed, name, vanished_at IS NULL FROM halfopen.columns"
    ):
        found.setdefault((product, feed), {})[column] = there
    return found


def _write(database: Database, changes: Changes) -> None:
    """All in one statement: hundreds of products that are new have thousands of columns."""
    if not changes:
        return
    columns = [list(column) for column in zip(*((*name, *found) for name, found in changes.items()), strict=True)]
    database.write(
        "INSERT INTO halfopen.columns (product, feed, name, field, first_seen, vanished_at)"
        " SELECT unnest($p_product::VARCHAR[]), unnest($p_feed::VARCHAR[]), unnest($p_name::VARCHAR[]),"
        " unnest($p_field::VARCHAR[]), unnest($p_now::TIMESTAMP[]), unnest($p_vanished::TIMESTAMP[])"
        " ON CONFLICT (product, feed, name) DO UPDATE SET vanished_at = excluded.vanished_at,"
        " field = coalesce(excluded.field, columns.field)",
        dict(zip(("product", "feed", "name", "field", "now", "vanished"), columns, strict=True)),
    )
