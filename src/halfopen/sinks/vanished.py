"""Rows that are no longer served: marked with since when, never deleted; unmarked when they are served again.

A catalogue tells by what it lacks; of other feeds a reconciliation does. An empty catalogue marks nothing: whoever
answers with no rows at all is more likely to be broken than to have ended everything.
"""

from collections.abc import Collection
from datetime import datetime

from halfopen.contract.load import feed as feed_of
from halfopen.contract.sql import quote
from halfopen.sinks.base import Answer
from halfopen.sinks.database import Database, Values, naive
from halfopen.sinks.stage import Note, Staged


def mark(database: Database, product: str, feed: str, keys: Collection[str], at: datetime) -> int:
    """Mark the rows under these keys; how many were not marked before."""
    key = quote(feed_of(feed).key)
    return database.write(
        f"UPDATE {quote(feed)} SET _vanished_at = $p_at WHERE product = $p_product AND _vanished_at IS NULL"
        f" AND {key} IN (SELECT unnest($p_keys::text[]))",
        {"product": product, "keys": list(keys), "at": naive(at)},
    )


def after_duckdb(database: Database, answer: Answer, staged: Staged, values: Values) -> list[Note]:
    """Mark what a whole catalogue, shown by the view `staged`, lacks; findings about it."""
    key = quote(answer.feed.key)
    return _after(
        database, answer, staged, values, f"s.{key} NOT IN (SELECT {key} FROM staged WHERE {key} IS NOT NULL)"
    )


def after_postgresql(database: Database, answer: Answer, staged: Staged, values: Values) -> list[Note]:
    """Mark what a whole catalogue, in the temporary tables of this transaction, lacks; findings about it."""
    key = quote(answer.feed.key)
    ours = "_answer = $p_answer::integer"
    lacks = (
        f"NOT EXISTS (SELECT 1 FROM {quote(f'in_{answer.feed.name}')} i WHERE i.{ours} AND i.{key} = s.{key})"
        f" AND NOT EXISTS (SELECT 1 FROM in_held h WHERE h.{ours} AND h.key = s.{key})"
    )
    return _after(database, answer, staged, values, lacks)


def _after(database: Database, answer: Answer, staged: Staged, values: Values, lacks: str) -> list[Note]:
    if staged.broken:
        return []  # they do not say which rows they are
    feed = quote(answer.feed.name)
    if not staged.rows:
        had = database.rows(f"SELECT 1 FROM {feed} WHERE product = $p_product AND _vanished_at IS NULL LIMIT 1", values)
        return [Note(code="catalogue_is_empty", count=1, field=None, value=None)] if had else []
    count = database.write(
        f"UPDATE {feed} AS s SET _vanished_at = $p_fetched_at WHERE s.product = $p_product AND s._vanished_at IS NULL"
        f" AND s._seq < $p_seq AND {lacks}",
        values,
    )
    return [Note(code="vanished", count=count, field=answer.feed.key, value=None)] if count else []
