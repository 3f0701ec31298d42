"""Keys that come in more than one piece of a body: of their rows the highest cursor stays, then the last.

So do keys with sticky fields that come more than once in one piece: what their older rows leave of these fields depends
on what is stored. Each piece leaves a small file with the hashes of its keys. DuckDB looks which of them come again,
some at a time, so that memory does not grow with the body; PostgreSQL, which has the rows, then compares the keys
themselves.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.sinks.database import Database, Values
from halfopen.sinks.duckdb.run import written
from halfopen.sinks.postgresql.merge import Merge, accepts
from halfopen.sinks.postgresql.sheet import Sheet
from halfopen.sinks.several import distinguishing
from halfopen.sinks.sticky import RECORDED, left_by_null, recorded, sticky

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
    """Delete the incoming rows of which the answer has a newer version.

    How many, how many of them are doubles (a key may have several values of some field), and how many had a cursor
    ahead of the product's clock.
    """
    feed = merge.shape.feed
    newest = _newest_first(merge)
    [(fallen, doubled, ahead)] = database.rows(
        f"WITH fallen AS (DELETE FROM {merge.incoming} o USING (SELECT i._n, row_number() OVER"
        f" (PARTITION BY i.{quote(feed.key)} ORDER BY {newest}) AS place,"
        f" row_number() OVER (PARTITION BY {', '.join(distinguishing(merge.shape, 'i'))} ORDER BY {newest}) AS turn"
        f" {_doubtful(merge)} WHERE i._answer = $p_answer::integer) r"
        " WHERE o._answer = $p_answer::integer AND o._n = r._n AND r.place > 1 RETURNING o._version, r.turn)"
        " SELECT count(*), count(*) FILTER (WHERE turn > 1), count(_version) FROM fallen",
        values,
    )
    return fallen, doubled, ahead


@lru_cache(maxsize=256)
def settle(merge: Merge) -> str:
    """Give the newest row of each key in sticky fields what all of its versions come to (`sinks/sticky.py`).

    Before `let_fall`. `_excluded` gets the stamps with which a player's versions became self-excluded.
    """
    values = sticky(merge.shape)
    newest = ", ".join(
        f"(array_agg({_has(name)} ORDER BY age) FILTER (WHERE counts AND {_has(name)} IS NOT NULL))[1] AS {_has(name)},"
        f" bool_or({_was(name)}) AS {_was(name)}"
        for name in values
    )
    sets = ", ".join(
        f"{quote(name)} = coalesce(o.{quote(name)}, {left_by_null(_has(name), _was(name), value)})"
        for name, value in values.items()
    )
    began = _BEGAN if recorded(merge.shape) else _NEVER
    return (
        f"WITH versions AS MATERIALIZED ({_versions(merge)})"
        f" UPDATE {merge.incoming} o SET {sets}, _settled = true, _excluded = b.excluded"
        f" FROM (SELECT key, min(_n) FILTER (WHERE age = 1) AS _n, {newest} FROM versions GROUP BY key) v"
        f" LEFT JOIN ({began}) b ON b.key = v.key"
        " WHERE o._answer = $p_answer::integer AND o._n = v._n"
    )


def _versions(merge: Merge) -> str:
    """All versions of keys that come more than once, beside what is stored; the newest is of age 1."""
    feed = merge.shape.feed
    key = quote(feed.key)
    both = "".join(
        f", i.{quote(name)} AS {_has(name)}, s.{quote(name)} AS {_was(name)}" for name in sticky(merge.shape)
    )
    return (
        f"SELECT i._n, i.{key} AS key, {merge.cursor} AS cursor, s.{key} IS NULL OR ({accepts(merge)}) AS counts,"
        f" row_number() OVER (PARTITION BY i.{key} ORDER BY {_newest_first(merge)}) AS age{both} {_doubtful(merge)}"
        f" LEFT JOIN {quote(feed.name)} s ON s.product = $p_product::text AND s.{key} = i.{key}"
        " WHERE i._answer = $p_answer::integer"
    )


def _doubtful(merge: Merge) -> str:
    return f"FROM {merge.incoming} i JOIN {TABLE} t ON t._answer = i._answer AND t._n = i._n"


def _newest_first(merge: Merge) -> str:
    return f"{merge.compares} DESC NULLS LAST, i._n DESC"


def _has(name: str) -> str:
    return quote(f"has_{name}")


def _was(name: str) -> str:
    return quote(f"was_{name}")


_BEGAN = (
    "SELECT key, array_agg(cursor) AS excluded FROM (SELECT key, cursor, {has} AS has, coalesce(lead({has}) OVER"
    " (PARTITION BY key ORDER BY age), {was}) AS before FROM versions WHERE counts AND {has} IS NOT NULL) c"
    " WHERE has AND before IS NOT TRUE GROUP BY key"
).format(has=_has(RECORDED[1]), was=_was(RECORDED[1]))
"""By key, the stamps of versions that brought what is recorded, where the one before, or what is stored, had it not."""
_NEVER = "SELECT NULL::text AS key, NULL::timestamp[] AS excluded WHERE false"
