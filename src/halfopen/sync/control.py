"""The local socket beside the mirror, on the side of the process that owns it; for this user only (mode 0600)."""

import asyncio
import contextlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Self

import msgspec

from halfopen.errors import HalfopenError, SinkError, UsageError
from halfopen.sync.events import Committed, Compared, Event, Failed, Owes
from halfopen.sync.puller import Puller
from halfopen.sync.talk import LONGEST_REQUEST, REQUESTS, Line, Request, encoded, encoded_rows
from halfopen.window.window import Window

STALLED_SECONDS = 300.0
"""Whoever takes nothing of an answer for so long is given up: an open question keeps old rows in the mirror."""


class Server:
    """Answers for the puller that owns the mirror; a context, after the mirror is open."""

    def __init__(self, puller: Puller, path: Path | None) -> None:
        self._puller = puller
        self._path = path
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self._path is None:
            return self
        # Whoever left a socket here is dead: we hold the mirror.
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._connected, str(self._path), limit=LONGEST_REQUEST)
        except OSError as error:
            raise SinkError(f"cannot make the socket {str(self._path)!r}: {error.strerror}") from None
        finally:
            os.umask(before)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is None or self._path is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                request = await reader.readline()
                if request:
                    await self._answered(request, reader, writer)
        finally:
            writer.close()

    async def _answered(self, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The answer, unless the caller goes away before it is there."""
        work = asyncio.ensure_future(self._answer(line, writer))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (work, gone):
                one.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            await self._do(REQUESTS.decode(line), writer)
        except msgspec.MsgspecError as error:
            _refuse(writer, UsageError(f"the socket was asked something odd: {error}"))
        except HalfopenError as error:
            _refuse(writer, error)

    async def _do(self, request: Request, writer: asyncio.StreamWriter) -> None:
        match request.do:
            case "status":
                await _send(writer, Line(result=await self._puller.status(), last=True))
            case "query":
                await self._query(request.sql, writer)
            case "backfill":
                await self._backfill(request, writer)
            case "snapshot":
                file, parquet = (Path(one) if one else None for one in (request.file, request.parquet))
                await _send(writer, Line(result=await self._puller.snapshot(file, parquet), last=True))
            case "reconcile":
                await self._reconcile(request, writer)
            case "replay":
                found = await self._puller.replay(request.readings, request.feeds, request.code)
                await _send(writer, Line(result=found, last=True))
            case "forget":
                await _send(writer, Line(result=await self._puller.forget(request.product, request.player), last=True))
            case _:
                raise UsageError(f"the owner of the mirror cannot {request.do!r}; is it an older one?")

    async def _query(self, sql: str, writer: asyncio.StreamWriter) -> None:
        """Rows as fast as they are taken, and no faster."""
        async with self._puller.questions.reading(sql, encoded_rows) as found:
            await _send(writer, Line(columns=found.names))
            async for piece in found.pieces:
                writer.write(piece)
                await _taken(writer)
        await _send(writer, Line(last=True))

    async def _backfill(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.start is None or request.end is None:
            raise UsageError("a backfill needs a start and an end")

        window = Window(request.start, request.end)

        def tell(event: Event) -> None:
            ours = event.product == request.product and event.rung == 0
            if ours and isinstance(event, (Committed, Failed, Owes)) and window.covers(Window(event.start, event.end)):
                writer.write(encoded(Line(event=event)))

        silence = self._puller.events.listen(tell)
        try:
            left = await self._puller.backfill(
                request.product,
                window,
                request.feeds,
                timedelta(seconds=request.give_up),
            )
        finally:
            silence()
        await _send(writer, Line(result=left, last=True))

    async def _reconcile(self, request: Request, writer: asyncio.StreamWriter) -> None:
        span = Window(request.start, request.end) if request.start and request.end else None

        def tell(event: Event) -> None:
            if isinstance(event, Compared) and event.product == request.product:
                writer.write(encoded(Line(event=event)))

        silence = self._puller.events.listen(tell)
        try:
            found = await self._puller.reconcile(request.product, span, request.feeds, repair=request.repair)
        finally:
            silence()
        await _send(writer, Line(result=found, last=True))


def _refuse(writer: asyncio.StreamWriter, error: HalfopenError) -> None:
    """Say why, behind what is written already; whoever takes nothing is not waited for."""
    writer.write(encoded(Line(error=(type(error).__name__, str(error)), last=True)))


async def _send(writer: asyncio.StreamWriter, line: Line) -> None:
    writer.write(encoded(line))
    await _taken(writer)


async def _taken(writer: asyncio.StreamWriter) -> None:
    """Wait until whoever asked has taken most of what was written; SinkError where nothing is taken."""
    try:
        await asyncio.wait_for(writer.drain(), STALLED_SECONDS)
    except TimeoutError:
        raise SinkError(
            f"nothing of the answer was taken for {STALLED_SECONDS:.0f} s; write it to a file, or make a snapshot"
        ) from None
