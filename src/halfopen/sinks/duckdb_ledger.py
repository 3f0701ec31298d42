"""The ledger: one line per asked window and pass; holes; what is late; how far a feed has come."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import duckdb

from halfopen.contract.model import FeedKind
from halfopen.sinks.base import Answer, Applied, Hole
from halfopen.sinks.duckdb_run import naive, run, written
from halfopen.sinks.duckdb_schema import quoted
from halfopen.sinks.duckdb_stage import Shape
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window

_OF_FEED = "product = $p_product::VARCHAR AND feed = $p_feed::VARCHAR"
_OF_LINE = (
    f"{_OF_FEED} AND window_start = $p_window_start::TIMESTAMP AND window_end = $p_window_end::TIMESTAMP"
    " AND pass = $p_rung::INTEGER"
)

_OWING = "SELECT DISTINCT product, feed FROM halfopen.holes"
_ISLANDS = (
    "SELECT pass, min(window_start), max(window_end) FROM ("
    "SELECT *, count(*) FILTER (starts) OVER (PARTITION BY pass ORDER BY window_start, window_end) AS island FROM ("
    "SELECT pass, window_start, window_end, coalesce(window_start > max(window_end) OVER ("
    "PARTITION BY pass ORDER BY window_start, window_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true)"
    f" AS starts FROM halfopen.ledger WHERE {_OF_FEED} AND state = 'committed' AND window_start < window_end"
    ")) GROUP BY pass, island ORDER BY 1, 2"
)
"""Committed windows that touch or overlap merged, per pass."""


def commit(connection: duckdb.DuckDBPyConnection, applied: Applied, values: dict[str, Any]) -> None:
    """Write the line of a committed answer over any earlier line of its window and pass."""
    row = {
        **values,
        "rows": applied.rows,
        "changed": applied.changed,
        "late": applied.late,
        "quarantined": applied.quarantined,
    }
    before = run(connection, f"SELECT first_asked_at FROM halfopen.ledger WHERE {_OF_LINE}", row).fetchone()
    row["first_asked_at"] = before[0] if before and before[0] is not None else row["asked_at"]
    if before:
        run(connection, f"DELETE FROM halfopen.ledger WHERE {_OF_LINE}", row)
    run(
        connection,
        "INSERT INTO halfopen.ledger VALUES ($p_product, $p_feed, $p_window_start, $p_window_end, $p_rung,"
        " 'committed', $p_rows, $p_changed, $p_late, $p_quarantined, $p_digest, $p_attempts, $p_asked_at,"
        " $p_fetched_at, $p_first_asked_at, $p_seq)",
        row,
    )


def fail(connection: duckdb.DuckDBPyConnection, hole: Hole) -> None:
    """Write the hole, and a failed line where the window has no committed one in this pass."""
    row = {
        "product": hole.product,
        "feed": hole.feed,
        "window_start": naive(hole.window.start),
        "window_end": naive(hole.window.end),
        "rung": hole.rung,
        "since": naive(hole.since),
        "attempts": hole.attempts,
        "last_error": hole.last_error,
        "next_try": naive(hole.next_try),
    }
    run(connection, f"DELETE FROM halfopen.holes WHERE {_OF_LINE}", row)
    run(
        connection,
        "INSERT INTO halfopen.holes VALUES ($p_product, $p_feed, $p_window_start, $p_window_end, $p_since,"
        " $p_attempts, $p_last_error, $p_next_try, $p_rung)",
        row,
    )
    run(connection, f"DELETE FROM halfopen.ledger WHERE {_OF_LINE} AND state = 'failed'", row)
    run(
        connection,
        "INSERT INTO halfopen.ledger SELECT $p_product, $p_feed, $p_window_start, $p_window_end, $p_rung, 'failed',"
        " 0, 0, 0, 0, NULL, $p_attempts, $p_since, NULL, NULL, NULL"
        f" WHERE NOT EXISTS (FROM halfopen.ledger WHERE {_OF_LINE})",
        row,
    )


def fill(connection: duckdb.DuckDBPyConnection, product: str, feed: str) -> int:
    """Remove the holes that committed windows cover, alone or together; give how many are left.

    A first ask that failed is filled by whatever is committed; a failed re-read only by what was asked after it
    failed, for it was to look again.
    """
    found = holes(connection, product, feed)
    left = len(found)
    for hole in found:
        row = {
            "product": product,
            "feed": feed,
            "window_start": naive(hole.window.start),
            "window_end": naive(hole.window.end),
            "rung": hole.rung,
            "since": naive(hole.since),
        }
        later = "" if hole.rung == 0 else " AND asked_at >= $p_since::TIMESTAMP"
        lines = run(
            connection,
            f"SELECT window_start, window_end FROM halfopen.ledger WHERE {_OF_FEED} AND state = 'committed'"
            f" AND window_start < $p_window_end::TIMESTAMP AND window_end > $p_window_start::TIMESTAMP{later}",
            row,
        ).fetchall()
        if Coverage.of(_windows(lines)).covers(hole.window):
            run(connection, f"DELETE FROM halfopen.holes WHERE {_OF_LINE}", row)
            left -= 1
    return left


def holes(connection: duckdb.DuckDBPyConnection, product: str, feed: str) -> tuple[Hole, ...]:
    """The holes of a feed, the oldest window first."""
    rows = run(
        connection,
        "SELECT window_start, window_end, pass, since, attempts, last_error, next_try FROM halfopen.holes"
        f" WHERE {_OF_FEED} ORDER BY window_start, window_end, pass",
        {"product": product, "feed": feed},
    ).fetchall()
    return tuple(
        Hole(
            product=product,
            feed=feed,
            window=Window(_aware(start), _aware(end)),
            rung=rung,
            since=_aware(since),
            attempts=attempts,
            last_error=last_error,
            next_try=_aware(next_try),
        )
        for start, end, rung, since, attempts, last_error, next_try in rows
    )


def owing(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Products and feeds that have holes."""
    return {(product, feed) for product, feed in connection.execute(_OWING).fetchall()}


def coverage(connection: duckdb.DuckDBPyConnection, product: str, feed: str) -> dict[int, Coverage]:
    """What is committed, by pass; merged in SQL, so that 100,000 lines cost tens of milliseconds."""
    rows = run(connection, _ISLANDS, {"product": product, "feed": feed}).fetchall()
    passes: dict[int, list[tuple[datetime, datetime]]] = {}
    for rung, start, end in rows:
        passes.setdefault(rung, []).append((start, end))
    return {rung: Coverage.of(_windows(spans)) for rung, spans in passes.items()}


def late(connection: duckdb.DuckDBPyConnection, shape: Shape, values: dict[str, Any], sources: list[str]) -> int:
    """Record the late rows among the changed ones; give how many.

    `sources` are queries of (_id, _cursor, _was_fetched) over the rows that changed the mirror. Late is what lies in
    a span that was committed before; in an aggregate feed only if nothing happened since the row was last fetched.
    """
    cause = (
        " AND (c._was_fetched IS NULL OR c._cursor < c._was_fetched)" if shape.feed.kind is FeedKind.AGGREGATE else ""
    )
    return written(
        connection,
        "INSERT INTO halfopen.late_rows"
        f" WITH candidates AS MATERIALIZED (SELECT * FROM ({' UNION ALL '.join(sources)}) WHERE _cursor IS NOT NULL),"
        " spans AS MATERIALIZED (SELECT window_start, window_end, first_asked_at FROM halfopen.ledger"
        f" WHERE {_OF_FEED} AND state = 'committed' AND pass = 0"
        " AND window_end > (SELECT min(_cursor) FROM candidates)"
        " AND window_start <= (SELECT max(_cursor) FROM candidates))"
        " SELECT $p_product::VARCHAR, $p_feed::VARCHAR, substr(c._id, length($p_product::VARCHAR) + 2),"
        " any_value(c._cursor), arg_min(s.window_start, s.first_asked_at), min(s.first_asked_at),"
        " $p_fetched_at::TIMESTAMP FROM candidates c JOIN spans s"
        f" ON c._cursor >= s.window_start AND c._cursor < s.window_end{cause} GROUP BY c._id",
        values,
    )


def values_of(answer: Answer) -> dict[str, Any]:
    """The parameters that an answer gives to all statements."""
    return {
        "product": answer.product,
        "feed": answer.feed.name,
        "window_start": naive(answer.window.start),
        "window_end": naive(answer.window.end),
        "rung": answer.rung,
        "seq": answer.seq,
        "asked_at": naive(answer.asked_at),
        "fetched_at": naive(answer.fetched_at),
        "digest": answer.digest,
        "attempts": answer.attempts,
    }


def rows_stored(connection: duckdb.DuckDBPyConnection, feeds: Iterable[str]) -> dict[tuple[str, str], int]:
    """Count of stored rows by product and feed."""
    counts: dict[tuple[str, str], int] = {}
    for feed in feeds:
        for product, count in connection.execute(
            f"SELECT product, count(*) FROM {quoted(feed)} GROUP BY product"
        ).fetchall():
            counts[product, feed] = count
    return counts


def counts(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[int, int]]:
    """Holes and late rows by product and feed, for every feed that was ever asked."""
    rows = connection.execute(
        "SELECT product, feed, sum(holes), sum(late) FROM ("
        "SELECT DISTINCT product, feed, 0 AS holes, 0 AS late FROM halfopen.ledger"
        " UNION ALL SELECT product, feed, count(*), 0 FROM halfopen.holes GROUP BY ALL"
        " UNION ALL SELECT product, feed, 0, count(*) FROM halfopen.late_rows GROUP BY ALL"
        ") GROUP BY product, feed"
    ).fetchall()
    return {(product, feed): (int(holes), int(late)) for product, feed, holes, late in rows}


def last_seq(connection: duckdb.DuckDBPyConnection) -> int:
    """The greatest request sequence of a committed answer; 0 in a new mirror."""
    row = connection.execute("SELECT coalesce(max(seq), 0) FROM halfopen.ledger").fetchone()
    return int(row[0]) if row else 0


def _windows(rows: Iterable[tuple[datetime, datetime]]) -> Iterable[Window]:
    return (Window(_aware(start), _aware(end)) for start, end in rows)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
