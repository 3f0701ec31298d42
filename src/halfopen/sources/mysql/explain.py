"""Which index a window is looked up in, from EXPLAIN.

Over a table of a few rows MySQL reads them all whatever indexes there are. What is to be known is whether an index can
be used once there are many rows, so that an index on a table's own cursor counts even when it was not chosen.
"""

from typing import Final

from halfopen.sources.base import QueryPlan, Selection
from halfopen.sources.mysql.connections import Connection
from halfopen.sources.mysql.sql import name, text

_BY_INDEX: Final = ("range", "index_merge")
_LOCKING: Final = " ALGORITHM=INPLACE LOCK=NONE"


def explained(connection: Connection, select: str, selection: Selection) -> QueryPlan:
    """The plan of one window's SELECT."""
    rows = connection.rows(f"explain {select}")
    found = next((str(row["key"]) for row in rows if row["type"] in _BY_INDEX and row["key"]), None)
    told = "; ".join(f"{row['type'] or row['Extra']} on {row['key'] or row['table']}" for row in rows)
    stamp = selection.sessions.created_at if selection.sessions else selection.cursor
    index = found or (stamp and _own(connection, selection.relation, stamp)) or None
    return QueryPlan(index=index, text=told, mend="" if index else _mend(connection, select, selection, stamp))


def _own(connection: Connection, relation: str, stamp: str) -> str | None:
    """An index of the table that begins with the cursor."""
    columns = [row for row in _indexes(connection, relation) if name(row[1]) == stamp or row[1] == stamp]
    return str(columns[0][0]) if columns else None


def _indexes(connection: Connection, relation: str) -> list[tuple[str, str]]:
    rows = connection.fetch(
        f"select index_name, column_name from information_schema.statistics "
        f"where {_named(relation)} and seq_in_index = 1 order by index_name"
    )
    return [(str(index), str(column)) for index, column in rows]


def _mend(connection: Connection, select: str, selection: Selection, stamp: str | None) -> str:
    if stamp is None:
        return ""
    if f"{stamp} >= " not in select:
        return f"{stamp} holds texts, which no index sorts as moments: make it a datetime(6)"
    if selection.relation.startswith("(") or not _is_table(connection, selection.relation):
        return f"an index on the column behind {stamp}, in the table that the rows come from"
    expression = stamp if stamp.startswith("`") or stamp.isidentifier() else f"({stamp})"
    return f"CREATE INDEX halfopen_{selection.feed} ON {selection.relation} ({expression}){_LOCKING};"


def _is_table(connection: Connection, relation: str) -> bool:
    rows = connection.fetch(
        f"select 1 from information_schema.tables where {_named(relation)} and table_type = 'BASE TABLE'"
    )
    return bool(rows)


def _named(relation: str) -> str:
    """The condition that holds for a table alone."""
    schema, _, table = relation.rpartition(".")
    own = text(_bare(schema)) if schema else "database()"
    return f"table_schema = {own} and table_name = {text(_bare(table))}"


def _bare(quoted: str) -> str:
    return quoted.strip("`").replace("``", "`")
