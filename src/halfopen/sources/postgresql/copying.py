r"""COPY passed through: PostgreSQL makes the lines, and the blocks go on as they come, no faster than they are taken.

asyncpg gives whole rows: the server sends each row as one message. COPY ends its lines with \n, the wire with \r\n.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from halfopen.errors import SourceError
from halfopen.sources.base import BLOCK_BYTES, ROW_END
from halfopen.sources.crlf import crlf
from halfopen.sources.postgresql.pool import Connection, words
from halfopen.wire.negotiate import Format

_DEPTH: Final = 2

_SMALL: Final = BLOCK_BYTES // 2
_GATHER_SECONDS: Final = 0.001
"""How long a long answer lets the socket fill when its blocks are small: a small one costs as much as a large one."""

_BARE: Final = {"quote": "\x01", "delimiter": "\x02"}
"""JSON holds neither of the two, so that COPY adds nothing to a line: no quotes, no escapes."""


class Answer:
    """The blocks of one COPY."""

    def __init__(
        self, copying: "asyncio.Task[str]", blocks: "_Blocks", format_: Format, seconds: float, *, clean: bool
    ) -> None:
        self._copying = copying
        self._blocks = blocks
        self._end = _ENDS[format_]
        self._clean = clean
        self._left = self._allowed = seconds
        self.rows = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks in the order of the query. SourceError when it fails or its time is over."""
        while (block := await self._next()) is not None:
            ready, rows = self._end(block)
            self.rows += rows
            # A broken byte must not make the whole answer unreadable.
            yield ready.decode("utf-8", "replace").encode() if self._clean else ready

    async def _next(self) -> bytes | None:
        """Only the time that the database lets us wait counts: a slow reader does not use it up."""
        loop = asyncio.get_running_loop()
        while not self._blocks and not self._copying.done():
            began = loop.time()
            try:
                async with asyncio.timeout(self._left):
                    await self._blocks.arrived()
            except TimeoutError:
                limit = f"{self._allowed:g} s (serve.limits.statement_timeout)"
                raise SourceError(f"the query ran longer than {limit}") from None
            self._left -= loop.time() - began
        if self._blocks:
            return self._blocks.take()
        with words():
            self._copying.result()
        return None


@asynccontextmanager
async def copying(connection: Connection, select: str, format_: Format, seconds: float) -> AsyncIterator[Answer]:
    """Runs the SELECT; at the end of the context it is cancelled if it still runs.

    PostgreSQL sends UTF-8 whatever the encoding of the database, except from one without any (SQL_ASCII), which holds
    whatever bytes were once written to it.
    """
    blocks = _Blocks()
    without_encoding = connection.get_settings().server_encoding == "SQL_ASCII"
    options = {} if format_ is Format.CSV else dict(_BARE)
    if without_encoding:
        # Else the server itself would end the answer at the first byte that is not UTF-8.
        options["encoding"] = "SQL_ASCII"
    task = asyncio.create_task(connection.copy_from_query(select, output=blocks.put, format="csv", **options))
    task.add_done_callback(blocks.wake)
    try:
        yield Answer(task, blocks, format_, seconds, clean=without_encoding)
    finally:
        # asyncpg tells the server to cancel the query; the next statement of the connection waits until it has.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Blocks:
    """A few blocks between the connection and the reader; asyncpg reads on only when `put` has returned."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._arrival = asyncio.Event()
        self._room = asyncio.Event()
        self._began = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, block: bytes) -> None:
        if self._began and len(block) < _SMALL:
            await asyncio.sleep(_GATHER_SECONDS)
        self._began = True
        self._waiting.append(block)
        self._arrival.set()
        while len(self._waiting) >= _DEPTH:
            self._room.clear()
            await self._room.wait()

    def take(self) -> bytes:
        self._room.set()
        return self._waiting.popleft()

    async def arrived(self) -> None:
        self._arrival.clear()
        if not self._waiting:
            await self._arrival.wait()

    def wake(self, _task: object) -> None:
        self._arrival.set()


def _comma(block: bytes) -> tuple[bytes, int]:
    return bytes(block.replace(b"\n", ROW_END[Format.JSON])), block.count(b"\n")


def _as_it_is(block: bytes) -> tuple[bytes, int]:
    return bytes(block), block.count(b"\n")


_ENDS: Final[dict[Format, Callable[[bytes], tuple[bytes, int]]]] = {
    Format.CSV: crlf,
    Format.JSON: _comma,
    Format.NDJSON: _as_it_is,
}
