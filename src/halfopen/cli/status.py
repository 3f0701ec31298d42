"""`halfopen status`: how far each feed has come, and how many seconds it is behind."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from halfopen.cli.spans import duration
from halfopen.cli.status_screen import screen
from halfopen.cli.tables import whole
from halfopen.config.load import Config, load
from halfopen.sync.mirror import attached
from halfopen.sync.offsets import warning
from halfopen.sync.proof import proof
from halfopen.sync.report import lags, slack

GOOD, BAD_NEWS = 0, 1


def status(
    *,
    config: Path = Path("halfopen.toml"),
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    max_lag: str | None = None,
    with_proof: Annotated[bool, Parameter(name="--proof", negative=())] = False,
) -> int:
    """Tell how far each feed has come, also while sync runs.

    Exit code 0: good. 1: a feed is behind by more than --max-lag, or has nothing yet. What a feed's offset and a
    cadence longer than its product's explain does not count, nor do feeds that are no longer configured.

    Args:
        config: the configuration file.
        as_json: for programs.
        max_lag: the most that any feed may be behind, like 90s or 5m.
        with_proof: also the covered spans of each feed with their counts and digests, and what is owed.
    """
    limit = duration(max_lag, "--max-lag") if max_lag is not None else None
    settings = load(config, sections=("mirror", "products"))
    found = uvloop.run(_status(settings))
    allowed = slack(settings.products)
    shown = uvloop.run(_proof(settings)) if with_proof else {}
    if as_json:
        sys.stdout.write(json.dumps({**found, **({"proof": shown} if with_proof else {})}) + "\n")
    else:
        for part in screen(found, limit.total_seconds() if limit is not None else None, allowed):
            whole(part)
        for product in settings.products.values():
            if said := warning(product):
                whole(Text(f"\n{said}"))
        for title, records in shown.items():
            sys.stdout.write(f"\n{title}: {len(records) or 'nothing'}\n")
            whole(_records(records))
    if limit is None:
        return GOOD
    return (
        BAD_NEWS if any(lag is None or lag > limit.total_seconds() for lag in lags(found, allowed).values()) else GOOD
    )


async def _status(settings: Config) -> dict[str, Any]:
    async with attached(settings) as mirror:
        return await mirror.status()


async def _proof(settings: Config) -> dict[str, list[dict[str, Any]]]:
    async def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        async with attached(settings) as mirror:
            return await mirror.query(sql)

    return await proof(query)


def _records(records: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in records[0] if records else ():
        table.add_column(name, no_wrap=True, justify="right" if isinstance(records[0][name], int) else "left")
    for record in records:
        table.add_row(*(Text("-" if value is None else str(value)) for value in record.values()))
    return table
