"""An exchange as an observation: whose rows, of which window, asked and answered when."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from halfopen.check.body import Body, Problem
from halfopen.check.exchange import Exchange
from halfopen.check.reading import read
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.contract.values import parse
from halfopen.errors import ValueProblem
from halfopen.window.window import Window

CURSOR_SYNONYMS: Final = ("modified_at", "updated_at", "last_modified", "last_modified_at")
"""Names under which products send a cursor that the contract calls otherwise."""
_CREATED: Final = ("created_at", "registered_at")
_OK: Final = 200
_NO_CONTENT: Final = 204
_MOST_CUT: Final = 1 << 20
"""Bytes that are looked at of an answer that we stopped reading: what is not whole proves little."""
_MANY: Final = 8000
"""Of an answer with more rows than these only what identifies and places them is kept."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of an answer under their contract names; `at` is None where it has no cursor."""

    columns: tuple[str, ...]
    key: int | None
    at: int | None
    created: int | None
    places: Mapping[str, int] = field(compare=False, repr=False)
    is_slim: bool = False
    """Whether columns were left out, so that an absent one says nothing."""


class Row:
    """One row: its texts, its key, its stamp `at` and when it was created (aware UTC, None where unreadable)."""

    __slots__ = ("at", "created", "key", "shape", "values")

    def __init__(
        self,
        shape: Shape,
        values: tuple[str | None, ...],
        key: str | None,
        at: datetime | None,
        created: datetime | None,
    ) -> None:
        self.shape = shape
        self.values = values
        self.key = key
        self.at = at
        self.created = created

    def text(self, name: str) -> str | None:
        """The text of a contract field or further column; None where null or absent."""
        place = self.shape.places.get(name)
        return None if place is None else self.values[place]

    def __repr__(self) -> str:
        return f"Row({self.key!r}, {self.at})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One answer, read; `problem` says why it has no rows to judge. `synonym`: what the cursor is called instead."""

    exchange: Exchange
    feed: Feed
    window: Window | None
    rows: Sequence[Row]
    shape: Shape | None
    header: tuple[str, ...]
    format: str
    types: Mapping[str, Counter[str]]
    notes: Mapping[str, str]
    envelope: str | None
    around: Mapping[str, Any]
    body_shape: str
    problem: Problem | None
    synonym: str | None = None

    @property
    def probe(self) -> str:
        """Why it was asked."""
        return self.exchange.probe

    @property
    def is_whole(self) -> bool:
        """Whether these are all the rows that the product has for the window, as far as it says."""
        return self.exchange.status in {_OK, _NO_CONTENT} and self.problem is None and not self.exchange.cut

    @property
    def started(self) -> datetime:
        """When it was asked."""
        return self.exchange.started

    @property
    def ended(self) -> datetime:
        """When the answer had come."""
        return self.exchange.ended

    def ids(self) -> set[str]:
        """The keys of its rows."""
        return {row.key for row in self.rows if row.key is not None}


class Observer:
    """Reads exchanges; equal rows of a feed are kept once, however often they were answered."""

    def __init__(self, columns: Mapping[str, Mapping[str, str]]) -> None:
        self._columns = columns
        self._pool: dict[str, dict[tuple[Shape, tuple[str | None, ...]], Row]] = {}
        self._shapes: dict[tuple[str, tuple[str, ...]], tuple[Shape, str | None]] = {}

    def observe(self, exchange: Exchange) -> Observation:
        """The observation of an exchange that is about a feed."""
        feed = feeds()[exchange.feed or ""]
        names = self._columns.get(feed.name, {})
        body = _body(exchange, feed, names)
        shape, synonym = self._shape(feed, names, body.columns) if body.columns else (None, None)
        if shape is not None and len(body.rows) > _MANY:
            shape = _slimmed(feed, shape, body)
        pool = self._pool.setdefault(feed.name, {})
        rows = [] if shape is None else [_row(feed, shape, values, pool) for values in body.rows]
        return Observation(
            exchange=exchange,
            feed=feed,
            window=exchange.window,
            rows=rows,
            shape=shape,
            header=body.columns,
            format=body.format,
            types=body.types,
            notes=body.notes,
            envelope=body.envelope,
            around=body.around,
            body_shape=body.shape,
            problem=body.problem,
            synonym=synonym,
        )

    def _shape(self, feed: Feed, renames: Mapping[str, str], columns: tuple[str, ...]) -> tuple[Shape, str | None]:
        found = self._shapes.get((feed.name, columns))
        if found is None:
            found = self._shapes[feed.name, columns] = _shape_of(feed, renames, columns)
        return found


def _body(exchange: Exchange, feed: Feed, names: Mapping[str, str]) -> Body:
    if exchange.status == _NO_CONTENT and exchange.error is None:
        return Body(format="", shape="nothing")
    if exchange.status != _OK or exchange.error is not None:
        code = exchange.error_code or "refused"
        return Body(format="", problem=Problem(code=code, text=exchange.error or f"status {exchange.status}"))
    content = exchange.content
    if exchange.cut:
        content = _mended(content[:_MOST_CUT])
    body = read(content, feed, names, exchange.headers.get("content-type", ""))
    if exchange.cut and body.problem is not None and body.problem.code == "unparseable_body":
        # We stopped reading, so its end is ours and not the product's.
        return Body(format=body.format, columns=body.columns)
    return body


def _slimmed(feed: Feed, shape: Shape, body: Body) -> Shape:
    """Keep of each row its key, its stamps and what it refers to."""
    wanted = {feed.key, feed.cursor, *_CREATED, *(name for name, field in feed.fields.items() if field.refers_to)}
    places = [place for place, name in enumerate(shape.columns) if name in wanted and shape.places[name] == place]
    body.rows = [tuple(row[place] for place in places) for row in body.rows]
    columns = tuple(shape.columns[place] for place in places)
    kept = {name: place for place, name in enumerate(columns)}
    created = next((kept[name] for name in _CREATED if name in kept and name != feed.cursor), None)
    return Shape(columns, kept.get(feed.key), kept.get(feed.cursor), created, kept, is_slim=True)


def _mended(content: bytes) -> bytes:
    """What we cut ourselves, up to its last whole row: lines of CSV, objects of a JSON array."""
    if content.lstrip()[:1] != b"[":
        return content[: content.rfind(b"\n") + 1]
    end = content.rfind(b"},")
    return content[: end + 1] + b"]" if end > 0 else b"[]"


def _shape_of(feed: Feed, renames: Mapping[str, str], columns: tuple[str, ...]) -> tuple[Shape, str | None]:
    wanted = {renames.get(name, name): name for name in feed.fields}
    loose = {name.strip().casefold(): of for name, of in wanted.items()}
    places: dict[str, int] = {}
    own: list[str] = []
    for place, name in enumerate(columns):
        label = wanted.get(name) or loose.get(name.strip().casefold()) or name
        own.append(label)
        places.setdefault(label, place)
    synonym = None
    if feed.cursor not in places:
        synonym = next((name for name in CURSOR_SYNONYMS if name in places and name not in feed.fields), None)
        if synonym is not None:
            places[feed.cursor] = places.pop(synonym)
            own[places[feed.cursor]] = feed.cursor
    created = next((places[name] for name in _CREATED if name in places and name != feed.cursor), None)
    shape = Shape(tuple(own), places.get(feed.key), places.get(feed.cursor), created, places)
    return shape, synonym


def _row(
    feed: Feed,
    shape: Shape,
    values: tuple[str | None, ...],
    pool: dict[tuple[Shape, tuple[str | None, ...]], Row],
) -> Row:
    row = pool.get((shape, values))
    if row is None:
        key = None if shape.key is None else values[shape.key]
        at = None if shape.at is None else _moment(feed, feed.cursor, values[shape.at])
        created = None if shape.created is None else _moment(feed, feed.cursor, values[shape.created])
        row = pool[shape, values] = Row(shape, values, key, at, created)
    return row


def _moment(feed: Feed, field_name: str, text: str | None) -> datetime | None:
    try:
        found = parse(feed.fields[field_name], text)
    except ValueProblem:
        return None
    return found if isinstance(found, datetime) else None
