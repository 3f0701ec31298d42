"""Rows that cannot be used are held whole with the reason; what is only odd is counted, with one sample."""

import hashlib
from collections.abc import Sequence
from typing import Any

import duckdb

from halfopen.contract.judge import VALUE_LIMIT
from halfopen.sinks.base import Answer
from halfopen.sinks.duckdb.identity import SEPARATOR, identity
from halfopen.sinks.duckdb.run import run, written
from halfopen.sinks.judging import held_rows
from halfopen.sinks.rows import BY_SEQUENCE
from halfopen.sinks.stage import Note, Shape, Staged, broken_text
from halfopen.sinks.tokens import MASKED, secret_fields

_HOLD = (
    " ON CONFLICT (_id) DO UPDATE SET times = quarantine.times + excluded.times, last_seen = excluded.last_seen,"
    " window_start = excluded.window_start, window_end = excluded.window_end, state = 'held', seq = excluded.seq,"
    " zone = excluded.zone"
)

_INTO = (
    "INSERT INTO halfopen.quarantine (product, feed, key, codes, raw, row_digest, window_start, window_end, first_seen,"
    " last_seen, times, state, seq, cursor, _id, zone)"
)
_HOLD_BROKEN = (
    f"{_INTO} VALUES ($p_product::VARCHAR, $p_feed::VARCHAR, '', $p_codes::VARCHAR,"
    " $p_raw::JSON, $p_digest::VARCHAR, $p_window_start::TIMESTAMP, $p_window_end::TIMESTAMP,"
    " $p_fetched_at::TIMESTAMP, $p_fetched_at::TIMESTAMP, 1, 'held', $p_seq::BIGINT, NULL, $p_id::VARCHAR,"
    f" $p_zone::VARCHAR){_HOLD}"
)


def hold(connection: duckdb.DuckDBPyConnection, shape: Shape, values: dict[str, Any]) -> None:
    """Put the unusable rows of `verdicts` into quarantine, and their numbers into `held` (with whether it is new)."""
    run(connection, _held(shape), values)
    written(
        connection,
        f"{_INTO} SELECT $p_product::VARCHAR, $p_feed::VARCHAR, key, any_value(codes), any_value(raw), row_digest,"
        " $p_window_start::TIMESTAMP, $p_window_end::TIMESTAMP, $p_fetched_at::TIMESTAMP, $p_fetched_at::TIMESTAMP,"
        f" count(*), 'held', $p_seq::BIGINT, any_value(cursor), _id, $p_zone::VARCHAR"
        f" FROM held GROUP BY key, row_digest, _id{_HOLD}",
        values,
    )


def hold_broken(
    connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, values: dict[str, Any]
) -> list[Note]:
    """Hold rows that are no rows of their CSV, by their text and without a key; give findings about the new ones."""
    secret = secret_fields(answer.feed)
    fresh: dict[str, Note] = {}
    for code, text in staged.broken:
        digest = hashlib.sha256(text.encode()).hexdigest()
        shown = MASKED if secret else text
        row = {**values, "codes": code, "raw": broken_text(shown, staged.names), "digest": digest}
        row["id"] = SEPARATOR.join((answer.product, answer.feed.name, "", digest))
        if not run(connection, "SELECT 1 FROM halfopen.quarantine WHERE _id = $p_id", row).fetchone():
            count = fresh[code].count if code in fresh else 0
            fresh[code] = Note(code=code, count=count + 1, field=None, value=shown[:VALUE_LIMIT])
        run(connection, _HOLD_BROKEN, row)
    return list(fresh.values())


def supersede(connection: duckdb.DuckDBPyConnection, shape: Shape, values: dict[str, Any]) -> int:
    """Let go of held rows of which `keyed` brought a good version that is newer."""
    newer = "" if shape.feed.kind in BY_SEQUENCE else " AND (coalesce(k._version, k._cursor) >= q.cursor) IS NOT false"
    return written(
        connection,
        "UPDATE halfopen.quarantine AS q SET state = 'superseded' FROM keyed k WHERE q.state = 'held'"
        " AND q.product = $p_product::VARCHAR AND q.feed = $p_feed::VARCHAR AND k._accepted"
        f" AND k._id = {identity('q.product', 'q.key')} AND q.seq < $p_seq::BIGINT{newer}",
        values,
    )


def count_verdicts(connection: duckdb.DuckDBPyConnection, shape: Shape, counted: Sequence[str]) -> list[Note]:
    """Findings about the rows whose numbers the `counted` queries give, by code, each with a sample."""
    rows = connection.execute(
        "SELECT code, count(*), arg_min(field, v._n), arg_min(coalesce(value, ''), v._n) FROM verdicts v"
        f" SEMI JOIN ({' UNION ALL '.join(counted)}) c ON c._n = v._n GROUP BY code ORDER BY code"
    ).fetchall()
    secret = secret_fields(shape.feed)
    return [
        Note(code=code, count=count, field=field, value=MASKED if field in secret else value)
        for code, count, field, value in rows
    ]


def _held(shape: Shape) -> str:
    return (
        "CREATE OR REPLACE TEMP TABLE held AS SELECT r.*, q._id IS NULL AS fresh FROM ("
        " SELECT *, $p_product::VARCHAR || chr(31) || $p_feed::VARCHAR || chr(31) || key || chr(31) || row_digest"
        f" AS _id FROM ({held_rows(shape)})) r"
        " LEFT JOIN halfopen.quarantine q ON q._id = r._id"
    )
