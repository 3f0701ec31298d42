"""Windows as conditions on the raw cursor, so that an index on it serves, also through views and subqueries.

The edges are converted to the column's type, never the column to theirs.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.cuts import CLOCK_CHANGE, EPOCH, between, count, is_steady, units
from halfopen.sources.mysql import stamps
from halfopen.sources.mysql.sql import moment, stamp
from halfopen.sources.mysql.types import Shape, Type
from halfopen.window.window import Window

_MICROSECOND_PLACES: Final = 6
_UNITS: Final = units(stamps.LARGEST)


def cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    """Start <= cursor < end for the cursor expression `sql`, to the microsecond."""
    if type_.shape is Shape.ZONED or (type_.shape is Shape.STAMP and zone == "UTC"):
        return between(sql, *(moment(_up(edge, type_)) for edge in (window.start, window.end)))
    if type_.shape in (Shape.STAMP, Shape.DATE):
        return _local_cut(sql, type_, zone, window)
    if type_.shape in stamps.NUMBERS and window.start >= EPOCH:
        return _epoch_cut(sql, window)
    return _exact_cut(sql, type_, zone, window)


def _up(edge: datetime, type_: Type) -> datetime:
    """The edge at the column's own resolution: no stamp lies between the two, and the server need not round."""
    places = _MICROSECOND_PLACES if type_.places is None else type_.places
    unit = timedelta(microseconds=10 ** (_MICROSECOND_PLACES - places))
    try:
        return edge + (EPOCH - edge) % unit
    except OverflowError:
        return edge


def _local_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    where = ZoneInfo(zone)
    steady = is_steady(zone, window)
    widened = timedelta(0) if steady else CLOCK_CHANGE
    column = f"cast({sql} as datetime)" if type_.shape is Shape.DATE else sql
    try:
        start, end = (
            _up(edge, type_).astimezone(where).replace(tzinfo=None) + by
            for edge, by in ((window.start, -widened), (window.end, widened))
        )
    except OverflowError:
        return _exact_cut(sql, type_, zone, window)
    if type_.shape is Shape.DATE:
        # A day is compared as a day: from the first that begins in the window to the first that does not.
        days = [edge.date() + timedelta(days=edge.time() != datetime.min.time()) for edge in (start, end)]
        return between(sql, *(f"date'{day.isoformat()}'" for day in days)) if steady else _both(column, zone, window)
    raw = between(sql, stamp(start), stamp(end))
    # Local stamps do not sort as moments do where clocks change: wider for the index, then compared exactly.
    return raw if steady else f"{raw} and {_exact_cut(sql, type_, zone, window)}"


def _both(column: str, zone: str, window: Window) -> str:
    return _exact_cut(column, Type(Shape.STAMP, 0), zone, window)


def _exact_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    return between(stamps.moment(sql, type_, zone), moment(window.start), moment(window.end))


def _epoch_cut(sql: str, window: Window) -> str:
    """One range for each unit that a number may count; their sizes tell them apart."""
    ranges = []
    for unit in _UNITS:
        start, end = (count(edge, unit.parts) for edge in (window.start, window.end))
        ranges.append(f"({between(sql, start, end)} and {sql} >= {unit.smallest} and {sql} < {unit.largest})")
    return f"({' or '.join(ranges)})"
