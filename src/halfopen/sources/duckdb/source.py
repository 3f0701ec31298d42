"""An operator's DuckDB file as a source: read only, every answer one COPY in one transaction."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from halfopen.sources.base import Capabilities, QueryPlan, Selection
from halfopen.sources.duckdb.copying import Answer, Copying, ended
from halfopen.sources.duckdb.explain import explained
from halfopen.sources.duckdb.files import File, words
from halfopen.sources.duckdb.lines import refusal
from halfopen.sources.duckdb.plans import Planner
from halfopen.sources.duckdb.sealing import DuckdbSnapshot, state
from halfopen.sources.duckdb.sql import name
from halfopen.sources.relations import subselect, table_of
from halfopen.sources.sealing import Detector
from halfopen.sources.steps import Steps, held
from halfopen.sources.turns import WAIT_SECONDS, Turns, length_of
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format


class DuckdbSource:
    """One database file. `connections`: answers at a time; `timeout`: time that the database may work on one answer."""

    capabilities = Capabilities(engine="duckdb", snapshots=True, exact_text=True)

    def __init__(self, path: Path, connections: int = 10, timeout: timedelta = timedelta(minutes=5)) -> None:
        self._file = File(path)
        self._turns = Turns(connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="halfopen-duckdb")
        self._planner = Planner()
        self._timeout = timeout
        self._running: set[Copying | DuckdbSnapshot] = set()

    def tables(self) -> Sequence[str]:
        """Tables and views: those of the schema main by name, the others as schema.name."""
        return [told for told, _ in self._relations()]

    def relation(self, table: str | None, sql: str | None) -> str:
        """A quoted table, or the SELECT in brackets."""
        if sql is not None:
            return subselect(sql)
        return table_of(table, '"', (((told,), quoted) for told, quoted in self._relations()))

    def columns(self, relation: str) -> Sequence[str]:
        """A relation's columns."""
        return [row[0] for row in self._ask(f"describe (select * from {relation})")]

    def quote(self, name_: str) -> str:
        """A column as SQL."""
        return name(name_)

    def try_expression(self, relation: str, sql: str) -> None:
        """Plans the expression."""
        self._ask(f"describe (select ({sql}) from {relation})")

    def refusals(self, selection: Selection) -> Mapping[str, str]:
        """Columns of bytes."""
        with self._file.taken() as connection, words():
            types = self._planner.types(connection, selection)
        return types.refusals(selection, refusal)

    @asynccontextmanager
    async def stream(
        self, selection: Selection, window: Window | None, format_: Format, limit: int | None = None
    ) -> AsyncGenerator[Answer, None]:
        """The rows of a window, written by DuckDB in a thread into a pipe that is read here."""
        await self._turns.take(length_of(window), WAIT_SECONDS)
        copying = Copying()

        def work() -> None:
            try:
                with self._file.taken() as connection, words():
                    copying.run(connection, self._planner.plan(connection, selection, window, format_, limit))
            except BaseException:
                self._planner.forget(selection)
                raise
            finally:
                copying.written()

        job = asyncio.get_running_loop().run_in_executor(self._threads, work)
        job.add_done_callback(lambda _: self._turns.release())
        self._running.add(copying)
        try:
            yield Answer(copying, job, format_, self._timeout.total_seconds())
        finally:
            self._running.discard(copying)
            copying.cancel()
            ended(copying, job)

    async def detector(self, selection: Selection) -> Detector:  # noqa: ARG002 - all feeds alike
        """Digests: DuckDB numbers no versions of rows."""
        return Detector.SET

    @asynccontextmanager
    async def snapshot(self, detector: Detector) -> AsyncGenerator[DuckdbSnapshot, None]:  # noqa: ARG002 - as above
        """One transaction; until it ends no other process may write the file."""
        await self._turns.take(timedelta(0), WAIT_SECONDS)
        steps = Steps(self._threads)
        try:
            async with held(steps, state(self._file)) as (connection, clock):
                snapshot = DuckdbSnapshot(steps, connection, self._planner, clock, self._timeout)
                self._running.add(snapshot)
                try:
                    yield snapshot
                finally:
                    self._running.discard(snapshot)
        finally:
            self._turns.release()

    async def explain(self, selection: Selection, window: Window) -> QueryPlan:
        """Whether DuckDB can pass over what lies outside of a window, or what hinders it."""
        stamp = selection.stamp

        def work() -> QueryPlan:
            with self._file.taken() as connection, words():
                types = self._planner.types(connection, selection)
                return explained(connection, selection, types[stamp or ""], window)

        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def ping(self) -> None:
        """Opens the file."""
        await asyncio.get_running_loop().run_in_executor(None, self._ask, "select 1")

    def close(self) -> None:
        """Ends what runs and waits for its threads."""
        for running in tuple(self._running):
            running.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _ask(self, sql: str) -> list[Any]:
        with self._file.taken() as connection, words():
            return connection.execute(sql).fetchall()

    def _relations(self) -> list[tuple[str, str]]:
        """What each is called, and how it is written as SQL."""
        rows = self._ask(
            """select table_schema, table_name from information_schema.tables
               where table_catalog = current_database() and table_schema not in ('information_schema', 'pg_catalog')
               order by table_schema <> 'main', table_schema, table_name"""
        )
        return [
            (table if schema == "main" else f"{schema}.{table}", f"{name(schema)}.{name(table)}")
            for schema, table in rows
        ]
