"""The HTTP application: finds the feed, lets the caller in, reads the window, and sends the rows.

Plain ASGI on purpose: middleware that wraps bodies defeats back-pressure, and an error after the first byte must end
the connection without a final chunk, which here means to return without having completed the response.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from starlette.types import Receive, Scope, Send

from halfopen.auth.base import Verifier
from halfopen.config.serve import Limits
from halfopen.errors import SourceError
from halfopen.serve.allow import AllowList
from halfopen.serve.delivery import Delivery
from halfopen.serve.framing import framed
from halfopen.serve.mapping import Offer, Offers
from halfopen.serve.problems import Problem, method_not_allowed, not_found, not_offered, unauthorized, unavailable
from halfopen.serve.windows import Windows
from halfopen.sources.base import Busy, Source, Unavailable
from halfopen.window.window import Window
from halfopen.wire.moment import WindowError, window_from_query
from halfopen.wire.negotiate import Format, NegotiationError, choose

RETRY_SECONDS: Final = 5
CLIENT_GONE: Final = 499
"""What the log says for a caller who left before the end; nobody receives it."""

_BASE_HEADERS: Final = {"Server": "halfopen", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(slots=True)
class Request:
    """One request on its way through the application, and what the log will say of it."""

    scope: Scope
    send: Send
    id: str
    headers: dict[str, str]
    caller: str | None = None
    address: str | None = None
    feed: str | None = None
    window: Window | None = None
    delivery: Delivery | None = None
    rows: int = 0
    status: int = 0
    error: str | None = None

    @property
    def path(self) -> str:
        """The decoded path."""
        return str(self.scope["path"])

    @property
    def method(self) -> str:
        """GET, HEAD ..."""
        return str(self.scope["method"])

    @property
    def query(self) -> bytes:
        """The raw query string."""
        return bytes(self.scope["query_string"])


class App:
    """An ASGI application over a source and its offers; `log` gets one event a request."""

    def __init__(
        self,
        source: Source,
        offers: Offers,
        windows: Windows,
        verifiers: Sequence[Verifier],
        *,
        allow: AllowList,
        limits: Limits | None = None,
        log: structlog.typing.FilteringBoundLogger,
        new_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._source = source
        self._offers = offers
        self._windows = windows
        self._verifiers = verifiers
        self._allow = allow
        self._limits = limits or Limits()
        self._log = log
        self._new_id = new_id
        self._probes: dict[str, Callable[[Request], Coroutine[Any, Any, None]]] = {
            "/healthz": self._alive,
            "/readyz": self._ready,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, until it is answered or its caller has gone."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(scope, send, self._new_id(), headers)
        answer = asyncio.create_task(self._answer(request))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                request.status = CLIENT_GONE
        finally:
            for task in (gone, answer):
                task.cancel()
            # Waits until the query is told to stop, so that the log's counts are the last ones.
            await asyncio.gather(answer, gone, return_exceptions=True)
            self._note(request, time.perf_counter() - began)

    async def _answer(self, request: Request) -> None:
        try:
            await self._route(request)
        except Problem as problem:
            await _refuse(request, problem)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the rim: answered and logged in one line
            await self._fail(request, error)

    async def _route(self, request: Request) -> None:
        name = self._offers.paths.get(request.path)
        probe = self._probes.get(request.path)
        if name is None and probe is None:
            raise not_found(request.path)
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed(request.method)
        if probe is not None:
            await probe(request)
        elif name is not None:
            await self._feed(request, name)

    async def _feed(self, request: Request, name: str) -> None:
        request.feed = name
        self._let_in(request)
        offer = self._offers.offered.get(name)
        if offer is None:
            raise not_offered(name, self._offers.refused[name])
        format_, window = self._asked(request)
        await self._rows(request, offer, format_, window)

    def _let_in(self, request: Request) -> None:
        request.address = self._allow.address(request.scope.get("client"), request.headers)
        if not self._allow.allows(request.address):
            raise Problem(403, "not_allowed", f"the address {request.address} is not on the allow list")
        query = request.query.decode("latin-1")
        for verifier in self._verifiers:
            request.caller = verifier.verify(request.path, query, request.headers)
            if request.caller is not None:
                return
        raise unauthorized([verifier.challenge for verifier in self._verifiers if verifier.challenge])

    def _asked(self, request: Request) -> tuple[Format, Window]:
        try:
            words = parse_qs(request.query.decode("latin-1"), keep_blank_values=True).get("format")
            format_ = choose(words[-1] if words else None, request.headers.get("accept"))
            request.window = window_from_query(request.query)
        except (NegotiationError, WindowError) as error:
            raise Problem(400, error.code, str(error)) from None
        longest = self._limits.max_window
        if longest is not None and request.window.length > longest:
            raise Problem(400, "window_too_long", f"the window is longer than {longest}: ask for shorter ones")
        return format_, request.window

    async def _rows(self, request: Request, offer: Offer, format_: Format, window: Window) -> None:
        reading = await self._windows.reading(offer, window)
        headers = {**_base_headers(), "Content-Type": format_.media_type, "Request-Id": request.id, **reading.headers}
        names = offer.selection.names
        delivery = Delivery(request.send, request.scope["http_version"], headers, lambda: request.rows)
        request.delivery = delivery
        request.status = 200
        if request.method == "HEAD":
            await delivery.head()
        elif window.is_empty:
            await delivery.deliver(framed(_nothing(), names, format_))
        else:
            async with reading.open(format_) as stream:

                async def counted() -> AsyncIterator[bytes]:
                    async for block in stream:
                        request.rows = stream.rows
                        yield block

                await delivery.deliver(framed(counted(), names, format_))

    async def _fail(self, request: Request, error: Exception) -> None:
        request.error = str(error) or type(error).__name__
        if request.delivery is not None and request.delivery.started:
            # Returning now, without the last chunk, is what breaks the connection.
            return
        if isinstance(error, Busy | Unavailable):
            await _refuse(request, unavailable("the database cannot be read now: ask again", RETRY_SECONDS))
        elif isinstance(error, SourceError):
            await _refuse(request, Problem(500, "query_failed", "the query failed: the operator's log says why"))
        else:
            request.error = f"{type(error).__name__}: {error}"
            await _refuse(request, Problem(500, "internal_error", "the server failed: the operator's log says why"))

    async def _alive(self, request: Request) -> None:
        await _say(request, b'{"status":"alive"}\n')

    async def _ready(self, request: Request) -> None:
        try:
            await self._source.ping()
        except SourceError as error:
            request.error = str(error)
            raise unavailable("the database does not answer", RETRY_SECONDS) from None
        await _say(request, b'{"status":"ready"}\n')

    def _note(self, request: Request, seconds: float) -> None:
        """One event a request; of the query only the window, because credentials may stand in the rest."""
        facts: dict[str, object] = {
            "request_id": request.id,
            "method": request.method,
            "path": request.path,
            "feed": request.feed,
            "caller": request.caller,
            "address": request.address,
            "window": None if request.window is None else str(request.window),
            "status": request.status,
            "rows": request.rows,
            "bytes": request.delivery.sent if request.delivery else 0,
            "milliseconds": round(seconds * 1000, 1),
            "error": request.error,
        }
        known = {name: fact for name, fact in facts.items() if fact is not None}
        if request.error is None:
            self._log.info("request", **known)
        else:
            self._log.error("request", **known)


def _base_headers() -> dict[str, str]:
    """Date as of now: uvicorn's own is up to a second old, and a puller takes an old Date for a clock that is slow."""
    return {**_BASE_HEADERS, "Date": formatdate(usegmt=True)}


async def _refuse(request: Request, problem: Problem) -> None:
    request.status = problem.status
    await _send(
        request,
        problem.status,
        problem.body(request.id),
        {"Content-Type": "application/problem+json", **problem.headers},
    )


async def _say(request: Request, body: bytes) -> None:
    request.status = 200
    await _send(request, 200, body, {"Content-Type": "application/json"})


async def _send(request: Request, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    sent = {**_base_headers(), "Request-Id": request.id, "Content-Length": str(len(body)), **headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in sent.items()]
    await request.send({"type": "http.response.start", "status": status, "headers": raw})
    await request.send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


async def _gone(receive: Receive) -> None:
    """Ends when the caller has closed the connection."""
    with contextlib.suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _nothing() -> AsyncIterator[bytes]:
    """The blocks of an empty window."""
    for block in tuple[bytes, ...]():
        yield block
