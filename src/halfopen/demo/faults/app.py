"""A product of the zoo as an ASGI app, and on a port of its own for as long as a block lasts."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import unquote

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from halfopen.demo.faults.certificate import self_signed
from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import moment

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
_TRANSPORT = "zoo.transport"
_START_SECONDS = 10.0


class App:
    """The ASGI app of one product."""

    def __init__(self, product: Product) -> None:
        self.product = product

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:  # noqa: ARG002 - bodies are ignored
        """Answer one request."""
        product = self.product
        request = Request(
            path=unquote(scope["raw_path"].decode("latin-1").partition("?")[0]),
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            now=product.now(),
            number=product.asked,
        )
        product.asked += 1
        response = await product.handle(request)
        await asyncio.sleep(response.delay)
        await self._send(response, scope, send)

    async def _send(self, response: Response, scope: Message, send: Send) -> None:
        headers = {"date": format_datetime(moment(self.product.now()).replace(microsecond=0), usegmt=True)}
        headers |= response.headers
        if not response.is_chunked:
            headers.setdefault("content-length", str(len(response.body)))
        if response.cut == 0:
            await _hang_up(scope)
            return
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": pairs})
        if response.cut is None:
            await send({"type": "http.response.body", "body": response.body})
            return
        await send({"type": "http.response.body", "body": response.body[: response.cut], "more_body": True})
        await _hang_up(scope)


async def _hang_up(scope: Message) -> None:
    """Close the connection in the middle of things; what was written is still sent."""
    scope[_TRANSPORT].close()
    await asyncio.sleep(0.05)


class _Protocol(HttpToolsProtocol):
    """Lets the app close the connection under an answer."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        cast("Message", self.scope)[_TRANSPORT] = self.transport


def server(product: Product, **options: Any) -> uvicorn.Server:
    """A server that is silent but for what the product says."""
    options |= {"log_level": "critical", "lifespan": "off", "access_log": False}
    options |= {"date_header": False, "server_header": False}
    if product.is_self_signed:
        with TemporaryDirectory(prefix="halfopen-zoo-") as folder:
            certificate, key = self_signed(Path(folder))
            config = uvicorn.Config(App(product), http=_Protocol, ssl_certfile=certificate, ssl_keyfile=key, **options)
            config.load()
        return uvicorn.Server(config)
    return uvicorn.Server(uvicorn.Config(App(product), http=_Protocol, **options))


def address(product: Product | type[Product], listener: socket.socket) -> str:
    """Where the product can be asked."""
    return f"http{'s' * product.is_self_signed}://127.0.0.1:{listener.getsockname()[1]}"


@dataclass(frozen=True)
class Serving:
    """A product that can be asked at `url`."""

    product: Product
    url: str


@contextmanager
def serving(product: Product) -> Iterator[Serving]:
    """Serve a product on a free port of 127.0.0.1, in a thread, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = server(product)
        ready = threading.Event()
        thread = threading.Thread(target=_run, args=(running, listener, ready), daemon=True)
        thread.start()
        ready.wait(_START_SECONDS)
        try:
            yield Serving(product, address(product, listener))
        finally:
            running.should_exit = True
            running.force_exit = True
            thread.join(_START_SECONDS)


def _run(running: uvicorn.Server, listener: socket.socket, ready: threading.Event) -> None:
    ready.set()
    running.run([listener])
