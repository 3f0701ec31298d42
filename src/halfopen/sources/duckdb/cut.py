"""Windows as conditions on the raw cursor, so that DuckDB skips the row groups whose least and greatest lie outside.

The edges are converted to the column's type, never the column to theirs.
"""

import math
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.cuts import CLOCK_CHANGE, EPOCH, between, count, is_steady, units
from halfopen.sources.duckdb import stamps
from halfopen.sources.duckdb.sql import moment, stamp, text
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.sources.exact import micros_of
from halfopen.window.window import Window

_LOCAL: Final = (Shape.STAMP, Shape.NANOS, Shape.DATE)
_LITERALS: Final = {
    "TIMESTAMP_NS": ("timestamp_ns", 1),
    "TIMESTAMP_MS": ("timestamp_ms", 1_000),
    "TIMESTAMP_S": ("timestamp_s", 1_000_000),
}
"""How the edges of a column are written, and the microseconds of its resolution."""
_UNITS: Final = units(stamps.LARGEST)


def cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    """Start <= cursor < end for the cursor expression `sql`, to the microsecond."""
    if type_.shape is Shape.ZONED:
        start, end = (f"timestamptz {text(edge.isoformat(sep=' '))}" for edge in (window.start, window.end))
        return between(sql, start, end)
    if type_.shape in _LOCAL:
        return _local_cut(sql, type_, zone, window)
    if type_.shape in stamps.NUMBERS and window.start >= EPOCH:
        return _epoch_cut(sql, type_, window)
    return _exact_cut(sql, type_, zone, window)


def _local_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    where = ZoneInfo(zone)
    steady = is_steady(zone, window)
    widened = timedelta(0) if steady else CLOCK_CHANGE
    literal, unit = _LITERALS.get(type_.name, ("timestamp", 1))
    try:
        start, end = (
            stamp(_up(edge, unit).astimezone(where).replace(tzinfo=None) + by, literal)
            for edge, by in ((window.start, -widened), (window.end, widened))
        )
    except OverflowError:
        return _exact_cut(sql, type_, zone, window)
    raw = between(sql, start, end)
    # Local stamps do not sort as moments do where clocks change: wider to skip most, then compared exactly.
    return raw if steady else f"{raw} and {_exact_cut(sql, type_, zone, window)}"


def _up(edge: datetime, unit: int) -> datetime:
    """The edge at a resolution of so many microseconds: no stamp lies between the two."""
    return edge + timedelta(microseconds=-micros_of(edge) % unit)


def _exact_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    return between(f"({stamps.moment(sql, type_, zone)})", moment(window.start), moment(window.end))


def _epoch_cut(sql: str, type_: Type, window: Window) -> str:
    """One range for each unit that a number may count; their sizes tell them apart.

    What the type has no room for is left out: it would be compared as a wider type, by no zone map.
    """
    room = math.inf if type_.width is None else 10 ** (type_.width - type_.places)
    ranges = []
    for unit in _UNITS:
        if unit.smallest < room:
            start, end = (count(edge, unit.parts) for edge in (window.start, window.end))
            below = f" and {sql} < {unit.largest}" if unit.largest < room else ""
            ranges.append(f"({between(sql, start, end)} and {sql} >= {unit.smallest}{below})")
    return f"({' or '.join(ranges)})"
