"""A table's own columns for a feed's fields: each column once, for the field that it answers to best. Pure."""

from collections.abc import Collection
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.serve.init.facts import fits
from halfopen.serve.init.match import Candidate, Matcher
from halfopen.sources.schema import Column, Table

REQUIRED: Final = 0.42
"""A required field takes a column that scores this much; it says that it is unsure."""
OPTIONAL: Final = 0.58
"""An optional field is left out rather than taken for a column that scores less."""

_SHARED: Final = ({"dir", "type"}, {"sport_id", "sport_name"})
_LEFT_OVER: Final = 0.5
_STAMP: Final = Field(kind=Kind.DATETIME, doc="")


def own_columns(matcher: Matcher, feed: str, table: Table, skip: Collection[str]) -> dict[str, Candidate]:
    """The table's own columns, each for the field that it answers to best."""
    described = feeds()[feed]
    ranked = sorted(
        (
            (-candidate.score, not kind.required, at, name, candidate)
            for at, (name, kind) in enumerate(described.fields.items())
            if name not in skip and not kind.refers_to
            for candidate in matcher.candidates(feed, name, table)
        ),
        key=lambda entry: entry[:3],
    )
    taken: dict[str, str] = {}
    found: dict[str, Candidate] = {}
    for _, optional, _, name, candidate in ranked:
        least = OPTIONAL if optional else REQUIRED
        user = taken.get(candidate.column.name)
        if name in found or candidate.score < least or (user and {user, name} not in _SHARED):
            continue
        if candidate.opposite and described.fields[name].kind is not Kind.BOOLEAN:
            continue
        found[name] = candidate
        taken.setdefault(candidate.column.name, name)
    _left_over(matcher, feed, table, skip, found)
    _by_order(matcher, feed, table, skip, found)
    return found


def _left_over(matcher: Matcher, feed: str, table: Table, skip: Collection[str], found: dict[str, Candidate]) -> None:
    """A required stamp that no name says, where one stamp alone is left."""
    wanted = [
        name
        for name, kind in feeds()[feed].fields.items()
        if kind.required and kind.kind is Kind.DATETIME and name not in found and name not in skip
    ]
    if feed in matcher.vocabulary.inherit or (len(wanted) > 1 and feeds()[feed].cursor not in wanted):
        return
    wanted = [name for name in wanted if name != feeds()[feed].cursor or len(wanted) == 1]
    used = {candidate.column.name for candidate in found.values()}
    kind = Field(kind=Kind.DATETIME, doc="")
    stamps = [col for col in table.columns if col.name not in used and fits(kind, col) >= REQUIRED]
    stamps = [col for col in stamps if not matcher.says_otherwise(table, col)]
    if len(stamps) == 1 and len(wanted) == 1 and wanted[0] != feeds()[feed].cursor:
        found[wanted[0]] = Candidate(stamps[0], _LEFT_OVER, "the only stamp that is left")


def _by_order(matcher: Matcher, feed: str, table: Table, skip: Collection[str], found: dict[str, Candidate]) -> None:
    """Stamps that no name says, by what is in them: a row is made before it changes."""
    fields = feeds()[feed].fields
    first = next((one for one in ("registered_at", "created_at") if one in fields), None)
    last = feeds()[feed].cursor
    if first is None or first == last or feed in matcher.vocabulary.inherit:
        return
    used = {candidate.column.name for name, candidate in found.items() if name not in (first, last)}
    stamps = [
        col
        for col in table.columns
        if col.name not in used and col.null_share == 0 and col.samples and fits(_STAMP, col) >= OPTIONAL
        and not matcher.says_otherwise(table, col)
    ]  # fmt: skip
    if len(stamps) != len((first, last)):
        return
    one, other = stamps if _is_before(*stamps) else stamps[::-1]
    if not _is_before(one, other):
        return
    for name, col, rival in ((first, one, last), (last, other, first)):
        is_taken = rival in found and found[rival].column.name == col.name
        if name not in found and name not in skip and not is_taken:
            found[name] = Candidate(col, _LEFT_OVER, f"in no row seen {one.name} is later than {other.name}")


def _is_before(one: Column, other: Column) -> bool:
    """Whether the one stamp is never later, and sometimes earlier; both columns hold a value in each row."""
    pairs = list(zip(map(str, one.samples), map(str, other.samples), strict=False))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def in_order(one: Column, other: Column) -> bool:
    """Whether nothing that was seen contradicts that the one stamp comes before the other."""
    if one.null_share or other.null_share or one.family is not other.family:
        return True
    return all(a[:19] <= b[:19] for a, b in zip(map(str, one.samples), map(str, other.samples), strict=False))
