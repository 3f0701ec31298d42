"""What proves that nothing is missing: per feed the covered spans, their counts and digests, and what is owed.

Read from the mirror's own ledger, by the SQL that anybody could ask. Lines of a day that touch are one piece, whose
digest is the SHA-256 of theirs; so it does not matter whether the ledger has merged them since. A span's digest is
the SHA-256 of its pieces'.
"""

import hashlib
from collections import defaultdict
from datetime import UTC, datetime
from itertools import groupby, pairwise
from typing import Any

from halfopen.sinks.compaction import ONE_DAY, stretches
from halfopen.sync.query import Query
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from halfopen.wire.moment import plain

_FIRST_ASKS = "halfopen.ledger WHERE state = 'committed' AND pass = 0"
PIECES = f"""
with pieces as (
    select product, feed, min(window_start) as s, max(window_end) as e, sum(rows)::bigint as rows,
        sum(quarantined)::bigint as quarantined, count(*) as lines,
        string_agg(digest, '' order by window_start, window_end) as digests
    from ({stretches(f"{_FIRST_ASKS} AND {ONE_DAY}")}) d
    group by product, feed, date_trunc('day', window_start), stretch
    union all
    select product, feed, window_start, window_end, rows, quarantined, 1, digest from {_FIRST_ASKS} AND NOT ({ONE_DAY})
        AND window_start < window_end
), marked as (
    select *, coalesce(s > max(e) over (
        partition by product, feed order by s, e rows between unbounded preceding and 1 preceding
    ), true) as starts from pieces
)
select product, feed, count(*) filter (where starts) over (partition by product, feed order by s, e) as span,
    s::varchar as "from", e::varchar as "to", rows, quarantined, lines, digests
from marked order by product, feed, s, e
"""
OWED = """
select product, feed, window_start::varchar as "from", window_end::varchar as "to", pass, attempts, last_error
from halfopen.holes order by product, feed, 3
"""


async def proof(query: Query) -> dict[str, list[dict[str, Any]]]:
    """`spans`: contiguous stretches of first asks; `owed`: holes, and what between two spans was never asked."""
    spans = [
        _span(list(pieces))
        for _, pieces in groupby(await _records(query, PIECES), key=lambda one: (*_name(one), one["span"]))
    ]
    holes = await _records(query, OWED)
    return {"spans": spans, "owed": [*holes, *_gaps(spans, holes)]}


def _span(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    digests = [piece["digests"] or "" if piece["lines"] == 1 else _sha256(piece["digests"] or "") for piece in pieces]
    return {
        "product": pieces[0]["product"],
        "feed": pieces[0]["feed"],
        "from": pieces[0]["from"],
        "to": max(piece["to"] for piece in pieces),
        "rows": sum(piece["rows"] for piece in pieces),
        "quarantined": sum(piece["quarantined"] for piece in pieces),
        "digest": _sha256("".join(digests)),
    }


def _gaps(spans: list[dict[str, Any]], holes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What lies between two spans of a feed and in no hole, which would be told twice."""
    failed: dict[tuple[str, str], list[Window]] = defaultdict(list)
    for hole in holes:
        if hole["pass"] == 0:
            failed[_name(hole)].append(_window(hole))
    return [
        {
            "product": one["product"],
            "feed": one["feed"],
            "from": plain(gap.start),
            "to": plain(gap.end),
            "pass": 0,
            "attempts": 0,
            "last_error": "a gap between two spans",
        }
        for one, other in pairwise(spans)
        if _name(one) == _name(other)
        for gap in Coverage.of(failed[_name(one)]).gaps(_window({"from": one["to"], "to": other["from"]}))
    ]


def _name(record: dict[str, Any]) -> tuple[str, str]:
    return record["product"], record["feed"]


def _window(record: dict[str, Any]) -> Window:
    start, end = (datetime.fromisoformat(record[edge]).replace(tzinfo=UTC) for edge in ("from", "to"))
    return Window(start, end)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _records(query: Query, sql: str) -> list[dict[str, Any]]:
    names, rows = await query(sql)
    return [dict(zip(names, row, strict=True)) for row in rows]
