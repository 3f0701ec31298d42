"""Windows as conditions on a raw cursor: what is the same in any engine's SQL.

The edges are converted to the column's type, never the column to theirs, so that an index on it serves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from halfopen.sources.exact import MILLISECONDS_BELOW, SECONDS_BELOW, micros_of
from halfopen.window.window import Window

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_CHANGE: Final = timedelta(hours=3)
"""More than clocks are ever changed by: local stamps do not sort as moments do where they are, so that a window of them
is widened by this for the index, and compared exactly besides."""

_FAR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Unit:
    """What numbers from `smallest` to below `largest` count: so many `parts` of a second since the epoch."""

    parts: int
    smallest: int
    largest: int


def units(largest: int) -> tuple[Unit, ...]:
    """The units that a number may count, told apart by their sizes; none is `largest` microseconds or more."""
    return (
        Unit(1, 0, SECONDS_BELOW),
        Unit(1_000, SECONDS_BELOW, MILLISECONDS_BELOW),
        Unit(1_000_000, MILLISECONDS_BELOW, largest),
    )


def between(sql: str, start: str, end: str) -> str:
    """Half-open."""
    return f"{sql} >= {start} and {sql} < {end}"


def count(edge: datetime, parts: int) -> str:
    """The edge in parts of a second since the epoch; with a fraction where it does not fall on one."""
    whole, rest = divmod(micros_of(edge) * parts, 1_000_000)
    return f"{whole}.{rest:06d}" if rest else str(whole)


def is_steady(zone: str, window: Window) -> bool:
    """Whether no change of the zone's clocks is near, so that local stamps sort as moments do."""
    if zone == "UTC":
        return True
    where = ZoneInfo(zone)
    try:
        before, after = window.start - _FAR, window.end + _FAR
    except OverflowError:
        return False
    if window.length > _FAR:
        return False
    return before.astimezone(where).utcoffset() == after.astimezone(where).utcoffset()
