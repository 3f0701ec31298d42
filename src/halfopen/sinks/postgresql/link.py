"""Connections of asyncpg for callers that are synchronous: their event loop runs in a thread of its own.

So any thread may use a session, whether or not it has an event loop, and may stop the statement of another.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import uvloop

from halfopen.errors import SinkError
from halfopen.sinks.database import Values
from halfopen.sinks.parameters import numbered

T = TypeVar("T")
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What asyncpg raises when the server refuses, fails or goes; the third while a server says why it ends us."""
CONNECT_SECONDS = 30.0
CLOSE_SECONDS = 5.0


class Interrupted(SinkError):  # noqa: N818 - what happened, not what is wrong
    """A statement that somebody stopped."""


class Loop:
    """An event loop in a daemon thread, from the first use until `close`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, once it has ended; Interrupted when `interrupt` came meanwhile."""
        return asyncio.run_coroutine_threadsafe(self._carried(work), self._started()).result()

    def interrupt(self) -> None:
        """Stop all that runs now."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just been closed: nothing runs
                loop.call_soon_threadsafe(self._cancel)

    def close(self) -> None:
        """End what runs, and the thread."""
        with self._lock:
            loop, self._loop = self._loop, None
            thread, self._thread = self._thread, None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(self._ended(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _carried(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for mypy: a coroutine of run_coroutine_threadsafe is a task
        self._running.add(task)
        try:
            return await work
        except asyncio.CancelledError:
            raise Interrupted("interrupted") from None
        finally:
            self._running.discard(task)

    async def _ended(self) -> None:
        self._cancel()
        while self._running:
            await asyncio.wait(tuple(self._running))

    def _cancel(self) -> None:
        for task in tuple(self._running):
            task.cancel()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = uvloop.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="halfopen-postgresql", daemon=True)
                self._thread.start()
            return self._loop


class Session:
    """One connection, as the bookkeeping knows a database; see `sinks.database.Database`."""

    def __init__(self, loop: Loop, connection: asyncpg.Connection) -> None:
        self._loop = loop
        self._connection = connection

    @classmethod
    def connect(cls, loop: Loop, url: str, settings: dict[str, str]) -> "Session":
        """A new connection.

        Raises:
            SinkError: the address cannot be read; FAILURES when nobody is there, or nobody lets us in.
        """
        connecting = asyncpg.connect(url, timeout=CONNECT_SECONDS, server_settings=settings)
        try:
            return cls(loop, loop.run(_awaited(connecting)))
        except ValueError:
            # Its text may quote a piece of the password.
            raise SinkError(
                'its address cannot be read; write "postgresql://user:password@host:5432/name", in user and password'
                " %XX for anything but letters and digits"
            ) from None

    @property
    def lost(self) -> bool:
        """Whether the connection has ended by itself."""
        return bool(self._connection.is_closed())

    def close(self) -> None:
        """End the connection, however the server is."""
        with contextlib.suppress(*FAILURES, Interrupted):
            self._loop.run(self._connection.close(timeout=CLOSE_SECONDS))
        if not self._connection.is_closed():
            self._connection.terminate()

    def rows(self, sql: str, values: Values | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        text, given = _bound(sql, values)
        return [tuple(row) for row in self._loop.run(self._connection.fetch(text, *given))]

    def write(self, sql: str, values: Values | None = None) -> int:
        """Count of the rows that a statement wrote, by its command tag."""
        text, given = _bound(sql, values)
        return _count(self._loop.run(self._connection.execute(text, *given)))

    def script(self, sql: str) -> None:
        """Execute one or more statements without parameters."""
        self._loop.run(self._connection.execute(sql))

    def copy(self, table: str, columns: Sequence[str], body: Path) -> int:
        """COPY a file of CSV without a header into a table; how many rows it had."""
        copying = self._connection.copy_to_table(table, source=str(body), columns=list(columns), format="csv")
        return _count(self._loop.run(copying))

    def copy_out(self, query: str, body: Path) -> int:
        """COPY what a query gives into a file of CSV without a header, every text in quotes; how many rows it had."""
        with body.open("wb") as file:  # asyncpg leaves a file that it opened itself open when it is interrupted
            copying = self._connection.copy_from_query(query, output=file, format="csv", force_quote=True)
            return _count(self._loop.run(copying))

    def described(self, sql: str, limit: float | None = None) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Names with types, and rows, of one statement."""
        return self._loop.run(self._described(sql, limit))

    def begun(self, sql: str) -> tuple[list[tuple[str, str]], Any]:
        """Names with types of one statement, and a cursor for `fetched`; within a transaction only."""
        return self._loop.run(self._begun(sql))

    def fetched(self, cursor: Any, most: int) -> list[tuple[Any, ...]]:
        """The next rows of a cursor, at most so many."""
        return [tuple(row) for row in self._loop.run(cursor.fetch(most))]

    async def _begun(self, sql: str) -> tuple[list[tuple[str, str]], Any]:
        statement = await self._connection.prepare(sql)
        columns = [(column.name, column.type.name) for column in statement.get_attributes()]
        return columns, await statement.cursor()

    async def _described(self, sql: str, limit: float | None) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        statement = await self._connection.prepare(sql, timeout=limit)
        columns = [(column.name, column.type.name) for column in statement.get_attributes()]
        return columns, [tuple(row) for row in await statement.fetch(timeout=limit)]


async def _awaited(work: Any) -> Any:
    return await work


def _count(tag: str) -> int:
    last = tag.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def _bound(sql: str, values: Values | None) -> tuple[str, list[Any]]:
    text, names = numbered(sql)
    return text, [(values or {})[name] for name in names]
