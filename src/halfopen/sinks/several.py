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
        if merge.many:
            connection.execute(told, None if merge.at_hand else lists)
        else:
            run(connection, told, values)


def apart(connection: duckdb.DuckDBPyConnection, merge: Merge) -> int:
    """How many of an answer's rows differ in key or in such a field: so many are no doubles."""
    told = [quote(merge.shape.feed.key), *(f"coalesce({quote(field)}, '')" for field, _ in concerned(merge.shape))]
    [(count,)] = connection.execute(
        f"SELECT count(DISTINCT ({', '.join(told)})) FROM staged t{merge.usable}"
    ).fetchall()
    return int(count)


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
        f"SELECT {product}, {key}, {value}, max(t.{quote(feed.cursor)}), {product} || chr(31) || {key} || chr(31) ||"
        f" {value} FROM ({rows}) t{merge.usable}{merge.asked} WHERE trim({value}) <> '' GROUP BY 1, 2, 3, 5"
    )
