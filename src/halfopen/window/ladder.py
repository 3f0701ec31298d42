"""When committed windows are asked again, to find the rows that became visible late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from halfopen.window.coverage import Coverage
from halfopen.window.window import EARLIEST, SECOND, Window, floor

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rung:
    """One re-read: spans of length `span`, on the grid counted from the epoch, once they have ended `after` ago."""

    span: timedelta
    after: timedelta

    def __post_init__(self) -> None:
        if self.span <= timedelta(0) or self.after < timedelta(0):
            raise ValueError(f"a rung of {self.span} after {self.after}: the span must be longer than zero")


DEFAULT: Final[tuple[Rung, ...]] = (
    Rung(timedelta(minutes=5), timedelta(minutes=1)),
    Rung(timedelta(minutes=15), timedelta(minutes=10)),
    Rung(timedelta(hours=1), timedelta(minutes=10)),
    Rung(timedelta(days=1), timedelta(hours=1)),
    Rung(timedelta(days=1), timedelta(days=2)),
)
"""For a cadence of one minute: about 1.3 requests a minute with the live one."""


def scaled(ladder: tuple[Rung, ...], cadence: timedelta) -> tuple[Rung, ...]:
    """Stretch or shrink a ladder that was made for minutes to another cadence.

    Spans stay whole seconds, because the wire speaks in them, and are never shorter than the cadence.
    """
    factor = cadence / MINUTE
    return tuple(Rung(_whole_seconds(max(rung.span * factor, cadence)), rung.after * factor) for rung in ladder)


def owed(rung: Rung, committed: Coverage, reread: Coverage, now: datetime) -> list[Window]:
    """List what this rung has to ask now, oldest first.

    The grid spans that ended at least `rung.after` ago, cut to what is committed, less what this rung has re-read.
    Adding the answer to `reread` makes each moment come up at most once; time makes all of them come up.
    """
    ended = floor(now - rung.after, rung.span)
    return _spans(rung, committed.intersection(Window(EARLIEST, ended)), reread)


def closing(rung: Rung, committed: Coverage, reread: Coverage) -> list[Window]:
    """List what this rung still has to ask before a stop: as `owed`, but also spans that have not ended yet."""
    return _spans(rung, committed, reread)


def _spans(rung: Rung, committed: Coverage, reread: Coverage) -> list[Window]:
    return [span for window in committed.difference(reread) for span in window.partition(rung.span)]


def _whole_seconds(span: timedelta) -> timedelta:
    return -(-span // SECOND) * SECOND
