"""Every player found newly self-excluded is written down with the moment of the commit that brought it.

Regulators ask how long it took from the product's stamp to the mirror. The line is part of the transaction that stores
the row; its moment is taken right before the commit.
"""

from collections.abc import Iterable
from datetime import datetime

import duckdb

from halfopen.contract.judge import typed
from halfopen.sinks.database import Database, Values, naive
from halfopen.sinks.duckdb.merge import Merge, asked
from halfopen.sinks.duckdb.run import run, written
from halfopen.sinks.stage import Shape
from halfopen.sinks.sticky import RECORDED, recorded

FEED, FLAG = RECORDED

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

_INCOMING = (
    f"{_INTO} SELECT {_LINE} FROM (SELECT $p_product::text AS product, i.id, {{moment}} AS modified_at,"
    " $p_window_start::timestamp AS window_start, $p_window_end::timestamp AS window_end"
    f" FROM in_{FEED} i LEFT JOIN in_matched m ON m._answer = i._answer AND m._n = i._n"
    f" LEFT JOIN {FEED} s ON m.differs AND s.product = $p_product::text AND s.id = i.id"
    " WHERE i._answer = $p_answer::integer AND (m._n IS NULL OR m.differs){only}) p"
)
_OF_POSTGRESQL = _INCOMING.format(moment="i.modified_at", only=f" AND i.{FLAG} AND s.{FLAG} IS NOT TRUE")
_OF_VERSIONS = _INCOMING.format(
    moment=f"unnest(CASE WHEN i._settled THEN i._excluded WHEN i.{FLAG} AND s.{FLAG} IS NOT TRUE"
    " THEN ARRAY[i.modified_at] END)",
    only="",
)
"""Where keys come more than once: of those `_excluded` says which versions brought the flag."""


def concern(shape: Shape) -> bool:
    """Whether an answer of this shape can tell of a self-exclusion."""
    return recorded(shape)


def find_in_duckdb(
    connection: duckdb.DuckDBPyConnection, merge: Merge, values: Values, *, inserted: int, updated: int
) -> None:
    """Write a line for each new row with the flag, and for each that replaces one without it.

    Of a key that comes more than once each version counts that brought the flag, if anything of the key is written.
    After `keyed`, and `differing` where rows were updated; the moments of commit are left open for `stamp`.
    """
    if not concern(merge.shape):
        return
    inserting, updating = _of_versions(merge) if merge.carries else _of_rows(merge)
    sources = [source for source, count in ((inserting, inserted), (updating, updated)) if count]
    found = " UNION ALL ".join(sources)
    # The ledger is looked at only where there is somebody.
    if sources and run(connection, f"SELECT 1 FROM ({found}) LIMIT 1", values).fetchone():
        written(connection, f"{_INTO} SELECT {_LINE} FROM ({found}) p", values)


def find_in_postgresql(database: Database, shape: Shape, values: Values, *, twice: bool) -> None:
    """The same before rows are written; `in_matched` says which replace another; twice: keys come more than once."""
    if concern(shape):
        database.write(_OF_VERSIONS if twice else _OF_POSTGRESQL, values)


def stamp(database: Database, feeds: Iterable[str], now: datetime) -> None:
    """Write the moment of the commit into the lines of this transaction, right before it."""
    if FEED in feeds:
        database.write(
            "UPDATE halfopen.self_exclusions SET committed_at = $p_now::TIMESTAMP WHERE committed_at IS NULL",
            {"now": naive(now)},
        )


def _of_rows(merge: Merge) -> tuple[str, str]:
    """Queries of the new rows and of the replacing ones that are to be written down."""
    stamp = "modified_at" if "modified_at" in merge.shape.present else None
    needed = ["id", FLAG, *([stamp] if stamp else [])]
    rows = "values_at_hand" if merge.at_hand else f"({typed(merge.shape.feed, 'staged', needed)})"
    new, replacing = ((f"{row}.id", f"{row}.{stamp}" if stamp else "NULL::TIMESTAMP") for row in "td")
    beside = f"FROM keyed k JOIN {rows} t ON t._n = k._n{asked(merge, 't')}"
    return (
        f"SELECT {_told(merge, *new)} {beside} WHERE NOT k._stored AND t.{FLAG}",
        f"SELECT {_told(merge, *replacing)} FROM differing d{asked(merge, 'd')} WHERE d._new_{FLAG} AND d.{FLAG}",
    )


def _of_versions(merge: Merge) -> tuple[str, str]:
    """The same where keys come more than once: `keyed` says which of their versions brought the flag."""
    told = f"SELECT {_told(merge, 'k._key', 'unnest(k._excluded)')} FROM keyed k{asked(merge, 'k')}"
    return f"{told} WHERE NOT k._stored", f"{told} WHERE k._n IN (SELECT _n FROM differing)"


def _told(merge: Merge, key: str, moment: str) -> str:
    product, start, end = (merge.given(name, kind) for name, kind in _PLACE.items())
    return f"{product} AS product, {key} AS id, {moment} AS modified_at, {start} AS window_start, {end} AS window_end"


_PLACE = {"product": "VARCHAR", "window_start": "TIMESTAMP", "window_end": "TIMESTAMP"}
