"""Fields that a key may have several values of at once: the devices of a player, each with a push token of its own.

The feed's table has the latest row of a key. A table beside it has a line for each value that a usable row of that key
ever had: product, key, value, and `last_seen`, the newest cursor that it came with. Which these are says the contract.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from halfopen.contract.ddl import side_columns
from halfopen.contract.judge import typed
from halfopen.contract.sql import quote
from halfopen.sinks.database import Database, Values
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.duckdb.merge import Merge
from halfopen.sinks.duckdb.run import run
from halfopen.sinks.rows import listed_rows
from halfopen.sinks.stage import Shape


def concerned(shape: Shape) -> list[tuple[str, str]]:
    """Fields of an answer of this shape, with their tables."""
    feed = shape.feed
    return [(field, table) for field, table in feed.several.items() if {field, feed.cursor} <= set(shape.present)]


def keep_in_duckdb(
    connection: duckdb.DuckDBPyConnection, merge: Merge, values: Mapping[str, Any], lists: Mapping[str, Any] | None
) -> None:
    """Write what the usable rows of an answer, or of several, have of such fields; `lists` where they are listed."""
    for field, table in concerned(merge.shape):
        feed = merge.shape.feed
        names = (*side_columns(feed, field), "_id")
        told = (
            f"INSERT INTO {quote(table)} ({', '.join(map(quote, names))}) {_seen(merge, field)}"
            f" ON CONFLICT (_id) DO UPDATE SET last_seen = excluded.last_seen"
            f" WHERE excluded.last_seen > {quote(table)}.last_seen"
        )
        run(connection, told, values, None if merge.at_hand else lists)


def distinguishing(shape: Shape, row: str) -> list[str]:
    """What no two rows of an answer may have alike: the key and such fields; SQL over a row's alias."""
    fields = (f"coalesce({row}.{quote(field)}, '')" for field, _ in concerned(shape))
    return [f"{row}.{quote(shape.feed.key)}", *fields]


def apart(connection: duckdb.DuckDBPyConnection, merge: Merge) -> int:
    """How many of an answer's rows differ in key or in such a field: so many are no doubles."""
    told = ", ".join(distinguishing(merge.shape, "t"))
    [(count,)] = connection.execute(f"SELECT count(DISTINCT ({told})) FROM staged t{merge.usable}").fetchall()
    return int(count)


def values_of_key(shape: Shape, field: str, rows: str) -> str:
    """A SELECT of key, value and `last_seen` from typed rows in SQL."""
    key, value = quote(shape.feed.key), quote(field)
    return (
        f"SELECT {key}, {value}, max({quote(shape.feed.cursor)}) AS last_seen FROM ({rows})"
        f" WHERE trim({value}) <> '' GROUP BY 1, 2"
    )


def keep_in_postgresql(database: Database, shape: Shape, values: Values) -> None:
    """Write what has come into the temporary tables beside a feed's."""
    for field, table in concerned(shape):
        key, value = quote(shape.feed.key), quote(field)
        database.write(
            f"INSERT INTO {quote(table)} (product, {key}, {value}, last_seen)"
            f" SELECT $p_product::text, {key}, {value}, max(last_seen) FROM {quote(f'in_{table}')}"
            f" WHERE _answer = $p_answer::integer GROUP BY {key}, {value}"
            f" ON CONFLICT (product, {key}, md5({value})) DO UPDATE SET last_seen = excluded.last_seen"
            f" WHERE excluded.last_seen > {quote(table)}.last_seen",
            values,
        )


def _seen(merge: Merge, field: str) -> str:
    feed = merge.shape.feed
    product, key, value = merge.given("product", "VARCHAR"), f"t.{quote(feed.key)}", f"t.{quote(field)}"
    if merge.at_hand:
        rows = "SELECT * FROM values_at_hand"
    elif merge.listed:
        rows = listed_rows(merge.shape)
    else:
        rows = typed(feed, "staged", [feed.key, field, feed.cursor])
    return (
        f"SELECT {product}, {key}, {value}, max(t.{quote(feed.cursor)}), {identity(product, key, value)}"
        f" FROM ({rows}) t{merge.usable}{merge.asked} WHERE trim({value}) <> '' GROUP BY 1, 2, 3, 5"
    )
