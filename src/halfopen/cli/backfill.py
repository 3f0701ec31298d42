"""`halfopen backfill`: pulls a span of the past, what is missing of it only, until nothing is owed."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter
from rich.console import Console

from halfopen.cli.spans import duration, span
from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sync.headway import Headway
from halfopen.sync.mirror import attached
from halfopen.sync.screen import following
from halfopen.sync.signals import polite
from halfopen.window.clock import utc_now
from halfopen.window.window import Window

GOOD, BAD_NEWS, INTERRUPTED = 0, 1, 130
_MOST_SHOWN = 5


def backfill(
    *,
    product: str,
    from_: Annotated[str, Parameter(name="--from")],
    to: str,
    feed: tuple[str, ...] = (),
    config: Path = Path("halfopen.toml"),
    give_up: str = "10m",
) -> int:
    """Pull a span of the past into the mirror, all feeds at once; run it again and only the gaps are asked.

    Works beside a running sync, which then does it. Exit code 0: nothing is owed in the span. 1: holes are left.
    130: interrupted.

    Args:
        product: the product to pull from.
        from_: first moment, in UTC: "2026-01-01 00:00:00", or a day alone.
        to: the moment after the last one.
        feed: only this feed; may be given several times.
        config: the configuration file.
        give_up: end with what is missing after so long without progress.
    """
    window = span(from_, to)
    patience = duration(give_up, "--give-up")
    settings = load(config, sections=("mirror", "products"))
    chosen = settings.chosen_products([product])[product]
    for name in feed:
        if name not in chosen.feeds:
            raise UsageError(f"--feed: {product} has no feed {name!r}; it has: {', '.join(chosen.feeds)}")
    return uvloop.run(_backfill(settings, product, window, feed, patience))


async def _backfill(settings: Config, product: str, window: Window, feeds: tuple[str, ...], patience: timedelta) -> int:
    async with attached(settings, listens=True, makes=True) as mirror:
        headway = Headway(settings.products[product].backfill)
        mirror.events.listen(headway.hear)
        console = Console(stderr=True)
        with (
            polite(mirror.stop) as caught,
            following(mirror.events, console, utc_now, lambda: headway.line(utc_now())) as board,
        ):
            left = await mirror.backfill(product, window, feeds, patience)
    rows = sum(tally.rows for tally in board.tallies.values())
    for name, windows in left.items():
        more = f" and {len(windows) - _MOST_SHOWN} more" if len(windows) > _MOST_SHOWN else ""
        sys.stderr.write(f"halfopen: {product} {name}: still owed: {', '.join(windows[:_MOST_SHOWN])}{more}\n")
    if caught.number is not None:
        sys.stderr.write("halfopen: interrupted; run it again to go on where it stopped\n")
        return INTERRUPTED
    if left:
        return BAD_NEWS
    sys.stdout.write(f"{product} {window}: {rows:,} rows, nothing is owed\n")
    return GOOD
