"""A snapshot of a mirror in DuckDB, made by the process that owns the file, in one transaction beside the writing."""

import secrets
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from halfopen.contract.ddl import side_columns, side_tables
from halfopen.contract.load import feeds
from halfopen.contract.sql import literal, quote
from halfopen.sinks.duckdb.run import DuckDBDatabase
from halfopen.sinks.duckdb.schema import STORAGE_VERSION
from halfopen.sinks.snapshot import BOOKKEEPING, columns_of, delivered, finished, parquet, quarantine_raw, selected


def snapshot(
    cursor: duckdb.DuckDBPyConnection,
    staging: Path,
    file: Path | None,
    folder: Path | None,
    shelter: Callable[[], AbstractContextManager[None]],
) -> dict[str, int]:
    """Write the copy to `file`, and Parquet to `folder`; rows by feed. SQL of this mirror can write to `staging` only.

    cursor: used for nothing else meanwhile. shelter: within it nobody interrupts the cursor.

    Raises:
        SinkError: a target cannot be written; duckdb.Error when DuckDB fails.
    """
    alias = f"snapshot_{secrets.token_hex(4)}"
    work = staging / alias
    work.mkdir(mode=0o700)
    copy = work / "copy.duckdb"
    mirror = quote(str(cursor.sql("SELECT current_database()").fetchall()[0][0]))
    try:
        try:
            cursor.execute(f"ATTACH {literal(str(copy))} AS {alias} (STORAGE_VERSION {literal(STORAGE_VERSION)})")
            rows = _filled(cursor, mirror, alias, shelter)
            if folder is not None:
                parquet(DuckDBDatabase(cursor), work)
        finally:
            with shelter():
                _left(cursor, mirror, alias)
        made = {copy: file} if file is not None else {}
        if folder is not None:
            made |= {work / f"{name}.parquet": folder / f"{name}.parquet" for name in feeds()}
        delivered(made)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return rows


def _filled(
    cursor: duckdb.DuckDBPyConnection, mirror: str, alias: str, shelter: Callable[[], AbstractContextManager[None]]
) -> dict[str, int]:
    """Copy everything as of one moment; afterwards the copy is what names without a database mean."""
    rows = {}
    cursor.execute("BEGIN")
    try:
        cursor.execute(f"USE {alias}")
        cursor.execute("CREATE SCHEMA halfopen")
        for feed in feeds().values():
            listed = selected(feed, columns_of(feed))
            cursor.execute(f"CREATE TABLE {quote(feed.name)} AS SELECT {listed} FROM {mirror}.main.{quote(feed.name)}")
            found = cursor.execute(f"SELECT count(*) FROM {quote(feed.name)}").fetchone()
            rows[feed.name] = int(found[0]) if found else 0
        for table, of in side_tables().items():
            listed = ", ".join(map(quote, side_columns(*of)))
            cursor.execute(f"CREATE TABLE {quote(table)} AS SELECT {listed} FROM {mirror}.main.{quote(table)}")
        for name in BOOKKEEPING:
            listed = f"* EXCLUDE (_id) REPLACE ({quarantine_raw()})" if name == "quarantine" else "*"
            cursor.execute(f"CREATE TABLE halfopen.{name} AS SELECT {listed} FROM {mirror}.halfopen.{name}")
        finished(DuckDBDatabase(cursor))
        cursor.execute("COMMIT")
    except BaseException:
        with shelter():
            cursor.execute("ROLLBACK")
        raise
    return rows


def _left(cursor: duckdb.DuckDBPyConnection, mirror: str, alias: str) -> None:
    """Let go of the copy, if it was there at all."""
    cursor.execute(f"USE {mirror}")
    cursor.execute(f"DETACH DATABASE IF EXISTS {alias}")
