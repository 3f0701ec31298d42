"""The process that owns the mirror, as the others see it: asked over its socket, one question a connection."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

import halfopen.errors
from halfopen.errors import HalfopenError, SinkError
from halfopen.sync.events import Events
from halfopen.sync.query import Found, Row
from halfopen.sync.reconcile import FeedProof
from halfopen.sync.replay import Counts, Reading
from halfopen.sync.talk import Line, Request, encoded, lines
from halfopen.window.window import Window

_NO_PATIENCE = timedelta(minutes=10)


class Owner:
    """The mirror through the process that owns it, for one question; a `sync.mirror.Mirror`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events = Events()
        self._reader = reader
        self._writer = writer
        self._stopped = False

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def stop(self) -> None:
        """Let go of what was asked: the owner then drops it."""
        self._stopped = True
        self._writer.close()

    async def status(self) -> dict[str, Any]:
        """As of `Puller`."""
        found: dict[str, Any] = await self._ask(Request(do="status"))
        return found

    async def query(self, sql: str) -> tuple[list[str], list[Row]]:
        """As of `Puller`, with plain values."""
        async with self.reading(sql) as found:
            return found.names, [row async for piece in found.pieces for row in piece]

    @contextlib.asynccontextmanager
    async def reading(self, sql: str) -> AsyncIterator[Found[list[Row]]]:
        """As of `Puller`, with plain values."""
        async with contextlib.aclosing(self._told(Request(do="query", sql=sql))) as told:
            first = await anext(told, Line())

            async def pieces() -> AsyncIterator[list[Row]]:
                async for line in told:
                    if line.rows:
                        yield [tuple(row) for row in line.rows]

            yield Found(first.columns or [], pieces())

    async def backfill(
        self, product: str, window: Window, feeds: Collection[str] = (), give_up: timedelta = _NO_PATIENCE
    ) -> dict[str, list[str]]:
        """As of `Puller`."""
        left: dict[str, list[str]] = await self._ask(
            Request(
                do="backfill",
                product=product,
                feeds=tuple(feeds),
                start=window.start,
                end=window.end,
                give_up=give_up.total_seconds(),
            )
        )
        return left

    async def snapshot(self, file: Path | None, parquet: Path | None) -> dict[str, int]:
        """As of `Puller`; the paths are whole."""
        request = Request(do="snapshot", file=str(file or ""), parquet=str(parquet or ""))
        found: dict[str, int] = await self._ask(request)
        return found

    async def reconcile(
        self, product: str, span: Window | None = None, feeds: Collection[str] = (), *, repair: bool = False
    ) -> list[FeedProof]:
        """As of `Puller`."""
        request = Request(do="reconcile", product=product, feeds=tuple(feeds), repair=repair)
        if span is not None:
            request.start, request.end = span.start, span.end
        return msgspec.convert(await self._ask(request) or [], list[FeedProof])

    async def replay(
        self, readings: Mapping[str, Reading], feeds: Collection[str] = (), code: str | None = None
    ) -> Counts:
        """As of `Puller`."""
        request = Request(do="replay", readings=dict(readings), feeds=tuple(feeds), code=code)
        found: Counts = await self._ask(request)
        return found

    async def forget(self, product: str, player: str) -> dict[str, Any]:
        """As of `Puller`."""
        found: dict[str, Any] = await self._ask(Request(do="forget", product=product, player=player))
        return found

    async def _ask(self, request: Request) -> Any:
        """The result; events that come before it go to the listeners."""
        async with contextlib.aclosing(self._told(request)) as told:
            async for line in told:
                if line.last:
                    return line.result
        return {}

    async def _told(self, request: Request) -> AsyncGenerator[Line, None]:
        """All that is told but events, up to the last line; errors are raised."""
        self._writer.write(encoded(request))
        await self._writer.drain()
        async for line in lines(self._reader):
            if line.event is not None:
                self.events.tell(line.event)
                continue
            if line.error is not None:
                raise _error(*line.error)
            yield line
            if line.last:
                return
        if not self._stopped:
            raise SinkError("the process that owns the mirror ended before it answered; ask again")


async def connect(path: Path | None) -> Owner | None:
    """The process that owns the mirror, or None when nobody does; a dead one's socket is nobody."""
    if path is None or not _is_ours(path):
        return None
    try:
        return Owner(*await asyncio.open_unix_connection(str(path)))
    except (ConnectionError, FileNotFoundError):
        return None


def _is_ours(path: Path) -> bool:
    """Whether a socket of this user lies there: in a shared folder somebody else could have put one."""
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid()


def _error(name: str, text: str) -> HalfopenError:
    kind = getattr(halfopen.errors, name, HalfopenError)
    return kind(text) if isinstance(kind, type) and issubclass(kind, HalfopenError) else HalfopenError(text)
