"""A mirror in PostgreSQL as a DuckDB file, so that one comparison judges both."""

import io
import tempfile
from pathlib import Path

import asyncpg
import duckdb

from halfopen.contract.load import feeds
from halfopen.contract.sql import quote
from halfopen.sinks.duckdb.schema import feed_columns
from halfopen.sinks.postgresql.workplace import copied_out
from support.postgresql import run

_LEFT_OUT = frozenset({"_id"})


def as_duckdb(url: str, path: Path) -> Path:
    """Copy all feeds' tables, in the DuckDB mirror's types."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(path) as db:
        for feed in feeds().values():
            columns = {name: kind for name, kind in feed_columns(feed).items() if name not in _LEFT_OUT}
            body = Path(folder) / f"{feed.name}.csv"
            body.write_bytes(run(_copied(url, feed.name, list(columns))))
            casts = ", ".join(f"{quote(name)}::{kind} AS {quote(name)}" for name, kind in columns.items())
            db.execute(f"CREATE TABLE {quote(feed.name)} AS SELECT {casts} FROM {copied_out(body, columns)}")
    return path


async def _copied(url: str, table: str, columns: list[str]) -> bytes:
    connection = await asyncpg.connect(url)
    try:
        copied = io.BytesIO()
        await connection.copy_from_table(table, columns=columns, output=copied, format="csv", force_quote=columns)
        return copied.getvalue()
    finally:
        await connection.close()
