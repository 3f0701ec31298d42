"""A COPY into a pipe: DuckDB writes in a thread, and waits there when nobody takes the rows."""

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import duckdb

from halfopen.errors import SourceError
from halfopen.sources.duckdb.copied import Rows
from halfopen.wire.negotiate import Format

AGAIN_SECONDS: Final = 0.1
"""Between interrupts, one of which may have come before its query."""

_PIPE_BYTES: Final = 256 * 1024
_BLOCK_BYTES: Final = 128 * 1024
"""Half of the pipe: DuckDB writes one half while the other is read."""
_SET_PIPE_SIZE: Final = getattr(fcntl, "F_SETPIPE_SZ", None)
"""Linux alone; elsewhere a pipe is as large as it is."""


class Copying:
    """One pipe and what writes into it. `run` and `written` are for the thread, `reading` and `cancel` for the loop."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self.reading, False)
        if _SET_PIPE_SIZE is not None:
            with suppress(OSError):
                fcntl.fcntl(self._writing, _SET_PIPE_SIZE, _PIPE_BYTES)
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._cancelled = False

    def run(self, connection: duckdb.DuckDBPyConnection, copy: str) -> None:
        """Writes all rows; ends soon after `cancel`."""
        with self._lock:
            if self._cancelled:
                return
            self._connection = connection
        try:
            connection.execute(copy.format(f"/dev/fd/{self._writing}"))
        finally:
            with self._lock:
                self._connection = None

    def written(self) -> None:
        """Nothing more comes, whatever the reason."""
        os.close(self._writing)

    def cancel(self) -> None:
        """Nobody reads on."""
        if not self._cancelled:
            self._cancelled = True
            # A writer that waits for room wakes with an error.
            os.close(self.reading)
        self.interrupt()

    def interrupt(self) -> None:
        """Ends the query that runs; one that is just about to begin does not notice."""
        with self._lock:
            if self._connection is not None:
                self._connection.interrupt()


class Answer:
    """The blocks of one COPY."""

    def __init__(self, copying: Copying, job: "asyncio.Future[None]", format_: Format, seconds: float) -> None:
        self._copying = copying
        self._job = job
        self._rows = Rows(format_)
        self._left = self._allowed = seconds
        self.rows = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks in the order of the query. SourceError when it fails or its time is over."""
        while data := await self._next():
            block, rows = self._rows.feed(data)
            self.rows += rows
            if block:
                yield block
        # At its end the pipe does not tell whether the query has failed.
        await self._job

    async def _next(self) -> bytes:
        """Only the time that the database lets us wait counts: a slow reader does not use it up."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return os.read(self._copying.reading, _BLOCK_BYTES)
            except BlockingIOError:
                began = loop.time()
            try:
                async with asyncio.timeout(self._left):
                    await self._readable(loop)
            except TimeoutError:
                limit = f"{self._allowed:g} s (serve.limits.statement_timeout)"
                raise SourceError(f"the query ran longer than {limit}") from None
            self._left -= loop.time() - began

    async def _readable(self, loop: asyncio.AbstractEventLoop) -> None:
        ready = asyncio.Event()
        loop.add_reader(self._copying.reading, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._copying.reading)


def ended(copying: Copying, job: "asyncio.Future[None]") -> None:
    """Sees to it that the thread ends, and looks at its error, which has been told or which nobody wants to know."""
    if job.done():
        if not job.cancelled():
            job.exception()
        return
    copying.interrupt()
    job.get_loop().call_later(AGAIN_SECONDS, ended, copying, job)
