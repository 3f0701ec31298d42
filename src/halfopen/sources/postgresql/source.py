"""An operator's PostgreSQL as a source: read only, every answer one COPY in one REPEATABLE READ transaction."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from halfopen.errors import SourceError
from halfopen.sources.base import Capabilities, QueryPlan, Selection
from halfopen.sources.postgresql.catalog import Catalog
from halfopen.sources.postgresql.copying import Answer, copying_alone
from halfopen.sources.postgresql.explain import explained
from halfopen.sources.postgresql.lines import refusal
from halfopen.sources.postgresql.plans import Planner, Types
from halfopen.sources.postgresql.pool import Connection, Pool, words
from halfopen.sources.postgresql.sealing import PostgresqlSnapshot, detector_of, may_ask_system, state_of
from halfopen.sources.postgresql.sql import name
from halfopen.sources.postgresql.waiting import GRANT, oldest_open
from halfopen.sources.sealing import Detector
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_WHOLE: Final = timedelta.max
"""The length of what has no window: a whole catalogue."""


class PostgresqlSource:
    """One database. `connections`: answers at a time; `timeout`: time that the database may work on one answer."""

    capabilities = Capabilities(engine="postgresql", snapshots=True, exact_text=True)

    def __init__(self, url: str, connections: int = 10, timeout: timedelta = timedelta(minutes=5)) -> None:
        self._pool = Pool(url, connections, timeout)
        self._catalog = Catalog(url, timeout)
        self._planner = Planner()
        self._timeout = timeout
        self._may_ask: bool | None = None

    def tables(self) -> Sequence[str]:
        """Tables and views by name."""
        return self._catalog.tables()

    def relation(self, table: str | None, sql: str | None) -> str:
        """A quoted table, or the SELECT in brackets."""
        return self._catalog.relation(table, sql)

    def columns(self, relation: str) -> Sequence[str]:
        """A relation's columns."""
        return self._catalog.columns(relation)

    def quote(self, name_: str) -> str:
        """A column as SQL."""
        return name(name_)

    def try_expression(self, relation: str, sql: str) -> None:
        """Plans the expression."""
        self._ask(f"select ({sql}) from {relation} limit 0")

    def refusals(self, selection: Selection) -> Mapping[str, str]:
        """Columns of types like bytea."""

        async def types_of(connection: Connection) -> Types:
            return await self._planner.types(connection, selection)

        types = self._catalog.ask(types_of)
        return types.refusals(selection, refusal)

    @asynccontextmanager
    async def stream(
        self, selection: Selection, window: Window | None, format_: Format, limit: int | None = None
    ) -> AsyncGenerator[Answer, None]:
        """The rows of a window, as PostgreSQL makes them."""
        types = self._planner.known(selection)
        if types is None:
            async with self._pool.transaction() as connection:
                with words():
                    types = await self._planner.types(connection, selection)
        async with self._pool.lease(_WHOLE if window is None else window.length) as lease:
            try:
                select = self._planner.planned(selection, types, window, format_, limit)
                seconds = self._timeout.total_seconds()
                async with copying_alone(self._pool, lease, select, format_, seconds) as answer:
                    yield answer
            except SourceError:
                self._planner.forget(selection)
                raise

    async def explain(self, selection: Selection, window: Window) -> QueryPlan:
        """By EXPLAIN, as if the table were too large to be read whole."""
        async with self._pool.transaction() as connection:
            with words():
                select = await self._planner.plan(connection, selection, window, Format.CSV)
                return await explained(connection, select, selection)

    async def detector(self, selection: Selection) -> Detector:
        """Transaction numbers where every row shows its own, digests for all else."""
        async with self._pool.transaction() as connection:
            with words():
                return await detector_of(connection, selection)

    @asynccontextmanager
    async def snapshot(self, detector: Detector) -> AsyncGenerator[PostgresqlSnapshot, None]:
        """A transaction at REPEATABLE READ, its state taken."""
        async with self._pool.transaction() as connection:
            with words():
                if self._may_ask is None:
                    self._may_ask = await may_ask_system(connection)
                state = await state_of(connection, may_ask=self._may_ask)
            yield PostgresqlSnapshot(connection, self._planner, detector, state, self._timeout.total_seconds())

    def missing_grant(self) -> str:
        """The GRANT that would let us see the transactions of all users; empty when we may."""
        return str(self._ask(GRANT)[0]["statement"])

    async def oldest_open(self) -> datetime | None:
        """When the oldest transaction that may still write began."""
        async with self._pool.transaction() as connection:
            with words():
                return await oldest_open(connection)

    async def ping(self) -> None:
        """Asks for nothing, which needs a connection and the server."""
        async with self._pool.transaction():
            pass

    def close(self) -> None:
        """Ends all connections; answers in the making fail."""
        self._pool.close()
        self._catalog.close()

    def _ask(self, sql: str) -> list[Any]:
        return self._catalog.fetch(sql)
