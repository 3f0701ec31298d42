"""Reading the mirror by any SELECT, and by nothing else."""

from typing import Any

import duckdb

from halfopen.contract.sql import quote
from halfopen.errors import QueryError
from halfopen.sinks.duckdb.run import first_line

_READING = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})
_HINT = "ask with one SELECT, FROM, WITH, EXPLAIN, DESCRIBE or SHOW"


def query(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names and rows of one reading statement, run in a read-only transaction of its own cursor.

    Decimals are `decimal.Decimal`; a moment with a zone is given in UTC without one, as all moments of the mirror.

    Raises:
        QueryError: more than one statement, one that does more than read, or one that fails.
    """
    with connection.cursor() as cursor:
        try:
            statements = cursor.extract_statements(sql)
        except duckdb.Error as error:
            raise QueryError(f"query: {first_line(error)}") from error
        if len(statements) != 1 or statements[0].type not in _READING:
            raise QueryError(f"query: {' '.join(sql.split())[:80]!r} is not one statement that only reads; {_HINT}")
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            cursor.execute("SET TimeZone = 'UTC'")
            return _fetch(cursor, sql)
        except duckdb.InterruptException as error:
            raise QueryError("query: interrupted") from error
        except duckdb.Error as error:
            raise QueryError(f"query: {first_line(error)}") from error
        finally:
            _leave(cursor)


def _fetch(cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    cursor.execute(sql)
    description = cursor.description or []
    names = [str(column[0]) for column in description]
    zoned = [place for place, column in enumerate(description) if "TIME ZONE" in str(column[1])]
    if zoned:
        # Python would need pytz for these; DuckDB does the same conversion by itself.
        inside = ", ".join(f"c{place}" for place in range(len(names)))
        columns = ", ".join(
            f"c{place}::TIMESTAMP AS {quote(name)}" if place in zoned else f"c{place} AS {quote(name)}"
            for place, name in enumerate(names)
        )
        cursor.execute(f"SELECT {columns} FROM ({sql.strip().rstrip(';')}\n) AS q({inside})")
    return names, cursor.fetchall()


def _leave(cursor: duckdb.DuckDBPyConnection) -> None:
    """End the transaction; one that never began, or was already given up, is no trouble."""
    try:
        cursor.execute("ROLLBACK")
    except duckdb.Error:
        return
