"""Windows as conditions on the raw cursor, so that an index on it serves, also through views and subqueries.

The edges are converted to the column's type, never the column to theirs.
"""

from datetime import datetime, timedelta
from typing import Final

from halfopen.sources.cuts import CLOCK_CHANGE, EPOCH, between, count, is_steady, units
from halfopen.sources.exact import micros_of
from halfopen.sources.postgresql import stamps
from halfopen.sources.postgresql.sql import moment, text
from halfopen.sources.postgresql.types import Shape, Type
from halfopen.window.window import Window

_CLOCK_CHANGE: Final = f"interval '{CLOCK_CHANGE // timedelta(hours=1)} hours'"
_UNITS: Final = units(stamps.LARGEST)


def cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    """Start <= cursor < end for the cursor expression `sql`, to the microsecond."""
    if type_.shape is Shape.ZONED:
        return between(sql, moment(window.start), moment(window.end))
    if type_.shape in (Shape.STAMP, Shape.DATE):
        return _local_cut(sql, type_, zone, window)
    if type_.shape in stamps.NUMBERS and window.start >= EPOCH:
        return _epoch_cut(sql, type_, window)
    return between(stamps.zoned(sql, type_, zone), moment(window.start), moment(window.end))


def _local_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    start, end = (f"({moment(edge)} at time zone {text(zone)})" for edge in (window.start, window.end))
    if is_steady(zone, window):
        return between(sql, start, end)
    # Local stamps do not sort as moments do where clocks change: wider for the index, then compared exactly.
    wide = between(sql, f"{start} - {_CLOCK_CHANGE}", f"{end} + {_CLOCK_CHANGE}")
    return f"{wide} and {between(stamps.zoned(sql, type_, zone), moment(window.start), moment(window.end))}"


def _epoch_cut(sql: str, type_: Type, window: Window) -> str:
    """One range for each unit that a number may count; their sizes tell them apart."""
    ranges = []
    for unit in _UNITS:
        start, end = (_count(edge, unit.parts, type_) for edge in (window.start, window.end))
        ranges.append(f"({between(sql, start, end)} and {sql} >= {unit.smallest} and {sql} < {unit.largest})")
    return f"({' or '.join(ranges)})"


def _count(edge: datetime, parts: int, type_: Type) -> str:
    """The edge in parts of a second; for whole numbers the next one, because a fraction would keep the index away."""
    if type_.shape is Shape.INTEGER:
        return str(-(-micros_of(edge) * parts // 1_000_000))
    return count(edge, parts)
