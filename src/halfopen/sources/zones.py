"""Local time and UTC in SQL, from Python's time zones: a database's own tables may be missing or old.

The SQL is a template: `{0}` is the stamp; `if` and literals are all that it uses.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_FROM: Final = datetime(1900, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=7)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """From the moment `at` (UTC) on, local time is `after` ahead of UTC; before it, `before`."""

    at: datetime
    before: timedelta
    after: timedelta


@lru_cache(maxsize=128)
def ahead_of_local(zone: str) -> str:
    """Seconds that local time is ahead of UTC at a local stamp `{0}`; an hour that is repeated is the later one."""
    # Both in a repeated hour and in one that is left out, the offset after the change holds from the smaller one on.
    edges = [(each.at + min(each.before, each.after), each.after) for each in _changes(zone)]
    return _offset(edges, _first(zone))


@lru_cache(maxsize=128)
def ahead_of_utc(zone: str) -> str:
    """Seconds that local time is ahead of UTC at a stamp `{0}` in UTC."""
    return _offset([(each.at, each.after) for each in _changes(zone)], _first(zone))


def _offset(edges: list[tuple[datetime, timedelta]], before: timedelta) -> str:
    """Seconds ahead of UTC, found by halving."""
    if not edges:
        return str(int(before.total_seconds()))
    middle = len(edges) // 2
    at, after = edges[middle]
    earlier = _offset(edges[:middle], before)
    return f"if({{0}} < timestamp'{at:%Y-%m-%d %H:%M:%S}', {earlier}, {_offset(edges[middle + 1 :], after)})"


def _first(zone: str) -> timedelta:
    return _ahead(_FROM, ZoneInfo(zone))


@lru_cache(maxsize=128)
def _changes(zone: str) -> tuple[Change, ...]:
    where, found = ZoneInfo(zone), []
    at, before = _FROM, _ahead(_FROM, ZoneInfo(zone))
    while at < _UNTIL:
        then = at + _STEP
        after = _ahead(then, where)
        if after != before:
            found.append(Change(_edge(at, then, where), before, after))
        at, before = then, after
    return tuple(found)


def _edge(low: datetime, high: datetime, where: ZoneInfo) -> datetime:
    """The first second with the offset that `high` has."""
    after = _ahead(high, where)
    while high - low > _SECOND:
        middle = low + _SECOND * ((high - low) // (2 * _SECOND))
        low, high = (low, middle) if _ahead(middle, where) == after else (middle, high)
    return high


def _ahead(moment: datetime, where: ZoneInfo) -> timedelta:
    return moment.astimezone(where).utcoffset() or timedelta(0)
