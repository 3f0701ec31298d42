r"""COPY passed through: PostgreSQL makes the lines, and the blocks go on as they come, no faster than they are taken.

asyncpg gives whole rows: the server sends each row as one message. COPY ends its lines with \n, the wire with \r\n.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from halfopen.errors import SourceError
from halfopen.sources.base import BLOCK_BYTES, ROW_END, Unavailable
from halfopen.sources.crlf import crlf
from halfopen.sources.postgresql.pool import Connection, Lease, Pool, words
from halfopen.wire.negotiate import Format

_DEPTH: Final = 2

_LARGE: Final = 3 * BLOCK_BYTES
_GATHER_SECONDS: Final = 0.001
"""How long a long answer lets the socket fill before each read: a small block costs as much as a large one."""

_BARE: Final = r", quote e'\x01', delimiter e'\x02'"
"""JSON holds neither of the two, so that COPY adds nothing to a line: no quotes, no escapes."""


class Answer:
    """The blocks of one COPY, which begins when it is made. Whoever makes it waits for `end`."""

    def __init__(self, connection: Connection, statements: str, format_: Format, seconds: float) -> None:
        self._blocks = _Blocks()
        self._end = _ENDS[format_]
        self._without_encoding = _is_without_encoding(connection)
        self._left = self._allowed = seconds
        self.rows = 0
        # What `copy_from_query` calls: it takes one statement alone, and each trip to the server costs as much as
        # many rows.
        copy = connection._copy_out(statements, self._blocks.put, None)  # noqa: SLF001 - as the comment says
        self._copying = asyncio.create_task(copy)
        self._copying.add_done_callback(self._blocks.wake)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks in the order of the query. SourceError when it fails or its time is over."""
        while await self.arrived():
            ready, rows = self._end(self._blocks.take())
            self.rows += rows
            # A broken byte must not make the whole answer unreadable.
            yield ready.decode("utf-8", "replace").encode() if self._without_encoding else ready
        with words():
            self._copying.result()

    async def arrived(self) -> bool:
        """Whether there is a block, once there is one or the query has ended.

        Only the time that the database lets us wait counts: a slow reader does not use it up.
        """
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
        if self._copying.done():
            self._blocks.flush()
        return bool(self._blocks)

    def failure(self) -> SourceError | None:
        """Why the query has ended already, if that is a failure."""
        try:
            with words():
                self._copying.result()
        except SourceError as error:
            return error
        return None

    async def end(self) -> bool:
        """Cancels what still runs; whether the query has ended well."""
        if not self._copying.done():
            # asyncpg tells the server to cancel the query; the next statement of the connection waits until it has.
            self._copying.cancel()
            await asyncio.gather(self._copying, return_exceptions=True)
        return not self._copying.cancelled() and self._copying.exception() is None


@asynccontextmanager
async def copying(connection: Connection, select: str, format_: Format, seconds: float) -> AsyncIterator[Answer]:
    """Runs the SELECT in the transaction that is open; at the end of the context it is cancelled if it still runs."""
    answer = Answer(connection, _copy(connection, select, format_), format_, seconds)
    try:
        yield answer
    finally:
        await answer.end()


@asynccontextmanager
async def copying_alone(
    pool: Pool, lease: Lease, select: str, format_: Format, seconds: float
) -> AsyncIterator[Answer]:
    """Runs the SELECT in a transaction of its own, which ends with it: one message to the server, one answer.

    Raises what the query raises before its first row; a connection that was lost while it lay idle is replaced.
    """

    async def begun() -> Answer:
        lease.is_clean = False
        copy = _copy(lease.connection, select, format_)
        return Answer(lease.connection, f"{pool.begin}; {copy}; rollback", format_, seconds)

    answer = await begun()
    try:
        if not await answer.arrived() and isinstance(answer.failure(), Unavailable) and not lease.is_new:
            await answer.end()
            await pool.renew(lease)
            answer = await begun()
        yield answer
    finally:
        lease.is_clean = await answer.end()


def _copy(connection: Connection, select: str, format_: Format) -> str:
    """PostgreSQL sends UTF-8 whatever the encoding of the database, except from one without any (SQL_ASCII).

    That holds whatever bytes were once written to it, and would itself end the answer at the first that is not UTF-8.
    """
    options = "" if format_ is Format.CSV else _BARE
    if _is_without_encoding(connection):
        options += ", encoding 'SQL_ASCII'"
    return f"copy ({select}) to stdout (format csv{options})"


def _is_without_encoding(connection: Connection) -> bool:
    return bool(connection.get_settings().server_encoding == "SQL_ASCII")


class _Blocks:
    """A few blocks between the connection and the reader; asyncpg reads on only when `put` has returned.

    Up to `BLOCK_BYTES` an answer is gathered into one block, which the reader is not woken for before the end.
    """

    def __init__(self) -> None:
        self._first: list[bytes] = []
        self._waiting: deque[bytes] = deque()
        self._arrival = asyncio.Event()
        self._room = asyncio.Event()
        self._size = 0

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, block: bytes) -> None:
        self._size += len(block)
        if self._size <= BLOCK_BYTES:
            self._first.append(block)
            return
        if self._first:
            self._first.append(block)
            self.flush()
        else:
            self._waiting.append(block)
        self._arrival.set()
        if len(block) < _LARGE:
            await asyncio.sleep(_GATHER_SECONDS)
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
        """The query has ended."""
        self._arrival.set()

    def flush(self) -> None:
        """Lets go of what was gathered."""
        if self._first:
            self._waiting.append(self._first[0] if len(self._first) == 1 else b"".join(self._first))
            self._first.clear()


def _comma(block: bytes) -> tuple[bytes, int]:
    return bytes(block.replace(b"\n", ROW_END[Format.JSON])), block.count(b"\n")


def _as_it_is(block: bytes) -> tuple[bytes, int]:
    return bytes(block), block.count(b"\n")


_ENDS: Final[dict[Format, Callable[[bytes], tuple[bytes, int]]]] = {
    Format.CSV: crlf,
    Format.JSON: _comma,
    Format.NDJSON: _as_it_is,
}
