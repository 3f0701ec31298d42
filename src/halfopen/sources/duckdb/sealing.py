"""States of a DuckDB file for seals: the file, held open for reading, which keeps its writers away.

The clock is the machine's, by which whoever writes the file has stamped. Late rows are told by digests, so that a file
that is written anew and put in place of the old one need not be known for another: whatever it shows that was not seen
before is late.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import duckdb

from halfopen.errors import SourceError
from halfopen.sources.base import Selection
from halfopen.sources.duckdb.copying import AGAIN_SECONDS, Answer, Copying, ended
from halfopen.sources.duckdb.files import File, words
from halfopen.sources.duckdb.plans import Planner
from halfopen.sources.duckdb.sealed import look, sealed_copy
from halfopen.sources.sealing import Look, Mark, Served
from halfopen.sources.steps import Steps
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format


class DuckdbSnapshot:
    """One transaction on one connection."""

    def __init__(
        self,
        steps: Steps,
        connection: duckdb.DuckDBPyConnection,
        planner: Planner,
        clock: datetime,
        timeout: timedelta,
    ) -> None:
        self._steps = steps
        self._connection = connection
        self._planner = planner
        self._seconds = timeout.total_seconds()
        self._copying: Copying | None = None
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
        """By the zone maps of the cursor; digests are made by DuckDB."""
        await self._steps.ended()
        job = self._steps.start(partial(self._looked, selection, before, now))
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(job)
        except TimeoutError:
            limit = f"{self._seconds:g} s (serve.limits.statement_timeout)"
            raise SourceError(f"the look at late rows took longer than {limit}") from None
        finally:
            self._end(job)

    @asynccontextmanager
    async def stream(self, selection: Selection, served: Served, format_: Format) -> AsyncGenerator[Answer, None]:
        """Written by DuckDB in a thread into a pipe that is read here."""
        self._copying = copying = Copying()

        def work() -> None:
            try:
                with words():
                    copying.run(self._connection, self._plan(selection, served, format_))
            except BaseException:
                self._planner.forget(selection)
                raise
            finally:
                copying.written()

        await self._steps.ended()
        job = self._steps.start(work)
        try:
            yield Answer(copying, job, format_, self._seconds)
        finally:
            copying.cancel()
            ended(copying, job)

    def cancel(self) -> None:
        """Ends what runs now."""
        if self._copying is not None:
            self._copying.cancel()
        self._connection.interrupt()

    def _plan(self, selection: Selection, served: Served, format_: Format) -> str:
        if served.is_plain:
            return self._planner.plan(self._connection, selection, served.window, format_)
        return sealed_copy(selection, self._planner.types(self._connection, selection), served, format_)

    def _looked(self, selection: Selection, before: Window | None, now: Window | None) -> Look:
        try:
            with words():
                types = self._planner.types(self._connection, selection)
                return look(self._connection, selection, types, before, now)
        except BaseException:
            self._planner.forget(selection)
            raise

    def _end(self, job: "asyncio.Future[Look]") -> None:
        """Again until it has ended: an interrupt that comes just before a query is not noticed."""
        if not job.done():
            self._connection.interrupt()
            job.get_loop().call_later(AGAIN_SECONDS, self._end, job)


@contextmanager
def state(file: File) -> Iterator[tuple[duckdb.DuckDBPyConnection, datetime]]:
    """A connection in a transaction that has begun, and the time before it did; it ends with the connection."""
    clock = datetime.now(UTC)
    with file.taken() as connection:
        with words():
            connection.execute("begin transaction")
        yield connection, clock
