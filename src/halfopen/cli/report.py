"""`halfopen report`: what regulators and auditors ask for."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import App, Parameter

from halfopen.cli.kept import demand_known
from halfopen.cli.spans import ceiling, moment
from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sync.exclusions import Exclusion, Summary, exclusions, summary
from halfopen.sync.mirror import attached
from halfopen.sync.texts import plain
from halfopen.wire import csv
from halfopen.wire import moment as moments

app = App(name="report", help="What regulators and auditors ask for.")


@app.command(name="self-exclusion")
def self_exclusion(
    *,
    config: Path = Path("halfopen.toml"),
    product: tuple[str, ...] = (),
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    as_csv: Annotated[bool, Parameter(name="--csv", negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Tell of every player who excluded themselves how long it took until the mirror knew.

    From the product's own stamp of the change (modified_at) to the commit, in seconds. Exclusions that are older than
    the first request of this mirror are listed and left out of the figures.

    Args:
        config: the configuration file.
        product: only this product, also one that is no longer configured; may be given several times.
        from_: only what was committed at or after this moment, in UTC.
        to: only what was committed before this moment.
        as_csv: the lines as CSV, without the figures.
        as_json: lines and figures, for programs.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other; leave one out")
    settings = load(config, sections=("mirror", "products"))
    since = moment(from_, "--from") if from_ is not None else None
    until = ceiling(moment(to, "--to")) if to is not None else None
    found = uvloop.run(_exclusions(settings, product, since, until))
    if as_csv:
        _write_csv(found)
    elif as_json:
        lines = [plain(one.as_record()) for one in found]
        sys.stdout.write(json.dumps({"lines": lines, "seconds": summary(found).as_record()}, ensure_ascii=False) + "\n")
    else:
        _print(found, summary(found))
    return 0


async def _exclusions(
    settings: Config, products: tuple[str, ...], since: datetime | None, until: datetime | None
) -> list[Exclusion]:
    async def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        async with attached(settings) as mirror:
            return await mirror.query(sql)

    await demand_known(settings, products)
    return await exclusions(query, products, since, until)


def _write_csv(found: list[Exclusion]) -> None:
    out = sys.stdout.buffer
    out.write(csv.line(Exclusion.COLUMNS))
    for one in found:
        values = plain(one.as_record()).values()
        out.write(
            csv.line(
                None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
                for value in values
            )
        )
    out.flush()


def _print(found: list[Exclusion], figures: Summary) -> None:
    for one in found:
        seconds = "before this mirror" if one.initial else "-" if one.seconds is None else f"{one.seconds:.1f} s"
        known = f"changed {_shown(one.modified_at)}, known {_shown(one.committed_at)}"
        sys.stdout.write(f"{one.product} {one.player}: {known}: {seconds}\n")
    sys.stdout.write(f"{figures}\n")


def _shown(at: datetime | None) -> str:
    return "-" if at is None else moments.plain(at)
