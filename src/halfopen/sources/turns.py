"""Who gets a connection next when all are taken.

Places go by turns to whoever asks for the shortest window and to whoever has waited longest: a poller of one minute is
not held up by two hundred backfills, and no backfill waits for ever.
"""

import asyncio
import heapq
import itertools
from collections import deque
from datetime import timedelta
from typing import Final

from halfopen.sources.base import Busy
from halfopen.window.window import Window

WAIT_SECONDS: Final = 20.0
"""How long an answer waits for a free connection before the caller is told to come again.

Less than the half minute after which pullers give up; many slow readers who come at once are read to disk by then.
"""


def length_of(window: Window | None) -> timedelta:
    """The length of what is asked for; of a whole catalogue, the greatest."""
    return timedelta.max if window is None else window.length


class Turns:
    """A semaphore with `places`; used on one event loop."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._shortest: list[tuple[float, int, asyncio.Future[None]]] = []
        self._longest_waiting: deque[asyncio.Future[None]] = deque()
        self._numbers = itertools.count()
        self._is_shortest_next = True

    async def acquire(self, length: float, patience_seconds: float) -> None:
        """Takes a place for a window of `length`, in whatever unit; TimeoutError when none is free for so long."""
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._shortest, (length, next(self._numbers), turn))
        self._longest_waiting.append(turn)
        try:
            async with asyncio.timeout(patience_seconds):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # It was given a place just when it stopped waiting.
                self.release()
            raise

    async def take(self, length: timedelta, patience_seconds: float) -> None:
        """As `acquire`, with Busy for who waits too long."""
        try:
            await self.acquire(length.total_seconds(), patience_seconds)
        except TimeoutError:
            raise Busy(f"all connections were taken for {patience_seconds:g} s") from None

    @property
    def are_taken(self) -> bool:
        """Whether no place is free."""
        return not self._free

    def release(self) -> None:
        """Gives a place back, to whoever is next."""
        turn = self._next()
        if turn is None:
            self._free += 1
        else:
            turn.set_result(None)

    def _next(self) -> "asyncio.Future[None] | None":
        self._is_shortest_next = not self._is_shortest_next
        while self._shortest and self._shortest[0][2].done():
            heapq.heappop(self._shortest)
        while self._longest_waiting and self._longest_waiting[0].done():
            self._longest_waiting.popleft()
        if not self._shortest:
            return None
        return heapq.heappop(self._shortest)[2] if self._is_shortest_next else self._longest_waiting.popleft()
