"""`halfopen sync`: pulls the feeds of all products into the mirror, live or one pass."""

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter
from rich.console import Console

from halfopen.cli.reloads import hold_back, not_reloaded, whenever_told
from halfopen.cli.spans import duration
from halfopen.config.load import Config, load
from halfopen.errors import ConfigError, UsageError
from halfopen.sync.mirror import owned
from halfopen.sync.offsets import warning
from halfopen.sync.puller import Puller
from halfopen.sync.screen import following
from halfopen.sync.signals import Caught, polite
from halfopen.sync.watch import watching
from halfopen.window.clock import utc_now

GOOD, BAD_NEWS, INTERRUPTED = 0, 1, 130


def sync(
    *,
    config: Path = Path("halfopen.toml"),
    product: tuple[str, ...] = (),
    feed: tuple[str, ...] = (),
    once: Annotated[bool, Parameter(negative=())] = False,
    for_: Annotated[str | None, Parameter(name="--for")] = None,
) -> int:
    """Pull the feeds of all products into the mirror, each window as soon as it closes.

    SIGHUP makes it read its configuration again.
    Exit code 0: ended as told. 1: holes are left after --once. 3: nothing could be reached. 130: interrupted.

    Args:
        config: the configuration file.
        product: only this product; may be given several times.
        feed: only this feed; may be given several times.
        once: ask every due window and owed hole once, then stop.
        for_: stop after so long: seconds, or a duration like 90s, 15m, 2h.
    """
    if once and for_ is not None:
        raise UsageError("--once and --for exclude each other; leave one out")
    length = _length(for_) if for_ is not None else None
    hold_back()
    command = _Command(config, product, feed)
    return uvloop.run(_sync(command, command.settings(), once=once, length=length))


@dataclass(frozen=True)
class _Command:
    """What the command line says of what is pulled."""

    config: Path
    products: tuple[str, ...]
    feeds: tuple[str, ...]

    def settings(self) -> Config:
        return load(self.config, sections=("mirror", "products"))


async def _sync(command: _Command, settings: Config, *, once: bool, length: timedelta | None) -> int:
    console = Console(stderr=True)
    _warn(command, settings, console)
    async with owned(settings, products=command.products, feeds=command.feeds) as puller:
        watch = watching(puller, settings.needed_mirror(), utc_now, lambda line: console.print(line, markup=False))
        with polite(puller.stop) as caught, _shown(puller, settings, console):
            async with watch:
                holes = await puller.once() if once else await _live(command, settings, puller, console, length)
        return _exit_code(caught, holes)


async def _live(command: _Command, settings: Config, puller: Puller, console: Console, length: timedelta | None) -> int:
    """Pull, and read the configuration again when told so; no holes to answer for: it would have gone on."""

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    async def reload() -> None:
        found = await asyncio.to_thread(command.settings)
        say(_reloaded(command, settings, found, puller))
        _warn(command, found, console)

    reloads = asyncio.create_task(whenever_told(reload, lambda error: say(not_reloaded(error))))
    try:
        await puller.run(length)
    finally:
        reloads.cancel()
        await asyncio.gather(reloads, return_exceptions=True)
    return 0


def _reloaded(command: _Command, began: Config, found: Config, puller: Puller) -> str:
    """Take the products of a file that was read again; what a person is told. ConfigError: nothing has changed."""
    now, then = found.needed_mirror(), began.needed_mirror()
    if (now.sink, now.secret_key) != (then.sink, then.secret_key):
        raise ConfigError(f"{found.path}: mirror.database and mirror.secret_key change with the next start only")
    puller.reload(found.products, tuple(found.chosen_products(command.products)))
    later = "" if now == then else "; mirror.listen, mirror.log and mirror.alerts change with the next start only"
    return f"halfopen: reloaded{later}"


def _warn(command: _Command, settings: Config, console: Console) -> None:
    for name in settings.chosen_products(command.products):
        if said := warning(settings.products[name], command.feeds):
            console.print(f"halfopen: warning: {said}", markup=False, soft_wrap=True)


def _shown(puller: Puller, settings: Config, console: Console) -> contextlib.AbstractContextManager[object]:
    """A table or sentences for people; none where the log is for programs."""
    if settings.needed_mirror().log == "json":
        return contextlib.nullcontext()
    return following(puller.events, console, utc_now)


def _exit_code(caught: Caught, holes: int) -> int:
    if caught.number == signal.SIGINT:
        return INTERRUPTED
    return BAD_NEWS if holes else GOOD


def _length(text: str) -> timedelta:
    length = duration(text if text[-1:].isalpha() else f"{text}s", "--for")
    if not length:
        raise UsageError("--for: live pulling for no time at all pulls nothing; did you mean --once?")
    return length
