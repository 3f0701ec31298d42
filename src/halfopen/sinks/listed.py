"""Small plain bodies need no stage and no judge: their texts go to DuckDB as lists, one a column.

A statement costs DuckDB a millisecond or more to plan, however few rows it is about; reading, staging, judging and
typing 50 rows takes five of them. Here Python reads the body, looks whether everything in it is plainly right
(`contract/plain.py`), and hands the texts over as parameters. A body with anything else in it is left to the stage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import msgspec

from halfopen.contract.load import feed as feed_of
from halfopen.contract.plain import Plain
from halfopen.errors import BodyError
from halfopen.sinks.base import Answer
from halfopen.sinks.stage import Shape, shape_of
from halfopen.wire.csv import read
from halfopen.wire.negotiate import Format

MOST_BYTES = 128 << 10
"""Of a body; with more rows planning costs less than looking at them in Python."""
Table = tuple[list[str], Sequence[Sequence[str | None]]]
_LINES = msgspec.json.Decoder(dict[str, str | None]).decode_lines


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The rows of one answer, column by column: `texts` by the stage's names, each with a text or None for a row."""

    shape: Shape
    texts: Mapping[str, Sequence[str | None]]
    rows: int

    @property
    def keys(self) -> Sequence[str | None]:
        """Of each row, none of them null."""
        return self.texts[self.shape.feed.key]


def listed(answer: Answer) -> Listed | None:
    """The rows of a body; None where it is large, odd in any way, or says one key twice."""
    read_ = _read(answer)
    if read_ is None:
        return None
    names, columns = read_
    matched = _matched(answer.feed.name, tuple(sorted(answer.columns.items())), tuple(names))
    if matched is None:
        return None
    shape, places = matched
    staged = (*shape.present, *shape.extra_columns)
    texts = {name: columns[place] for name, place in zip(staged, places, strict=True)}
    found = Listed(shape=shape, texts=texts, rows=len(columns[0]))
    is_sound = len(set(found.keys)) == found.rows and _plain(answer.feed.name).accepts(texts)
    return found if is_sound else None


def _read(answer: Answer) -> Table | None:
    """Names and columns; None where there is no row, or more than Python should look at."""
    if answer.body.stat().st_size > MOST_BYTES:
        return None
    body = answer.body.read_bytes()
    if b"\0" in body:
        return None
    try:
        names, columns = _csv(body) if answer.format is Format.CSV else _ndjson(body)
    except (BodyError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return (names, columns) if columns and columns[0] else None


def _csv(body: bytes) -> Table:
    rows = list(read([body]))
    header = rows.pop(0) if rows else []
    return [name or "" for name in header], list(zip(*rows, strict=True))


def _ndjson(body: bytes) -> Table:
    """As the stage has it: names in order, and null where a row lacks one."""
    rows = _LINES(body)
    names = sorted({name for row in rows for name in row})
    return names, [[row.get(name) for row in rows] for name in names]


@cache
def _plain(feed: str) -> Plain:
    return Plain(feed_of(feed))


@lru_cache(maxsize=1024)
def _matched(
    feed: str, renames: tuple[tuple[str, str], ...], names: tuple[str, ...]
) -> tuple[Shape, Sequence[int]] | None:
    """A header against its feed; None where there is anything to say about it."""
    if len({name.casefold() for name in names}) < len(names):
        return None
    shape, places, notes = shape_of(feed_of(feed), dict(renames), names)
    return None if notes or shape.feed.key not in shape.present else (shape, places)
