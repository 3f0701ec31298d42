"""Whether DuckDB can pass over what lies outside of a window, from EXPLAIN.

DuckDB needs no index for windows. It keeps the least and the greatest value of every column for each row group (122,880
rows) and reads none whose values all lie outside: the zone maps. They serve where the window reaches a table's scan as
a comparison of a stored column. How much is passed over then depends on how far the table is in the cursor's order, as
rows are that are appended in time. The rules, whatever the number of rows:

- Texts are in no order of moments, and a cursor that is computed is compared row by row: nothing serves.
- A comparison that stands above the scan, or in it over an expression, is made for every row: nothing serves.
- A comparison that DuckDB has left out of its plan was settled by the least and greatest of the whole table.

An index of DuckDB's own (ART) is not looked for: it finds single keys.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import duckdb

from halfopen.sources.base import QueryPlan, Selection
from halfopen.sources.duckdb.cut import cut
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.window.window import Window

ZONE_MAPS: Final = "min-max zone maps"

_FILTER: Final = "FILTER"
_COMPUTED: Final = re.compile(r"(\)|END) (>=|<|BETWEEN) ")
"""A comparison of anything but a column."""
_UNSORTED: Final = (Shape.TEXT, Shape.JSON, Shape.OTHER, Shape.ARRAY)

Node = dict[str, Any]


def explained(connection: duckdb.DuckDBPyConnection, selection: Selection, type_: Type, window: Window) -> QueryPlan:
    """The plan of one window; `type_` is its cursor's. Reads no row."""
    stamp = selection.stamp
    without = _nodes(connection, selection, "")
    if stamp is None:
        return QueryPlan(index=None, text=_told(without))
    nodes = _nodes(connection, selection, cut(stamp, type_, selection.zone, window))
    mend = _mend(stamp, type_, _comparisons(nodes) - _comparisons(without))
    return QueryPlan(index=None if mend else ZONE_MAPS, text=_told(nodes), mend=mend)


def _mend(stamp: str, type_: Type, added: set[tuple[str, str]]) -> str:
    """What would let the zone maps serve the comparisons that a window adds to the plan; "" where they do."""
    if type_.shape in _UNSORTED:
        return f"{stamp} holds texts, which no index sorts as moments: make it a timestamp"
    is_column = stamp.startswith('"') or stamp.isidentifier()
    if any(name == _FILTER or _COMPUTED.search(text) for name, text in added) or not (added or is_column):
        return f"{stamp} is computed for every row before it is compared: keep it as a column of a table"
    return ""


def _nodes(connection: duckdb.DuckDBPyConnection, selection: Selection, condition: str) -> list[Node]:
    where = selection.where_inside(condition)
    rows = connection.execute(f"explain (format json) select 1 from {selection.relation}{where}").fetchall()
    return [node for root in json.loads(rows[0][1]) for node in _flat(root)]


def _flat(node: Node) -> Iterator[Node]:
    yield node
    for part in node["children"]:
        yield from _flat(part)


def _comparisons(nodes: list[Node]) -> set[tuple[str, str]]:
    """Where each stands, and its text."""
    found = set()
    for node in nodes:
        told = [node["extra_info"].get(key, ()) for key in ("Filters", "Expression")]
        for texts in told:
            found |= {(node["name"].strip(), text) for text in ([texts] if isinstance(texts, str) else texts)}
    return found


def _told(nodes: list[Node]) -> str:
    return "; ".join(_step(node) for node in nodes)


def _step(node: Node) -> str:
    told = " ".join(node["name"].split())
    over = node["extra_info"].get("Table") or node["extra_info"].get("Function")
    return f"{told} on {over}" if over else told
