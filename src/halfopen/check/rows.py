"""The contract's own judge over the rows that were seen: DuckDB reads them as texts, and names every violation."""

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from halfopen.check.case import FeedCase
from halfopen.check.observe import Row
from halfopen.contract.judge import suspects, violations
from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.wire.csv import line

_MOST_MEMORY = "128MB"


@dataclass(frozen=True, slots=True)
class Violation:
    """One value that breaks the contract; `value` is cut, and masked where it is a secret."""

    row: Row
    field: str
    value: str | None


def violations_of(feed: FeedCase) -> dict[str, list[Violation]]:
    """Code -> violations in the distinct rows of a feed; worked out once."""
    found: dict[str, list[Violation]] | None = feed.memory.get("violations")
    if found is None:
        found = feed.memory["violations"] = _judged(feed.feed, feed.whole_rows)
    return found


def _judged(feed: Feed, rows: tuple[Row, ...]) -> dict[str, list[Violation]]:
    """Rows of one shape are judged together: an absent column is another matter than a null."""
    found: dict[str, list[Violation]] = defaultdict(list)
    by_columns: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        by_columns[frozenset(row.shape.places).intersection(feed.fields)].append(row)
    for columns, alike in by_columns.items():
        ordered = [name for name in feed.fields if name in columns]
        for n, code, field, value in _violations(feed, ordered, alike):
            found[code].append(Violation(alike[n], field, value))
    return dict(found)


def _violations(feed: Feed, columns: list[str], rows: list[Row]) -> list[tuple[int, str, str, str | None]]:
    with tempfile.NamedTemporaryFile(suffix=".csv", dir=_folder()) as file, _database().cursor() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        file.write(line(["_n", *(f"c{place}" for place in range(len(columns)))]))
        for number, row in enumerate(rows):
            file.write(line([str(number), *(row.text(name) for name in columns)]))
        file.flush()
        types = ", ".join(["'_n': 'BIGINT'", *(f"'c{place}': 'VARCHAR'" for place in range(len(columns)))])
        renamed = ", ".join(["_n", *(f"c{place} AS {quote(name)}" for place, name in enumerate(columns))])
        connection.execute(
            f"CREATE TEMP TABLE judged AS SELECT {renamed} FROM read_csv({literal(file.name)}, columns = {{{types}}},"
            " auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '',"
            " allow_quoted_nulls = false, max_line_size = 16777216, parallel = false)"
        )
        flags = connection.execute(suspects(feed, "judged", columns)).fetchone() if columns else ()
        only = {name for name, flag in zip(columns, flags or (), strict=True) if flag}
        if not only and set(feed.required) <= set(columns):
            return []
        sql = violations(feed, "judged", columns, only)
        return connection.execute(f"SELECT _n, code, field, value FROM ({sql}) ORDER BY _n, field").fetchall()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all feeds: opening it takes as long as judging a feed. Its temporary tables go with their cursor."""
    found = duckdb.connect()
    found.execute(f"SET memory_limit = '{_MOST_MEMORY}'; SET threads = 1")
    return found


def _folder() -> Path:
    return Path(tempfile.gettempdir())
