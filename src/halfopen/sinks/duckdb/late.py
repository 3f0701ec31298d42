"""Which of the rows that changed a DuckDB mirror came late."""

from typing import Any

import duckdb

from halfopen.contract.model import FeedKind
from halfopen.sinks.duckdb.run import written
from halfopen.sinks.ledger import OF_FEED
from halfopen.sinks.stage import Shape


def late(connection: duckdb.DuckDBPyConnection, shape: Shape, values: dict[str, Any], sources: list[str]) -> int:
    """Record the late rows among the changed ones; give how many.

    `sources` are queries of (_key, _cursor, _was_fetched) over the rows that changed the mirror. Late is what lies in
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
        f" WHERE {OF_FEED} AND state = 'committed' AND pass = 0"
        " AND window_end > (SELECT min(_cursor) FROM candidates)"
        " AND window_start <= (SELECT max(_cursor) FROM candidates))"
        " SELECT $p_product::VARCHAR, $p_feed::VARCHAR, c._key,"
        " any_value(c._cursor), arg_min(s.window_start, s.first_asked_at), min(s.first_asked_at),"
        " $p_fetched_at::TIMESTAMP FROM candidates c JOIN spans s"
        f" ON c._cursor >= s.window_start AND c._cursor < s.window_end{cause} GROUP BY c._key",
        values,
    )
