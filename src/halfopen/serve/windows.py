"""Which rows answer a window: the one object that the application asks.

`PlainWindows` answers with what the database holds now. Whatever takes rows from a remembered state of the database
instead keeps the same promise.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from halfopen.serve.mapping import Offer
from halfopen.serve.problems import Problem
from halfopen.sources.base import Source, Stream
from halfopen.window.window import Window
from halfopen.wire.moment import plain
from halfopen.wire.negotiate import Format

AHEAD: Final = timedelta(seconds=5)
"""A window that ends at most this far ahead of the clock is held until the clock has passed its end."""

_LOOK_SECONDS: Final = 0.2
"""Between looks at the clock, which may be set or be another than the event loop's."""

Clock = Callable[[], datetime]


async def _nothing_held() -> None:
    """A plain reading takes a connection only when it is opened."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A window that can be read now. `headers` go with the answer; `open` begins the query.

    close: lets go of whatever is held for the reading; at the end of what `open` gave it is let go already.
    """

    open: Callable[[Format], AbstractAsyncContextManager[Stream]]
    headers: Mapping[str, str] = field(default_factory=dict)
    close: Callable[[], Awaitable[None]] = _nothing_held


class Windows(Protocol):
    """Decides what a window is answered with."""

    async def reading(self, offer: Offer, window: Window) -> Reading:
        """The reading of a window, perhaps after a wait; Problem when it cannot be answered."""
        ...

    async def close(self) -> None:
        """Lets go of whatever is kept beside the database; readings in flight go on."""
        ...


class PlainWindows:
    """The rows that the database holds when it is asked."""

    def __init__(self, source: Source, clock: Clock, *, refuse_unfinished: bool = False) -> None:
        self._source = source
        self._clock = clock
        self._refuse_unfinished = refuse_unfinished

    async def reading(self, offer: Offer, window: Window) -> Reading:
        """Held until the clock has passed the window's end, or answered at once as not final."""
        final = await self._passed(window.end)
        if not final and self._refuse_unfinished:
            raise Problem(
                425,
                "unfinished_window",
                f"to {plain(window.end)!r} lies more than {AHEAD.seconds} s ahead of the clock: ask once it has passed",
            )
        asked = None if offer.is_snapshot else window

        def begin(format_: Format) -> AbstractAsyncContextManager[Stream]:
            return self._source.stream(offer.selection, asked, format_)

        return Reading(begin, {"Halfopen-Final": "true" if final else "false"})

    async def close(self) -> None:
        """Nothing is kept."""

    async def _passed(self, end: datetime) -> bool:
        """Whether the clock has passed `end`, waiting for it when it is near."""
        while (left := end - self._clock()) > timedelta(0):
            if left > AHEAD:
                return False
            await asyncio.sleep(min(left.total_seconds(), _LOOK_SECONDS))
        return True
