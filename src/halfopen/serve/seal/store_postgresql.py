"""Seals in PostgreSQL: for several servers that answer for one product.

The tables are made when the store is opened, in a schema of their own. Nothing outlives a transaction, so that a pooler
may stand between.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped] # it ships no types

from halfopen.errors import SourceError, StateError
from halfopen.serve.seal.codec import packed, read, unpacked, written
from halfopen.serve.seal.state import Base, Seal
from halfopen.sources.postgresql.pool import CONNECT_SECONDS, words
from halfopen.sources.sealing import Detector, Lift, Mark
from halfopen.window.window import Window

VERSION: Final = 1
"""Of the tables below; those of a later one are not touched."""

_CONNECTIONS: Final = 4
_LOCK: Final = 0x68666F70
"""Whoever makes the tables holds this advisory lock: two servers that start at once would both find none."""

_STATEMENT_SECONDS: Final = 30.0
"""Whoever asks again in a minute is not to find the last one's save still waiting."""

_BEGIN: Final = (
    "begin isolation level {level}; set local timezone = 'UTC'; set local application_name = 'halfopen seals'; "
    "set local synchronous_commit = on"
)
"""A seal that is said to be kept is on the disk, whatever the database does with other transactions."""

_LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
)
"""asyncpg has found a connection that the server ended in any of these states."""
_THERE: Final = "select to_regclass('halfopen.seal_version') is not null"
_SCHEMA: Final = "select to_regnamespace('halfopen') is not null"
_TABLES: Final = f"""
    create table halfopen.seals (
        feed text primary key,
        number bigint not null,
        horizon timestamptz not null,
        base_at timestamptz not null,
        base_since timestamptz not null,
        detector text not null,
        system text not null,
        oldest_xid bigint not null,
        next_xid bigint not null,
        replica boolean not null,
        seen bytea not null
    );
    alter table halfopen.seals alter column seen set storage external;
    create table halfopen.lifts (
        feed text not null,
        identity text not null,
        since timestamptz not null,
        lifted_to timestamptz not null,
        primary key (feed, identity)
    );
    create index lifts_by_moment on halfopen.lifts (feed, lifted_to);
    create table halfopen.seal_version (version integer not null);
    insert into halfopen.seal_version values ({VERSION});
    comment on table halfopen.seals is 'the last sealed window of each feed that halfopen serve answered';
    comment on table halfopen.lifts is 'rows that committed late, and the moment that they are served as';
    comment on column halfopen.lifts.identity is 'a transaction''s number, or a digest in hexadecimal digits'
"""
_PLAIN: Final = "number, horizon, base_at, base_since, detector, system, oldest_xid, next_xid, replica"
_LOAD: Final = f"select {_PLAIN} from halfopen.seals where feed = $1"
_SEEN: Final = "select seen from halfopen.seals where feed = $1"
_KEEP: Final = (
    f"insert into halfopen.seals (feed, {_PLAIN}, seen) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    "on conflict (feed) do nothing returning null::timestamptz, null::timestamptz"
)
_REPLACE: Final = (
    f"with old as materialized (select base_at, base_since from halfopen.seals where feed = $1 and number = $12 "
    f"for update) update halfopen.seals set ({_PLAIN}, seen) = ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) from old "
    "where feed = $1 and number = $12 returning old.base_at, old.base_since"
)
_LIFT: Final = (
    "insert into halfopen.lifts select $1, * from unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) "
    "on conflict (feed, identity) do update set since = excluded.since, lifted_to = excluded.lifted_to"
)
_LIFTS: Final = (
    "select identity, since, lifted_to from halfopen.lifts where feed = $1 and lifted_to >= $2 "
    "and ($3::timestamptz is null or since < $3)"
)


class PostgresqlStore:
    """A schema `halfopen` at `url`, which people see as `shown`. StateError when it cannot be used."""

    def __init__(self, url: str, shown: str) -> None:
        self._url = url
        self._shown = shown
        self._pool: Any = None
        self._closed = False
        self._last: dict[str, Seal] = {}
        _elsewhere(self._open())

    async def load(self, feed: str) -> Seal | None:
        """The last seal of a feed; what was seen is read only where the seal is another than the last time."""
        async with self._transaction("repeatable read read only") as connection:
            row = await connection.fetchrow(_LOAD, feed)
            if row is None:
                return None
            last = self._last.get(feed)
            if last is not None and _plain(last) == tuple(row):
                return last
            seen = await connection.fetchval(_SEEN, feed)
        # Elsewhere, because it may be megabytes.
        last = self._last[feed] = await asyncio.to_thread(_seal, feed, tuple(row), seen)
        return last

    async def save(self, seal: Seal, lifts: Sequence[Lift], *, replaces: int | None, forget_before: datetime) -> bool:
        """One transaction, on the server's disk when this returns True."""
        seen = await asyncio.to_thread(packed, seal.seen)
        values = (seal.feed, *_plain(seal), seen)
        newest = list({lift.identity: lift for lift in lifts}.values())
        async with self._transaction("read committed") as connection:
            if replaces is None:
                old = await connection.fetchrow(_KEEP, *values)
            else:
                old = await connection.fetchrow(_REPLACE, *values, replaces)
            if old is None:
                return False
            if tuple(old) != (seal.base.at, seal.base.since):
                await connection.execute("delete from halfopen.lifts where feed = $1", seal.feed)
            if newest:
                names = [written(lift.identity) for lift in newest]
                sinces, tos = [lift.since for lift in newest], [lift.to for lift in newest]
                await connection.execute(_LIFT, seal.feed, names, sinces, tos)
            await connection.execute(
                "delete from halfopen.lifts where feed = $1 and lifted_to < $2", seal.feed, forget_before
            )
        return True

    async def lifts(self, feed: str, window: Window, *, open_end: bool = False) -> Sequence[Lift]:
        """By the index on the moment that rows were lifted to."""
        async with self._transaction("read committed read only") as connection:
            rows = await connection.fetch(_LIFTS, feed, window.start, None if open_end else window.end)
        return [Lift(read(identity), since, to) for identity, since, to in rows]

    async def close(self) -> None:
        """Ends connections; what is being saved is not waited for."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _open(self) -> None:
        """In a connection of its own: the event loop that it runs on ends with it."""
        with self._words():
            connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS, statement_cache_size=0)
            try:
                async with connection.transaction():
                    await connection.execute(f"select pg_advisory_xact_lock({_LOCK})")
                    if not await connection.fetchval(_THERE):
                        # Not "if not exists", which wants the right to make a schema that is there already.
                        if not await connection.fetchval(_SCHEMA):
                            await connection.execute("create schema halfopen")
                        await connection.execute(_TABLES)
                    version = await connection.fetchval("select max(version) from halfopen.seal_version")
            finally:
                await connection.close(timeout=CONNECT_SECONDS)
        if version > VERSION:
            raise StateError(
                f"serve.state: the schema halfopen at {self._shown!r} is of a later version of halfopen ({version}, "
                f"here {VERSION} is known); run that one, or name another database"
            )

    @asynccontextmanager
    async def _transaction(self, level: str) -> AsyncIterator[Any]:
        """Committed at the end of the context, unless something went wrong inside."""
        if self._closed:
            raise StateError(f"serve.state: {self._shown!r} is closed")
        with self._words():
            pool, connection = await self._begun(_BEGIN.format(level=level))
            try:
                yield connection
                await connection.execute("commit")
            except BaseException:
                # A caller who goes away in the middle of a statement too: the server rolls back.
                connection.terminate()
                raise
            finally:
                with suppress(*_LOST):
                    await pool.release(connection)

    async def _begun(self, begin: str) -> tuple[Any, Any]:
        """The pool and a connection with the transaction open; those that the server ended meanwhile are replaced."""
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=_CONNECTIONS,
                statement_cache_size=0,
                reset=_nothing_to_reset,
                timeout=CONNECT_SECONDS,
                command_timeout=_STATEMENT_SECONDS,
            )
        # Made at once, so that callers who come together share it.
        pool = self._pool
        await pool
        attempts = 0
        while True:
            connection = await pool.acquire(timeout=_STATEMENT_SECONDS)
            try:
                await connection.execute(begin)
            except BaseException as error:
                attempts += 1
                connection.terminate()
                await pool.release(connection)
                if not isinstance(error, _LOST) or attempts > _CONNECTIONS:
                    raise
            else:
                return pool, connection

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            with words():
                yield
        except SourceError as error:
            raise StateError(f"serve.state: {self._shown!r} cannot keep seals: {error}") from None


def _plain(seal: Seal) -> tuple[Any, ...]:
    base, mark = seal.base, seal.mark
    return (
        seal.number,
        seal.horizon,
        base.at,
        base.since,
        seal.detector.value,
        mark.system,
        mark.oldest,
        mark.next,
        mark.replica,
    )


def _seal(feed: str, row: tuple[Any, ...], seen: bytes) -> Seal:
    number, horizon, base_at, base_since, detector, system, oldest, next_, replica = row
    return Seal(
        feed=feed,
        number=number,
        horizon=horizon,
        mark=Mark(system=system, oldest=oldest, next=next_, replica=replica),
        detector=Detector(detector),
        base=Base(at=base_at, since=base_since),
        seen=unpacked(seen),
    )


def _elsewhere(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` to its end on an event loop of its own, whether or not this thread has one that is running."""
    failed: list[BaseException] = []

    def body() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    thread = threading.Thread(target=body, name="halfopen-seals")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


async def _nothing_to_reset(_connection: Any) -> None:
    """All settings were local to the transaction."""
