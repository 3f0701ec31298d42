"""How fast a product may be asked: so many at a time, so many a second, and not at all while it asks for rest."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

_LONGEST_WAIT = 30.0
_SHORTEST_WAIT = 1.0
_MOMENT = 1.0


class Pace:
    """Turns at asking; `rate` in requests a second, `monotonic` in seconds."""

    MOST_REFUSALS: ClassVar[int] = 5
    """After so many 429 the check goes away."""

    def __init__(self, rate: float, at_once: int, monotonic: Callable[[], float]) -> None:
        self._gap = 1 / rate
        self._slots = asyncio.Semaphore(at_once)
        self._monotonic = monotonic
        self._next = 0.0
        self._slowed = -_MOMENT
        self.refusals = 0

    @asynccontextmanager
    async def turn(self, *, burst: bool = False) -> AsyncIterator[None]:
        """Wait for a turn; a burst waits for nothing but a rest that was asked for."""
        if burst:
            yield
            return
        async with self._slots:
            now = self._monotonic()
            at = max(now, self._next)
            self._next = at + self._gap
            if at > now:
                await asyncio.sleep(at - now)
            yield

    def pause(self, seconds: float | None) -> None:
        """Nothing is asked for a while."""
        wait = min(max(seconds or _SHORTEST_WAIT, _SHORTEST_WAIT), _LONGEST_WAIT)
        self._next = max(self._next, self._monotonic() + wait)

    def slow_down(self) -> None:
        """Ask half as often from now on; refusals of one moment, when several are in flight, count once."""
        now = self._monotonic()
        if now - self._slowed < _MOMENT:
            return
        self._slowed = now
        self.refusals += 1
        self._gap *= 2


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or as a date; None for anything else."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    date = http_date(header)
    return None if date is None else (date - now).total_seconds()


def http_date(header: str | None) -> datetime | None:
    """A header's date as an aware UTC moment; None where there is none that can be read."""
    try:
        found = parsedate_to_datetime(header or "")
    except (ValueError, TypeError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
