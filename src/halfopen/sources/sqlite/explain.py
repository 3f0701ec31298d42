"""Which index a window is looked up in, from EXPLAIN QUERY PLAN."""

import re
import sqlite3
from typing import Final

from halfopen.sources.base import QueryPlan, Selection
from halfopen.sources.sqlite.plans import Plan

# "SEARCH t USING COVERING INDEX by_cursor (modified_at>? AND modified_at<?)": a range, not a join's equality.
_RANGE: Final = re.compile(r"SEARCH \S+.* USING (?:(?:COVERING )?INDEX (\S+)|(INTEGER PRIMARY KEY)) \(.*[<>]\?")


def explained(connection: sqlite3.Connection, plan: Plan, selection: Selection) -> QueryPlan:
    """The plan of one window's SELECT."""
    steps = [str(row[3]) for row in connection.execute(f"explain query plan {plan.sql}", plan.parameters)]
    found = next(filter(None, map(_RANGE.match, steps)), None)
    index = None if found is None else found[1] or found[2].lower()
    return QueryPlan(index=index, text="; ".join(steps), mend="" if index else _mend(connection, plan, selection))


def _mend(connection: sqlite3.Connection, plan: Plan, selection: Selection) -> str:
    stamp = selection.stamp
    if stamp is None:
        return ""
    if f"{stamp} >= ?" not in plan.sql:
        if not _has_any(connection, stamp, selection.relation):
            return "how stamps are written is learnt from rows, and there are none yet: look again at the next start"
        return f"the stamps in {stamp} are not all written in one way, so that no index sorts them: write them alike"
    if not _is_table(connection, selection.relation):
        return f"an index on the column behind {stamp}, in the table that the rows come from"
    return f"CREATE INDEX halfopen_{selection.feed} ON {selection.relation} ({stamp});"


def _has_any(connection: sqlite3.Connection, stamp: str, relation: str) -> bool:
    return bool(connection.execute(f"select 1 from {relation} where ({stamp}) is not null limit 1").fetchone())


def _is_table(connection: sqlite3.Connection, relation: str) -> bool:
    named = relation.strip('"').replace('""', '"')
    return bool(
        connection.execute("select 1 from sqlite_master where type = 'table' and name = ?", (named,)).fetchone()
    )
