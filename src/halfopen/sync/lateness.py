"""How late the rows of each feed were: a histogram, the offset that would have done, what others would have lost.

Lateness is counted from a row's stamp to the answer that found it, the latest moment at which it can have become
visible; so every figure here is an upper bound.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from halfopen.config.product import ProductConfig
from halfopen.errors import SinkError
from halfopen.sync.query import Query

BOUNDS = (10, 60, 300, 900, 3600, 6 * 3600, 86_400, 2 * 86_400)
"""Seconds; the last class of a histogram has no bound."""
TOLERATED = 1e-5
"""The advised offset would have lost at most this share of the rows."""

_AGES = "SELECT product, feed, extract(epoch FROM (found_at - cursor)) AS age FROM halfopen.late_rows"
SQL = (
    "WITH read AS (SELECT product, feed, sum(rows) AS n FROM halfopen.ledger WHERE state = 'committed' AND pass = 0"
    f" GROUP BY product, feed), ages AS ({_AGES}), ranked AS (SELECT product, feed, age,"
    " row_number() OVER (PARTITION BY product, feed ORDER BY age DESC) AS place,"
    " count(*) OVER (PARTITION BY product, feed) AS late FROM ages)"
    " SELECT a.product, a.feed, max(a.late), max(coalesce(r.n, 0)),"
    f" max(a.age) FILTER (WHERE a.place > (coalesce(r.n, 0) + a.late) * {TOLERATED:f}),"
    f" {', '.join(f'count(*) FILTER (WHERE a.age <= {bound})' for bound in BOUNDS)}"
    " FROM ranked a LEFT JOIN read r ON r.product = a.product AND r.feed = a.feed GROUP BY a.product, a.feed"
)


async def lateness(query: Query, products: Mapping[str, ProductConfig]) -> dict[tuple[str, str], dict[str, Any]]:
    """By product and feed, of feeds that had late rows, what `status` says of them; empty where nobody can be asked.

    `histogram`: rows by the most seconds that they can have been late. `advised_offset_seconds`: whole cadences after
    which at most one row in 100,000 would have been missing. `plain_loss`: share of the rows that a poller loses which
    asks each window once, at its end, and never again.
    """
    try:
        _, rows = await query(SQL)
    except SinkError:
        return {}
    return {
        (product, feed): _of_feed(late, read, needed, counts, _cadence(products, product, feed))
        for product, feed, late, read, needed, *counts in rows
    }


def _of_feed(late: int, read: int, needed: Any, counts: list[int], cadence: timedelta) -> dict[str, Any]:
    per_class = [int(upper) - int(lower) for lower, upper in zip((0, *counts), (*counts, late), strict=True)]
    classes = zip((*BOUNDS, None), per_class, strict=True)
    step = cadence.total_seconds()
    return {
        "histogram": [{"at_most_seconds": bound, "rows": rows} for bound, rows in classes if rows],
        "advised_offset_seconds": math.ceil(float(needed or 0) / step) * step,
        "plain_loss": round(int(late) / (int(read) + int(late)), 9),
    }


def _cadence(products: Mapping[str, ProductConfig], product: str, feed: str) -> timedelta:
    return products[product].cadence_of(feed) if product in products else timedelta(minutes=1)
