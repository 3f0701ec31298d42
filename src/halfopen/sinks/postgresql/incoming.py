"""Typed temporary tables of the writing session: COPY fills them, the end of the transaction empties them."""

from halfopen.contract.ddl import side_columns, side_tables
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.contract.sql import quote
from halfopen.sinks.postgresql.link import Session
from halfopen.sinks.postgresql.schema import feed_columns

_TABLES = {
    "in_held": "_n bigint, key text, codes text, raw json, cursor timestamp, row_digest text",
    "in_verdicts": "_n bigint, code text, field text, value text",
    "in_twice": "_n bigint",
    "in_matched": (
        "_n bigint, accepted boolean, back boolean, differs boolean, same_cursor boolean, was_fetched timestamp"
    ),
}
"""`in_matched`: the rows whose key is stored, beside what is stored; all have `_answer`, the place of the answer."""

_OF_VERSIONS = "_settled boolean, _excluded timestamp[]"
"""Of the newest row of a key that came more than once, made by `twice.settle`.

_settled: its sticky fields are what is to be stored, whatever is stored now; _excluded: the stamps of the versions that
got the player self-excluded.
"""


def table_of(feed: Feed) -> str:
    """Where the usable rows of a feed arrive."""
    return f"in_{feed.name}"


def make(session: Session) -> None:
    """Make them all, as long as the session lasts."""
    for feed in feeds().values():
        columns = feed_columns(feed)
        fields = ", ".join(f"{quote(name)} {columns[name]}" for name in feed.fields)
        _make(session, table_of(feed), f"_n bigint, {fields}, _version timestamp, _patch jsonb, {_OF_VERSIONS}")
    for table, of in side_tables().items():
        kinds = side_columns(*of)
        listed = ", ".join(f"{quote(name)} {kind}" for name, kind in kinds.items() if name != "product")
        _make(session, f"in_{table}", listed)
    for name, definitions in _TABLES.items():
        _make(session, name, definitions)


def _make(session: Session, name: str, columns: str) -> None:
    session.script(f"CREATE TEMP TABLE {quote(name)} (_answer integer, {columns}) ON COMMIT DELETE ROWS")
