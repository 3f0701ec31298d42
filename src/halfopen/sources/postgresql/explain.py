"""Which index a window is looked up in, from EXPLAIN.

Over a table of a few rows PostgreSQL reads them all whatever indexes there are. So reading whole tables is made dear
first: what is to be known is whether an index can be used once there are many rows.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from halfopen.sources.base import QueryPlan, Selection
from halfopen.sources.postgresql.pool import Connection

_RANGE: Final = re.compile(r"[<>]=? ")

_FIRST_COLUMNS: Final = """
select c.relname::text as index, quote_ident(a.attname) as head
from pg_catalog.pg_class c join pg_catalog.pg_index i on i.indexrelid = c.oid
  join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
where c.relname = any($1::text[])
"""
"""Of indexes that begin with a column; those that begin with an expression are taken on trust."""


async def explained(connection: Connection, select: str, selection: Selection) -> QueryPlan:
    """The plan of one window's SELECT; within a transaction, whose settings it changes."""
    await connection.execute("set local enable_seqscan = off")
    rows = await connection.fetch(f"explain (format json) {select}")
    plan = json.loads(rows[0]["QUERY PLAN"])[0]["Plan"]
    nodes = list(_nodes(plan))
    names = sorted({str(node["Index Name"]) for node in nodes if "Index Name" in node})
    heads = await connection.fetch(_FIRST_COLUMNS, names)
    index = _found(plan, {(row["index"], row["head"]) for row in heads})
    text = "; ".join(_told(node) for node in nodes)
    return QueryPlan(index=index, text=text, mend="" if index else await _mend(connection, select, selection))


def _found(plan: dict[str, Any], heads: Collection[tuple[str, str]]) -> str | None:
    """The index of the first range that is looked up; None where there is none, or a part of a union has none."""
    parts = [_found(part, heads) for part in plan.get("Plans", ())]
    if plan["Node Type"] in ("Append", "Merge Append"):
        return parts[0] if parts and all(parts) else None
    condition = str(plan.get("Index Cond", ""))
    if _RANGE.search(condition) and _narrows(str(plan["Index Name"]), condition, heads):
        return str(plan["Index Name"])
    return next((part for part in parts if part), None)


def _narrows(index: str, condition: str, heads: Collection[tuple[str, str]]) -> bool:
    """Whether the condition names the index's first column: without it the whole index is read."""
    told = [head for name, head in heads if name == index]
    return not told or any(re.search(rf"(?<!\w){re.escape(head)}(?!\w)", condition) for head in told)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _told(node: dict[str, Any]) -> str:
    over = node.get("Index Name") or node.get("Relation Name")
    return f"{node['Node Type']} on {over}" if over else str(node["Node Type"])


async def _mend(connection: Connection, select: str, selection: Selection) -> str:
    stamp = selection.stamp
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
