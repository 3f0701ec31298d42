"""Listed answers in groups: those whose rows are all new apart, for they can be written without a second look."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import duckdb

from halfopen.contract import grammar
from halfopen.contract.load import feed as feed_of
from halfopen.contract.sql import quote
from halfopen.sinks.base import Answer
from halfopen.sinks.batch import Group
from halfopen.sinks.database import aware
from halfopen.sinks.duckdb.identity import SEPARATOR, digest, told
from halfopen.sinks.duckdb.schema import INDEXED_KEYS
from halfopen.sinks.exclusions import FLAG, concern
from halfopen.sinks.judging import values_of
from halfopen.sinks.listed import Listed
from halfopen.sinks.stage import Shape
from halfopen.wire.moment import plain

Lists = Mapping[Shape, Mapping[int, Listed]]


def groups_of(connection: duckdb.DuckDBPyConnection, answers: Sequence[Answer], lists: Lists) -> Iterator[Group]:
    """Groups of listed answers, by shape and place, before the transaction: nobody else writes this mirror."""
    if not lists:
        return
    stored = _stored(connection, answers, lists)
    for shape, rows in lists.items():
        fresh = [place for place in rows if _is_fresh(answers[place], rows[place], stored[shape.name])]
        known = [place for place in rows if place not in fresh]
        for places, is_fresh in ((fresh, True), (known, False)):
            for some in _portions(places, rows):
                yield _group(shape, {place: rows[place] for place in some}, fresh=is_fresh)


def _stored(connection: duckdb.DuckDBPyConnection, answers: Sequence[Answer], lists: Lists) -> dict[str, set[str]]:
    """Which of the listed keys are stored, with their product, by feed: one statement, that asks the index."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for shape, rows in lists.items():
        for place, found in rows.items():
            wanted[shape.name] += _ids(answers[place], found)
    parts: list[str] = []
    values: dict[str, list[str]] = {}
    for feed, ids in wanted.items():
        for first in range(0, len(ids), INDEXED_KEYS):
            name = f"i{len(values)}"
            values[name] = ids[first : first + INDEXED_KEYS]
            row = told("product", quote(feed_of(feed).key))
            asked = f"SELECT {digest('i')} FROM (SELECT unnest(${name}::VARCHAR[]) AS i)"
            parts.append(f"SELECT '{feed}', {row} FROM {quote(feed)} WHERE _id IN ({asked})")
    stored: dict[str, set[str]] = defaultdict(set)
    for feed, row in connection.execute(" UNION ALL ".join(parts), values).fetchall():
        stored[feed].add(row)
    return stored


def _ids(answer: Answer, rows: Listed) -> Iterable[str]:
    return (f"{answer.product}{SEPARATOR}{key}" for key in rows.keys)


def _is_fresh(answer: Answer, rows: Listed, stored: set[str]) -> bool:
    """A first ask; nothing of it is stored, no cursor is beyond belief, and nobody is newly self-excluded."""
    shape = rows.shape
    if answer.rung or not stored.isdisjoint(_ids(answer, rows)):
        return False
    if concern(shape) and not set(grammar.TRUE).isdisjoint(rows.texts[FLAG]):
        return False
    limit = plain(aware(values_of(answer)["ahead"]))
    return all(text is None or text <= limit for text in rows.texts.get(shape.feed.cursor, ()))


def _portions(places: Sequence[int], rows: Mapping[int, Listed]) -> Iterator[list[int]]:
    """Places whose rows together are few enough to be looked up in the index."""
    some: list[int] = []
    count = 0
    for place in places:
        if some and count + rows[place].rows > INDEXED_KEYS:
            yield some
            some, count = [], 0
        some.append(place)
        count += rows[place].rows
    if some:
        yield some


def _group(shape: Shape, rows: Mapping[int, Listed], *, fresh: bool) -> Group:
    counts = {place: found.rows for place, found in rows.items()}
    names = (*shape.present, *shape.extra_columns)
    lists: dict[str, Sequence[object]] = {
        f"g{number}": list(chain.from_iterable(found.texts[name] for found in rows.values()))
        for number, name in enumerate(names)
    }
    lists["_n"] = list(range(sum(counts.values())))
    lists["_a"] = [place for place, count in counts.items() for _ in range(count)]
    return Group(table="", shape=shape, counts=counts, lists=lists, fresh=fresh)
