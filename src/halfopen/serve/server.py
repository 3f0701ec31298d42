"""A server in one process: the application on uvicorn, started and stopped by whoever embeds it.

    async with running(config) as server:
        ...  # asks server.url

It installs no signal handlers and prints nothing.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Final

import structlog
import uvicorn

from halfopen.auth import schemes
from halfopen.config.serve import ServeConfig, Tls
from halfopen.errors import ConfigError
from halfopen.serve.allow import AllowList
from halfopen.serve.app import App
from halfopen.serve.mapping import Offers, offers
from halfopen.serve.windows import Clock, PlainWindows
from halfopen.sources.base import Source
from halfopen.sources.opening import open_source

SHUTDOWN_SECONDS: Final = 20
"""How long answers in flight may go on after the stop."""

_BACKLOG: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 75
"""More than a poller's minute, so that it finds its connection still open."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


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

    Raises ConfigError, when it is made or started, for whatever does not fit.
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
    ) -> None:
        _check(config)
        self._verifiers = [schemes.verifier(words) for words in config.auth]
        self._allow = AllowList(config.allow, config.trusted_proxies)
        configured_host, configured_port = config.address
        self._config = config
        self._host = configured_host if host is None else host
        self._port = configured_port if port is None else port
        self._clock = clock
        self._log = log or silent()
        self.source = source or _opened(config)
        try:
            self.offers: Offers = offers(config, self.source)
        except BaseException:
            self.source.close()
            raise
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None
        self.url = ""

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
        self._uvicorn = _Uvicorn(_settings(self._app(), self._config))
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[listener]))
        while not self._uvicorn.started:
            if self._serving.done():
                await self._serving
                raise ConfigError(f"cannot serve on {self.url}")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stops accepting, finishes what is in flight, closes the database."""
        if self._uvicorn is not None and self._serving is not None:
            self._uvicorn.should_exit = True
            await self._serving
        await asyncio.to_thread(self.source.close)

    def _app(self) -> App:
        config = self._config
        return App(
            self.source,
            self.offers,
            PlainWindows(self.source, self._clock, refuse_unfinished=config.unfinished == "refuse"),
            self._verifiers,
            allow=self._allow,
            limits=config.limits,
            log=self._log,
        )


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


def _opened(config: ServeConfig) -> Source:
    limits = config.limits
    return open_source(
        config.source.scheme,
        config.source.path,
        url=config.source.text,
        shown=config.source.shown,
        connections=limits.connections,
        timeout=limits.statement_timeout,
    )


def _check(config: ServeConfig) -> None:
    if not config.auth:
        raise ConfigError('serve.auth: nobody could sign in; write [[serve.auth]], with scheme = "none" to let all in')
    if config.late_rows != "plain":
        raise ConfigError(f'serve.late_rows: {config.late_rows!r} is not there yet; write "plain"')
    if config.tls is not None:
        _check_tls(config.tls)


def _check_tls(tls: Tls) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"serve.tls: {tls.cert!r} with {tls.key!r} cannot be used: {reason}") from None


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
