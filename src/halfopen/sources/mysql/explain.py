"""Which index a window is looked up in, from EXPLAIN, whatever the number of rows.

Over a few rows MySQL and MariaDB read them all whatever indexes there are, so that the index which is chosen tells
little. What is asked instead is which indexes are possible, and that is settled by the conditions alone:

- The window is answered by the tables into whose conditions its edge has found its way, through views, subselects and
  each part of a union. If it has reached none, the rows are made whole before they are compared, and no index helps.
- In each of these tables an index serves that is possible with the window and is not without it, or one that the window
  makes use more of its columns (brand, then cursor, where a filter names the brand).
- The second kind is told for a table of the operator's by forcing the index, and for views only where it is chosen.

So a window has an index when all of these tables have one.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from halfopen.sources.base import QueryPlan, Selection
from halfopen.sources.mysql.connections import Connection
from halfopen.sources.mysql.cut import cut
from halfopen.sources.mysql.sql import name, text
from halfopen.sources.mysql.types import Shape, Type
from halfopen.window.window import Window, align

_CONDITIONS: Final = ("attached_condition", "index_condition")
_MEMBER: Final = re.compile(r'^(\s*"\w+": )"(.*)"(,?)$', re.MULTILINE)
_EDGE: Final = re.compile(r"'([^']+)'|(\d{6,})")
_UNSORTED: Final = (Shape.TEXT, Shape.JSON, Shape.OTHER)
_STAMPS: Final = {Shape.STAMP: "datetime(6)", Shape.ZONED: "timestamp(6)"}
_ONLINE: Final = " ALGORITHM=INPLACE LOCK=NONE"

Table = dict[str, Any]
"""What EXPLAIN tells of one table of the query."""


def explained(connection: Connection, selection: Selection, type_: Type, window: Window) -> QueryPlan:
    """The plan of one window; `type_` is its cursor's. Reads no row."""
    stamp = selection.stamp
    if stamp is None:
        return QueryPlan(index=None, text=_told(_tables(connection, _select(selection, ""))))
    if type_.shape is Shape.DATE:
        # Most minutes hold no day's beginning, so that nothing would be looked for.
        window = align(window, timedelta(days=1))
    condition = cut(stamp, type_, selection.zone, window)
    tables = _tables(connection, _select(selection, condition))
    landed = _landed(tables, condition)
    index = _index(connection, selection, condition, landed)
    mend = "" if index else _mend(connection, selection, stamp, type_, landed=bool(landed))
    return QueryPlan(index=index, text=_told(tables), mend=mend)


def _select(selection: Selection, condition: str) -> str:
    parts = [f"({selection.where})"] if selection.where else []
    parts += [condition] if condition else []
    return f"select 1 from {selection.relation}" + (f" where {' and '.join(parts)}" if parts else "")


def _tables(connection: Connection, select: str) -> list[Table]:
    return list(_nodes(_read(connection.fetch(f"explain format=json {select}")[0][0])))


def _read(told: str) -> object:
    """MariaDB (10.11) escapes neither quotes nor backslashes, but writes each member on a line of its own."""
    try:
        return json.loads(told)
    except ValueError:
        return json.loads(_MEMBER.sub(lambda member: f"{member[1]}{json.dumps(member[2])}{member[3]}", told))


def _nodes(plan: object) -> Iterator[Table]:
    """Every table of a plan, in the order in which it tells them."""
    if isinstance(plan, dict):
        if "table_name" in plan:
            yield plan
        for part in plan.values():
            yield from _nodes(part)
    elif isinstance(plan, list):
        for part in plan:
            yield from _nodes(part)


def _landed(tables: Sequence[Table], condition: str) -> list[Table]:
    """The stored tables whose own conditions hold the window's edge."""
    found = _EDGE.search(condition)
    edge = (found[1] or found[2]) if found else condition
    return [
        table
        for table in tables
        if any(edge in str(table.get(told, "")) for told in _CONDITIONS)
        and not any(told.startswith("materialized") for told in table)
    ]


def _index(connection: Connection, selection: Selection, condition: str, landed: Sequence[Table]) -> str | None:
    """The indexes of all tables, or None when one has none."""
    without = _by_place(_tables(connection, _select(selection, "")))
    found: list[str] = []
    for place, table in _by_place(landed).items():
        other = without.get(place, {})
        serving = sorted(_possible(table) - _possible(other)) or _longer(table, other)
        if not serving and not selection.relation.startswith("("):
            serving = _forced(connection, selection, condition, sorted(_possible(table)))
        if not serving:
            return None
        found.append(serving[0])
    return ", ".join(dict.fromkeys(found)) or None


def _by_place(tables: Sequence[Table]) -> dict[tuple[str, int], Table]:
    """Tables by name and by which of that name they are: the order of a join may change, but not that of its parts."""
    seen: Counter[str] = Counter()
    placed = {}
    for table in tables:
        named = str(table["table_name"])
        placed[named, seen[named]] = table
        seen[named] += 1
    return placed


def _possible(table: Table) -> set[str]:
    return set(table.get("possible_keys") or ())


def _longer(table: Table, other: Table) -> list[str]:
    """The index that is read over a range, by more of its columns than without the window."""
    parts, before = (each.get("used_key_parts") or () for each in (table, other))
    same = other.get("key") == table.get("key") and other.get("access_type") != "index"
    is_range = table.get("access_type") == "range" and len(parts) > (len(before) if same else 1)
    return [str(table["key"])] if is_range else []


def _forced(connection: Connection, selection: Selection, condition: str, indexes: Sequence[str]) -> list[str]:
    for index in indexes:
        # A view takes no such word, and need not: it is not asked.
        if not _is_table(connection, selection.relation):
            return []
        only = replace(selection, relation=f"{selection.relation} force index ({name(index)})")
        pair = [_tables(connection, _select(only, each)) for each in (condition, "")]
        if all(len(tables) == 1 for tables in pair) and (found := _longer(pair[0][0], pair[1][0])):
            return found
    return []


def _told(tables: Sequence[Table]) -> str:
    return "; ".join(f"{table.get('access_type', 'read')} on {_over(table)}" for table in tables) or "no table is read"


def _over(table: Table) -> str:
    return f"{table['table_name']}.{table['key']}" if table.get("key") else str(table["table_name"])


def _mend(connection: Connection, selection: Selection, stamp: str, type_: Type, *, landed: bool) -> str:
    if type_.shape in _UNSORTED:
        return f"{stamp} holds texts, which no index sorts as moments: make it a datetime(6)"
    if not landed:
        return f"rows are put together before {stamp} is compared, so that no index helps: cut on a column of a table"
    if not _is_table(connection, selection.relation):
        return f"an index on the column behind {stamp}, in the table that the rows come from"
    index = f"halfopen_{selection.feed}"
    if stamp.startswith("`") or stamp.isidentifier():
        return f"CREATE INDEX {index} ON {selection.relation} ({stamp}){_ONLINE};"
    made = _STAMPS.get(type_.shape)
    if made is None:
        return f"an index on {stamp}, as a column of its own"
    # MariaDB knows no index on an expression; both know one on a column that is computed.
    return (
        f"ALTER TABLE {selection.relation} ADD COLUMN halfopen_cursor {made} AS ({stamp}) STORED, "
        f'ADD INDEX {index} (halfopen_cursor); and cursor = "halfopen_cursor"'
    )


def _is_table(connection: Connection, relation: str) -> bool:
    if relation.startswith("("):
        return False
    schema, _, table = relation.rpartition(".")
    own = text(_bare(schema)) if schema else "database()"
    return bool(
        connection.fetch(
            f"select 1 from information_schema.tables where table_schema = {own} "
            f"and table_name = {text(_bare(table))} and table_type = 'BASE TABLE'"
        )
    )


def _bare(quoted: str) -> str:
    return quoted.strip("`").replace("``", "`")
