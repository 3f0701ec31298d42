"""Bodies before the mirror's transaction: staged and judged in a DuckDB, whatever the mirror is."""

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from halfopen.contract.judge import suspects, typed, violations
from halfopen.contract.sql import literal, quote
from halfopen.sinks import ledger
from halfopen.sinks.base import Answer
from halfopen.sinks.care import NO_CARE, Care
from halfopen.sinks.database import naive
from halfopen.sinks.duckdb.run import written
from halfopen.sinks.stage import Shape, Staged, stage
from halfopen.sinks.tokens import stored_text

AHEAD = timedelta(hours=1)
"""A cursor further than this ahead of the product's clock is not believed."""
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
SMALL_ROWS = 20_000
"""Up to here planning SQL costs more than running it."""
UNUSABLE = (
    "SELECT _n, string_agg(code || ':' || field, ', ' ORDER BY field, code) AS codes FROM verdicts"
    " GROUP BY _n HAVING bool_or(unusable)"
)
"""Of each unusable row of `verdicts`, all that is wrong with it."""


def prepare(
    connection: duckdb.DuckDBPyConnection, answers: Sequence[Answer], staging: Path, care: Care = NO_CARE
) -> list[Staged]:
    """Read the bodies into temporary tables, before the transaction, with `care` for what may not be kept.

    Raises:
        ContractError: a body cannot be parsed.
    """
    staged = []
    for number, answer in enumerate(answers):
        link, spare = staging / f"{number}.body", staging / f"{number}.mended"
        try:
            bring(answer.body, link)
            lying = stage(connection, answer, link, spare, f"stage_{number}")
            staged.append(care.take(connection, answer, lying))
        finally:
            link.unlink(missing_ok=True)
            spare.unlink(missing_ok=True)
    return staged


def judge(connection: duckdb.DuckDBPyConnection, shape: Shape, *, small: bool) -> int:
    """Make `verdicts` over `staged`; give how many there are. Where there are none the table may be missing."""
    only = None
    if small:
        doubts = connection.execute(suspects(shape.feed, "staged", shape.present)).fetchone() or ()
        only = tuple(name for name, doubt in zip(shape.present, doubts, strict=True) if doubt)
        if not only and set(shape.feed.required) <= set(shape.present):
            return 0
    judged = violations(shape.feed, "staged", shape.present, only)
    return written(connection, f"CREATE OR REPLACE TEMP TABLE verdicts AS {judged}")


def learned(connection: duckdb.DuckDBPyConnection, shape: Shape) -> tuple[int, tuple[str, ...]]:
    """From the verdicts: how many rows to hold back, and which optional fields may have no reading."""
    row = connection.execute(
        "SELECT count(DISTINCT _n) FILTER (unusable), list(DISTINCT field) FROM verdicts"
    ).fetchone()
    unusable, fields = row or (0, [])
    unreadable = tuple(name for name in shape.present if name in fields and not shape.feed.fields[name].required)
    return unusable, unreadable


def values_of(answer: Answer) -> dict[str, Any]:
    """The parameters that an answer gives to all statements; `clock` is the product's, where it tells one."""
    clock = answer.server_date or answer.fetched_at
    ahead = min(clock, _END_OF_TIME - AHEAD) + AHEAD
    return {**ledger.values_of(answer), "clock": naive(clock), "ahead": naive(ahead)}


@lru_cache(maxsize=256)
def held_rows(shape: Shape) -> str:
    """A SELECT of the rows that `verdicts` calls unusable: _n, key, codes, raw (JSON), cursor, row_digest."""
    feed = shape.feed
    key = f"coalesce(s.{quote(feed.key)}, '')"
    pairs = [
        *((column, stored_text(feed, name, f"s.{quote(name)}")) for name, column in shape.fields),
        *(
            (name, stored_text(feed, None, f"s.{column}"))
            for name, column in zip(shape.extras, shape.extra_columns, strict=True)
        ),
    ]
    raw = f"json_object({', '.join(f'{literal(name)}, {value}' for name, value in pairs)})"
    # Without nulls and in one order: a JSON body names only the columns that some row of it has.
    told = ", ".join(f"{literal(name)} || chr(31) || {value}" for name, value in sorted(pairs))
    cursor = "NULL::TIMESTAMP"
    source = "staged s"
    if feed.cursor in shape.present:
        cursor = f"c.{quote(feed.cursor)}"
        source += f" JOIN ({typed(feed, 'staged', [feed.cursor])}) c ON c._n = s._n"
    return (
        "SELECT * EXCLUDE told, sha256(told) AS row_digest FROM ("
        f"SELECT s._n, {key} AS key, v.codes, {raw} AS raw, concat_ws(chr(30), {told}) AS told, {cursor} AS cursor"
        f" FROM {source} JOIN ({UNUSABLE}) v ON v._n = s._n)"
    )


def bring(body: Path, link: Path) -> None:
    """Show the body to DuckDB, which can read the staging folder and nothing else."""
    link.unlink(missing_ok=True)
    try:
        os.link(body, link)
    except OSError:
        shutil.copyfile(body, link)  # another file system
