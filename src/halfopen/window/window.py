"""A half-open window of time, `start <= t < end`, and the grid of steps counted from the epoch."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
SECOND = timedelta(seconds=1)
_ZERO = timedelta(0)


@dataclass(frozen=True, order=True, slots=True)
class Window:
    """All moments t with `start <= t < end`; both ends are aware datetimes in UTC, to the microsecond.

    A window that starts where it ends is empty. Windows sort by start, then end.

    Raises:
        ValueError: an end is naive or not in UTC, or `start` lies after `end`.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC:
            object.__setattr__(self, "start", _named_utc("start", self.start))
        if self.end.tzinfo is not UTC:
            object.__setattr__(self, "end", _named_utc("end", self.end))
        if self.start > self.end:
            raise ValueError(f"window starts at {self.start.isoformat()}, after its end {self.end.isoformat()}")

    def __str__(self) -> str:
        return f"[{_short(self.start)}, {_short(self.end)})"

    @property
    def is_empty(self) -> bool:
        """Whether no moment lies in it."""
        return self.start == self.end

    @property
    def length(self) -> timedelta:
        """Time from start to end."""
        return self.end - self.start

    def contains(self, moment: datetime) -> bool:
        """Whether the (aware) moment lies in it."""
        return self.start <= moment < self.end

    def covers(self, other: "Window") -> bool:
        """Whether every moment of the other lies in it; an empty window is covered by any."""
        return other.is_empty or (self.start <= other.start and other.end <= self.end)

    def overlaps(self, other: "Window") -> bool:
        """Whether the two have a moment in common."""
        return max(self.start, other.start) < min(self.end, other.end)

    def touches(self, other: "Window") -> bool:
        """Whether no gap lies between the two: they overlap, or one starts where the other ends."""
        return max(self.start, other.start) <= min(self.end, other.end)

    def intersection(self, other: "Window") -> "Window | None":
        """The moments that both have, or None where they have none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start < end else None

    def hull(self, other: "Window") -> "Window":
        """The smallest window from the earlier start to the later end."""
        return Window(min(self.start, other.start), max(self.end, other.end))

    def split(self, at: datetime) -> "tuple[Window, Window]":
        """Cut it in two at a moment strictly inside.

        Raises:
            ValueError: a part would be empty.
        """
        if not self.start < at < self.end:
            raise ValueError(f"cannot cut {self} at {_short(at)}: the cut must lie inside")
        return Window(self.start, at), Window(at, self.end)

    def halves(self) -> "tuple[Window, Window]":
        """Cut it near its middle, on a whole second, because the wire speaks in whole seconds.

        Raises:
            ValueError: it is one second or shorter.
        """
        if self.length <= SECOND:
            raise ValueError(f"cannot halve {self}: it is one second or shorter")
        middle = floor(self.start + self.length / 2, SECOND)
        return self.split(middle if middle > self.start else middle + SECOND)

    def partition(self, step: timedelta) -> "Iterator[Window]":
        """Cut it on the grid of `step` counted from the epoch: disjoint, complete, in order, none empty.

        The first and the last piece may be shorter than `step`.

        Raises:
            ValueError: `step` is not positive.
        """
        _demand_positive(step)
        start = self.start
        cut = ((start - EPOCH) // step + 1) * step  # a timedelta, which reaches beyond the year 9999 without complaint
        last = self.end - EPOCH
        while cut < last:
            edge = EPOCH + cut
            yield Window(start, edge)
            start = edge
            cut += step
        if start < self.end:
            yield Window(start, self.end)


def floor(moment: datetime, step: timedelta) -> datetime:
    """Give the last point of the grid of `step` (counted from the epoch) at or before the moment.

    A point before the year 1 is cut to the first moment there is.
    """
    _demand_positive(step)
    since_epoch = (moment - EPOCH) // step * step
    return EPOCH + max(since_epoch, EARLIEST - EPOCH)


def ceil(moment: datetime, step: timedelta) -> datetime:
    """Give the first point of the grid of `step` (counted from the epoch) at or after the moment.

    A point after the year 9999 is cut to the last moment there is.
    """
    _demand_positive(step)
    since_epoch = -((EPOCH - moment) // step) * step
    return EPOCH + min(since_epoch, LATEST - EPOCH)


def align(window: Window, step: timedelta) -> Window:
    """Give the smallest window on the grid of `step` that covers the given one."""
    return Window(floor(window.start, step), ceil(window.end, step))


def _named_utc(name: str, moment: datetime) -> datetime:
    """Take UTC under another name (such as a database driver's) for UTC, and nothing else."""
    if moment.utcoffset() != _ZERO:
        raise ValueError(f"window {name} {moment.isoformat()!r} is not in UTC: convert it with astimezone(UTC)")
    return moment.replace(tzinfo=UTC)


def _demand_positive(step: timedelta) -> None:
    if step <= _ZERO:
        raise ValueError(f"a step of {step} leads nowhere: it must be longer than zero")


def _short(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ") if moment.tzinfo is UTC else moment.isoformat(sep=" ")
