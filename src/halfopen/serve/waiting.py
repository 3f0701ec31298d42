"""Windows that wait: answered once every transaction that was open at their end is over.

What is stamped when its transaction begins, or later, is then there. Stamps that an application took before, in a
queue, may still come late; and while one transaction stays open, every feed stands still.
"""

import asyncio
from datetime import timedelta
from typing import Final, Protocol

from halfopen.errors import ConfigError
from halfopen.serve.mapping import Offer
from halfopen.serve.problems import unavailable
from halfopen.serve.windows import PlainWindows, Reading
from halfopen.sources.base import Source
from halfopen.sources.waiting import TellsOpen
from halfopen.window.window import Window

_LOOK_SECONDS: Final = 0.1
_RETRY_SECONDS: Final = 1


class WaitingSource(Source, TellsOpen, Protocol):
    """A database that knows its open transactions."""


class WaitingWindows:
    """Plain windows, each held back for `longest` at most. ConfigError when the database does not let us see enough."""

    def __init__(self, source: WaitingSource, plain: PlainWindows, longest: timedelta) -> None:
        grant = source.missing_grant()
        if grant:
            raise ConfigError(
                f'serve.late_rows: "wait" must see the transactions of all users, and this one may not; run: {grant}'
            )
        self._source = source
        self._plain = plain
        self._longest = longest

    async def reading(self, offer: Offer, window: Window) -> Reading:
        """The plain reading, once nothing is open that began before the window's end."""
        reading = await self._plain.reading(offer, window)
        if offer.is_snapshot or window.is_empty or reading.headers.get("Halfopen-Final") == "false":
            return reading
        clock = asyncio.get_running_loop()
        until = clock.time() + self._longest.total_seconds()
        while (oldest := await self._source.oldest_open()) is not None and oldest < window.end:
            if clock.time() >= until:
                began = f"{oldest:%Y-%m-%d %H:%M:%S}"
                raise unavailable(f"a transaction that began at {began} is still open: ask again", _RETRY_SECONDS)
            await asyncio.sleep(_LOOK_SECONDS)
        return reading

    async def close(self) -> None:
        """Nothing is held."""
