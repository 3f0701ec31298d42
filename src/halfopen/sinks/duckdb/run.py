"""Runs statements whose parameters are named `$p_...`, each with those of the given values that it names."""

from collections.abc import Mapping
from typing import Any

import duckdb

from halfopen.sinks.database import Values
from halfopen.sinks.parameters import names


def run(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    values: Mapping[str, Any] | None = None,
    lists: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Execute; `$p_seq` takes `values["seq"]`. DuckDB refuses values that a statement does not name.

    lists: further parameters by their own names, all of which the statement has.
    """
    return connection.execute(sql, {f"p_{name}": (values or {})[name] for name in names(sql)} | dict(lists or {}))


def written(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any] | None = None) -> int:
    """Execute and give the count of rows that it wrote."""
    row = run(connection, sql, values).fetchone()
    return int(row[0]) if row else 0


class DuckDBDatabase:
    """A connection as the bookkeeping knows it; see `sinks.database.Database`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Values | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return run(self._connection, sql, values).fetchall()

    def write(self, sql: str, values: Values | None = None) -> int:
        """Count of the rows that a statement wrote."""
        return written(self._connection, sql, values)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, which is all that a person needs."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
