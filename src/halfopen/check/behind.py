"""Feeds whose freshest rows are whole half hours old while rows come: the clock of a zone to the west, perhaps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from halfopen.check.case import FeedCase
from halfopen.check.observe import Observation

HALF_HOUR: Final = timedelta(minutes=30)
ENOUGH_STAMPS: Final = 10
_UNFINISHED: Final = timedelta(minutes=2)
_CLOSE: Final = timedelta(seconds=60)


def half_hours_old(feed: FeedCase) -> datetime | None:
    """The freshest stamp of a feed, where it is whole half hours old and rows come far more often; None where not."""
    stamps = sorted({row.at for row in feed.rows if row.at is not None})
    if feed.no_windows or len(stamps) < ENOUGH_STAMPS or gap_of(stamps) * 20 > HALF_HOUR:
        return None
    seen = first_with(feed, stamps[-1])
    return stamps[-1] if _half_hours(feed, seen, stamps[-1]) else None


def _half_hours(feed: FeedCase, seen: Observation, stamp: datetime) -> int:
    """How many half hours old a stamp was when it was answered; 0 where none, or no more than the feed declares."""
    age = seen.ended + feed.skew - stamp
    steps = round(age / HALF_HOUR)
    is_off = abs(age - steps * HALF_HOUR) <= _CLOSE and age > feed.offset + HALF_HOUR / 2
    return max(steps, 0) if is_off else 0


def stays_behind(feed: FeedCase) -> bool:
    """Whether the freshest rows of two answers at least are as many half hours old, though they are not the same."""
    fresh: set[datetime] = set()
    steps: set[int] = set()
    for o in feed.answers:
        last = max((row.at for row in o.rows if row.at is not None), default=None)
        if is_up_to_now(feed, o) and last is not None:
            fresh.add(last)
            steps.add(_half_hours(feed, o, last))
    return len(fresh) > 1 and len(steps) == 1 and 0 not in steps


def gap_of(stamps: Sequence[datetime]) -> timedelta:
    """The time from one of the last stamps to the next."""
    recent = stamps[-ENOUGH_STAMPS:]
    return (recent[-1] - recent[0]) / (len(recent) - 1)


def is_up_to_now(feed: FeedCase, o: Observation) -> bool:
    """Whether an answer should hold the freshest row that there was."""
    return o.window is not None and o.window.end >= o.started + feed.skew - _UNFINISHED


def first_with(feed: FeedCase, stamp: datetime) -> Observation:
    """The first answer with a row of this stamp."""
    return next(o for o in feed.readable if any(row.at == stamp for row in o.rows))
