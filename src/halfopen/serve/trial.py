"""A dry run: a few rows of every offered feed, made as they would be served, put before the judge."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from halfopen.contract.judge import violations
from halfopen.errors import SourceError
from halfopen.serve.framing import framed
from halfopen.serve.mapping import Offer, Offers
from halfopen.sources.base import Source
from halfopen.wire.csv import LONGEST_ROW
from halfopen.wire.negotiate import Format

ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that the judge holds against a feed. `is_fatal`: rows with it cannot be used by whoever pulls."""

    text: str
    is_fatal: bool


async def trial(source: Source, offers: Offers, rows: int = ROWS) -> list[Verdict]:
    """What is wrong with the first `rows` rows of each feed, by feed, the worst first."""
    found: list[Verdict] = []
    for offer in offers.offered.values():
        with tempfile.TemporaryDirectory(prefix="halfopen-") as folder:
            body = Path(folder) / "body.csv"
            try:
                await _write(source, offer, rows, body)
            except SourceError as error:
                found.append(Verdict(f"serve.feeds.{offer.feed.name}: the query fails: {error}", is_fatal=True))
                continue
            found += _judged(offer, body)
    return found


async def _write(source: Source, offer: Offer, rows: int, body: Path) -> None:
    async with source.stream(offer.selection, None, Format.CSV, rows) as stream:
        blocks = [block async for block in framed(stream, offer.selection.names, Format.CSV)]
    await asyncio.to_thread(body.write_bytes, b"".join(blocks))


def _judged(offer: Offer, body: Path) -> list[Verdict]:
    names = [name for name in offer.selection.names if name in offer.feed.fields]
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in offer.selection.names)
    with duckdb.connect() as database:
        database.execute(
            "create table judged as select row_number() over () as _n, * from read_csv(?, all_varchar = true, "
            "header = true, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false, auto_detect = false, "
            f"columns = {{{columns}}}, max_line_size = {LONGEST_ROW}, parallel = false)",
            [str(body)],
        )
        total = database.execute("select count(*) from judged").fetchall()[0][0]
        lines = database.execute(
            "select unusable, code, field, count(distinct _n), min(value) from "
            f"({violations(offer.feed, 'judged', names)}) group by all order by unusable desc, code, field"
        ).fetchall()
    return [
        Verdict(
            f"serve.feeds.{offer.feed.name}: {code} in {field}, {count} of {total} rows looked at"
            + (f", for instance {value!r}" if value is not None and not offer.feed.fields[field].secret else ""),
            is_fatal=unusable,
        )
        for unusable, code, field, count, value in lines
    ]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
