"""`halfopen replay`: judges rows in quarantine again, after a fix of the mapping, the dialect or the contract."""

import re
import sys
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import Parameter
from rich.table import Table

from halfopen.cli.tables import whole
from halfopen.config.load import Config, load
from halfopen.contract.load import NAMES
from halfopen.errors import UsageError
from halfopen.sync.mirror import attached
from halfopen.sync.replay import Counts, Reading

GOOD, BAD_NEWS = 0, 1
_CODE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def replay(
    *,
    config: Path = Path("halfopen.toml"),
    product: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    feed: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    code: str | None = None,
) -> int:
    """Judge the rows in quarantine again, as this configuration reads them; the good ones go into the mirror.

    A row keeps the place of the request that brought it: what the mirror has newer stays. Works beside a running sync,
    which then does it.

    Exit code 0: there was nothing held, or some of it has been let go. 1: nothing could be done, all of it is as bad
    as before.

    Args:
        config: the configuration file.
        product: only this product; may be given several times.
        feed: only this feed; may be given several times.
        code: only rows that are held for this, like required_field_missing.
    """
    settings = load(config, sections=("mirror", "products"))
    readings = {name: Reading.of(one) for name, one in settings.chosen_products(product).items()}
    for name in feed:
        if name not in NAMES:
            raise UsageError(f"--feed: there is no feed {name!r}; there are: {', '.join(NAMES)}")
    if code is not None and not _CODE.fullmatch(code):
        raise UsageError(f"--code: {code!r} is no code of a finding; see the column codes of halfopen.quarantine")
    found = uvloop.run(_replay(settings, readings, feed, code))
    if not found:
        sys.stdout.write("nothing is held\n")
        return GOOD
    whole(_table(found))
    let_go = sum(counts["replayed"] + counts["superseded"] for feeds in found.values() for counts in feeds.values())
    return GOOD if let_go else BAD_NEWS


async def _replay(settings: Config, readings: dict[str, Reading], feeds: tuple[str, ...], code: str | None) -> Counts:
    async with attached(settings, listens=True) as mirror:
        return await mirror.replay(readings, feeds, code)


def _table(found: Counts) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("product", "feed"):
        table.add_column(name, no_wrap=True)
    for name in ("replayed", "superseded", "still bad"):
        table.add_column(name, justify="right", no_wrap=True)
    for product, feeds in found.items():
        for feed, counts in feeds.items():
            numbers = (counts["replayed"], counts["superseded"], counts["held"])
            table.add_row(product, feed, *(f"{number:,}" for number in numbers))
    return table
