"""Which index a window is looked up in, from EXPLAIN.

Over a table of a few rows PostgreSQL reads them all whatever indexes there are. So reading whole tables is made dear
first: what is to be known is whether an index can be used once there are many rows.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from halfopen.sources.base import QueryPlan, Selection
from halfopen.sources.postgresql.pool import Connection

_RANGE: Final = re.compile(r"[<>]=? ")


async def explained(connection: Connection, select: str, selection: Selection) -> QueryPlan:
    """The plan of one window's SELECT; within a transaction, whose settings it changes."""
    await connection.execute("set local enable_seqscan = off")
    rows = await connection.fetch(f"explain (format json) {select}")
    nodes = list(_nodes(json.loads(rows[0]["QUERY PLAN"])[0]["Plan"]))
    found = next((node for node in nodes if _RANGE.search(str(node.get("Index Cond", "")))), None)
    index = None if found is None else str(found["Index Name"])
    text = "; ".join(_told(node) for node in nodes)
    return QueryPlan(index=index, text=text, mend="" if index else await _mend(connection, select, selection))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _told(node: dict[str, Any]) -> str:
    over = node.get("Index Name") or node.get("Relation Name")
    return f"{node['Node Type']} on {over}" if over else str(node["Node Type"])


async def _mend(connection: Connection, select: str, selection: Selection) -> str:
    stamp = selection.sessions.created_at if selection.sessions else selection.cursor
    if stamp is None:
        return ""
    if f"{stamp} >= " not in select:
        return f"{stamp} holds texts, which no index sorts as moments: make it a timestamptz"
    if selection.relation.startswith("(") or not await _is_table(connection, selection.relation):
        return f"an index on the column behind {stamp}, in the table that the rows come from"
    expression = f"({stamp})" if stamp.startswith("(") else stamp
    return f"CREATE INDEX CONCURRENTLY halfopen_{selection.feed} ON {selection.relation} ({expression});"


async def _is_table(connection: Connection, relation: str) -> bool:
    """An ordinary or a partitioned table, or a materialized view: what can have an index."""
    kind = await connection.fetchrow(
        "select relkind::text from pg_catalog.pg_class where oid = pg_catalog.to_regclass($1)", relation
    )
    return kind is not None and kind[0] in ("r", "p", "m")
