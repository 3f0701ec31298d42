"""Many small answers at once: planning SQL costs more than running it over a few rows, so they share the statements.

An answer without rows and without anything odd needs a line in the ledger and no more. Plain texts are listed
(`sinks/listed.py`). Other answers of one feed whose bodies look alike are staged in one table; `_a` tells the place of
a row's answer. What fits nowhere is left alone, for the road that takes answers one by one: large or broken bodies,
rows that cannot be used, keys that come twice in one answer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import duckdb

from halfopen.contract.judge import suspects, violations
from halfopen.contract.load import feed as feed_of
from halfopen.contract.sql import literal, quote
from halfopen.errors import BodyError
from halfopen.sinks.base import Answer
from halfopen.sinks.judging import bring
from halfopen.sinks.listed import Listed, listed
from halfopen.sinks.stage import Note, Shape, Staged, header_of, read_csv, shape_of, show
from halfopen.sinks.tokens import secret_fields
from halfopen.wire.negotiate import Format

SMALL_BYTES = 256 << 10
"""Larger answers have enough rows to be worth statements of their own."""
MOST_ROWS = 20_000
_NUMBER = 6


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows of answers of one shape; `counts` are rows by the answer's place.

    table: where they are staged; verdicts: the name of a table of what is odd about them, None where nothing is; all
    rows are usable. unreadable: optional fields that may have no reading in some row. lists: in place of a table, the
    parameters of `sinks.rows.listed_rows`; fresh: none of their keys is stored, and each can be written as it is.
    """

    table: str
    shape: Shape
    counts: Mapping[int, int]
    verdicts: str | None = None
    unreadable: tuple[str, ...] = ()
    lists: Mapping[str, Sequence[object]] | None = None
    fresh: bool = False

    @property
    def staged(self) -> Staged:
        """As one answer would lie there."""
        return Staged(table=self.table, shape=self.shape, rows=sum(self.counts.values()), broken=(), notes=())


@dataclass(kw_only=True)
class Sorted:
    """Places of answers: `bare` have nothing but a ledger line to write, `alone` go one by one, after all others.

    lists: rows of plain answers by their shape and place.
    """

    bare: list[int] = field(default_factory=list)
    alone: list[int] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    lists: dict[Shape, dict[int, Listed]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True)
class _Look:
    """What bodies have in common that can be staged together."""

    feed: str
    header: bytes
    renames: tuple[tuple[str, str], ...]


def sort(
    connection: duckdb.DuckDBPyConnection,
    answers: Sequence[Answer],
    staging: Path,
    apart: Collection[tuple[str, str]] = (),
) -> Sorted:
    """Stage and judge what can go together, before the transaction; answers of the feeds in `apart` go alone."""
    found = Sorted()
    looks: dict[_Look, list[int]] = defaultdict(list)
    for place in _first_of_each(answers, found, apart):
        look = _look(answers[place])
        if look is not None and not look.header:
            found.bare.append(place)
        elif (rows := listed(answers[place])) is not None:
            found.lists[rows.shape][place] = rows
        elif look is None:
            found.alone.append(place)
        else:
            looks[look].append(place)
    for number, (look, places) in enumerate(looks.items()):
        group = None
        if len(places) > 1:
            group = _group(connection, f"batch_{number}", look, {place: answers[place] for place in places}, staging)
        found.alone += [place for place in places if group is None or place not in group.counts]
        if group is not None and group.counts:
            found.groups.append(group)
    found.alone.sort()
    return found


def _first_of_each(answers: Sequence[Answer], found: Sorted, apart: Collection[tuple[str, str]]) -> Iterator[int]:
    """Places of the first answer of each feed; later ones of the same feed wait for it, alone."""
    seen = set(apart)
    for place, answer in enumerate(answers):
        name = (answer.product, answer.feed.name)
        if name in seen or answer.whole or answer.overrules:
            found.alone.append(place)
        else:
            seen.add(name)
            yield place


def _look(answer: Answer) -> _Look | None:
    """How a body looks; without a header where it has no rows; None where it is not plain."""
    if answer.format is not Format.CSV or answer.body.stat().st_size > SMALL_BYTES:
        return None
    body = answer.body.read_bytes()
    if body.count(b'"') % 2:
        return None
    header, _, rest = body.partition(b"\n")
    header = header.strip(b"\r")
    if not header.strip() or header.count(b'"') % 2 or b"\r" in header:
        return None
    look = _Look(answer.feed.name, header, tuple(sorted(answer.columns.items())))
    if rest.strip():
        return None if secret_fields(answer.feed) or _matched(look) is None else look
    matched = _matched(look)
    return None if matched is None or matched.notes else _Look(answer.feed.name, b"", ())


@dataclass(frozen=True)
class _Match:
    """A header against its feed; `columns` are of the stage, each with its place in the header."""

    shape: Shape
    columns: tuple[tuple[str, int], ...]
    notes: tuple[Note, ...]
    width: int


@lru_cache(maxsize=1024)
def _matched(look: _Look) -> _Match | None:
    """None for a header that cannot be read, or has no key."""
    feed = feed_of(look.feed)
    try:
        names = header_of([look.header])
    except BodyError:
        return None
    if names is None:
        return None
    shape, places, notes = shape_of(feed, dict(look.renames), names)
    if feed.key not in shape.present:
        return None
    columns = tuple(zip((*shape.present, *shape.extra_columns), places, strict=True))
    return _Match(shape, columns, tuple(notes), len(names))


def _group(
    connection: duckdb.DuckDBPyConnection, table: str, look: _Look, answers: Mapping[int, Answer], staging: Path
) -> Group | None:
    """Stage and judge; None where the bodies are not plain after all."""
    match = _matched(look)
    if match is None or match.notes:
        return None
    links = {place: staging / f"{place:0{_NUMBER}}.body" for place in answers}
    try:
        for place, link in links.items():
            bring(answers[place].body, link)
        connection.execute(_staging(table, match, list(links.values())))
    except duckdb.InvalidInputException:
        return None
    finally:
        for link in links.values():
            link.unlink(missing_ok=True)
    return _judged(connection, Group(table=table, shape=match.shape, counts={}))


def _staging(table: str, match: _Match, links: Sequence[Path]) -> str:
    columns = [f"c{place}" for place in range(match.width)]
    selected = ", ".join(f"{columns[place]} AS {quote(name)}" for name, place in match.columns)
    bodies = f"[{', '.join(literal(str(link)) for link in links)}]"
    number = f"filename[-{_NUMBER + 5}:-6]::INTEGER AS _a"
    return (
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {selected}, {number}"
        f" FROM {read_csv(bodies, columns, more=', filename = true')}"
    )


def _judged(connection: duckdb.DuckDBPyConnection, group: Group) -> Group:
    """Count, judge, and leave out the answers that are to go alone."""
    show(connection, group.staged)
    present, feed = group.shape.present, group.shape.feed
    counts: dict[int, int] = {}
    doubtful: set[str] = set()
    odd: set[int] = set()
    for place, rows, keys, *doubts in connection.execute(_counting(group.shape)).fetchall():
        counts[place] = rows
        doubtful |= {name for name, doubt in zip(present, doubts, strict=True) if doubt}
        if keys < rows:
            odd.add(place)
    if not set(feed.required) <= set(present) or sum(counts.values()) > MOST_ROWS:
        return group
    verdicts: str | None = None
    unreadable: tuple[str, ...] = ()
    if doubtful:
        verdicts = f"verdicts_{group.table}"
        judged = violations(feed, "staged", present, tuple(name for name in present if name in doubtful))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {verdicts} AS {judged}")
        unusable, fields = connection.execute(
            "SELECT list(DISTINCT s._a) FILTER (v.unusable), list(DISTINCT v.field)"
            f" FROM {verdicts} v JOIN staged s ON s._n = v._n"
        ).fetchone() or ([], [])
        odd |= set(unusable or ())
        unreadable = tuple(name for name in present if name in (fields or ()) and not feed.fields[name].required)
        verdicts = verdicts if fields else None
    if odd:
        connection.execute(f"DELETE FROM {group.table} WHERE _a IN ({', '.join(map(str, sorted(odd)))})")
    kept = {place: rows for place, rows in counts.items() if place not in odd}
    return Group(table=group.table, shape=group.shape, counts=kept, verdicts=verdicts, unreadable=unreadable)


@lru_cache(maxsize=256)
def _counting(shape: Shape) -> str:
    """Rows, keys and doubts of each answer."""
    doubts = suspects(shape.feed, "staged", shape.present).removeprefix("SELECT ")
    return f"SELECT _a, count(*), count(DISTINCT {quote(shape.feed.key)}), {doubts} GROUP BY _a"
