"""Questions about the schema, asked in plain calls while the server starts: a thread with an event loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from halfopen.sources.postgresql.pool import Connection, Pool, words
from halfopen.sources.postgresql.sql import name
from halfopen.sources.relations import subselect, table_of
from halfopen.wire import csv

_IDLE: Final = timedelta(seconds=1)
"""How long the connection is kept after the last question: it is one beside those that are configured."""

T = TypeVar("T")


class Catalog:
    """Looks up tables, columns and expressions; one question at a time."""

    def __init__(self, url: str, timeout: timedelta) -> None:
        self._url = url
        self._timeout = timeout
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool: Pool | None = None

    def tables(self) -> Sequence[str]:
        """Tables and views: those on the search path by name, the others as schema.name."""
        return [told for told, _, _ in self._relations()]

    def relation(self, table: str | None, sql: str | None) -> str:
        """A table quoted with its schema, or the SELECT in brackets."""
        if sql is not None:
            return subselect(sql)
        tables = (
            ((told, f"{schema}.{relation}"), f"{name(schema)}.{name(relation)}")
            for told, schema, relation in self._relations()
        )
        return table_of(table, '"', tables)

    def columns(self, relation: str) -> Sequence[str]:
        """A relation's columns: the header of an empty COPY, which needs no prepared statement."""

        async def header(connection: Connection) -> bytes:
            # One statement alone, which a COPY by the simple protocol would not insist on.
            await connection.fetch(f"select from {relation} limit 0")
            blocks: list[bytes] = []

            async def keep(block: bytes) -> None:
                blocks.append(bytes(block))

            select = f"select * from {relation} limit 0"
            await connection.copy_from_query(select, output=keep, format="csv", header=True)
            return b"".join(blocks)

        rows = list(csv.read([self.ask(header)]))
        return [column or "" for column in rows[0]] if rows else []

    def fetch(self, sql: str) -> list[Any]:
        """The rows of one statement."""

        async def work(connection: Connection) -> list[Any]:
            return list(await connection.fetch(sql))

        return self.ask(work)

    def ask(self, work: Callable[[Connection], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` on a connection inside of a read-only transaction, and waits for it."""

        async def asked() -> T:
            if self._pool is None:
                self._pool = Pool(self._url, 1, self._timeout, _IDLE)
            async with self._pool.transaction() as connection:
                with words():
                    return await asyncio.wait_for(work(connection), self._timeout.total_seconds())

        with self._lock:
            return asyncio.run_coroutine_threadsafe(asked(), self._running()).result()

    def close(self) -> None:
        """Ends the connection and the thread."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None:
            return
        if self._pool is not None:
            loop.call_soon_threadsafe(self._pool.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_run, args=(self._loop,), name="halfopen-catalog", daemon=True)
            self._thread.start()
        return self._loop

    def _relations(self) -> list[tuple[str, str, str]]:
        rows = self.fetch(
            """select n.nspname::text as schema, c.relname::text as relation,
                      pg_catalog.pg_table_is_visible(c.oid) as near
               from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema'
                 and n.nspname not like 'pg\\_%' and not c.relispartition
               order by near desc, schema, relation"""
        )
        return [
            (row["relation"] if row["near"] else f"{row['schema']}.{row['relation']}", row["schema"], row["relation"])
            for row in rows
        ]


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        # What `close` began, the end of a connection, still takes a few turns.
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        loop.close()
