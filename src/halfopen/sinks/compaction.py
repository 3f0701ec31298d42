"""Keeps the ledger small: lines of windows that are a week old become one line a stretch and day.

What is covered stays covered, by each pass; rows, counts and attempts are summed. The digest of the new line is the
SHA-256 of the old lines' digests, in the order of their windows, so that a proof says the same before and after.
Windows that go over midnight stay as they are.
"""

from datetime import datetime, timedelta

from halfopen.contract.sql import literal
from halfopen.sinks.database import Database, naive
from halfopen.window.window import floor

KEPT = timedelta(days=7)
DAY = timedelta(days=1)
_SHA256 = {"duckdb": "sha256({})", "postgresql": "encode(sha256(convert_to({}, 'UTF8')), 'hex')"}
ONE_DAY = (
    "window_start < window_end"
    " AND date_trunc('day', window_start) = date_trunc('day', window_end - INTERVAL '1 microsecond')"
)
"""Whether a line's window lies within one day: such lines are what is merged."""
_OVER = "OVER (PARTITION BY product, feed, pass, date_trunc('day', window_start) ORDER BY window_start, window_end"


def stretches(of: str) -> str:
    """A SELECT of the rows of `of` with `stretch`: the same number for windows of a day that touch or overlap."""
    return (
        f"SELECT *, count(*) FILTER (WHERE begins) {_OVER}) AS stretch FROM (SELECT *, coalesce(window_start >"
        f" max(window_end) {_OVER} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS begins FROM {of}) b"
    )


def compact(database: Database, now: datetime, dialect: str) -> int:
    """Merge what is old at `now`, in the caller's transaction; how many lines the ledger has less."""
    before = f"{literal(str(naive(floor(now - KEPT, DAY))))}::timestamp"
    old = f"(SELECT * FROM halfopen.ledger WHERE state = 'committed' AND window_end <= {before} AND {ONE_DAY}) o"
    digest = _SHA256[dialect].format("string_agg(digest, '' ORDER BY window_start, window_end)")
    database.write(
        "CREATE TEMP TABLE compacted AS SELECT product, feed, min(window_start) AS window_start,"
        " max(window_end) AS window_end, pass, sum(rows)::bigint AS rows, sum(changed)::bigint AS changed,"
        f" sum(late)::bigint AS late, sum(quarantined)::bigint AS quarantined, {digest} AS digest,"
        " sum(attempts)::integer AS attempts, min(asked_at) AS asked_at, max(committed_at) AS committed_at,"
        " min(first_asked_at) AS first_asked_at, max(seq) AS seq, date_trunc('day', window_start) AS day,"
        f" count(*) AS lines FROM ({stretches(old)}) s"
        " GROUP BY product, feed, pass, date_trunc('day', window_start), stretch HAVING count(*) > 1"
    )
    [(merged, lines)] = database.rows("SELECT count(*), coalesce(sum(lines), 0)::bigint FROM compacted")
    if merged:
        database.write(
            "DELETE FROM halfopen.ledger AS l WHERE l.state = 'committed' AND l.window_start < l.window_end"
            " AND EXISTS (SELECT 1 FROM compacted c"
            " WHERE c.product = l.product AND c.feed = l.feed AND c.pass = l.pass"
            " AND c.day = date_trunc('day', l.window_start) AND l.window_start >= c.window_start"
            " AND l.window_end <= c.window_end)"
        )
        columns = (
            "product, feed, window_start, window_end, pass, {}, rows, changed, late, quarantined, digest, attempts,"
            " asked_at, committed_at, first_asked_at, seq"
        )
        database.write(
            f"INSERT INTO halfopen.ledger ({columns.format('state')})"
            f" SELECT {columns.format(literal('committed'))} FROM compacted"
        )
    database.write("DROP TABLE compacted")
    failed = database.write(
        f"DELETE FROM halfopen.ledger AS l WHERE l.state = 'failed' AND l.window_end <= {before}"
        " AND NOT EXISTS (SELECT 1 FROM halfopen.holes h WHERE h.product = l.product AND h.feed = l.feed"
        " AND h.pass = l.pass AND h.window_start = l.window_start AND h.window_end = l.window_end)"
    )
    return int(lines) - int(merged) + failed
