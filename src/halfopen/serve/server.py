"""A server in one process: the application on uvicorn, started and stopped by whoever embeds it.

    async with running(config) as server:
        ...  # asks server.url

It installs no signal handlers and prints nothing.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import structlog
import uvicorn

from halfopen.config.serve import ServeConfig
from halfopen.errors import ConfigError
from halfopen.serve.app import App
from halfopen.serve.build import build, check, opened, opens_alike
from halfopen.serve.mapping import Offers
from halfopen.serve.seal.telling import Telling
from halfopen.serve.seal.windows import SealedWindows
from halfopen.serve.setup import Setup
from halfopen.serve.shared import Shared
from halfopen.serve.windows import Clock
from halfopen.sources.base import Source
from halfopen.window.clock import utc_now

SHUTDOWN_SECONDS: Final = 20
"""How long answers in flight may go on after the stop."""

_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 75
"""More than a poller's minute, so that it finds its connection still open."""


def silent() -> structlog.typing.FilteringBoundLogger:
    """A log that nobody reads."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.ReturnLogger(),
        processors=[_dropped],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )
    return logger


def _dropped(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    return str(event["event"])


class Server:
    """A server over one database. `host` and `port` come from the configuration unless given; port 0 takes a free one.

    shared: what it has together with the other workers behind its port. `warnings` are lines for the operator. Raises
    ConfigError, when it is made or started, for whatever does not fit.
    """

    def __init__(
        self,
        config: ServeConfig,
        host: str | None = None,
        port: int | None = None,
        *,
        clock: Clock = utc_now,
        log: structlog.typing.FilteringBoundLogger | None = None,
        source: Source | None = None,
        shared: Shared | None = None,
    ) -> None:
        configured_host, configured_port = config.address
        self._host = configured_host if host is None else host
        self._port = configured_port if port is None else port
        self._config = config
        self._clock = clock
        self._log = log or silent()
        self.warnings = check(config, self._host)
        self._shared = shared
        self._setup = _built(config, clock, source or opened(config), shared)
        self._app = App(self._setup, log=self._log, retired=self._retire, shared=shared)
        self._telling = Telling(self._log, self._app.metrics)
        self._beginning: asyncio.Task[None] | None = None
        self._living = [self._setup]
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Future[None]] = set()
        self.url = ""

    @property
    def source(self) -> Source:
        """The database that is read now."""
        return self._setup.source

    @property
    def offers(self) -> Offers:
        """The feeds that are offered now."""
        return self._setup.offers

    def listen(self) -> socket.socket:
        """Takes the port; ConfigError when it is not to be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise ConfigError(
                f"cannot listen on {self._host}:{self._port}: {error.strerror or error}; name another with --port"
            ) from None
        host = f"[{self._host}]" if ":" in self._host else self._host
        scheme = "https" if self._config.tls else "http"
        self.url = f"{scheme}://{host}:{listener.getsockname()[1]}"
        return listener

    async def start(self, listener: socket.socket | None = None) -> None:
        """Begins to answer; returns once it does."""
        listener = listener or self.listen()
        self._uvicorn = _Uvicorn(_settings(self._app, self._config))
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[listener]))
        while not self._uvicorn.started:
            if self._serving.done():
                await self._serving
                raise ConfigError(f"cannot serve on {self.url}")
            await asyncio.sleep(0.01)
        self._begin(self._setup)

    async def reload(self, config: ServeConfig) -> list[str]:
        """Answers by another configuration from now on; what is in flight is finished by the one it came under.

        Returns warnings. ConfigError when something does not fit: then nothing has changed. The address is taken
        at start only; a new certificate is taken at once.
        """
        warnings = check(config, self._host)
        if (config.listen, config.tls is None) != (self._config.listen, self._config.tls is None):
            warnings.append("serve.listen and whether there is serve.tls change with the next start only")
        same = opens_alike(config, self._config)
        setup = await asyncio.to_thread(_rebuilt, config, self._clock, self.source if same else None, self._shared)
        if config.tls is not None and self._uvicorn is not None and self._uvicorn.config.ssl is not None:
            self._uvicorn.config.ssl.load_cert_chain(config.tls.cert, config.tls.key)
        self._config, self._setup, self.warnings = config, setup, warnings
        self._living.append(setup)
        self._begin(setup)
        self._app.adopt(setup)
        return warnings

    async def stop(self) -> None:
        """Stops accepting, finishes what is in flight, closes the database."""
        if self._uvicorn is not None and self._serving is not None:
            self._uvicorn.should_exit = True
            await self._serving
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.gather(self._beginning, return_exceptions=True)
        self._setup.entrance.close()
        await self._setup.windows.close()
        await asyncio.gather(asyncio.to_thread(self.source.close), *self._closing)

    def _begin(self, setup: Setup) -> None:
        """Seals begin when the server does, not with the first window: the sooner, the less is served once more."""
        windows = setup.windows
        if isinstance(windows, SealedWindows):
            windows.observe(self._telling)
            self._beginning = asyncio.create_task(windows.begin_all(setup.offers.offered.values()))

    def _retire(self, setup: Setup) -> None:
        setup.entrance.close()
        self._living.remove(setup)
        self._close_later(setup.windows.close())
        if not any(setup.source is living.source for living in self._living):
            self._close_later(asyncio.to_thread(setup.source.close))

    def _close_later(self, work: Coroutine[Any, Any, None]) -> None:
        closing = asyncio.ensure_future(work)
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


@asynccontextmanager
async def running(
    config: ServeConfig,
    host: str | None = None,
    port: int | None = None,
    *,
    clock: Clock = utc_now,
    log: structlog.typing.FilteringBoundLogger | None = None,
) -> AsyncIterator[Server]:
    """A server for the length of the context, on the running event loop."""
    server = Server(config, host, port, clock=clock, log=log)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def _built(config: ServeConfig, clock: Clock, source: Source, shared: Shared | None) -> Setup:
    try:
        return build(config, clock, source, shared)
    except BaseException:
        source.close()
        raise


def _rebuilt(config: ServeConfig, clock: Clock, source: Source | None, shared: Shared | None) -> Setup:
    """With the database that is open already, or one that is opened now."""
    return _built(config, clock, opened(config), shared) if source is None else build(config, clock, source, shared)


def _settings(app: App, config: ServeConfig) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level=logging.CRITICAL,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ssl_certfile=config.tls.cert if config.tls else None,
        ssl_keyfile=config.tls.key if config.tls else None,
    )


class _Uvicorn(uvicorn.Server):
    """Leaves the process's signals to whoever embeds it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with contextlib.nullcontext():
            yield
