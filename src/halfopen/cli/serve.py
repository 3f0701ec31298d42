"""`halfopen serve`: puts the feeds in front of the operator's database until it is told to stop."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated, Final

import structlog
import uvloop
from cyclopts import Parameter

from halfopen.config.load import load
from halfopen.config.serve import ServeConfig
from halfopen.contract.load import feeds
from halfopen.serve.mapping import Offers
from halfopen.serve.server import Server
from halfopen.serve.trial import trial

_WRONG: Final = 2


def serve(
    *,
    config: Path = Path("halfopen.toml"),
    host: str | None = None,
    port: int | None = None,
    check_config: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Serve the feeds of the configuration's database over HTTP.

    Args:
        config: the configuration file.
        host: address to listen on, instead of serve.listen.
        port: port to listen on, instead of serve.listen; 0 takes a free one.
        check_config: only read the configuration, look up its tables and columns and judge a few rows of each feed.
    """
    settings = load(config, sections=("serve",)).needed_serve()
    main = _check(settings) if check_config else _serve(settings, host, port)
    return uvloop.run(main)


async def _serve(settings: ServeConfig, host: str | None, port: int | None) -> int:
    server = Server(settings, host, port, log=_log())
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    try:
        await server.start()
        _say(*_lines(server.offers), f"serving on {server.url}")
        await stopping.wait()
    finally:
        await server.stop()
    _say("stopped")
    return 0


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
