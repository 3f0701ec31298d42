"""The local socket beside the mirror: one process owns the file, the others ask it.

A line of JSON goes in, `{"do": "query" | "status" | ..., ...}`; lines come back: `event` any number of times, `rows`
any number of times, and at last `result` or `error`. The socket is for this user only (mode 0600).
"""

import asyncio
import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

import halfopen.errors
from halfopen.errors import HalfopenError, SinkError
from halfopen.sync.events import Answered, Asked, Committed, Compared, Event, Events, Failed, Owes
from halfopen.sync.puller import Puller
from halfopen.sync.reconcile import FeedProof
from halfopen.sync.replay import Counts, Reading
from halfopen.sync.texts import plain
from halfopen.window.window import Window

# The kernel takes 107 bytes for the path of a socket.
_LONGEST_PATH = 100
_LONGEST_LINE = 64 << 20
_ROWS_A_LINE = 1000
_NO_PATIENCE = timedelta(minutes=10)


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked; `do` is query, status, backfill, snapshot, reconcile, replay or forget."""

    do: str
    sql: str = ""
    product: str = ""
    feeds: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    give_up: float = 0.0
    readings: dict[str, Reading] = {}
    code: str | None = None
    player: str = ""
    repair: bool = False
    file: str = ""
    parquet: str = ""


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of an answer; `error` has the class of the error and its text."""

    event: Asked | Answered | Committed | Compared | Failed | Owes | None = None
    columns: list[str] | None = None
    rows: list[list[Any]] | None = None
    result: Any = None
    error: tuple[str, str] | None = None
    last: bool = False


_ENCODER = msgspec.json.Encoder()
_REQUEST = msgspec.json.Decoder(Request)
_LINE = msgspec.json.Decoder(Line)


def socket_path(mirror: Path) -> Path:
    """Beside the file; under a short name in the folder for temporary files where that would be too long."""
    beside = mirror.absolute().with_name(f"{mirror.name}.sock")
    if len(os.fsencode(beside)) <= _LONGEST_PATH:
        return beside
    return named_socket(str(beside))


def named_socket(mirror: str) -> Path:
    """In the folder for temporary files, one for each user and mirror."""
    name = hashlib.sha256(os.fsencode(mirror)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"halfopen-{os.getuid()}-{name}.sock"


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
            self._server = await asyncio.start_unix_server(self._connected, str(self._path), limit=_LONGEST_LINE)
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
            await self._do(_REQUEST.decode(line), writer)
        except msgspec.MsgspecError as error:
            await _send(writer, Line(error=("UsageError", f"the socket was asked something odd: {error}"), last=True))
        except HalfopenError as error:
            await _send(writer, Line(error=(type(error).__name__, str(error)), last=True))

    async def _do(self, request: Request, writer: asyncio.StreamWriter) -> None:
        match request.do:
            case "status":
                await _send(writer, Line(result=await self._puller.status(), last=True))
            case "query":
                names, rows = await self._puller.query(request.sql)
                await _send(writer, Line(columns=names))
                for at in range(0, len(rows), _ROWS_A_LINE):
                    await _send(writer, Line(rows=[plain(list(row)) for row in rows[at : at + _ROWS_A_LINE]]))
                await _send(writer, Line(last=True))
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
                raise halfopen.errors.UsageError(f"the owner of the mirror cannot {request.do!r}; is it an older one?")

    async def _backfill(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.start is None or request.end is None:
            raise halfopen.errors.UsageError("a backfill needs a start and an end")

        window = Window(request.start, request.end)

        def tell(event: Event) -> None:
            ours = event.product == request.product and event.rung == 0
            if ours and isinstance(event, (Committed, Failed, Owes)) and window.covers(Window(event.start, event.end)):
                writer.write(_ENCODER.encode(Line(event=event)) + b"\n")

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
                writer.write(_ENCODER.encode(Line(event=event)) + b"\n")

        silence = self._puller.events.listen(tell)
        try:
            found = await self._puller.reconcile(request.product, span, request.feeds, repair=request.repair)
        finally:
            silence()
        await _send(writer, Line(result=found, last=True))


class Client:
    """The mirror through the process that owns it, for one question; a `sync.mirror.Mirror`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events = Events()
        self._reader = reader
        self._writer = writer
        self._columns: list[str] = []
        self._rows: list[tuple[Any, ...]] = []
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

    async def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """As of `Puller`, with plain values."""
        await self._ask(Request(do="query", sql=sql))
        return self._columns, self._rows

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
        """The result; what comes before it goes to the listeners and to the rows."""
        await _send(self._writer, request)
        while line := await self._reader.readline():
            got = _LINE.decode(line)
            if got.event is not None:
                self.events.tell(got.event)
            if got.error is not None:
                raise _error(*got.error)
            self._columns = got.columns or self._columns
            self._rows.extend(tuple(row) for row in got.rows or ())
            if got.last:
                return got.result
        if self._stopped:
            return {}
        raise SinkError("the process that owns the mirror ended before it answered; ask again")


async def connect(path: Path | None) -> Client | None:
    """The process that owns the mirror, or None when nobody does; a dead one's socket is nobody."""
    if path is None or not _is_ours(path):
        return None
    try:
        return Client(*await asyncio.open_unix_connection(str(path), limit=_LONGEST_LINE))
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


async def _send(writer: asyncio.StreamWriter, line: Line | Request) -> None:
    writer.write(_ENCODER.encode(line) + b"\n")
    await writer.drain()
