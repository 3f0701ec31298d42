"""A snapshot of a mirror in PostgreSQL: everything by COPY out of one state of the database, into a DuckDB file."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

from halfopen.contract.ddl import side_columns, side_tables
from halfopen.contract.load import feeds
from halfopen.contract.sql import literal, quote
from halfopen.errors import SinkError
from halfopen.sinks.duckdb.run import DuckDBDatabase
from halfopen.sinks.duckdb.schema import STORAGE_VERSION
from halfopen.sinks.postgresql.link import Session
from halfopen.sinks.postgresql.workplace import copied_out
from halfopen.sinks.snapshot import BOOKKEEPING, columns_of, delivered, finished, parquet, quarantine_raw, selected

_TYPES = {"text": "VARCHAR", "json": "JSON", "jsonb": "JSON", "timestamp without time zone": "TIMESTAMP"}


def snapshot(
    session: Session,
    file: Path | None,
    folder: Path | None,
    opened: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None,
) -> dict[str, int]:
    """Write the copy to `file`, and Parquet to `folder`; rows by feed. The session is used for nothing else meanwhile.

    opened: is given the copy, so that what runs in it can be interrupted too.

    Raises:
        SinkError: a target cannot be written.
    """
    beside = (file or folder or Path()).absolute().parent
    try:
        work = Path(tempfile.mkdtemp(prefix=".halfopen-", dir=beside))
    except OSError as error:
        raise SinkError(
            f"cannot write in {str(beside)!r}: {error.strerror}; name a place that can be written"
        ) from None
    copy = work / "copy.duckdb"
    try:
        with duckdb.connect(str(copy), config={"storage_compatibility_version": STORAGE_VERSION}) as database:
            opened(database)
            session.script("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            rows = _filled(session, database, work)
            session.script("ROLLBACK")
            finished(DuckDBDatabase(database))
            if folder is not None:
                parquet(DuckDBDatabase(database), work)
        made = {copy: file} if file is not None else {}
        if folder is not None:
            made |= {work / f"{name}.parquet": folder / f"{name}.parquet" for name in feeds()}
        delivered(made)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return rows


def _filled(session: Session, database: duckdb.DuckDBPyConnection, work: Path) -> dict[str, int]:
    rows = {}
    database.execute("CREATE SCHEMA halfopen")
    for feed in feeds().values():
        columns = columns_of(feed)
        query = f"SELECT {selected(feed, columns)} FROM {quote(feed.name)}"
        rows[feed.name] = _copied(session, database, query, quote(feed.name), columns, work)
    for table, of in side_tables().items():
        columns = side_columns(*of)
        query = f"SELECT {', '.join(map(quote, columns))} FROM {quote(table)}"
        _copied(session, database, query, quote(table), columns, work)
    for name in BOOKKEEPING:
        found = session.rows(
            "SELECT column_name::text, data_type::text FROM information_schema.columns"
            f" WHERE table_schema = 'halfopen' AND table_name = {literal(name)} ORDER BY ordinal_position"
        )
        columns = {column: _TYPES.get(kind, kind.upper()) for column, kind in found}
        listed = ", ".join(quarantine_raw() if column == "raw" else quote(column) for column in columns)
        _copied(session, database, f"SELECT {listed} FROM halfopen.{name}", f"halfopen.{name}", columns, work)
    return rows


def _copied(  # noqa: PLR0917 - both databases, and what goes from one to the other
    session: Session, database: duckdb.DuckDBPyConnection, query: str, table: str, columns: dict[str, str], work: Path
) -> int:
    body = work / "rows.csv"
    count = session.copy_out(query, body)
    values = ", ".join(f"{quote(name)}::{kind} AS {quote(name)}" for name, kind in columns.items())
    database.execute(f"CREATE TABLE {table} AS SELECT {values} FROM {copied_out(body, columns)}")
    body.unlink()
    return count
