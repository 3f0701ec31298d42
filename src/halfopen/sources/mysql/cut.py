"""Windows as conditions on the raw cursor, so that an index on it serves, also through views and subqueries.

The edges are converted to the column's type, never the column to theirs.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.exact import micros_of
from halfopen.sources.mysql import stamps
from halfopen.sources.mysql.sql import moment, stamp
from halfopen.sources.mysql.types import Shape, Type
from halfopen.window.window import Window

_FAR: Final = timedelta(days=1)
_CLOCK_CHANGE: Final = timedelta(hours=3)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND_PLACES: Final = 6
_UNITS: Final = (
    (1, 0, stamps.SECONDS_BELOW),
    (1_000, stamps.SECONDS_BELOW, stamps.MILLISECONDS_BELOW),
    (1_000_000, stamps.MILLISECONDS_BELOW, stamps.LARGEST),
)
"""Parts of a second, and which numbers count them."""


def cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    """Start <= cursor < end for the cursor expression `sql`, to the microsecond."""
    if type_.shape is Shape.ZONED or (type_.shape is Shape.STAMP and zone == "UTC"):
        return _between(sql, *(moment(_up(edge, type_)) for edge in (window.start, window.end)))
    if type_.shape in (Shape.STAMP, Shape.DATE):
        return _local_cut(sql, type_, zone, window)
    if type_.shape in stamps.NUMBERS and window.start >= _EPOCH:
        return _epoch_cut(sql, window)
    return _exact_cut(sql, type_, zone, window)


def _up(edge: datetime, type_: Type) -> datetime:
    """The edge at the column's own resolution: no stamp lies between the two, and the server need not round."""
    places = _MICROSECOND_PLACES if type_.places is None else type_.places
    unit = timedelta(microseconds=10 ** (_MICROSECOND_PLACES - places))
    try:
        return edge + (_EPOCH - edge) % unit
    except OverflowError:
        return edge


def _local_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    where = ZoneInfo(zone)
    steady = zone == "UTC" or _same_offset(where, window)
    widened = timedelta(0) if steady else _CLOCK_CHANGE
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
        return _between(sql, *(f"date'{day.isoformat()}'" for day in days)) if steady else _both(column, zone, window)
    raw = _between(sql, stamp(start), stamp(end))
    # Local stamps do not sort as moments do where clocks change: wider for the index, then compared exactly.
    return raw if steady else f"{raw} and {_exact_cut(sql, type_, zone, window)}"


def _both(column: str, zone: str, window: Window) -> str:
    return _exact_cut(column, Type(Shape.STAMP, 0), zone, window)


def _exact_cut(sql: str, type_: Type, zone: str, window: Window) -> str:
    return _between(stamps.moment(sql, type_, zone), moment(window.start), moment(window.end))


def _epoch_cut(sql: str, window: Window) -> str:
    """One range for each unit that a number may count; their sizes tell them apart."""
    ranges = []
    for parts, smallest, largest in _UNITS:
        start, end = (_epoch(edge, parts) for edge in (window.start, window.end))
        ranges.append(f"({_between(sql, start, end)} and {sql} >= {smallest} and {sql} < {largest})")
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
