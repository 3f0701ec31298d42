"""Blocks go from a thread that reads a database to the event loop, a few at a time.

The thread waits when the reader is slower than the database: memory stays flat whatever the window is.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

DEPTH: Final = 4

T = TypeVar("T")


class Cancelled(Exception):  # noqa: N818 - not a failure: the reader has gone
    """The reader does not want any more blocks."""


class Handover(Generic[T]):
    """Made on the event loop; `put`, `finish` are for the thread, `get` and `cancel` for the loop."""

    def __init__(self, depth: int = DEPTH) -> None:
        self._loop = asyncio.get_running_loop()
        self._blocks: deque[T] = deque()
        self._depth = depth
        self._room = threading.Condition()
        self._arrived = asyncio.Event()
        self._ended = False
        self._waiting = False
        self._then: Callable[[], object] | None = None
        self._error: BaseException | None = None
        self.cancelled = False

    def put(self, block: T) -> None:
        """Hands over a block, waiting for room; Cancelled when the reader has gone."""
        with self._room:
            while len(self._blocks) >= self._depth and not self.cancelled:
                self._room.wait()
            if self.cancelled:
                raise Cancelled
            self._blocks.append(block)
            waiting, self._waiting = self._waiting, False
        if waiting:
            self._call(self._arrived.set)

    def finish(self, error: BaseException | None = None) -> None:
        """Says that no block follows, because of `error` if there is one."""
        with self._room:
            self._error = error
            self._ended = True
            waiting, self._waiting = self._waiting, False
            then, self._then = self._then, None
        if waiting:
            self._call(self._arrived.set)
        if then is not None:
            self._call(then)

    async def get(self) -> T | None:
        """The next block; None at the end. Raises what the thread finished with."""
        while True:
            self._arrived.clear()
            with self._room:
                if self._blocks:
                    block = self._blocks.popleft()
                    self._room.notify()
                    return block
                if self._ended:
                    if self._error is not None:
                        raise self._error
                    return None
                self._waiting = True
            await self._arrived.wait()

    def cancel(self) -> None:
        """The reader has gone: a waiting `put` ends at once."""
        with self._room:
            self.cancelled = True
            self._blocks.clear()
            self._room.notify_all()

    def when_finished(self, then: Callable[[], object]) -> None:
        """Calls `then` on the event loop once the thread has finished, now if it has. Once an answer."""
        with self._room:
            if not self._ended:
                self._then = then
                return
        then()

    def _call(self, what: Callable[[], object]) -> None:
        """On the event loop. Each call wakes it, which costs as much as reading some rows: so only where one waits."""
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            # The loop has been closed under us, so nobody waits any more.
            self.cancelled = True
