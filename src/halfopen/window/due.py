"""Which live windows are closed and still to be asked."""

from datetime import datetime, timedelta

from halfopen.window.coverage import Coverage
from halfopen.window.window import Window, floor


def horizon(now: datetime, offset: timedelta, cadence: timedelta) -> datetime:
    """Give the end of the newest closed window: `now - offset`, cut down to the grid of the cadence."""
    return floor(now - offset, cadence)


def due(since: datetime, horizon: datetime, cadence: timedelta, committed: Coverage) -> list[Window]:
    """List the windows from `since` up to the horizon that are not committed, oldest first.

    They lie on the grid of the cadence and are disjoint. One is shorter than the cadence only where `since` is off the
    grid or where a part of it is committed already, so what has been committed is never asked a second time.
    """
    closed = floor(horizon, cadence)
    if closed <= since:
        return []
    return [window for gap in committed.gaps(Window(since, closed)) for window in gap.partition(cadence)]
