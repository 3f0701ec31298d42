"""Connections to a PostgreSQL server, and the read-only transaction that everything happens in.

All settings are SET LOCAL and no prepared statement outlives its transaction, so that a pooler in transaction mode may
stand between.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, Protocol

import asyncpg  # type: ignore[import-untyped] # it ships no types; `Connection` says what we use

from halfopen.errors import SourceError
from halfopen.sources.base import Busy, Unavailable

WAIT_SECONDS: Final = 5.0
"""How long an answer waits for a free connection before the caller is told to come again."""

CONNECT_SECONDS: Final = 5.0
_SETTLE_SECONDS: Final = 2.0
_BACKSTOP: Final = 12
"""The server ends a query after this many times the time that we allow it: only when we could not end it ourselves."""

_BEGIN: Final = (
    "begin isolation level repeatable read read only; "
    "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; "
    "set local extra_float_digits = 1; set local standard_conforming_strings = on; set local jit = off; "
    "set local application_name = 'halfopen'; set local statement_timeout = {timeout}"
)
"""Compiling a query (jit) takes longer than a window of a minute takes to read."""

_UNAVAILABLE: Final = ("08", "28", "3D", "57P")
_LOST: Final = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError)
_BUSY: Final = ("53", "55P03", "40001", "40P01")

Output = Callable[[bytes], Awaitable[None]]


class Connection(Protocol):
    """What we use of asyncpg's connection."""

    async def execute(self, query: str) -> str:
        """Runs statements without a result."""
        ...

    async def fetch(self, query: str, *values: object) -> list[Mapping[str, Any]]:
        """The rows of one statement."""
        ...

    async def fetchrow(self, query: str, *values: object) -> Sequence[Any] | None:
        """The first row of one statement."""
        ...

    async def copy_from_query(
        self, query: str, *, output: Callable[[bytes], Awaitable[None]], **options: object
    ) -> str:
        """COPY to stdout; awaits `output` for each block before it reads the next one."""
        ...

    def get_settings(self) -> Any:
        """What the server has said of itself, `server_encoding` and the like, as attributes."""
        ...

    def terminate(self) -> None:
        """Closes the socket."""
        ...


class Pool:
    """Up to `connections` connections, opened when they are needed; used on one event loop."""

    def __init__(self, url: str, connections: int, timeout: timedelta, idle: timedelta = timedelta(minutes=5)) -> None:
        self._url = url
        self._connections = connections
        self._begin = _BEGIN.format(timeout=max(1, int(timeout.total_seconds() * 1000 * _BACKSTOP)))
        self._idle = idle
        self._free = asyncio.Semaphore(connections)
        self._settling: set[asyncio.Task[None]] = set()
        self._pool: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside of a read-only transaction that sees one state of the database.

        Raises Busy when none is free for WAIT_SECONDS, Unavailable when the server cannot be reached. A query that is
        still running at the end of the context is cancelled.
        """
        try:
            await asyncio.wait_for(self._free.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise Busy(f"all connections were taken for {WAIT_SECONDS:g} s") from None
        connection: Connection | None = None
        try:
            with words():
                connection = await self._begun()
            yield connection
        finally:
            # Neither a caller who goes away nor one who is in a hurry may leave a transaction open.
            settling = asyncio.create_task(self._settle(connection))
            self._settling.add(settling)
            settling.add_done_callback(self._settling.discard)
            await asyncio.shield(settling)

    def close(self) -> None:
        """Ends all connections at once; may be called from any thread."""
        if self._pool is None or self._loop is None or self._loop.is_closed():
            return
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        if is_here:
            self._pool.terminate()
        else:
            self._loop.call_soon_threadsafe(self._pool.terminate)

    async def _begun(self) -> Connection:
        """A connection with the transaction open; one that lay idle while the server restarted is replaced once."""
        connection = await self._taken()
        try:
            await connection.execute(self._begin)
        except _LOST:
            await self._released(connection, broken=True)
            connection = await self._taken()
            try:
                await connection.execute(self._begin)
            except BaseException:
                await self._released(connection, broken=True)
                raise
        except BaseException:
            await self._released(connection, broken=True)
            raise
        return connection

    async def _taken(self) -> Connection:
        if self._pool is None:
            self._loop = asyncio.get_running_loop()
            self._pool = asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=self._connections,
                max_inactive_connection_lifetime=self._idle.total_seconds(),
                statement_cache_size=0,
                reset=_nothing_to_reset,
                timeout=CONNECT_SECONDS,
            )
        # Made at once, so that callers who come together share it.
        await self._pool
        connection: Connection = await self._pool.acquire(timeout=CONNECT_SECONDS)
        return connection

    async def _settle(self, connection: Connection | None) -> None:
        try:
            if connection is None:
                return
            broken = False
            try:
                await asyncio.wait_for(connection.execute("rollback"), _SETTLE_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                broken = True
            await self._released(connection, broken=broken)
        finally:
            self._free.release()

    async def _released(self, connection: Connection, *, broken: bool) -> None:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if broken:
                connection.terminate()
            await self._pool.release(connection)


async def _nothing_to_reset(_connection: Any) -> None:
    """All settings were local to the transaction."""


@contextmanager
def words() -> Iterator[None]:
    """Turns PostgreSQL's errors into ours, with its own words in one line."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _named(error) from None
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise Unavailable(_line(error)) from None
    except TimeoutError:
        raise Unavailable(f"the server did not answer within {CONNECT_SECONDS:g} s") from None
    except OSError as error:
        raise Unavailable(_line(error)) from None


def _named(error: asyncpg.PostgresError) -> SourceError:
    state = str(error.sqlstate or "")
    text = _line(error)
    if state.startswith(_UNAVAILABLE):
        return Unavailable(text)
    if state.startswith(_BUSY):
        return Busy(text)
    return SourceError(text)


def _line(error: BaseException) -> str:
    """The message without its detail, which may hold values of a row."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else error.args[0] if error.args else error
    lines = str(said).splitlines() or [type(error).__name__]
    return lines[0]
