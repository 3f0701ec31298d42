"""Keys that come in more than one piece of a body: of their rows the highest cursor stays, then the last.

Each piece leaves a small file with the hashes of its keys. DuckDB looks which of them come again, some at a time, so
that memory does not grow with the body; PostgreSQL, which has the rows, then compares the keys themselves.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.sinks.database import Database, Values
from halfopen.sinks.duckdb.run import written
from halfopen.sinks.postgresql.merge import Merge
from halfopen.sinks.postgresql.sheet import Sheet
from halfopen.sinks.several import distinguishing

TABLE = "in_twice"
"""Temporary table of numbers of rows, filled from what `suspects` writes."""
_KEYS_AT_ONCE = 500_000
"""Some 20 MB, when no piece is in memory any more."""


def keys(query: str, feed: Feed, path: Path) -> str:
    """SQL that writes the keys of a piece to a file; `query` has `_n` and the key."""
    return (
        f"COPY (SELECT hash({quote(feed.key)}) AS h, _n FROM ({query})) TO {literal(str(path))}"
        " (FORMAT parquet, COMPRESSION uncompressed)"
    )


def suspects(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], rows: int, number: int, folder: Path
) -> tuple[Sheet, ...]:
    """Sheets of the rows whose hash comes more than once, in the answer `number`; `rows` are about so many in all."""
    sheets = []
    source = f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"
    shares = rows // _KEYS_AT_ONCE + 1
    for share in range(shares):
        path = folder / f"{number}.{share}.twice.csv"
        mine = f"{source} WHERE h % {shares} = {share}"
        found = written(
            connection,
            f"COPY (SELECT {number}, _n FROM {mine} AND h IN (SELECT h FROM {mine} GROUP BY h HAVING count(*) > 1))"
            f" TO {literal(str(path))} (FORMAT csv, HEADER false)",
        )
        if found:
            sheets.append(Sheet(path=path, columns=("_answer", "_n")))
    return tuple(sheets)


def let_fall(database: Database, merge: Merge, values: Values) -> tuple[int, int, int]:
    """Delete the incoming rows of which the answer has a newer version in another piece.

    How many, how many of them are doubles (a key may have several values of some field), and how many had a cursor
    ahead of the product's clock.
    """
    feed = merge.shape.feed
    newest = f"{merge.compares} DESC NULLS LAST, i._n DESC"
    [(fallen, doubled, ahead)] = database.rows(
        f"WITH fallen AS (DELETE FROM {merge.incoming} o USING (SELECT i._n, row_number() OVER"
        f" (PARTITION BY i.{quote(feed.key)} ORDER BY {newest}) AS place,"
        f" row_number() OVER (PARTITION BY {', '.join(distinguishing(merge.shape, 'i'))} ORDER BY {newest}) AS turn"
        f" FROM {merge.incoming} i JOIN {TABLE} t ON t._answer = i._answer AND t._n = i._n"
        " WHERE i._answer = $p_answer::integer) r"
        " WHERE o._answer = $p_answer::integer AND o._n = r._n AND r.place > 1 RETURNING o._version, r.turn)"
        " SELECT count(*), count(*) FILTER (WHERE turn > 1), count(_version) FROM fallen",
        values,
    )
    return fallen, doubled, ahead
