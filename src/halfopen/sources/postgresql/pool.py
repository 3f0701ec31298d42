"""Connections to a PostgreSQL server, and the read-only transaction that everything happens in.

All settings are SET LOCAL and no prepared statement outlives its transaction, so that a pooler in transaction mode may
stand between.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import asyncpg  # type: ignore[import-untyped] # it ships no types; `Connection` says what we use

from halfopen.errors import SourceError
from halfopen.sources.base import Busy, Unavailable
from halfopen.sources.turns import WAIT_SECONDS, Turns

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

    async def copy_from_query(self, query: str, *, output: Output, **options: object) -> str:
        """COPY to stdout; awaits `output` for each block before it reads the next one."""
        ...

    async def _copy_out(self, statements: str, output: Output, seconds: float | None, /) -> str:
        """What `copy_from_query` comes down to: sends the text as it is, which may hold other statements beside."""
        ...

    def get_settings(self) -> Any:
        """What the server has said of itself, `server_encoding` and the like, as attributes."""
        ...

    def is_closed(self) -> bool:
        """Whether the connection has ended, as far as the event loop has noticed."""
        ...

    def terminate(self) -> None:
        """Closes the socket."""
        ...


@dataclass(slots=True)
class Lease:
    """A connection for the length of one answer.

    is_new: it was made for this answer, so that the server was there a moment ago. is_clean: no transaction is open
    and nothing runs; whoever begins something says so, and says when it has ended.
    """

    connection: Connection
    is_new: bool
    is_clean: bool = True


class Pool:
    """Up to `connections` connections, opened when they are needed; used on one event loop.

    A list of our own: asyncpg's pool makes tasks and proxies, which cost more than a short answer's query.
    """

    def __init__(self, url: str, connections: int, timeout: timedelta, idle: timedelta = timedelta(minutes=5)) -> None:
        self.begin = _BEGIN.format(timeout=max(1, int(timeout.total_seconds() * 1000 * _BACKSTOP)))
        """The statements that open a transaction."""
        self._url = url
        self._idle_seconds = idle.total_seconds()
        self._turns = Turns(connections)
        self._all: set[Connection] = set()
        self._idle: deque[tuple[float, Connection]] = deque()
        """The one that was used last stands last; with each the time since when it lies idle."""
        self._sweep: asyncio.TimerHandle | None = None
        self._settling: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @asynccontextmanager
    async def lease(self, length: timedelta = timedelta()) -> AsyncIterator[Lease]:
        """A connection outside of any transaction, for a window of that length: short ones need not wait for long ones.

        Raises Busy when none is free for WAIT_SECONDS, Unavailable when the server cannot be reached. What still runs
        at the end of the context is cancelled.
        """
        await self._turns.take(length, WAIT_SECONDS)
        lease: Lease | None = None
        try:
            lease = await self._leased()
            yield lease
        finally:
            if lease is None or lease.is_clean:
                self._given_back(lease)
            else:
                # Neither a caller who goes away nor one who is in a hurry may leave a transaction open.
                settling = asyncio.create_task(self._settle(lease))
                self._settling.add(settling)
                settling.add_done_callback(self._settling.discard)
                await asyncio.shield(settling)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside of a read-only transaction that sees one state of the database. Raises as `lease`."""
        async with self.lease() as lease:
            lease.is_clean = False
            with words():
                await self._begun(lease)
            yield lease.connection

    async def renew(self, lease: Lease) -> None:
        """Another connection in place of one that lay idle while the server restarted; raises as `lease`."""
        self._dropped(lease.connection)
        with words():
            lease.connection = await self._connected()
        lease.is_new = lease.is_clean = True

    def close(self) -> None:
        """Ends all connections at once; may be called from any thread."""
        self._closed = True
        if self._loop is None or self._loop.is_closed():
            return
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        if is_here:
            self._end()
        else:
            self._loop.call_soon_threadsafe(self._end)

    async def _leased(self) -> Lease:
        while self._idle:
            _, connection = self._idle.pop()
            if not connection.is_closed():
                return Lease(connection, is_new=False)
            self._dropped(connection)
        if self._closed:
            raise Unavailable("the source is closed")
        with words():
            return Lease(await self._connected(), is_new=True)

    async def _connected(self) -> Connection:
        self._loop = asyncio.get_running_loop()
        connection: Connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS, statement_cache_size=0)
        self._all.add(connection)
        return connection

    async def _begun(self, lease: Lease) -> None:
        try:
            await lease.connection.execute(self.begin)
        except _LOST:
            if lease.is_new:
                raise
            await self.renew(lease)
            lease.is_clean = False
            await lease.connection.execute(self.begin)

    async def _settle(self, lease: Lease) -> None:
        try:
            await asyncio.wait_for(lease.connection.execute("rollback"), _SETTLE_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            self._dropped(lease.connection)
        finally:
            self._given_back(lease)

    def _given_back(self, lease: Lease | None) -> None:
        if lease is not None and lease.connection in self._all:
            if self._closed or lease.connection.is_closed():
                self._dropped(lease.connection)
            else:
                loop = asyncio.get_running_loop()
                self._idle.append((loop.time(), lease.connection))
                if self._sweep is None:
                    self._sweep = loop.call_later(self._idle_seconds, self._swept)
        self._turns.release()

    def _swept(self) -> None:
        """Ends what has lain idle for long."""
        loop = asyncio.get_running_loop()
        while self._idle and loop.time() - self._idle[0][0] >= self._idle_seconds:
            self._dropped(self._idle.popleft()[1])
        left = self._idle[0][0] + self._idle_seconds if self._idle else None
        self._sweep = None if left is None else loop.call_at(left, self._swept)

    def _dropped(self, connection: Connection) -> None:
        self._all.discard(connection)
        with suppress(OSError, asyncpg.InterfaceError):
            connection.terminate()

    def _end(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        self._idle.clear()
        for connection in list(self._all):
            self._dropped(connection)


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
