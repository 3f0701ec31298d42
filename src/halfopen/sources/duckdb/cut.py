"""Windows as conditions on the raw cursor, so that DuckDB skips the row groups whose least and greatest lie outside.

The edges are converted to the column's type, never the column to theirs.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.duckdb import stamps
from halfopen.sources.duckdb.sql import moment, stamp, text
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.sources.exact import micros_of
from halfopen.window.window import Window

_FAR: Final = timedelta(days=1)
_CLOCK_CHANGE: Final = timedelta(hours=3)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL: Final = (Shape.STAMP, Shape.NANOS, Shape.DATE)
_LITERALS: Final = {
    "TIMESTAMP_NS": ("timestamp_ns", 1),
    "TIMESTAMP_MS": ("timestamp_ms", 1_000),
    "TIMESTAMP_S": ("timestamp_s", 1_000_000),
}
"""How the edges of a column are written, and the microseconds of its resolution."""
_UNITS: Final = (
    (1, 0, stamps.SECONDS_BELOW),
    (1_000, stamps.SECONDS_BELOW, stamps.MILLISECONDS_BELOW),
    (1_000_000, stamps.MILLISECONDS_BELOW, stamps.LARGEST),
)
"""Parts of a second, and which numbers count them."""


def cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    """Start <= cursor < end for the cursor expression `sql`, to the microsecond."""
    if type_.shape is Shape.ZONED:
        start, end = (f"timestamptz {text(edge.isoformat(sep=' '))}" for edge in (window.start, window.end))
        return _between(sql, start, end)
    if type_.shape in _LOCAL:
        return _local_cut(sql, type_, zone, window)
    if type_.shape in stamps.NUMBERS and window.start >= _EPOCH:
        return _epoch_cut(sql, type_, window)
    return _exact_cut(sql, type_, zone, window)


def _local_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    where = ZoneInfo(zone)
    steady = zone == "UTC" or _same_offset(where, window)
    widened = timedelta(0) if steady else _CLOCK_CHANGE
    literal, unit = _LITERALS.get(type_.name, ("timestamp", 1))
    try:
        start, end = (
            stamp(_up(edge, unit).astimezone(where).replace(tzinfo=None) + by, literal)
            for edge, by in ((window.start, -widened), (window.end, widened))
        )
    except OverflowError:
        return _exact_cut(sql, type_, zone, window)
    raw = _between(sql, start, end)
    # Local stamps do not sort as moments do where clocks change: wider to skip most, then compared exactly.
    return raw if steady else f"{raw} and {_exact_cut(sql, type_, zone, window)}"


def _up(edge: datetime, unit: int) -> datetime:
    """The edge at a resolution of so many microseconds: no stamp lies between the two."""
    return edge + timedelta(microseconds=-micros_of(edge) % unit)


def _exact_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    return _between(f"({stamps.moment(sql, type_, zone)})", moment(window.start), moment(window.end))


def _epoch_cut(sql: str, type_: Type, window: Window) -> str:
    """One range for each unit that a number may count; their sizes tell them apart.

    What the type has no room for is left out: it would be compared as a wider type, by no zone map.
    """
    room = math.inf if type_.width is None else 10 ** (type_.width - type_.places)
    ranges = []
    for parts, smallest, largest in _UNITS:
        if smallest < room:
            start, end = (_epoch(edge, parts) for edge in (window.start, window.end))
            below = f" and {sql} < {largest}" if largest < room else ""
            ranges.append(f"({_between(sql, start, end)} and {sql} >= {smallest}{below})")
    return f"({' or '.join(ranges)})"


def _epoch(edge: datetime, parts: int) -> str:
    """The edge in parts of a second; with a fraction where it does not fall on one."""
    whole, rest = divmod(micros_of(edge) * parts, 1_000_000)
    return f"{whole}.{rest:06d}" if rest else str(whole)


def _between(sql: str, start: str, end: str) -> str:
    return f"{sql} >= {start} and {sql} < {end}"


def _same_offset(zone: ZoneInfo, window: Window) -> bool:
    """Whether no change of clocks is near."""
    try:
        before, after = window.start - _FAR, window.end + _FAR
    except OverflowError:
        return False
    if window.length > _FAR:
        return False
    return before.astimezone(zone).utcoffset() == after.astimezone(zone).utcoffset()
