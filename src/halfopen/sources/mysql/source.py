"""An operator's MySQL or MariaDB as a source: read only, every answer one SELECT in one consistent snapshot."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from halfopen.sources.base import Capabilities, QueryPlan, Selection
from halfopen.sources.handover import Handover
from halfopen.sources.mysql.connections import Connection, Connections, words
from halfopen.sources.mysql.explain import explained
from halfopen.sources.mysql.lines import refusal
from halfopen.sources.mysql.plans import Planner
from halfopen.sources.mysql.reader import Answer, Block, read
from halfopen.sources.mysql.sealing import MysqlSnapshot, check_version, state
from halfopen.sources.mysql.sql import name
from halfopen.sources.relations import subselect, table_of
from halfopen.sources.sealing import Detector
from halfopen.sources.steps import Steps, held
from halfopen.sources.turns import WAIT_SECONDS, Turns, length_of
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format


class MysqlSource:
    """One database. `connections`: answers at a time; `timeout`: time that the database may work on one answer."""

    capabilities = Capabilities(engine="mysql", snapshots=True, exact_text=True)

    def __init__(self, url: str, connections: int = 10, timeout: timedelta = timedelta(minutes=5)) -> None:
        self._connections = Connections(url, timeout)
        self._turns = Turns(connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="halfopen-mysql")
        self._planner = Planner()
        self._timeout = timeout
        self._answers: set[Answer | MysqlSnapshot] = set()

    def tables(self) -> Sequence[str]:
        """Tables and views: those of the address's database by name, the others as database.name."""
        return [told for told, _ in self._relations()]

    def relation(self, table: str | None, sql: str | None) -> str:
        """A quoted table, or the SELECT in brackets."""
        if sql is not None:
            return subselect(sql)
        return table_of(table, "`", (((told,), quoted) for told, quoted in self._relations()))

    def columns(self, relation: str) -> Sequence[str]:
        """A relation's columns."""
        with self._connections.transaction() as connection, words():
            return [field.name for field in connection.fields(f"select * from {relation} limit 0")]

    def quote(self, name_: str) -> str:
        """A column as SQL."""
        return name(name_)

    def try_expression(self, relation: str, sql: str) -> None:
        """Plans the expression."""
        self._ask(f"select ({sql}) from {relation} limit 0")

    def refusals(self, selection: Selection) -> Mapping[str, str]:
        """Columns of bytes."""
        with self._connections.transaction() as connection, words():
            types = self._planner.types(connection, selection)
        return types.refusals(selection, refusal)

    @asynccontextmanager
    async def stream(
        self, selection: Selection, window: Window | None, format_: Format, limit: int | None = None
    ) -> AsyncGenerator[Answer, None]:
        """The rows of a window, read in a thread that waits for whoever takes the blocks."""
        await self._turns.take(length_of(window), WAIT_SECONDS)
        handover: Handover[Block] = Handover()
        answer = Answer(handover)

        def plan(connection: Connection) -> str:
            return self._planner.plan(connection, selection, window, format_, limit)

        def work() -> None:
            try:
                read(self._connections, answer, plan, format_, self._timeout.total_seconds())
            except BaseException as error:  # noqa: BLE001 - handed over to whoever waits for the answer
                self._planner.forget(selection)
                handover.finish(error)
            else:
                handover.finish()

        job = asyncio.get_running_loop().run_in_executor(self._threads, work)
        job.add_done_callback(lambda _: self._turns.release())
        self._answers.add(answer)
        try:
            yield answer
        finally:
            self._answers.discard(answer)
            answer.cancel()

    async def detector(self, selection: Selection) -> Detector:  # noqa: ARG002 - all feeds alike
        """Digests: no version of a row tells who wrote it. SourceError where the server is too old for them."""
        await asyncio.get_running_loop().run_in_executor(None, self._check_sealing)
        return Detector.SET

    @asynccontextmanager
    async def snapshot(self, detector: Detector) -> AsyncGenerator[MysqlSnapshot, None]:  # noqa: ARG002 - as above
        """One transaction that began with a consistent snapshot."""
        await self._turns.take(timedelta(0), WAIT_SECONDS)
        steps = Steps(self._threads)
        try:
            async with held(steps, state(self._connections)) as found:
                snapshot = MysqlSnapshot(steps, self._connections, found, self._planner, self._timeout)
                self._answers.add(snapshot)
                try:
                    yield snapshot
                finally:
                    self._answers.discard(snapshot)
        finally:
            self._turns.release()

    async def explain(self, selection: Selection, window: Window) -> QueryPlan:
        """By which index a window is read, or what would make one."""
        stamp = selection.stamp

        def work() -> QueryPlan:
            with self._connections.transaction() as connection, words():
                types = self._planner.types(connection, selection)
                return explained(connection, selection, types[stamp or ""], window)

        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def ping(self) -> None:
        """Asks for nothing, which needs a connection and the server."""
        await asyncio.get_running_loop().run_in_executor(None, self._ask, "select 1")

    def close(self) -> None:
        """Ends what runs, waits for its threads and closes the connections."""
        for answer in tuple(self._answers):
            answer.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._connections.close()

    def _check_sealing(self) -> None:
        with self._connections.transaction() as connection:
            check_version(connection)

    def _ask(self, sql: str) -> Sequence[tuple[Any, ...]]:
        with self._connections.transaction() as connection, words():
            return connection.fetch(sql)

    def _relations(self) -> list[tuple[str, str]]:
        """What each is called, and how it is written as SQL."""
        rows = self._ask(
            """select table_schema, table_name, coalesce(table_schema = database(), false) as near
               from information_schema.tables
               where table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')
               order by near desc, table_schema, table_name"""
        )
        return [
            (table, name(table)) if near else (f"{schema}.{table}", f"{name(schema)}.{name(table)}")
            for schema, table, near in rows
        ]
