"""How far a backfill has come: the share of its span, rows a second, and when it may be done."""

from datetime import datetime, timedelta

from halfopen.config import durations
from halfopen.config.backfill import UNPACED, Pacing
from halfopen.sync.events import Committed, Event, Owes
from halfopen.window.coverage import Coverage


class Headway:
    """Kept by listening; `pacing` tells whether it waits for its hours."""

    def __init__(self, pacing: Pacing = UNPACED) -> None:
        self.rows = 0
        self._pacing = pacing
        self._owed: dict[str, Coverage] = {}
        self._total = timedelta(0)
        self._began: datetime | None = None

    def hear(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case Owes():
                self._owed[event.feed] = Coverage.of(event.windows())
                self._total += _length(self._owed[event.feed])
                self._began = self._began or event.at
            case Committed(rung=0) if event.feed in self._owed:
                self.rows += event.rows
                self._owed[event.feed] = self._owed[event.feed].remove(event.window())

    def line(self, now: datetime) -> str:
        """One line at `now`, empty before anything is known.

        What is left is guessed from the time that the share of the span has taken so far.
        """
        if self._began is None or not self._total:
            return ""
        left = sum(map(_length, self._owed.values()), timedelta(0))
        share = 1 - left / self._total
        seconds = max((now - self._began).total_seconds(), 0.001)
        parts = [f"{share:.0%} of the span", f"{self.rows:,} rows", f"{self.rows / seconds:,.0f} rows/s"]
        opens = self._pacing.opens(now)
        if left and opens > now:
            parts.append(f"waits until {opens:%Y-%m-%d %H:%M} UTC for its hours, {self._pacing.hours}")
        elif left and share > 0:
            parts.append(f"about {durations.roughly(seconds * (1 - share) / share)} left")
        return ", ".join(parts)


def _length(covered: Coverage) -> timedelta:
    return sum((window.length for window in covered), timedelta(0))
