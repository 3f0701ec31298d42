"""Compares an answer with a mirror in PostgreSQL: the stored rows in question come into the DuckDB that judges."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import duckdb

from halfopen.contract.sql import json_path, literal, quote
from halfopen.sinks import compare as comparing
from halfopen.sinks.base import Answer
from halfopen.sinks.care import NO_CARE, Care
from halfopen.sinks.compare import Comparison
from halfopen.sinks.database import naive
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.duckdb.schema import feed_columns as duckdb_columns
from halfopen.sinks.judging import prepare
from halfopen.sinks.postgresql.link import Session
from halfopen.sinks.postgresql.part import has_nul, without_nul
from halfopen.sinks.postgresql.workplace import copied_out
from halfopen.sinks.stage import Shape, Staged

_SOUGHT = "CREATE TEMP TABLE IF NOT EXISTS in_sought (key text)"


def compare(
    session: Session,
    judge: duckdb.DuckDBPyConnection,
    answer: Answer,
    folder: Path,
    *,
    claimed: datetime,
    sought: Collection[str] = (),
    care: Care = NO_CARE,
) -> Comparison:
    """See `sinks.compare`; `folder` is for the files in between.

    Raises:
        ContractError: the body cannot be parsed.
    """
    table = quote(answer.feed.name)
    try:
        [staged] = prepare(judge, [answer], folder, care)
        if has_nul(answer.body):
            without_nul(judge, staged)
        _bring_stored(session, judge, answer, staged, folder)
        return comparing.compare(judge, answer, staged, claimed=claimed, sought=sought)
    finally:
        judge.execute(f"DROP TABLE IF EXISTS temp.{table}")
        for left in folder.glob("*.csv"):
            left.unlink(missing_ok=True)


def _bring_stored(
    session: Session, judge: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, folder: Path
) -> None:
    """Make the feed's table in `judge`: the stored rows of the window, and those with a key of the answer."""
    columns = {name: kind for name, kind in duckdb_columns(answer.feed).items() if name != "_id"}
    body = folder / "stored.csv"
    by_key = not answer.whole and _send_keys(session, judge, answer, staged, folder / "keys.csv")
    session.copy_out(_stored(answer, list(columns), by_key=by_key), body)
    values = {name: f"{quote(name)}::{kind}" for name, kind in columns.items()}
    values["custom"] = _in_order(staged.shape)
    values["_id"] = identity("product", quote(answer.feed.key))
    selected = ", ".join(f"{value} AS {quote(name)}" for name, value in values.items())
    judge.execute(
        f"CREATE OR REPLACE TEMP TABLE {quote(answer.feed.name)} AS SELECT {selected} FROM {copied_out(body, columns)}"
    )


def _send_keys(session: Session, judge: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, keys: Path) -> bool:
    """Fill `in_sought` with the keys of the answer; False where there are none."""
    if staged.shape is None or not staged.rows:
        return False
    key = quote(answer.feed.key)
    judge.execute(
        f"COPY (SELECT DISTINCT {key} FROM {staged.table} WHERE {key} IS NOT NULL) TO {literal(str(keys))}"
        f" (FORMAT csv, HEADER false, FORCE_QUOTE ({key}))"
    )
    session.script(f"{_SOUGHT}; TRUNCATE in_sought")
    session.copy("in_sought", ["key"], keys)
    session.script("ANALYZE in_sought")
    return True


def _stored(answer: Answer, columns: list[str], *, by_key: bool) -> str:
    """A query of the stored rows in question."""
    key, cursor = quote(answer.feed.key), quote(answer.feed.cursor)
    select = f"SELECT {', '.join(f's.{quote(name)}' for name in columns)} FROM {quote(answer.feed.name)} s"
    ours = f"s.product = {literal(answer.product)}"
    if answer.whole:
        return f"{select} WHERE {ours}"
    start, end = (literal(f"{naive(edge)}") for edge in (answer.window.start, answer.window.end))
    within = f"s.{cursor} >= {start}::timestamp AND s.{cursor} < {end}::timestamp"
    query = f"{select} WHERE {ours} AND {within}"
    if not by_key:
        return query
    return f"{query} UNION ALL {select} JOIN in_sought i ON i.key = s.{key} WHERE {ours} AND ({within}) IS NOT TRUE"


def _in_order(shape: Shape | None) -> str:
    """`custom` as the DuckDB mirror would have it: without blanks, the answer's names last and in their order."""
    names = [name for name in (*shape.extras, *shape.present) if not set(name) & set('"\\')] if shape else []
    pairs = ", ".join(f"{literal(name)}, custom::JSON ->> {literal(json_path(name))}" for name in names)
    return f"CASE WHEN custom IS NOT NULL THEN json_merge_patch(custom::JSON, json_object({pairs})) END"
