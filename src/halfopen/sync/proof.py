"""What proves that nothing is missing: per feed the covered spans, their counts and digests, and what is owed.

Read from the mirror's own ledger, by the SQL that anybody could ask.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

Query = Callable[[str], Awaitable[tuple[list[str], list[tuple[Any, ...]]]]]

SPANS = """
with lines as (
    select *, coalesce(window_start > max(window_end) over (
        partition by product, feed order by window_start, window_end rows between unbounded preceding and 1 preceding
    ), true) as starts
    from halfopen.ledger where state = 'committed' and pass = 0
), spans as (
    select *, count(*) filter (where starts) over (partition by product, feed order by window_start, window_end) as span
    from lines
)
select product, feed, min(window_start)::varchar as "from", max(window_end)::varchar as "to", count(*) as windows,
    sum(rows)::bigint as rows, sum(quarantined)::bigint as quarantined,
    string_agg(digest, '' order by window_start, window_end) as digest
from spans group by product, feed, span order by product, feed, 3
"""
OWED = """
select product, feed, window_start::varchar as "from", window_end::varchar as "to", pass, attempts, last_error
from halfopen.holes order by product, feed, 3
"""


async def proof(query: Query) -> dict[str, list[dict[str, Any]]]:
    """`spans`: contiguous stretches of first asks, with the sha-256 over their answers' digests; `owed`: the holes."""
    spans = await _records(query, SPANS)
    for span in spans:
        span["digest"] = hashlib.sha256((span["digest"] or "").encode()).hexdigest()
    return {"spans": spans, "owed": await _records(query, OWED)}


async def _records(query: Query, sql: str) -> list[dict[str, Any]]:
    names, rows = await query(sql)
    return [dict(zip(names, row, strict=True)) for row in rows]
