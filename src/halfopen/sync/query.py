"""How the mirror is asked beside the pulling: each question of a person has a thread and a reader of its own.

So a long one holds up neither the others nor the pulling, and ends when whoever asked it goes away.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from halfopen.errors import SinkError
from halfopen.sinks.base import Reader, Sink
from halfopen.sync.writer import step_back

T = TypeVar("T")
Row = tuple[Any, ...]
Query = Callable[[str], Awaitable[tuple[list[str], list[Row]]]]
"""One reading statement; column names and rows. SinkError where the mirror cannot be asked."""
ROWS_A_PIECE = 1000
MOST_AT_ONCE = 32
"""Questions of people; each may hold memory and a core."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What is being answered: column names, and the rows in pieces, each made the way that was asked for."""

    names: list[str]
    pieces: AsyncIterator[T]


class Questions:
    """Asks `sink` what people want to know; used from one event loop."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._asked = 0

    @contextlib.asynccontextmanager
    async def reading(self, sql: str, made: Callable[[list[Row]], T]) -> AsyncIterator[Found[T]]:
        """One reading statement, stopped at the end of the block; rows are fetched as they are taken, not before.

        made: what becomes of each piece of rows, in a thread.

        Raises:
            SinkError: the mirror cannot be asked, or too much is asked at once; QueryError for the statement.
        """
        async with self._reader() as (reader, run):

            def fetch() -> T | None:
                rows = reader.fetch(ROWS_A_PIECE)
                return made(rows) if rows else None

            async def pieces() -> AsyncIterator[T]:
                while (piece := await run(fetch)) is not None:
                    yield piece

            yield Found(await run(lambda: reader.ask(sql)), pieces())

    async def snapshot(self, file: Path | None, parquet: Path | None) -> dict[str, int]:
        """A copy for readers; rows by feed. SinkError."""
        async with self._reader() as (reader, run):
            found: dict[str, int] = await run(lambda: reader.snapshot(file, parquet))
            return found

    @contextlib.asynccontextmanager
    async def _reader(self) -> AsyncIterator[tuple[Reader, Callable[[Callable[[], Any]], Awaitable[Any]]]]:
        """A reader, and what runs a function in its thread; whatever runs at the end of the block is stopped."""
        if self._asked >= MOST_AT_ONCE:
            raise SinkError(f"the mirror is asked {MOST_AT_ONCE} questions already; ask again when one has its answer")
        self._asked += 1
        thread = ThreadPoolExecutor(1, thread_name_prefix="halfopen-reader", initializer=step_back)
        try:
            reader = self._sink.reader()

            async def run(work: Callable[[], Any]) -> Any:
                return await asyncio.wrap_future(thread.submit(work))

            try:
                yield reader, run
            finally:
                # From another thread: its own may be busy with just what is to be stopped.
                await asyncio.shield(asyncio.to_thread(reader.close))
        finally:
            thread.shutdown(wait=False)
            self._asked -= 1
