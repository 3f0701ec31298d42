"""`halfopen serve`: puts the feeds in front of the operator's database until it is told to stop.

SIGHUP makes it read its configuration again.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
import structlog
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from halfopen.cli.reloads import hold_back, say_not_reloaded, whenever_told
from halfopen.config.load import load
from halfopen.config.serve import ServeConfig
from halfopen.errors import ConfigError, HalfopenError
from halfopen.serve.build import opened
from halfopen.serve.mapping import Offers
from halfopen.serve.memory import bound_arenas
from halfopen.serve.seal.trial import Cost, costs, refusals, unsteady
from halfopen.serve.server import Server
from halfopen.serve.shared import Shared, shared_folder
from halfopen.serve.survey import Facts, lines, survey, warnings
from halfopen.serve.trial import trial
from halfopen.serve.workers import run as run_workers
from halfopen.sources.base import Source
from halfopen.sources.sealing import Seals
from halfopen.window.clock import utc_now

_WRONG: Final = 2
_LOOK_SECONDS: Final = 1.0


def serve(
    *,
    config: Path = Path("halfopen.toml"),
    host: str | None = None,
    port: int | None = None,
    workers: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    check_config: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Serve the feeds of the configuration's database over HTTP.

    Args:
        config: the configuration file.
        host: address to listen on, instead of serve.listen.
        port: port to listen on, instead of serve.listen; 0 takes a free one.
        workers: processes that answer, each with its own connections to the database.
        check_config: only read the configuration, look up its tables and columns and judge a few rows of each feed.
    """
    command = _Command(config, host, port)
    settings = command.settings()
    if check_config:
        return uvloop.run(_check(settings, host))
    bound_arenas()
    server = command.server(settings)
    listener = server.listen()
    # Until whoever serves is ready to reload, what comes waits.
    hold_back()
    found = uvloop.run(_surveyed(settings, server.offers))
    if found.refusals:
        raise ConfigError("\n".join(found.refusals))
    _say(*lines(server.offers, found.facts, found.costs), f"serving on {server.url}")
    _warn([*server.warnings, *warnings(found.facts)])
    if workers == 1:
        code = uvloop.run(_serve(command, server, listener))
    else:
        # What this process has open must not be shared with its workers: each opens its own.
        server.source.close()
        with shared_folder() as folder:
            crew = _Crew(command, settings, listener, folder)
            code = run_workers(workers, crew.work, _died, crew.reload)
    _say("stopped")
    return code


@dataclass(frozen=True)
class _Command:
    """What the command line says."""

    config: Path
    host: str | None
    port: int | None

    def settings(self) -> ServeConfig:
        return load(self.config, sections=("serve",)).needed_serve()

    def server(self, settings: ServeConfig, shared: Shared | None = None) -> Server:
        return Server(settings, self.host, self.port, log=_log(), shared=shared)


class _Crew:
    """Workers that answer on one port, and what they are started with."""

    def __init__(self, command: _Command, settings: ServeConfig, listener: socket.socket, folder: Path) -> None:
        self._command = command
        self._settings = settings
        self._listener = listener
        self._folder = folder
        self._parent = os.getpid()

    def work(self, place: int) -> int:
        server = self._command.server(self._settings, Shared(self._folder, place))
        return uvloop.run(_serve(self._command, server, self._listener, self._parent))

    def reload(self) -> bool:
        """Whether the file can be used; if so, workers that are started from now on use it."""
        try:
            settings = self._command.settings()
            server = self._command.server(settings)
        except HalfopenError as error:
            say_not_reloaded(error)
            return False
        server.source.close()
        _warn(server.warnings)
        self._settings = settings
        return True


async def _serve(command: _Command, server: Server, listener: socket.socket, parent: int | None = None) -> int:
    """Answers until a signal comes, or the parent that would send it has gone."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    quiet = parent is not None
    reloads = asyncio.create_task(whenever_told(lambda: _reload(command, server, quiet=quiet), say_not_reloaded))
    try:
        await server.start(listener)
        while not stopping.is_set() and parent in (None, os.getppid()):
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK_SECONDS)
    finally:
        reloads.cancel()
        await asyncio.gather(reloads, return_exceptions=True)
        await server.stop()
    return 0


async def _reload(command: _Command, server: Server, *, quiet: bool) -> None:
    """Read the file anew; workers leave it to their parent to say so."""
    warnings = await server.reload(await asyncio.to_thread(command.settings))
    if not quiet:
        _warn(warnings)
        _say(*lines(server.offers, {}), "reloaded")


def _warn(warnings: Iterable[str]) -> None:
    sys.stderr.write("".join(f"halfopen: warning: {warning}\n" for warning in warnings))


def _died(process: int) -> None:
    sys.stderr.write(f"halfopen: worker {process} has ended by itself and is replaced\n")


@dataclass(frozen=True)
class _Found:
    """What was found out of the database before anything is served."""

    facts: dict[str, Facts]
    costs: dict[str, Cost]
    refusals: list[str]


async def _surveyed(settings: ServeConfig, offers: Offers) -> _Found:
    """Over connections of its own: what serves keeps its own for its own event loop, perhaps in another process."""
    source = opened(settings)
    try:
        return await _looked(settings, source, offers)
    finally:
        await asyncio.to_thread(source.close)


async def _looked(settings: ServeConfig, source: Source, offers: Offers) -> _Found:
    facts = await survey(source, offers, utc_now())
    if settings.late_rows != "lift" or not isinstance(source, Seals):
        return _Found(facts, {}, [])
    offered = list(offers.offered.values())
    found = await costs(source, offered, settings.allowed_lateness)
    changing = await unsteady(source, offered, settings.allowed_lateness, found)
    return _Found(facts, found, refusals(found, changing, settings.set_rows_max))


async def _check(settings: ServeConfig, host: str | None) -> int:
    server = Server(settings, host)
    try:
        verdicts = await trial(server.source, server.offers)
        found = await _looked(settings, server.source, server.offers)
    finally:
        await server.stop()
    _say(*lines(server.offers, found.facts, found.costs))
    mild = [verdict.text for verdict in verdicts if not verdict.is_fatal]
    wrong = [*found.refusals, *(verdict.text for verdict in verdicts if verdict.is_fatal)]
    doubts = [*server.warnings, *warnings(found.facts), *mild]
    _say(_summary(len(server.offers.offered), len(server.offers.refused), len(doubts), len(wrong)))
    _warn(doubts)
    sys.stderr.write("".join(f"halfopen: {each}\n" for each in wrong))
    return _WRONG if wrong else 0


def _summary(offered: int, refused: int, doubts: int, wrong: int) -> str:
    """What came of the check, in one line."""
    told = f"{offered} of {offered + refused} feeds are offered, {_counted(doubts, 'warning')}"
    return f"not ready: {_counted(wrong, 'mistake')}, {told}" if wrong else f"ready to serve: {told}"


def _counted(many: int, what: str) -> str:
    return f"{many or 'no'} {what}{'' if many == 1 else 's'}"


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _json(event: dict[str, object], **_: object) -> bytes:
    """Four times as fast as the standard library's, which shows where there is a line a request."""
    return msgspec.json.encode(event, enc_hook=str)


def _log() -> structlog.typing.FilteringBoundLogger:
    """One JSON object a request, on stderr."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger(sys.stderr.buffer),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return logger
