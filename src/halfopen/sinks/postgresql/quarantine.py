"""Late rows, held rows and odd values of one answer, counted and kept in PostgreSQL's SQL."""

from halfopen.contract.model import Feed, FeedKind
from halfopen.contract.sql import quote
from halfopen.sinks.database import Database, Values
from halfopen.sinks.ledger import OF_FEED
from halfopen.sinks.postgresql.merge import Merge
from halfopen.sinks.rows import BY_SEQUENCE
from halfopen.sinks.stage import Note
from halfopen.sinks.tokens import MASKED, secret_fields

_ANSWER = "_answer = $p_answer::integer"
_SAME_ROW = "m._answer = i._answer AND m._n = i._n"

_HOLD = (
    "INSERT INTO halfopen.quarantine (product, feed, key, codes, raw, row_digest, window_start, window_end,"
    " first_seen, last_seen, times, state, seq, cursor, zone)"
    " SELECT $p_product::text, $p_feed::text, min(key), min(codes), (array_agg(raw))[1], row_digest,"
    " $p_window_start::timestamp, $p_window_end::timestamp, $p_fetched_at::timestamp, $p_fetched_at::timestamp,"
    f" count(*), 'held', $p_seq::bigint, min(cursor), $p_zone::text FROM in_held WHERE {_ANSWER} GROUP BY row_digest"
    " ON CONFLICT (product, feed, row_digest) DO UPDATE SET times = quarantine.times + excluded.times,"
    " last_seen = excluded.last_seen, window_start = excluded.window_start, window_end = excluded.window_end,"
    " state = 'held', seq = excluded.seq, zone = excluded.zone"
)

UNUSABLE = f"SELECT _n, codes FROM in_held WHERE {_ANSWER}"


def accepted(incoming: str) -> str:
    """A query of the incoming rows by place: whether each is now in the mirror."""
    return (
        f"SELECT i._n, m._n IS NULL OR m.accepted FROM {incoming} i LEFT JOIN in_matched m ON {_SAME_ROW}"
        f" WHERE i.{_ANSWER}"
    )


def late(database: Database, merge: Merge, values: Values) -> int:
    """Record the late rows among those that changed the mirror; give how many.

    Late is what lies in a span that was committed before; in an aggregate feed only if nothing happened since the row
    was last fetched.
    """
    feed = merge.shape.feed
    if feed.cursor not in merge.shape.present:
        return 0
    cause = " AND (c.was_fetched IS NULL OR c.cursor < c.was_fetched)" if feed.kind is FeedKind.AGGREGATE else ""
    return database.write(
        f"WITH candidates AS MATERIALIZED (SELECT i.{quote(feed.key)} AS key, {merge.cursor} AS cursor, m.was_fetched"
        f" FROM {merge.incoming} i LEFT JOIN in_matched m ON {_SAME_ROW}"
        f" WHERE i.{_ANSWER} AND (m._n IS NULL OR m.differs) AND {merge.cursor} IS NOT NULL),"
        " spans AS MATERIALIZED (SELECT window_start, window_end, first_asked_at FROM halfopen.ledger"
        f" WHERE {OF_FEED} AND state = 'committed' AND pass = 0"
        " AND window_end > (SELECT min(cursor) FROM candidates)"
        " AND window_start <= (SELECT max(cursor) FROM candidates))"
        " INSERT INTO halfopen.late_rows SELECT DISTINCT ON (c.key) $p_product::text, $p_feed::text, c.key, c.cursor,"
        " s.window_start, s.first_asked_at, $p_fetched_at::timestamp FROM candidates c JOIN spans s"
        f" ON c.cursor >= s.window_start AND c.cursor < s.window_end{cause} ORDER BY c.key, s.first_asked_at",
        values,
    )


def supersede(database: Database, merge: Merge, values: Values) -> int:
    """Let go of held rows of which a good version has come that is newer."""
    feed = merge.shape.feed
    newer = "" if feed.kind in BY_SEQUENCE else f" AND ({merge.compares} >= q.cursor) IS NOT FALSE"
    return database.write(
        "UPDATE halfopen.quarantine q SET state = 'superseded'"
        f" FROM {merge.incoming} i LEFT JOIN in_matched m ON {_SAME_ROW}"
        f" WHERE i.{_ANSWER} AND (m._n IS NULL OR m.accepted) AND q.state = 'held'"
        " AND q.product = $p_product::text AND q.feed = $p_feed::text"
        f" AND q.key = i.{quote(feed.key)} AND q.seq < $p_seq::bigint{newer}",
        values,
    )


def hold(database: Database, values: Values) -> None:
    """Put what lies in `in_held` into quarantine, each row once."""
    database.write(_HOLD, values)


def count_verdicts(database: Database, feed: Feed, incoming: str, values: Values) -> list[Note]:
    """Findings about the rows that changed the mirror, and about those held for the first time; before `hold`.

    So a row is counted once, however often a window is asked again.
    """
    rows = database.rows(
        "WITH counted AS MATERIALIZED ("
        f"SELECT i._n FROM {incoming} i LEFT JOIN in_matched m ON {_SAME_ROW}"
        f" WHERE i.{_ANSWER} AND (m._n IS NULL OR m.differs)"
        " UNION ALL SELECT h._n FROM in_held h LEFT JOIN halfopen.quarantine q ON q.product = $p_product::text"
        f" AND q.feed = $p_feed::text AND q.row_digest = h.row_digest WHERE h.{_ANSWER} AND q.row_digest IS NULL),"
        " codes AS MATERIALIZED (SELECT v.code, count(*) AS count, min(v._n) AS first FROM in_verdicts v"
        f" WHERE v.{_ANSWER} AND v._n IN (SELECT _n FROM counted) GROUP BY v.code)"
        " SELECT DISTINCT ON (c.code) c.code, c.count, v.field, coalesce(v.value, '') FROM codes c"
        f" JOIN in_verdicts v ON v.{_ANSWER} AND v.code = c.code AND v._n = c.first ORDER BY c.code",
        values,
    )
    secret = secret_fields(feed)
    return [
        Note(code=code, count=count, field=field, value=MASKED if field in secret else value)
        for code, count, field, value in rows
    ]
