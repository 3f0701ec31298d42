"""An operator's SQLite file as a source: read only, any number of answers at once, each in a thread and a connection.

A single SELECT is one read transaction: in WAL mode it sees one state of the file however long it runs, and writers do
not wait for it.
"""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from halfopen.sources.base import Capabilities, QueryPlan, Selection, Unavailable, UnknownRelation
from halfopen.sources.handover import Handover
from halfopen.sources.relations import subselect
from halfopen.sources.sealing import Detector
from halfopen.sources.sqlite.connections import Connections, words
from halfopen.sources.sqlite.explain import explained
from halfopen.sources.sqlite.lines import name
from halfopen.sources.sqlite.plans import Planner
from halfopen.sources.sqlite.reader import Answer, Block, read
from halfopen.sources.sqlite.sealing import SqliteSnapshot, state
from halfopen.sources.steps import Steps, held
from halfopen.sources.turns import WAIT_SECONDS, Turns, length_of
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format


class SqliteSource:
    """One database file. `connections`: answers at a time; `timeout`: time that the database may work on one answer."""

    capabilities = Capabilities(engine="sqlite", snapshots=True, exact_text=True)

    def __init__(self, path: Path, connections: int = 10, timeout: timedelta = timedelta(minutes=5)) -> None:
        self._connections = Connections(path)
        self._turns = Turns(connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="halfopen-sqlite")
        self._planner = Planner()
        self._timeout = timeout

    def tables(self) -> Sequence[str]:
        """Tables and views by name."""
        rows = self._ask("select name from sqlite_master where type in ('table', 'view') order by name")
        return [row[0] for row in rows]

    def relation(self, table: str | None, sql: str | None) -> str:
        """A quoted table, or the SELECT in brackets."""
        if sql is not None:
            return subselect(sql)
        names = {found.lower(): found for found in self.tables()}
        if table is None or table.lower() not in names:
            raise UnknownRelation(f"no table or view {table!r}")
        return name(names[table.lower()])

    def columns(self, relation: str) -> Sequence[str]:
        """A relation's columns."""
        with self._connections.taken() as connection, words():
            cursor = connection.execute(f"select * from {relation} limit 0")
            return [column[0] for column in cursor.description]

    def quote(self, name_: str) -> str:
        """A column as SQL."""
        return name(name_)

    def try_expression(self, relation: str, sql: str) -> None:
        """Compiles the expression."""
        self._ask(f"select ({sql}) from {relation} limit 0")

    @asynccontextmanager
    async def stream(
        self, selection: Selection, window: Window | None, format_: Format, limit: int | None = None
    ) -> AsyncGenerator[Answer, None]:
        """The rows of a window, read in a thread that waits for whoever takes the blocks."""
        await self._turns.take(length_of(window), WAIT_SECONDS)
        handover: Handover[Block] = Handover()
        answer = Answer(handover)

        def work() -> None:
            try:
                with self._connections.taken() as connection, words():
                    plan = partial(self._planner.plan, connection, selection, window, format_, limit)
                    brief = read(connection, plan, handover, self._timeout.total_seconds())
                    self._planner.answered(selection, window, brief=brief)
            except BaseException as error:  # noqa: BLE001 - handed over to whoever waits for the answer
                handover.finish(error)
            else:
                handover.finish()

        def unasked(job: Future[None]) -> None:
            if job.cancelled():
                handover.finish(Unavailable("the database is being closed"))

        try:
            self._threads.submit(work).add_done_callback(unasked)
        except RuntimeError:
            self._turns.release()
            raise Unavailable("the database is closed") from None
        try:
            yield answer
        finally:
            handover.cancel()
            handover.when_finished(self._turns.release)

    async def detector(self, selection: Selection) -> Detector:  # noqa: ARG002 - all feeds alike
        """Digests: SQLite numbers no versions of rows."""
        return Detector.SET

    @asynccontextmanager
    async def snapshot(self, detector: Detector) -> AsyncGenerator[SqliteSnapshot, None]:  # noqa: ARG002 - as above
        """One read transaction."""
        await self._turns.take(timedelta(0), WAIT_SECONDS)
        steps = Steps(self._threads)
        try:
            async with held(steps, state(self._connections)) as (connection, clock):
                yield SqliteSnapshot(steps, connection, self._planner, clock, self._timeout)
        finally:
            self._turns.release()

    async def explain(self, selection: Selection, window: Window) -> QueryPlan:
        """By EXPLAIN QUERY PLAN."""

        def ask() -> QueryPlan:
            with self._connections.taken() as connection, words():
                return explained(connection, self._planner.plan(connection, selection, window, Format.CSV), selection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def ping(self) -> None:
        """Reads the file's schema version, which needs the file and its lock."""
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._ask, "pragma schema_version")
        except sqlite3.Error as error:
            raise Unavailable(str(error)) from None

    def close(self) -> None:
        """Waits for threads, which notice at their next block, and closes the connections."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._connections.close()

    def _ask(self, sql: str) -> list[tuple[str, ...]]:
        with self._connections.taken() as connection, words():
            return connection.execute(sql).fetchall()
