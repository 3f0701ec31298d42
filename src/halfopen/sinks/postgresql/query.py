"""Reading a mirror in PostgreSQL by any SELECT, and by nothing else."""

import re
from datetime import UTC, datetime
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from halfopen.errors import QueryError
from halfopen.sinks.duckdb.run import first_line
from halfopen.sinks.postgresql.link import Interrupted, Session

_READING = frozenset({"select", "with", "values", "table", "explain", "show", "("})
_HINT = "ask with one SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW"
_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"\(|\w+")


def query(session: Session, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names and rows of one reading statement, run in a read-only transaction that is rolled back.

    Decimals are `decimal.Decimal`; a moment with a zone is given in UTC without one, as all moments of the mirror.

    Raises:
        QueryError: more than one statement, one that does more than read, or one that fails.
    """
    if not _reads(sql):
        raise QueryError(f"query: {' '.join(sql.split())[:80]!r} is not one statement that only reads; {_HINT}")
    session.script("BEGIN TRANSACTION READ ONLY")
    try:
        columns, rows = session.described(sql)
    except Interrupted as error:
        raise QueryError("query: interrupted") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if session.lost:
            raise
        raise QueryError(f"query: {first_line(error)}") from error
    finally:
        if not session.lost:
            session.script("ROLLBACK")
    zoned = [place for place, (_, kind) in enumerate(columns) if kind == "timestamptz"]
    return [name for name, _ in columns], [_in_utc(row, zoned) for row in rows] if zoned else rows


def _reads(sql: str) -> bool:
    """Whether it begins like a reading statement; that it is one and writes nothing, the server sees to.

    COPY and others would pass a read-only transaction.
    """
    blank = _BLANK.match(sql)
    word = _WORD.match(sql, blank.end() if blank else 0)
    return word is not None and word[0].lower() in _READING


def _in_utc(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        if isinstance(values[place], datetime) and values[place].tzinfo is not None:
            values[place] = values[place].astimezone(UTC).replace(tzinfo=None)
    return tuple(values)
