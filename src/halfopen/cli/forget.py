"""`halfopen forget`: erases a person from the mirror, for good."""

import sys
from pathlib import Path
from typing import Any

import uvloop

from halfopen.cli.kept import demand_known
from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sync.mirror import attached

_MOST_SHOWN = 5


def forget(*, product: str, player: str, config: Path = Path("halfopen.toml")) -> int:
    """Erase a person: rows of all feeds, quarantine, late rows and samples; rows of theirs that come again are dropped.

    Works beside a running sync, which then does it. Exit code 0: it is done, also where nothing was found.

    Args:
        product: the product that knows the person, also one that is no longer configured.
        player: the id that the product has for the person.
        config: the configuration file.
    """
    settings = load(config, sections=("mirror", "products"))
    if not player.strip():
        raise UsageError("--player is empty; write the id that the product has for the person")
    found = uvloop.run(_forget(settings, product, player))
    for table, count in found["erased"].items():
        sys.stdout.write(f"{table}: {count:,}\n")
    if not found["erased"]:
        sys.stdout.write("nothing was found; rows that may come later will be dropped\n")
    for feed, keys in found["quoted"].items():
        more = f" and {len(keys) - _MOST_SHOWN:,} more" if len(keys) > _MOST_SHOWN else ""
        sys.stderr.write(
            f"halfopen: {feed}: rows of others still quote the person: {', '.join(keys[:_MOST_SHOWN])}{more};"
            " have the product correct them\n"
        )
    return 0


async def _forget(settings: Config, product: str, player: str) -> dict[str, Any]:
    await demand_known(settings, [product])
    async with attached(settings, listens=True, makes=True) as mirror:
        return await mirror.forget(product, player)
