"""An answer at its caller's speed, until the caller is slower than the database: then the rest goes to disk first.

So the database's transaction ends at the database's speed, and its connection is free for others.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from halfopen.serve.spool import Record, SpoolFile, Spools

PATIENCE_SECONDS: Final = 2.0
"""By how much a caller may be slower than the database, over an answer, before the rest is spooled."""

CROWDED_SECONDS: Final = 0.02
"""The same while others wait for a connection: a caller on the same machine takes a block within that time."""

_LOOK_SECONDS: Final = 0.1
"""How often a caller who takes nothing is looked at after that."""

_BATCH_BYTES: Final = 128 * 1024
"""Of one write; also what the answer holds in memory while its caller is slow."""


class Readahead:
    """Iterates over `blocks`; whoever sends them does so within `sending`.

    `is_crowded` tells whether others wait for a connection. `stalled` is called with the
    seconds for which the caller has taken nothing, again and again.
    """

    def __init__(
        self,
        blocks: AsyncIterator[bytes],
        spools: Spools,
        *,
        compress: bool,
        is_crowded: Callable[[], bool],
        stalled: Callable[[float], None],
    ) -> None:
        self._blocks = blocks
        self._is_crowded = is_crowded
        self._stalled = stalled
        self._loop = asyncio.get_running_loop()
        self._lag = 0.0
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._filling: asyncio.Task[None] | None = None
        self._file = SpoolFile(spools, compress=compress)
        self._waiting: deque[Record | bytes] = deque()
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def is_spooled(self) -> bool:
        """Whether the rest went, or goes, to disk."""
        return self._filling is not None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks in order; raises what the database's end raised, once all before it was taken."""
        now = self._loop.time
        while self._filling is None:
            began = now()
            try:
                block = await anext(self._blocks)
            except StopAsyncIteration:
                return
            self._lag = max(0.0, self._lag - (now() - began))
            yield block
        while (piece := await self._next()) is not None:
            yield piece

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Around the sending of a block."""
        self._since = self._loop.time()
        self._timer = self._loop.call_later(CROWDED_SECONDS, self._look)
        try:
            yield
        finally:
            self._timer.cancel()
            self._lag += self._loop.time() - self._since
            if self._lag >= PATIENCE_SECONDS:
                self._begin()

    async def close(self) -> None:
        """Stops reading the database."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        self._file.close()

    def _look(self) -> None:
        blocked = self._loop.time() - self._since
        if self._lag + blocked >= PATIENCE_SECONDS or self._is_crowded():
            self._begin()
        self._stalled(blocked)
        self._timer = self._loop.call_later(_LOOK_SECONDS, self._look)

    def _begin(self) -> None:
        if self._filling is None:
            self._filling = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        batch: list[bytes] = []
        size = 0
        try:
            async for block in self._blocks:
                batch.append(block)
                size += len(block)
                if size >= _BATCH_BYTES:
                    await self._put(b"".join(batch))
                    batch, size = [], 0
            if batch:
                await self._put(b"".join(batch))
        finally:
            self._arrived.set()

    async def _put(self, data: bytes) -> None:
        """To disk; where there is no room, straight to the caller once everything before has been taken."""
        while (record := await asyncio.to_thread(self._file.append, data)) is None and self._waiting:
            self._taken.clear()
            await self._taken.wait()
        self._waiting.append(data if record is None else record)
        self._arrived.set()

    async def _next(self) -> bytes | None:
        filling = self._filling
        while not self._waiting:
            if filling is None or filling.done():
                if filling is not None:
                    filling.result()
                return None
            self._arrived.clear()
            await self._arrived.wait()
        first = self._waiting.popleft()
        self._taken.set()
        return first if isinstance(first, bytes) else await asyncio.to_thread(self._file.read, first)
