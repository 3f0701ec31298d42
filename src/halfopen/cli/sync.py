"""`halfopen sync`: pulls the feeds of all products into the mirror, live or one pass."""

import contextlib
import signal
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter
from rich.console import Console

from halfopen.cli.spans import duration
from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sync.mirror import owned
from halfopen.sync.offsets import warning
from halfopen.sync.puller import Puller, utc_now
from halfopen.sync.screen import following
from halfopen.sync.signals import Caught, polite
from halfopen.sync.watch import watching

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
    settings = load(config, sections=("mirror", "products"))
    return uvloop.run(_sync(settings, product, feed, once=once, length=length))


async def _sync(
    settings: Config, products: tuple[str, ...], feeds: tuple[str, ...], *, once: bool, length: timedelta | None
) -> int:
    console = Console(stderr=True)
    for name in settings.chosen_products(products):
        if said := warning(settings.products[name], feeds):
            console.print(f"halfopen: warning: {said}", markup=False, soft_wrap=True)
    async with owned(settings, products=products, feeds=feeds) as puller:
        watch = watching(puller, settings.needed_mirror(), utc_now, lambda line: console.print(line, markup=False))
        with polite(puller.stop) as caught, _shown(puller, settings, console):
            async with watch:
                holes = await _pulled(puller, once=once, length=length)
        return _exit_code(caught, holes)


async def _pulled(puller: Puller, *, once: bool, length: timedelta | None) -> int:
    """How many holes a single pass left; a live run has none to answer for, it would have gone on."""
    if once:
        return await puller.once()
    await puller.run(length)
    return 0


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
