"""Every player found newly self-excluded is written down with the moment of the commit that brought it.

Regulators ask how long it took from the product's stamp to the mirror. The line is part of the transaction that stores
the row; its moment is taken right before the commit.
"""

from collections.abc import Iterable
from datetime import datetime

import duckdb

from halfopen.contract.judge import typed
from halfopen.sinks.database import Database, Values, naive
from halfopen.sinks.duckdb.merge import Merge
from halfopen.sinks.duckdb.run import run, written
from halfopen.sinks.stage import Shape

FEED, FLAG = "players", "self_excluded"

_INTO = (
    "INSERT INTO halfopen.self_exclusions"
    " (product, player, modified_at, window_start, window_end, committed_at, initial)"
)
_INITIAL = (
    "coalesce(p.modified_at < (SELECT min(l.first_asked_at) FROM halfopen.ledger l WHERE l.product = p.product"
    f" AND l.feed = '{FEED}' AND l.state = 'committed'), true)"
)
"""Changed before this mirror first asked for players; true where nobody stamped it, or it asks for the first time."""
_LINE = f"p.product, p.id, p.modified_at, p.window_start, p.window_end, NULL::TIMESTAMP, {_INITIAL}"

_OF_POSTGRESQL = (
    f"{_INTO} SELECT {_LINE} FROM (SELECT $p_product::text AS product, i.id, i.modified_at,"
    " $p_window_start::timestamp AS window_start, $p_window_end::timestamp AS window_end"
    f" FROM in_{FEED} i LEFT JOIN in_matched m ON m._answer = i._answer AND m._n = i._n"
    f" LEFT JOIN {FEED} s ON m.differs AND s.product = $p_product::text AND s.id = i.id"
    f" WHERE i._answer = $p_answer::integer AND i.{FLAG}"
    f" AND (m._n IS NULL OR (m.differs AND s.{FLAG} IS NOT TRUE))) p"
)


def concern(shape: Shape) -> bool:
    """Whether an answer of this shape can tell of a self-exclusion."""
    return shape.name == FEED and FLAG in shape.present


def find_in_duckdb(
    connection: duckdb.DuckDBPyConnection, merge: Merge, values: Values, *, inserted: int, updated: int
) -> None:
    """Write a line for each new row with the flag, and for each that replaces one without it.

    After `keyed`, and `differing` where rows were updated; the moments of commit are left open for `stamp`.
    """
    if not concern(merge.shape):
        return
    place = {name: merge.given(name, kind) for name, kind in _PLACE.items()}
    asked = " JOIN asked q ON q._a = {}._a" if merge.many else ""
    stamp = "modified_at" if "modified_at" in merge.shape.present else None
    sources = []
    if inserted:
        needed = ["id", FLAG, *([stamp] if stamp else [])]
        rows = "values_at_hand" if merge.at_hand else f"({typed(merge.shape.feed, 'staged', needed)})"
        sources.append(
            f"SELECT {_told(place, 't', stamp)} FROM keyed k JOIN {rows} t ON t._n = k._n{asked.format('t')}"
            f" WHERE NOT k._stored AND t.{FLAG}"
        )
    if updated:
        sources.append(
            f"SELECT {_told(place, 'd', stamp)} FROM differing d{asked.format('d')} WHERE d._new_{FLAG} AND d.{FLAG}"
        )
    found = " UNION ALL ".join(sources)
    # The ledger is looked at only where there is somebody.
    if sources and run(connection, f"SELECT 1 FROM ({found}) LIMIT 1", values).fetchone():
        written(connection, f"{_INTO} SELECT {_LINE} FROM ({found}) p", values)


def find_in_postgresql(database: Database, shape: Shape, values: Values) -> None:
    """The same, before the rows are written: `in_matched` says which replace another."""
    if concern(shape):
        database.write(_OF_POSTGRESQL, values)


def stamp(database: Database, feeds: Iterable[str], now: datetime) -> None:
    """Write the moment of the commit into the lines of this transaction, right before it."""
    if FEED in feeds:
        database.write(
            "UPDATE halfopen.self_exclusions SET committed_at = $p_now::TIMESTAMP WHERE committed_at IS NULL",
            {"now": naive(now)},
        )


_PLACE = {"product": "VARCHAR", "window_start": "TIMESTAMP", "window_end": "TIMESTAMP"}


def _told(place: dict[str, str], row: str, stamp: str | None) -> str:
    moment = f"{row}.{stamp}" if stamp else "NULL::TIMESTAMP"
    return (
        f"{place['product']} AS product, {row}.id, {moment} AS modified_at, {place['window_start']} AS window_start,"
        f" {place['window_end']} AS window_end"
    )
