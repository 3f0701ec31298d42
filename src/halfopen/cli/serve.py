"""`halfopen serve`: puts the feeds in front of the operator's database until it is told to stop."""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import structlog
import uvloop
from cyclopts import Parameter
from cyclopts.validators import Number

from halfopen.config.load import load
from halfopen.config.serve import ServeConfig
from halfopen.contract.load import feeds
from halfopen.serve.mapping import Offers
from halfopen.serve.server import Server
from halfopen.serve.trial import trial
from halfopen.serve.workers import run as run_workers

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
    settings = load(config, sections=("serve",)).needed_serve()
    if check_config:
        return uvloop.run(_check(settings))
    server = Server(settings, host, port, log=_log())
    listener = server.listen()
    _say(*_lines(server.offers), f"serving on {server.url}")
    if workers == 1:
        code = uvloop.run(_serve(server, listener))
    else:
        # What this process has open must not be shared with its workers: each opens its own.
        server.source.close()
        code = run_workers(workers, partial(_work, settings, listener, os.getpid()), _died)
    _say("stopped")
    return code


def _work(settings: ServeConfig, listener: socket.socket, parent: int) -> int:
    return uvloop.run(_serve(Server(settings, log=_log()), listener, parent))


async def _serve(server: Server, listener: socket.socket, parent: int | None = None) -> int:
    """Answers until a signal comes, or the parent that would send it has gone."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await server.start(listener)
        while not stopping.is_set() and parent in (None, os.getppid()):
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK_SECONDS)
    finally:
        await server.stop()
    return 0


def _died(process: int) -> None:
    sys.stderr.write(f"halfopen: worker {process} has ended by itself and is replaced\n")


async def _check(settings: ServeConfig) -> int:
    server = Server(settings)
    try:
        verdicts = await trial(server.source, server.offers)
    finally:
        await server.stop()
    _say(*_lines(server.offers))
    for verdict in verdicts:
        sys.stderr.write(f"halfopen: {'' if verdict.is_fatal else 'warning: '}{verdict.text}\n")
    return _WRONG if any(verdict.is_fatal for verdict in verdicts) else 0


def _lines(offers: Offers) -> list[str]:
    """One line a feed: where it is served and from what, or why it is not."""
    wide = max(map(len, feeds()))
    lines = []
    for name in feeds():
        offer = offers.offered.get(name)
        if offer is None:
            lines.append(f"{name:{wide}}  not offered: {offers.refused[name]}")
        else:
            kind = ", the whole catalogue for every window" if offer.is_snapshot else ""
            lines.append(f"{name:{wide}}  {offer.paths[0]}  from {offer.origin}{kind}")
    return lines


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _log() -> structlog.typing.FilteringBoundLogger:
    """One JSON object a request, on stderr."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    return logger
