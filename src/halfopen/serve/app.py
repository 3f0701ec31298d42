"""The HTTP application: finds the feed, lets the caller in, reads the window, and sends the rows.

Plain ASGI on purpose: middleware that wraps bodies defeats back-pressure, and an error after the first byte must end
the connection without a final chunk, which here means to return without having completed the response.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from starlette.types import Message, Receive, Scope, Send

from halfopen import __version__
from halfopen.errors import SourceError, StateError
from halfopen.serve.entrance import Gone, form
from halfopen.serve.front.base import Page, Visit
from halfopen.serve.metrics import MEDIA_TYPE, Metrics, Served
from halfopen.serve.problems import Problem, method_not_allowed, not_found, not_offered, unavailable
from halfopen.serve.request import Request, words_of
from halfopen.serve.rows import send_rows
from halfopen.serve.setup import Setup
from halfopen.serve.shared import Shared
from halfopen.sources.base import Busy, Unavailable
from halfopen.window.window import Window
from halfopen.wire.moment import WindowError, window_from_query
from halfopen.wire.negotiate import Format, NegotiationError, choose

RETRY_SECONDS: Final = 5
UNWATCHED_SECONDS: Final = 0.2
"""How long a request is answered before it is looked whether its caller is still there."""

CLIENT_GONE: Final = 499
"""What the log says for a caller who left before the end; nobody receives it."""


class App:
    """An ASGI application over a setup, which `adopt` replaces; `log` gets one event a request.

    `retired` is called with a setup that was replaced, once nothing is answered by it any more.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        log: structlog.typing.FilteringBoundLogger,
        retired: Callable[[Setup], None] = lambda _: None,
        new_id: Callable[[], str] | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.metrics = Metrics(__version__, shared)
        self._setup = setup
        self._log = log
        self._retired = retired
        self._new_id = new_id or request_ids()
        self._probes: dict[str, Callable[[Request], Coroutine[Any, Any, None]]] = {
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._measured,
        }

    def adopt(self, setup: Setup) -> None:
        """Answers whatever comes from now on by `setup`."""
        before, self._setup = self._setup, setup
        if not before.users:
            self._retired(before)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, until it is answered or its caller has gone."""
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        setup = self._setup
        request = Request(scope, send, self._new_id(), headers, setup)
        setup.users += 1
        self.metrics.began()
        try:
            if request.method == "POST" and request.path in setup.entrance.token_paths:
                await self._token(request, receive)
            else:
                await self._until_gone(request, receive)
        finally:
            setup.users -= 1
            if setup is not self._setup and not setup.users:
                self._retired(setup)
            self._note(request, time.perf_counter() - began)

    async def _until_gone(self, request: Request, receive: Receive) -> None:
        watch = _Watch(receive, request.send)
        request.send = watch.send
        try:
            await self._answer(request, self._route)
        except asyncio.CancelledError:
            if not watch.has_gone():
                raise
            request.status = CLIENT_GONE
        finally:
            watch.end()

    async def _token(self, request: Request, receive: Receive) -> None:
        """Answers a POST that asks for a token."""

        async def issued(request: Request) -> None:
            entrance = request.setup.entrance
            request.address = entrance.address(request.scope.get("client"), request.headers)
            body = await form(receive)
            reply = await entrance.issue(request.path, request.query, request.headers, request.address, body)
            request.caller = reply.caller
            await request.answer(reply.status, reply.body, reply.headers)

        try:
            await self._answer(request, issued)
        except Gone:
            request.status = CLIENT_GONE

    async def _answer(self, request: Request, how: Callable[[Request], Coroutine[Any, Any, None]]) -> None:
        try:
            await how(request)
        except Problem as problem:
            if request.is_started:
                # Returning now, without the last chunk, is what breaks the connection.
                request.error = problem.detail
            else:
                await request.refuse(problem)
        except (asyncio.CancelledError, Gone):
            raise
        except Exception as error:  # noqa: BLE001 - the rim: answered and logged in one line
            await self._fail(request, error)

    async def _route(self, request: Request) -> None:
        name = request.setup.offers.paths.get(request.path)
        probe = self._probes.get(request.path)
        page = request.setup.pages.get(request.path)
        if request.path in request.setup.entrance.token_paths:
            raise method_not_allowed(request.method, "POST")
        if name is None and probe is None and page is None:
            raise not_found(request.path)
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed(request.method)
        if probe is not None:
            await probe(request)
        elif name is not None:
            await self._feed(request, name)
        elif page is not None:
            await self._page(request, page)

    async def _page(self, request: Request, page: Page) -> None:
        """A page for people or programs: behind the same sign-in as the rows that it tells of."""
        await self._let_in(request)
        shown = await page(Visit(request.scope, request.headers, request.caller or ""))
        await request.answer(200, shown.body, {"Content-Type": shown.media_type, **shown.headers})

    async def _feed(self, request: Request, name: str) -> None:
        request.feed = name
        await self._let_in(request)
        offers = request.setup.offers
        offer = offers.offered.get(name)
        if offer is None:
            raise not_offered(name, offers.refused[name])
        format_, window = self._asked(request)
        await send_rows(request, offer, format_, window)

    async def _let_in(self, request: Request) -> None:
        entrance = request.setup.entrance
        request.address = entrance.address(request.scope.get("client"), request.headers)
        request.caller = await entrance.enter(request.path, request.query, request.headers, request.address)

    def _asked(self, request: Request) -> tuple[Format, Window]:
        try:
            # Two names out of three need no decoding: what is left of the query is seldom anything.
            rest = b"&".join(part for part in request.query.split(b"&") if not part.startswith((b"from=", b"to=")))
            words = parse_qs(rest.decode("latin-1"), keep_blank_values=True).get("format") if rest else None
            format_ = choose(words[-1] if words else None, request.headers.get("accept"))
            request.window = window_from_query(request.query)
        except (NegotiationError, WindowError) as error:
            raise Problem(400, error.code, str(error)) from None
        longest = request.setup.limits.max_window
        if longest is not None and request.window.length > longest:
            raise Problem(400, "window_too_long", f"the window is longer than {longest}: ask for shorter ones")
        return format_, request.window

    async def _fail(self, request: Request, error: Exception) -> None:
        request.error = words_of(error, request.feed)
        if request.is_started:
            return
        if isinstance(error, Busy | Unavailable | StateError):
            await request.refuse(unavailable("the database cannot be read now: ask again", RETRY_SECONDS))
        elif isinstance(error, SourceError):
            await request.refuse(Problem(500, "query_failed", "the query failed: the operator's log says why"))
        else:
            request.error = f"{type(error).__name__}: {request.error}"
            await request.refuse(Problem(500, "internal_error", "the server failed: the operator's log says why"))

    async def _alive(self, request: Request) -> None:
        await _say(request, b'{"status":"alive"}\n')

    async def _ready(self, request: Request) -> None:
        try:
            await request.setup.source.ping()
        except SourceError as error:
            request.error = str(error)
            raise unavailable("the database does not answer", RETRY_SECONDS) from None
        await _say(request, b'{"status":"ready"}\n')

    async def _measured(self, request: Request) -> None:
        """The volume of an operator's business is nobody else's: who scrapes signs in too."""
        await self._let_in(request)
        await request.answer(200, self.metrics.text(), {"Content-Type": MEDIA_TYPE})

    def _note(self, request: Request, seconds: float) -> None:
        self.metrics.ended(
            Served(
                feed=request.feed,
                status=request.status,
                problem=request.problem,
                failed=request.error is not None,
                rows=request.rows,
                bytes=request.delivery.sent if request.delivery else 0,
                seconds=seconds,
            )
        )
        say = self._log.info if request.error is None else self._log.error
        say("request", **request.facts(seconds))


async def _say(request: Request, body: bytes) -> None:
    await request.answer(200, body, {"Content-Type": "application/json"})


class _Watch:
    """Cancels the task that it was made in when the caller closes the connection.

    It looks only after a moment, because most answers are given by then and a task costs as much as half of one.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._answering = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(UNWATCHED_SECONDS, self._begin)
        self._watching: asyncio.Task[None] | None = None
        self._gone = False

    async def send(self, message: Message) -> None:
        """Sends; looks no more once the last bytes are on their way, for then the end of the connection is nothing."""
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.end()
        await self._send(message)

    def has_gone(self) -> bool:
        """Whether the cancellation that was just caught is the caller's leaving, and nobody else's wish."""
        return self._gone and self._answering is not None and not self._answering.uncancel()

    def end(self) -> None:
        """Looks no more."""
        self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        if self._answering is not None:
            self._answering.cancel()


def request_ids() -> Callable[[], str]:
    """Sixteen hexadecimal digits each: those of this process, then a count. They are names, not secrets."""
    process = secrets.token_hex(4)
    numbers = itertools.count(1)
    return lambda: f"{process}{next(numbers) & 0xFFFFFFFF:08x}"
