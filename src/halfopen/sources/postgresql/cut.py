"""Windows as conditions on the raw cursor, so that an index on it serves, also through views and subqueries.

The edges are converted to the column's type, never the column to theirs.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.exact import micros_of
from halfopen.sources.postgresql import stamps
from halfopen.sources.postgresql.sql import moment, text
from halfopen.sources.postgresql.types import Shape, Type
from halfopen.window.window import Window

_FAR: Final = timedelta(days=1)
_CLOCK_CHANGE: Final = "interval '3 hours'"
_UNITS: Final = (
    (1, 0, stamps.SECONDS_BELOW),
    (1_000, stamps.SECONDS_BELOW, stamps.MILLISECONDS_BELOW),
    (1_000_000, stamps.MILLISECONDS_BELOW, stamps.LARGEST),
)
"""Parts of a second, and which numbers count them."""


def cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    """Start <= cursor < end for the cursor expression `sql`, to the microsecond."""
    if type_.shape is Shape.ZONED:
        return _between(sql, moment(window.start), moment(window.end))
    if type_.shape in (Shape.STAMP, Shape.DATE):
        return _local_cut(sql, type_, zone, window)
    if type_.shape in stamps.NUMBERS:
        return _epoch_cut(sql, type_, window)
    return _between(stamps.zoned(sql, type_, zone), moment(window.start), moment(window.end))


def _local_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    start, end = (f"({moment(edge)} at time zone {text(zone)})" for edge in (window.start, window.end))
    if zone == "UTC" or _same_offset(ZoneInfo(zone), window):
        return _between(sql, start, end)
    # Local stamps do not sort as moments do where clocks change: wider for the index, then compared exactly.
    wide = _between(sql, f"{start} - {_CLOCK_CHANGE}", f"{end} + {_CLOCK_CHANGE}")
    return f"{wide} and {_between(stamps.zoned(sql, type_, zone), moment(window.start), moment(window.end))}"


def _epoch_cut(sql: str, type_: Type, window: Window) -> str:
    """One range for each unit that a number may count; their sizes tell them apart."""
    ranges = []
    for parts, smallest, largest in _UNITS:
        start, end = (_epoch(edge, parts, type_) for edge in (window.start, window.end))
        ranges += [f"({_between(sql, start, end)} and {sql} >= {smallest} and {sql} < {largest})"]
    if window.start < datetime.fromisoformat("1970-01-01T00:00:00Z"):
        return _between(stamps.zoned(sql, type_, "UTC"), moment(window.start), moment(window.end))
    return f"({' or '.join(ranges)})"


def _epoch(edge: datetime, parts: int, type_: Type) -> str:
    """The edge in parts of a second; for whole numbers the next one, because a fraction would keep the index away."""
    whole, rest = divmod(micros_of(edge) * parts, 1_000_000)
    if type_.shape is Shape.INTEGER:
        return str(whole + (rest > 0))
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
