"""States of a SQLite file for seals: one read transaction, held open.

In WAL mode writers do not wait for it. The clock is the machine's, by which whoever writes the file has stamped. Late
rows are told by digests, so that a file that was restored or replaced need not be known for another one: whatever it
shows that was not seen before is late.
"""

import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from halfopen.errors import SourceError
from halfopen.sources.base import Selection
from halfopen.sources.handover import Handover
from halfopen.sources.sealing import Look, Mark, Served
from halfopen.sources.sqlite.connections import Connections, words
from halfopen.sources.sqlite.plans import Plan, Planner
from halfopen.sources.sqlite.reader import Answer, Block, read
from halfopen.sources.sqlite.sealed import look, sealed_plan
from halfopen.sources.steps import Steps
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_STEPS_BETWEEN_LOOKS: Final = 50_000
"""Of SQLite's virtual machine, a few milliseconds: how soon a look notices that nobody waits for it any more."""


class SqliteSnapshot:
    """One read transaction on one connection."""

    def __init__(
        self, steps: Steps, connection: sqlite3.Connection, planner: Planner, clock: datetime, timeout: timedelta
    ) -> None:
        self._steps = steps
        self._connection = connection
        self._planner = planner
        self._seconds = timeout.total_seconds()
        self.mark = Mark()
        self.clock = clock
        self.lag = timedelta(0)

    async def look(
        self,
        selection: Selection,
        before: Window | None,
        now: Window | None,
        since: Mark | None,  # noqa: ARG002 - there are no transaction numbers
    ) -> Look:
        """By the index on the cursor where there is one; lines are hashed in a thread."""
        gone = threading.Event()
        try:
            return await self._steps.run(partial(self._looked, gone, selection, before, now))
        finally:
            gone.set()

    @asynccontextmanager
    async def stream(self, selection: Selection, served: Served, format_: Format) -> AsyncGenerator[Answer, None]:
        """Read in a thread that waits for whoever takes the blocks."""
        handover: Handover[Block] = Handover()

        def work() -> None:
            try:
                with words():
                    read(self._connection, partial(self._plan, selection, served, format_), handover, self._seconds)
            except BaseException as error:  # noqa: BLE001 - handed over to whoever waits for the answer
                handover.finish(error)
            else:
                handover.finish()

        await self._steps.ended()
        self._steps.start(work)
        try:
            yield Answer(handover)
        finally:
            handover.cancel()

    def _plan(self, selection: Selection, served: Served, format_: Format) -> Plan:
        if served.is_plain:
            return self._planner.plan(self._connection, selection, served.window, format_)
        known = self._planner.forms(self._connection, selection)
        return sealed_plan(self._connection, selection, known, served, format_)

    def _looked(self, gone: threading.Event, selection: Selection, before: Window | None, now: Window | None) -> Look:
        ends = time.monotonic() + self._seconds
        self._connection.set_progress_handler(lambda: gone.is_set() or time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
        try:
            with words():
                return look(self._connection, selection, self._planner.forms(self._connection, selection), before, now)
        except SourceError:
            if time.monotonic() > ends:
                limit = f"{self._seconds:g} s (serve.limits.statement_timeout)"
                raise SourceError(f"the look at late rows took longer than {limit}") from None
            raise
        finally:
            self._connection.set_progress_handler(None, 0)


@contextmanager
def state(connections: Connections) -> Iterator[tuple[sqlite3.Connection, datetime]]:
    """A connection in a read transaction that has begun, and the time before it did."""
    with connections.taken() as connection:
        clock = datetime.now(UTC)
        with words():
            connection.execute("begin")
            # Only the first read takes the state.
            connection.execute("select 1 from sqlite_master limit 1").fetchone()
        yield connection, clock
        with words():
            connection.execute("rollback")
