"""What is odd is counted by code and day, with one sample; what is held is counted by feed."""

import json
from collections.abc import Sequence

from halfopen.sinks.base import Answer
from halfopen.sinks.database import Database, naive
from halfopen.sinks.stage import Note


def note(database: Database, answer: Answer, notes: Sequence[Note]) -> None:
    """Add findings to the counts of the day on which the answer was fetched."""
    day = naive(answer.fetched_at).date()
    for each in notes:
        database.write(
            "INSERT INTO halfopen.findings VALUES ($p_product, $p_feed, $p_code, $p_day, $p_count, $p_sample)"
            " ON CONFLICT (product, feed, code, day) DO UPDATE SET count = findings.count + excluded.count",
            {
                "product": answer.product,
                "feed": answer.feed.name,
                "code": each.code,
                "day": day,
                "count": each.count,
                "sample": json.dumps({"field": each.field, "value": each.value}, ensure_ascii=False),
            },
        )


def held_at(database: Database) -> dict[tuple[str, str], int]:
    """Count of rows in quarantine that are still held, by product and feed."""
    rows = database.rows(
        "SELECT product, feed, count(*) FROM halfopen.quarantine WHERE state = 'held' GROUP BY product, feed"
    )
    return {(product, feed): count for product, feed, count in rows}
