"""How fast a product may be asked: so many at a time, so many a second, and not at all while it asks for rest."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

LONGEST_WAIT = 60.0
"""Seconds; who wants a longer rest is not asked any more."""
MOST_WAITED = 120.0
"""Seconds of rest in all that are sat out."""
_SHORTEST_WAIT = 1.0
_MOMENT = 1.0


class Pace:
    """Turns at asking; `rate` in requests a second, `monotonic` in seconds."""

    MOST_REFUSALS: ClassVar[int] = 5
    """After so many moments of refusals the check goes away."""

    def __init__(self, rate: float, at_once: int, monotonic: Callable[[], float]) -> None:
        self._gap = 1 / rate
        self._slots = asyncio.Semaphore(at_once)
        self._monotonic = monotonic
        self._next = 0.0
        self._rest = 0.0
        self._slowed = -_MOMENT
        self._refusals = self._failures = 0
        self.waited = 0.0
        """Seconds of rest that were asked for."""

    @asynccontextmanager
    async def turn(self, *, burst: bool = False) -> AsyncIterator[None]:
        """Wait for a turn; a burst waits for nothing but a rest that was asked for."""
        if burst:
            yield
            return
        async with self._slots:
            await self.step()
            # Whoever waited for a turn while a rest was asked for waits for another.
            while self._rest > self._monotonic():
                await self.step()
            yield

    async def step(self) -> None:
        """Wait until one more request may be sent."""
        now = self._monotonic()
        at = max(now, self._next)
        self._next = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)

    def spend(self) -> None:
        """One request was sent without a turn of its own: the next one waits for it."""
        self._next = max(self._monotonic(), self._next) + self._gap

    def pause(self, seconds: float | None) -> bool:
        """Nothing is asked for a while; False when that is longer than anybody would wait."""
        wait = max(seconds or _SHORTEST_WAIT, _SHORTEST_WAIT)
        now = self._monotonic()
        self.waited += max(now + wait - max(self._rest, now), 0.0)
        self._rest = max(self._rest, now + wait)
        self._next = max(self._next, self._rest)
        return wait <= LONGEST_WAIT and self.waited <= MOST_WAITED

    @property
    def is_unwelcome(self) -> bool:
        """Whether it was refused so often that the check should go away."""
        return max(self._refusals, self._failures) >= self.MOST_REFUSALS

    def refused(self, *, for_rate: bool) -> None:
        """Count a refusal; those of one moment, when several are in flight, count once.

        for_rate: ask half as often from now on. Otherwise it may be one feed that fails, and what others answer tells.
        """
        now = self._monotonic()
        if now - self._slowed < _MOMENT:
            return
        self._slowed = now
        if for_rate:
            self._refusals += 1
            self._gap *= 2
        else:
            self._failures += 1

    def answered(self) -> None:
        """Some feed was answered as it should be."""
        self._failures = 0


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
