"""How many windows one caller may be answered at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from halfopen.serve.problems import Problem

PATIENCE_SECONDS: Final = 1.0
"""A burst of short windows waits its turn for so long; only who keeps on asking for too much is turned away."""

_RETRY_SECONDS: Final = 1


@dataclass(slots=True)
class _Line:
    free: asyncio.Semaphore
    users: int = 0


class Turnstile:
    """Lets `limit` requests of each caller through at a time; used on one event loop."""

    def __init__(self, limit: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._limit = limit
        self._patience = patience_seconds
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def through(self, caller: str) -> AsyncIterator[None]:
        """For the length of an answer; Problem 429 for one too many."""
        line = self._lines.get(caller)
        if line is None:
            line = self._lines[caller] = _Line(asyncio.Semaphore(self._limit))
        line.users += 1
        try:
            await self._taken(line)
            try:
                yield
            finally:
                line.free.release()
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[caller]

    async def _taken(self, line: _Line) -> None:
        if not line.free.locked():
            await line.free.acquire()
            return
        try:
            async with asyncio.timeout(self._patience):
                await line.free.acquire()
        except TimeoutError:
            raise Problem(
                429,
                "too_many_windows",
                f"{self._limit} windows are being answered to this caller already (serve.limits.windows_per_caller): "
                "ask again when one has ended",
                {"Retry-After": str(_RETRY_SECONDS)},
            ) from None
