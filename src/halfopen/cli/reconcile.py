"""`halfopen reconcile`: proves, row by row, that the mirror has what a product serves; repairs what differs."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import uvloop
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from halfopen.cli.spans import span
from halfopen.cli.tables import whole
from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sync.mirror import attached
from halfopen.sync.reconcile import FeedProof
from halfopen.sync.screen import following
from halfopen.sync.signals import polite
from halfopen.window.clock import utc_now
from halfopen.window.window import Window

GOOD, BAD_NEWS, INTERRUPTED = 0, 1, 130
_COUNTS = ("rows", "equal", "missing", "stale", "extra")


def reconcile(
    *,
    product: str,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    feed: tuple[str, ...] = (),
    repair: Annotated[bool, Parameter(negative=())] = False,
    config: Path = Path("halfopen.toml"),
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Read a span again and compare it with the mirror row by row; print a proof by feed and day.

    missing: not in the mirror; stale: in it with other content; extra: in it, but served no more. Works beside a
    running sync, which then does it. Exit code 0: no difference is left. 1: there are, or something could not be
    read. 3: nothing could be reached. 130: interrupted.

    Args:
        product: the product to compare with.
        from_: first moment, in UTC: "2026-01-01 00:00:00", or a day alone; by default where the mirror begins.
        to: the moment after the last one; by default as far as the mirror is whole and was read again.
        feed: only this feed; may be given several times.
        repair: write what is missing or stale, whatever the version rule says, and mark extra rows as vanished.
        config: the configuration file.
        as_json: for programs.
    """
    if (from_ is None) != (to is None):
        raise UsageError("--from and --to go together; give both, or neither for all that the mirror has")
    window = span(from_, to) if from_ is not None and to is not None else None
    settings = load(config, sections=("mirror", "products"))
    chosen = settings.chosen_products([product])[product]
    for name in feed:
        if name not in chosen.feeds:
            raise UsageError(f"--feed: {product} has no feed {name!r}; it has: {', '.join(chosen.feeds)}")
    return uvloop.run(_reconcile(settings, product, window, feed, repair=repair, as_json=as_json))


async def _reconcile(
    settings: Config, product: str, window: Window | None, feeds: tuple[str, ...], *, repair: bool, as_json: bool
) -> int:
    # Who only compares leaves the turn to write to another process, where two can share a mirror.
    alone = settings.needed_mirror().sink.path is not None
    listens = repair or alone
    async with attached(settings, listens=listens, makes=listens) as mirror:
        with polite(mirror.stop) as caught, following(mirror.events, Console(stderr=True), utc_now):
            found = await mirror.reconcile(product, window, feeds, repair=repair)
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(found)) + "\n")
    else:
        whole(_table(found))
    for proof in found:
        _tell(product, proof)
    if caught.number is not None:
        sys.stderr.write("halfopen: interrupted; this is what had been compared by then\n")
        return INTERRUPTED
    return _judged(product, found, repair=repair)


def _judged(product: str, found: Sequence[FeedProof], *, repair: bool) -> int:
    """The last line, and the exit code."""
    if not found:
        sys.stderr.write(f"halfopen: {product}: nothing of it is in the mirror; pull first, or name --from and --to\n")
        return BAD_NEWS
    rows = sum(day.rows for proof in found for day in proof.days)
    differences = sum(proof.differences() for proof in found)
    troubled = [proof.feed for proof in found if proof.trouble]
    if troubled:
        sys.stderr.write(f"halfopen: {product}: not compared to the end: {', '.join(troubled)}; run it again\n")
        return BAD_NEWS
    if not differences:
        sys.stderr.write(f"halfopen: {product}: {rows:,} rows compared, no difference\n")
        return GOOD
    if not repair:
        sys.stderr.write(f"halfopen: {product}: {differences:,} differences in {rows:,} rows; --repair writes them\n")
        return BAD_NEWS
    written, marked = sum(proof.written for proof in found), sum(proof.marked for proof in found)
    sys.stderr.write(
        f"halfopen: {product}: {differences:,} differences in {rows:,} rows: {written:,} rows written,"
        f" {marked:,} marked as vanished; run it again to see none\n"
    )
    return GOOD


def _tell(product: str, proof: FeedProof) -> None:
    """What a person should know besides the counts."""
    for line in proof.trouble:
        sys.stderr.write(f"halfopen: {line}\n")
    for sample in proof.samples:
        sys.stderr.write(f"halfopen: {product} {proof.feed}: {sample}\n")
    if proof.unusable:
        sys.stderr.write(
            f"halfopen: {product} {proof.feed}: {proof.unusable:,} rows that are not usable were not compared;"
            " see halfopen.quarantine\n"
        )


def _table(found: Sequence[FeedProof]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("feed", "day"):
        table.add_column(name, no_wrap=True)
    for name in _COUNTS:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("digest", no_wrap=True)
    for proof in found:
        for day in proof.days:
            counts = (f"{getattr(day, name):,}" for name in _COUNTS)
            table.add_row(proof.feed, Text(day.day or "-"), *counts, day.digest)
        if not proof.days:
            table.add_row(proof.feed, "-", *("0" for _ in _COUNTS), "-")
    return table
