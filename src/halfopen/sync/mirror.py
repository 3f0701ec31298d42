"""Finds the mirror: in the process that owns it, or in its own file when nobody runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from halfopen.config.load import Config
from halfopen.config.urls import DatabaseUrl
from halfopen.errors import ConfigError, SinkError, UsageError
from halfopen.sinks.base import Sink
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sinks.tokens import Vault
from halfopen.sync import control, owner, talk
from halfopen.sync.events import Events
from halfopen.sync.puller import Puller
from halfopen.sync.query import Found, Row
from halfopen.sync.reconcile import FeedProof
from halfopen.sync.replay import Counts, Reading
from halfopen.window.window import Window

# A process that has just started holds the file before its socket listens.
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.1


class Mirror(Protocol):
    """What can be asked of a mirror, whoever owns it; see `Puller`, which is one."""

    events: Events

    def stop(self) -> None:
        """End a backfill soon and cleanly."""

    async def status(self) -> dict[str, Any]:
        """The status of section 6 of the design."""

    async def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows; over the socket, values are as `sync.texts.plain` makes them."""

    def reading(self, sql: str) -> contextlib.AbstractAsyncContextManager[Found[list[Row]]]:
        """The same piece by piece, as it is taken."""

    async def backfill(
        self, product: str, window: Window, feeds: Collection[str] = ..., give_up: timedelta = ...
    ) -> dict[str, list[str]]:
        """What is left missing of `window`, by feed."""

    async def snapshot(self, file: Path | None, parquet: Path | None) -> dict[str, int]:
        """A copy for readers; rows by feed."""

    async def reconcile(
        self, product: str, span: Window | None = ..., feeds: Collection[str] = ..., *, repair: bool = ...
    ) -> list[FeedProof]:
        """What a product serves against what the mirror has, by feed and day."""

    async def replay(
        self, readings: Mapping[str, Reading], feeds: Collection[str] = ..., code: str | None = ...
    ) -> Counts:
        """What came of the rows in quarantine, by product and feed."""

    async def forget(self, product: str, player: str) -> dict[str, Any]:
        """What was erased of a person."""


def open_sink(url: DatabaseUrl, *, reads_only: bool = False, secret_key: str | None = None) -> Sink:
    """A sink for an address, not yet open; ConfigError for a scheme that no sink is for.

    reads_only: leave the turn to write to whoever has it, where processes can share a mirror. secret_key: encrypts
    login tokens; without it they are hashed.
    """
    vault = Vault(secret_key) if secret_key else None
    if url.scheme == "duckdb" and url.path is not None:
        return DuckDBSink(url.path, vault=vault)
    if url.scheme == "postgresql":
        # Its driver is loaded for those who have such a mirror alone: a command is to answer at once.
        from halfopen.sinks.postgresql.sink import PostgreSQLSink  # noqa: PLC0415 - see above

        return PostgreSQLSink(url.text, url.shown, reads_only=reads_only, vault=vault)
    raise ConfigError(
        f'mirror.database: {url.scheme!r} is no mirror that there is; write "duckdb:///mirror.duckdb" or'
        ' "postgresql://user:password@host/name"'
    )


@contextlib.asynccontextmanager
async def owned(
    config: Config, *, products: Collection[str] = (), feeds: Collection[str] = ()
) -> AsyncIterator[Puller]:
    """The mirror opened by this process, with its socket; UsageError when another process owns it."""
    chosen = config.chosen_products(products)
    url, key = config.needed_mirror().sink, config.needed_mirror().secret_key
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_SECONDS
    async with contextlib.AsyncExitStack() as stack:
        while True:
            if (other := await owner.connect(_socket(url))) is not None:
                await other.close()
                raise UsageError(
                    f"{url.shown}: another halfopen owns this mirror; stop it first, or ask it: halfopen status"
                )
            sink = open_sink(url, secret_key=key)
            puller = Puller(config.products, sink, chosen=tuple(chosen), feeds=feeds, spool=_spool(url))
            if await _entered(stack, puller, deadline):
                await stack.enter_async_context(control.Server(puller, _socket(url)))
                yield puller
                return


@contextlib.asynccontextmanager
async def attached(config: Config, *, listens: bool = False, makes: bool = False) -> AsyncIterator[Mirror]:
    """The mirror through whoever owns it, or opened by this process when nobody does.

    listens: whether this process then writes, and answers others too, for it stays a while; else it only reads, and
    others wait until it has ended. makes: whether a file that is not there is made; else a question asked in the wrong
    folder would leave one behind, and be answered out of it.

    Raises:
        SinkError: there is no mirror, or it cannot be opened.
    """
    url, key = config.needed_mirror().sink, config.needed_mirror().secret_key
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_SECONDS
    async with contextlib.AsyncExitStack() as stack:
        while True:
            if (other := await owner.connect(_socket(url))) is not None:
                stack.push_async_callback(other.close)
                yield other
                return
            if not makes:
                _demand_file(url)
            puller = Puller(config.products, open_sink(url, reads_only=not listens, secret_key=key), spool=_spool(url))
            if await _entered(stack, puller, deadline):
                await stack.enter_async_context(control.Server(puller, _socket(url) if listens else None))
                yield puller
                return


def _demand_file(url: DatabaseUrl) -> None:
    """As a server says it of a database that has no mirror."""
    if url.path is not None and not url.path.exists():
        raise SinkError(
            f"mirror {str(url.path)!r}: there is no such file, so no mirror in it yet; halfopen sync makes one"
        )


async def _entered(stack: contextlib.AsyncExitStack, puller: Puller, deadline: float) -> bool:
    """Whether the mirror is open now; False after a pause where another process, such as a `status`, still reads it."""
    try:
        await stack.enter_async_context(puller)
    except SinkError as error:
        if "another process" not in str(error) or asyncio.get_running_loop().time() > deadline:
            raise
        await asyncio.sleep(_PAUSE_SECONDS)
        return False
    return True


def _socket(url: DatabaseUrl) -> Path:
    """Of whoever writes the mirror: beside its file; for a server's, that of the process on this machine."""
    return talk.socket_path(url.path) if url.path is not None else talk.named_socket(url.shown)


def _spool(url: DatabaseUrl) -> Path | None:
    """Beside the file: on the same disk, so that a sink can link answers and need not copy them."""
    return url.path.with_name(f"{url.path.name}.spool") if url.path is not None else None
