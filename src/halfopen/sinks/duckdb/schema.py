"""The mirror's tables in a DuckDB file: made when the file is opened, never later."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from halfopen.contract.ddl import canonical_view, column_type, side_columns, side_tables
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.errors import SinkError
from halfopen.sinks import people
from halfopen.sinks.duckdb.identity import TYPE, rekeyed
from halfopen.sinks.duckdb.run import DuckDBDatabase, first_line
from halfopen.sinks.versions import SCHEMA_VERSION, TABLES, steps

STORAGE_VERSION = "v1.4.0"
"""Format of a new file: DuckDB 1.4 and newer can read it."""
SNAPSHOT = "snapshot"
"""In the place of a version, in a copy for readers."""
_DIGESTS_SINCE = 3
"""Version of the tables whose `_id` is a digest."""
INDEXED_KEYS = 2048
"""A join of up to as many keys looks them up in the index; with DuckDB's 50, 60 keys of 4,000,000 rows cost 145 ms
instead of 3, for the whole table is read. More than 2048 rows DuckDB 2.0 never takes from an index."""

LINEAGE = {
    "_window_start": "TIMESTAMP",
    "_window_end": "TIMESTAMP",
    "_fetched_at": "TIMESTAMP",
    "_seq": "BIGINT",
    "_vanished_at": "TIMESTAMP",
    "_version": "TIMESTAMP",
    "_id": f"{TYPE} PRIMARY KEY",
}
"""Columns after the contract's: the window and request that a row came with; `_vanished_at` is when a catalogue, or a
reconciliation, no longer had it, null as long as it is served; `_version` is what its cursor compares
as where the cursor itself cannot be believed, else null; `_id` stands for product and key."""

BOOKKEEPING = {
    "meta": "name VARCHAR PRIMARY KEY, value VARCHAR",
    "ledger": (
        "product VARCHAR, feed VARCHAR, window_start TIMESTAMP, window_end TIMESTAMP, pass INTEGER, state VARCHAR,"
        " rows BIGINT, changed BIGINT, late BIGINT, quarantined BIGINT, digest VARCHAR, attempts INTEGER,"
        " asked_at TIMESTAMP, committed_at TIMESTAMP, first_asked_at TIMESTAMP, seq BIGINT"
    ),
    "holes": (
        "product VARCHAR, feed VARCHAR, window_start TIMESTAMP, window_end TIMESTAMP, since TIMESTAMP,"
        " attempts INTEGER, last_error VARCHAR, next_try TIMESTAMP, pass INTEGER"
    ),
    "quarantine": (
        "product VARCHAR, feed VARCHAR, key VARCHAR, codes VARCHAR, raw JSON, row_digest VARCHAR,"
        " window_start TIMESTAMP, window_end TIMESTAMP, first_seen TIMESTAMP, last_seen TIMESTAMP, times BIGINT,"
        " state VARCHAR, seq BIGINT, cursor TIMESTAMP, _id VARCHAR PRIMARY KEY, zone VARCHAR"
    ),
    "late_rows": (
        "product VARCHAR, feed VARCHAR, key VARCHAR, cursor TIMESTAMP, window_start TIMESTAMP,"
        " first_asked_at TIMESTAMP, found_at TIMESTAMP"
    ),
    "findings": (
        "product VARCHAR, feed VARCHAR, code VARCHAR, day DATE, count BIGINT, sample JSON,"
        " PRIMARY KEY (product, feed, code, day)"
    ),
    **TABLES,
}


def feed_columns(feed: Feed) -> dict[str, str]:
    """Columns of a feed's table with their types."""
    fields = {name: column_type(field) for name, field in feed.fields.items()}
    return {"product": "VARCHAR", **fields, "custom": "JSON", **LINEAGE}


def connect(path: Path, staging: Path, *, threads: int, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    """Open the file and bring its tables up to date; only `staging` can then be read by any SQL statement.

    Raises:
        SinkError: another process holds the file, it is no DuckDB file, or it cannot be written.
    """
    if not path.parent.is_dir():
        raise SinkError(f"mirror {str(path)!r}: there is no folder {str(path.parent)!r}; make it first")
    if "?" in str(path):
        raise SinkError(
            f"mirror {str(path)!r}: DuckDB takes what follows a question mark for options; name it otherwise"
        )
    config: dict[str, str | bool | int | float | list[str]] = {
        "storage_compatibility_version": STORAGE_VERSION,
        "threads": threads,
        "temp_directory": f"{path}.tmp",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    try:
        connection = duckdb.connect(str(path), config=config)
    except duckdb.Error as error:
        raise SinkError(_why_not(path, str(error))) from error
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET dynamic_or_filter_threshold = {INDEXED_KEYS}")
        connection.execute(f"SET allowed_directories = [{literal(f'{staging}/')}]")
        connection.execute("SET enable_external_access = false")
        _migrate(connection, path)
    except duckdb.Error as error:
        connection.close()
        raise SinkError(
            f"mirror {str(path)!r}: cannot be made ready: {first_line(error)}; if its tables are not halfopen's,"
            " name another file in [mirror] database"
        ) from error
    except SinkError:
        connection.close()
        raise
    return connection


def _why_not(path: Path, error: str) -> str:
    where = f"mirror {str(path)!r}"
    if "lock" in error:
        return f"{where}: another process has it open; stop that one, or ask it (halfopen query, halfopen status)"
    if "not a valid DuckDB database" in error:
        return f"{where}: it is not a DuckDB file; move it away or name another in [mirror] database"
    if "ermission" in error or "ead-only" in error:
        return f"{where}: it cannot be written; let this user write the file and its folder"
    return f"{where}: cannot be opened: {error.splitlines()[0]}; move it away or name another in [mirror] database"


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring forward and make what is missing; checkpoint afterwards, so that the log never begins with tables."""
    found = _columns(connection)
    try:
        had = _version(connection) if ("halfopen", "meta") in found else None
        forward = steps(had)
    except SinkError as error:
        raise SinkError(f"mirror {str(path)!r}: {error}") from None
    missing = [*_missing(found), *(_rekeyed(found) if had is not None and had < _DIGESTS_SINCE else ())]
    statements = [*forward, *missing, *views(connection, has_players=("main", "players") in found)]
    if not statements and had == SCHEMA_VERSION:
        return
    connection.execute("BEGIN")
    for statement in statements:
        connection.execute(statement)
    connection.execute(
        "INSERT OR REPLACE INTO halfopen.meta VALUES ('schema', $version)", {"version": str(SCHEMA_VERSION)}
    )
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT")


def _version(connection: duckdb.DuckDBPyConnection) -> int | None:
    row = connection.execute("SELECT value FROM halfopen.meta WHERE name = 'schema'").fetchone()
    if row and row[0] == SNAPSHOT:
        raise SinkError("it is a snapshot for readers, which nothing is pulled into; name the mirror itself")
    return int(row[0]) if row else None


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns()"
        " WHERE database_name = current_database() AND NOT internal"
    ).fetchall()
    for schema, table, column in rows:
        found.setdefault((schema, table), set()).add(column)
    return found


def _missing(found: dict[tuple[str, str], set[str]]) -> list[str]:
    statements = [] if ("halfopen", "meta") in found else ["CREATE SCHEMA IF NOT EXISTS halfopen"]
    statements += [
        f"CREATE TABLE halfopen.{name} ({columns})"
        for name, columns in BOOKKEEPING.items()
        if ("halfopen", name) not in found
    ]
    statements += [
        f"CREATE TABLE {quote(table)} ({_listed({**side_columns(*of), '_id': LINEAGE['_id']})})"
        for table, of in side_tables().items()
        if ("main", table) not in found
    ]
    for feed in feeds().values():
        columns = feed_columns(feed)
        has = found.get(("main", feed.name))
        if has is None:
            statements.append(f"CREATE TABLE {quote(feed.name)} ({_listed(columns)})")
        else:
            statements += [
                f"ALTER TABLE {quote(feed.name)} ADD COLUMN {quote(name)} {kind}"
                for name, kind in columns.items()
                if name not in has
            ]
    return statements


def _rekeyed(found: dict[tuple[str, str], set[str]]) -> Iterator[str]:
    """What turns the `_id` of the tables that are there, a text until version 2, into a digest."""
    keyed = {name: (feed_columns(feed), [feed.key]) for name, feed in feeds().items()}
    for table, (feed, field) in side_tables().items():
        keyed[table] = ({**side_columns(feed, field), "_id": LINEAGE["_id"]}, [feed.key, field])
    for table, (columns, key) in keyed.items():
        if ("main", table) in found:
            yield from rekeyed(table, _listed(columns), ["product", *key])


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())


def views(connection: duckdb.DuckDBPyConnection, *, has_players: bool) -> list[str]:
    """The views whose text differs from what the file has; `meta` remembers the text."""
    wanted = {feed.name: canonical_view(feed) for feed in feeds().values()}
    wanted |= people.views(DuckDBDatabase(connection), "duckdb", has_players=has_players)
    has_meta = connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'halfopen' AND table_name = 'meta'"
    ).fetchone()
    rows = connection.execute("SELECT name, value FROM halfopen.meta").fetchall() if has_meta else []
    known = dict(rows)
    statements = []
    for name, text in wanted.items():
        if known.get(f"view {name}") != text:
            statements.append(text)
            statements.append(
                f"INSERT OR REPLACE INTO halfopen.meta VALUES ({literal(f'view {name}')}, {literal(text)})"
            )
    return statements
