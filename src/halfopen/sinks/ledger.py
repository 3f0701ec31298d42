"""The ledger: one line per asked window and pass; holes; what is late; how far a feed has come."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from halfopen.contract.sql import quote
from halfopen.sinks.base import Answer, Applied, Hole
from halfopen.sinks.database import Database, aware, naive
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window

OF_FEED = "product = $p_product::VARCHAR AND feed = $p_feed::VARCHAR"
_OF_LINE = (
    f"{OF_FEED} AND window_start = $p_window_start::TIMESTAMP AND window_end = $p_window_end::TIMESTAMP"
    " AND pass = $p_rung::INTEGER"
)
_OF_PASS = f"{OF_FEED} AND pass = $p_rung::INTEGER AND state = 'committed'"

_OWING = "SELECT DISTINCT product, feed FROM halfopen.holes"


def commit(database: Database, applied: Applied, values: dict[str, Any]) -> None:
    """Write the line of a committed answer over any earlier line of its window and pass."""
    row = {
        **values,
        "rows": applied.rows,
        "changed": applied.changed,
        "late": applied.late,
        "quarantined": applied.quarantined,
    }
    before = database.rows(f"SELECT first_asked_at FROM halfopen.ledger WHERE {_OF_LINE}", row)
    row["first_asked_at"] = before[0][0] if before and before[0][0] is not None else row["asked_at"]
    if before:
        database.write(f"DELETE FROM halfopen.ledger WHERE {_OF_LINE}", row)
    database.write(
        "INSERT INTO halfopen.ledger VALUES ($p_product, $p_feed, $p_window_start, $p_window_end, $p_rung,"
        " 'committed', $p_rows, $p_changed, $p_late, $p_quarantined, $p_digest, $p_attempts, $p_asked_at,"
        " $p_fetched_at, $p_first_asked_at, $p_seq)",
        row,
    )
    if row["rung"] > 0:
        _look_again(database, row)


def _look_again(database: Database, row: dict[str, Any]) -> None:
    """Older lines of this pass that later ones cover, alone or together, have been asked again by the last of these.

    So it is after a ladder has changed: what had been asked too early for the new rung is asked once more. Compaction
    keeps the earliest ask of what it merges, and without this it would look too early again a week later, for ever.
    Only lines within a day are merged.
    """
    older = database.rows(
        f"SELECT window_start, window_end, asked_at FROM halfopen.ledger WHERE {_OF_PASS}"
        " AND window_start > $p_window_start::TIMESTAMP - INTERVAL '1 day'"
        " AND window_start < $p_window_end::TIMESTAMP AND window_end > $p_window_start::TIMESTAMP"
        " AND asked_at < $p_asked_at::TIMESTAMP",
        row,
    )
    for start, end, asked_at in older:
        line = {**row, "window_start": start, "window_end": end, "asked_at": asked_at}
        later = database.rows(
            f"SELECT window_start, window_end, asked_at, committed_at FROM halfopen.ledger WHERE {_OF_PASS}"
            " AND window_start < $p_window_end::TIMESTAMP AND window_end > $p_window_start::TIMESTAMP"
            " AND asked_at > $p_asked_at::TIMESTAMP",
            line,
        )
        if Coverage.of(_windows(found[:2] for found in later)).covers(Window(aware(start), aware(end))):
            line |= {"asked_at": min(found[2] for found in later), "fetched_at": min(found[3] for found in later)}
            database.write(
                "UPDATE halfopen.ledger SET asked_at = $p_asked_at::TIMESTAMP, committed_at = $p_fetched_at::TIMESTAMP"
                f" WHERE {_OF_LINE}",
                line,
            )


def fail(database: Database, hole: Hole) -> None:
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
    database.write(f"DELETE FROM halfopen.holes WHERE {_OF_LINE}", row)
    database.write(
        "INSERT INTO halfopen.holes VALUES ($p_product, $p_feed, $p_window_start, $p_window_end, $p_since,"
        " $p_attempts, $p_last_error, $p_next_try, $p_rung)",
        row,
    )
    database.write(f"DELETE FROM halfopen.ledger WHERE {_OF_LINE} AND state = 'failed'", row)
    database.write(
        "INSERT INTO halfopen.ledger SELECT $p_product::VARCHAR, $p_feed::VARCHAR,"
        " $p_window_start::TIMESTAMP, $p_window_end::TIMESTAMP, $p_rung::INTEGER, 'failed', 0, 0, 0, 0, NULL,"
        " $p_attempts::INTEGER, $p_since::TIMESTAMP, NULL, NULL, NULL"
        f" WHERE NOT EXISTS (SELECT 1 FROM halfopen.ledger WHERE {_OF_LINE})",
        row,
    )


def fill(database: Database, product: str, feed: str) -> int:
    """Remove the holes that committed windows cover, alone or together; give how many are left.

    A first ask that failed is filled by whatever is committed; a failed re-read only by what was asked after it
    failed, for it was to look again.
    """
    found = holes(database, product, feed)
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
        lines = database.rows(
            f"SELECT window_start, window_end FROM halfopen.ledger WHERE {OF_FEED} AND state = 'committed'"
            f" AND window_start < $p_window_end::TIMESTAMP AND window_end > $p_window_start::TIMESTAMP{later}",
            row,
        )
        if Coverage.of(_windows(lines)).covers(hole.window):
            database.write(f"DELETE FROM halfopen.holes WHERE {_OF_LINE}", row)
            left -= 1
    return left


def holes(database: Database, product: str, feed: str) -> tuple[Hole, ...]:
    """The holes of a feed, the oldest window first."""
    rows = database.rows(
        "SELECT window_start, window_end, pass, since, attempts, last_error, next_try FROM halfopen.holes"
        f" WHERE {OF_FEED} ORDER BY window_start, window_end, pass",
        {"product": product, "feed": feed},
    )
    return tuple(
        Hole(
            product=product,
            feed=feed,
            window=Window(aware(start), aware(end)),
            rung=rung,
            since=aware(since),
            attempts=attempts,
            last_error=last_error,
            next_try=aware(next_try),
        )
        for start, end, rung, since, attempts, last_error, next_try in rows
    )


def owing(database: Database) -> set[tuple[str, str]]:
    """Products and feeds that have holes."""
    return {(product, feed) for product, feed in database.rows(_OWING)}


def islands(only: str = "") -> str:
    """A SELECT of committed windows, those that touch or overlap merged: product, feed, pass, start, end."""
    order = "OVER (PARTITION BY product, feed, pass ORDER BY window_start, window_end"
    return (
        "SELECT product, feed, pass, min(window_start), max(window_end) FROM ("
        f"SELECT *, count(*) FILTER (WHERE starts) {order}) AS island FROM ("
        "SELECT product, feed, pass, window_start, window_end, coalesce(window_start > max(window_end)"
        f" {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS starts"
        f" FROM halfopen.ledger WHERE state = 'committed' AND window_start < window_end{only}"
        ") lines) islands GROUP BY product, feed, pass, island"
    )


def coverage(database: Database, product: str, feed: str) -> dict[int, Coverage]:
    """What is committed, by pass; merged in SQL, so that 100,000 lines cost tens of milliseconds."""
    rows = database.rows(islands(f" AND {OF_FEED}"), {"product": product, "feed": feed})
    passes: dict[int, list[tuple[datetime, datetime]]] = {}
    for _, _, rung, start, end in rows:
        passes.setdefault(rung, []).append((start, end))
    return {rung: Coverage.of(_windows(spans)) for rung, spans in passes.items()}


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
        "zone": answer.zone,
    }


def rows_stored(database: Database, feeds: Iterable[str]) -> dict[tuple[str, str], int]:
    """Count of stored rows by product and feed."""
    counts: dict[tuple[str, str], int] = {}
    for feed in feeds:
        for product, count in database.rows(f"SELECT product, count(*) FROM {quote(feed)} GROUP BY product"):
            counts[product, feed] = count
    return counts


def counts(database: Database) -> dict[tuple[str, str], tuple[int, int]]:
    """Holes and late rows by product and feed, for every feed that was ever asked."""
    rows = database.rows(
        "SELECT product, feed, sum(holes), sum(late) FROM ("
        "SELECT DISTINCT product, feed, 0 AS holes, 0 AS late FROM halfopen.ledger"
        " UNION ALL SELECT product, feed, count(*), 0 FROM halfopen.holes GROUP BY product, feed"
        " UNION ALL SELECT product, feed, 0, count(*) FROM halfopen.late_rows GROUP BY product, feed"
        ") counts GROUP BY product, feed"
    )
    return {(product, feed): (int(holes), int(late)) for product, feed, holes, late in rows}


def last_seq(database: Database) -> int:
    """The greatest request sequence of a committed answer; 0 in a new mirror."""
    [(seq,)] = database.rows("SELECT coalesce(max(seq), 0) FROM halfopen.ledger")
    return int(seq)


def _windows(rows: Iterable[tuple[datetime, datetime]]) -> Iterable[Window]:
    return (Window(aware(start), aware(end)) for start, end in rows)
