"""A product over an in-memory truth that answers wrongly on demand, down to the framing of HTTP.

A raw TCP server, because a proper one cannot be made to lie. Every request draws one `Fault` from `faults`.
"""

import asyncio
import contextlib
import gzip
import itertools
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from halfopen.contract.load import feed as contract_feed
from halfopen.wire import csv, moment
from support.truth import Truth

__all__ = ["BAD", "ODD", "SLOW", "Fault", "FaultyProduct", "Truth"]

FINAL_CHUNK = b"0\r\n\r\n"
HANG_SECONDS = 30.3
"""A little longer than a puller waits for a byte."""


class Fault(StrEnum):
    """What one answer does wrong; the last ones are unusual but right."""

    NONE = "none"
    ERROR_500 = "error_500"
    TOO_MANY = "too_many"
    RESET = "reset"
    RESET_MIDWAY = "reset_midway"
    SHORT_LENGTH = "short_length"
    CUT_CHUNKS = "cut_chunks"
    CUT_GZIP = "cut_gzip"
    CUT_CLOSE = "cut_close"
    HTML = "html"
    PROSE = "prose"
    ERROR_JSON = "error_json"
    WRONG_DIGEST = "wrong_digest"
    WRONG_ROWS = "wrong_rows"
    CUT_JSON = "cut_json"
    CUT_ANYWHERE = "cut_anywhere"
    CUT_GZIP_ANYWHERE = "cut_gzip_anywhere"
    CUT_JSON_ANYWHERE = "cut_json_anywhere"
    UNAVAILABLE = "unavailable"
    BAD_GATEWAY = "bad_gateway"
    GARBAGE = "garbage"
    NO_BYTES = "no_bytes"
    WRONG_CHARSET = "wrong_charset"
    REDIRECT_AWAY = "redirect_away"
    REDIRECT_LOST = "redirect_lost"
    NO_HTTP = "no_http"
    HANG = "hang"
    CHUNKED = "chunked"
    GZIP = "gzip"
    CLOSE = "close"
    DUPLICATES = "duplicates"
    JSON = "json"
    NO_CONTENT = "no_content"


BAD = [fault for fault in Fault if list(Fault).index(fault) <= list(Fault).index(Fault.NO_HTTP)][1:]
SLOW = [Fault.HANG]
"""Bad too, but a puller needs half a minute to see it."""
ODD = [Fault.CHUNKED, Fault.GZIP, Fault.CLOSE, Fault.DUPLICATES, Fault.JSON]


class FaultyProduct:
    """Serves truths over HTTP/1.1; `faults` gives the fault of each request from its number and feed."""

    def __init__(
        self, truths: Iterable[Truth], faults: Callable[[int, str], Fault] = lambda _n, _f: Fault.NONE
    ) -> None:
        self.truths = {contract_feed(truth.feed).path: truth for truth in truths}
        self.faults = faults
        self.asked: list[tuple[str, datetime, datetime, Fault]] = []
        self.in_flight = Counter[str]()
        self.most_in_flight = 0
        self.drawn = Counter[Fault]()
        self.seen_headers: list[dict[str, str]] = []
        self.seen_targets: list[str] = []
        self.delay = 0.0
        self.retry_after = "1"
        self.clock_shift = timedelta(0)
        self.longest = timedelta.max
        self.most_rows: int | None = None
        self.password: str | None = None
        self.dice = random.Random(0)
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        CLOCKS[self.port] = self.now
        return self

    async def __aexit__(self, *_: object) -> None:
        del CLOCKS[self.port]
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def now(self) -> datetime:
        """The time by this product's own clock."""
        return datetime.now(UTC) + self.clock_shift

    def cut(self, body: bytes) -> int:
        """Where to cut a body: before any of its bytes, the last one included."""
        return self.dice.randrange(max(len(body), 1))

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.close()
            if task is not None:
                self._tasks.discard(task)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        target = first.split(" ")[1]
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines if line)}
        self.seen_headers.append(headers)
        self.seen_targets.append(target)
        path = urlsplit(target).path
        self.in_flight[path] += 1
        self.most_in_flight = max(self.most_in_flight, *self.in_flight.values())
        try:
            if self.delay:
                await asyncio.sleep(self.delay)
            return await self._answer(target, path, writer)
        finally:
            self.in_flight[path] -= 1

    async def _answer(self, target: str, path: str, writer: asyncio.StreamWriter) -> bool:
        truth = self.truths.get(path)
        if truth is None:
            return await send(writer, "404 Not Found", b"no such feed", {"Content-Type": "text/plain"})
        window = moment.window_from_query(urlsplit(target).query)
        if window.length > self.longest:
            return await send(writer, "413 Content Too Large", b"", {"Content-Type": "text/plain"})
        fault = self.faults(next(self._numbers), truth.feed)
        self.drawn[fault] += 1
        self.asked.append((truth.feed, window.start, window.end, fault))
        rows = truth.window(window.start, window.end, self.now())[: self.most_rows]
        return await ANSWERS[fault](writer, truth.feed, rows, self)


def clock_of(writer: asyncio.StreamWriter) -> Callable[[], datetime]:
    """The clock of the product that this connection belongs to."""
    clock: Callable[[], datetime] = CLOCKS.get(writer.get_extra_info("sockname")[1], lambda: datetime.now(UTC))
    return clock


CLOCKS: dict[int, Callable[[], datetime]] = {}


async def send(
    writer: asyncio.StreamWriter, status: str, body: bytes, headers: dict[str, str], *, length: bool = True
) -> bool:
    """A response whole, with Content-Length unless told otherwise."""
    all_headers = {"Date": format_datetime(clock_of(writer)(), usegmt=True), **headers}
    if length:
        all_headers.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)
    await writer.drain()
    return length


def csv_of(feed: str, rows: list[dict[str, str | None]]) -> bytes:
    """Header row and rows, of all fields of the contract."""
    names = list(contract_feed(feed).fields)
    return csv.line(names) + b"".join(csv.line([row.get(name) for name in names]) for row in rows)


Rows = list[dict[str, str | None]]
CSV = {"Content-Type": "text/csv; charset=utf-8"}
JSON = {"Content-Type": "application/json"}


async def _none(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", csv_of(feed, rows), CSV)


async def _error_500(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, product: FaultyProduct) -> bool:
    echo = f"database gone; sent {product.seen_headers[-1].get('authorization', '')}".encode()
    return await send(writer, "500 Internal Server Error", echo, {"Content-Type": "text/plain"})


async def _too_many(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, product: FaultyProduct) -> bool:
    return await send(writer, "429 Too Many Requests", b"", {"Retry-After": product.retry_after})


async def _reset(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    writer.transport.abort()
    return False


async def _cut(writer: asyncio.StreamWriter, body: bytes, headers: dict[str, str]) -> bool:
    await send(writer, "200 OK", body, headers, length=False)
    writer.close()
    return False


async def _reset_midway(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    body = csv_of(feed, rows)
    await send(writer, "200 OK", body[: len(body) // 2], {**CSV, "Content-Length": str(len(body))})
    writer.transport.abort()
    return False


async def _short_length(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    body = csv_of(feed, rows)
    return await _cut(writer, cut_at_a_line(body), {**CSV, "Content-Length": str(len(body))})


async def _cut_chunks(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    body = cut_at_a_line(csv_of(feed, rows))
    return await _cut(writer, chunk(body), {**CSV, "Transfer-Encoding": "chunked"})


async def _cut_gzip(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    body = gzip.compress(csv_of(feed, rows))[:-9]
    return await send(writer, "200 OK", body, {**CSV, "Content-Encoding": "gzip"})


async def _cut_close(writer: asyncio.StreamWriter, feed: str, rows: Rows, product: FaultyProduct) -> bool:
    """Cut at another line each time, as a failing product would."""
    lines = csv_of(feed, rows).splitlines(keepends=True)
    left = 1 + len(product.asked) % max(len(lines), 1) if len(lines) > 1 else 0
    return await _cut(writer, b"".join(lines[:left]), {**CSV, "Connection": "close"})


async def _html(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", b"<!doctype html><h1>Maintenance</h1>", {"Content-Type": "text/html"})


async def _prose(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", b"Fatal error: memory exhausted, in api.php", CSV)


async def _error_json(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", b'{"status": "error", "message": "try later"}', JSON)


async def _wrong_digest(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    headers = {**CSV, "Content-Digest": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"}
    return await send(writer, "200 OK", csv_of(feed, rows), headers)


async def _wrong_rows(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", csv_of(feed, rows), {**CSV, "Halfopen-Rows": str(len(rows) + 1)})


async def _cut_json(writer: asyncio.StreamWriter, _feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", json.dumps(rows).encode()[:-1], JSON)


async def _chunked(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    body = csv_of(feed, rows)
    pieces = b"".join(chunk(body[at : at + 100]) for at in range(0, len(body), 100))
    await send(writer, "200 OK", pieces + FINAL_CHUNK, {**CSV, "Transfer-Encoding": "chunked"}, length=False)
    return True


async def _gzip(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", gzip.compress(csv_of(feed, rows)), {**CSV, "Content-Encoding": "gzip"})


async def _close(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await _cut(writer, csv_of(feed, rows), {**CSV, "Connection": "close"})


async def _duplicates(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", csv_of(feed, [*rows, *rows[::-1]]), CSV)


async def _json(writer: asyncio.StreamWriter, _feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", json.dumps(rows).encode(), JSON)


async def _no_content(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "204 No Content", b"", {}, length=False) or True


async def _cut_anywhere(writer: asyncio.StreamWriter, feed: str, rows: Rows, product: FaultyProduct) -> bool:
    body = csv_of(feed, rows)
    return await _cut(writer, body[: product.cut(body)], {**CSV, "Content-Length": str(len(body))})


async def _cut_gzip_anywhere(writer: asyncio.StreamWriter, feed: str, rows: Rows, product: FaultyProduct) -> bool:
    body = gzip.compress(csv_of(feed, rows))
    return await send(writer, "200 OK", body[: max(product.cut(body), 1)], {**CSV, "Content-Encoding": "gzip"})


async def _cut_json_anywhere(writer: asyncio.StreamWriter, _feed: str, rows: Rows, product: FaultyProduct) -> bool:
    body = json.dumps(rows).encode()
    return await send(writer, "200 OK", body[: max(product.cut(body), 1)], JSON)


async def _unavailable(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, product: FaultyProduct) -> bool:
    return await send(writer, "503 Service Unavailable", b"", {"Retry-After": product.retry_after})


async def _bad_gateway(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "502 Bad Gateway", b"<h1>nginx</h1>", {"Content-Type": "text/html"})


async def _garbage(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", product.dice.randbytes(1 + product.dice.randrange(2000)), CSV)


async def _no_bytes(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "200 OK", b"", CSV)


async def _wrong_charset(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    """Declared as UTF-8, sent as Latin-1, with at least one letter that tells."""
    names = ",".join([*contract_feed(feed).fields, "Größe"])
    body = csv_of(feed, rows).decode()
    return await send(writer, "200 OK", (names + body[body.index("\r\n") :]).encode("latin-1", "replace"), CSV)


async def _redirect_away(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "302 Found", b"", {"Location": "http://login.invalid/"})


async def _redirect_lost(writer: asyncio.StreamWriter, feed: str, _rows: Rows, _product: FaultyProduct) -> bool:
    return await send(writer, "307 Temporary Redirect", b"", {"Location": "/lost"})


async def _no_http(writer: asyncio.StreamWriter, _feed: str, _rows: Rows, product: FaultyProduct) -> bool:
    writer.write(product.dice.randbytes(64))
    writer.close()
    return False


async def _hang(writer: asyncio.StreamWriter, feed: str, rows: Rows, _product: FaultyProduct) -> bool:
    """Half of an answer, and then nothing until the other side hangs up."""
    body = csv_of(feed, rows)
    await send(writer, "200 OK", body[: len(body) // 2], {**CSV, "Content-Length": str(len(body) + 1)})
    await asyncio.sleep(HANG_SECONDS)
    writer.transport.abort()
    return False


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n" if data else b""


def cut_at_a_line(body: bytes) -> bytes:
    """Half of the lines, so that what is left looks whole; of a body without rows, half of the header."""
    lines = body.splitlines(keepends=True)
    return b"".join(lines[: len(lines) // 2]) if len(lines) > 1 else body[: len(body) // 2]


ANSWERS: dict[Fault, Callable[[asyncio.StreamWriter, str, Rows, FaultyProduct], Awaitable[bool]]] = {
    fault: globals()[f"_{fault.value}"] for fault in Fault
}
