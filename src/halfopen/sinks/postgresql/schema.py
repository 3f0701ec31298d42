"""The mirror's tables in a PostgreSQL database: made when a process takes its turn, never later."""

from halfopen.contract.ddl import canonical_view, column_type, side_columns, side_tables
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.errors import SinkError
from halfopen.sinks import people
from halfopen.sinks.postgresql.link import Session
from halfopen.sinks.versions import SCHEMA_VERSION, TABLES, steps

LOCK = 0x68616C66
"""Advisory lock of whoever makes tables or takes the turn: "half"."""

LINEAGE = {
    "_window_start": "timestamp",
    "_window_end": "timestamp",
    "_fetched_at": "timestamp",
    "_seq": "bigint",
    "_vanished_at": "timestamp",
    "_version": "timestamp",
}
"""Columns after the contract's: the window and request that a row came with; `_vanished_at` is when a catalogue, or a
reconciliation, no longer had it, null as long as it is served; `_version` is what its cursor compares
as where the cursor itself cannot be believed, else null."""

BOOKKEEPING = {
    "version": "version integer PRIMARY KEY, at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')",
    "owner": (
        "single boolean PRIMARY KEY DEFAULT true CHECK (single), number bigint NOT NULL, process text NOT NULL,"
        " since timestamp NOT NULL"
    ),
    "views": "name text PRIMARY KEY, text text NOT NULL",
    "ledger": (
        "product text, feed text, window_start timestamp, window_end timestamp, pass integer, state text,"
        " rows bigint, changed bigint, late bigint, quarantined bigint, digest text, attempts integer,"
        " asked_at timestamp, committed_at timestamp, first_asked_at timestamp, seq bigint,"
        " PRIMARY KEY (product, feed, window_start, window_end, pass)"
    ),
    "holes": (
        "product text, feed text, window_start timestamp, window_end timestamp, since timestamp,"
        " attempts integer, last_error text, next_try timestamp, pass integer,"
        " PRIMARY KEY (product, feed, window_start, window_end, pass)"
    ),
    # json, not jsonb: a raw row may have one name twice.
    "quarantine": (
        "product text, feed text, key text, codes text, raw json, row_digest text,"
        " window_start timestamp, window_end timestamp, first_seen timestamp, last_seen timestamp, times bigint,"
        " state text, seq bigint, cursor timestamp, zone varchar, PRIMARY KEY (product, feed, row_digest)"
    ),
    "late_rows": (
        "product text, feed text, key text, cursor timestamp, window_start timestamp,"
        " first_asked_at timestamp, found_at timestamp"
    ),
    "findings": (
        "product text, feed text, code text, day date, count bigint, sample json,"
        " PRIMARY KEY (product, feed, code, day)"
    ),
    **TABLES,
}


def feed_columns(feed: Feed) -> dict[str, str]:
    """Columns of a feed's table with their types."""
    fields = {name: column_type(field, "postgresql") for name, field in feed.fields.items()}
    return {"product": "text", **fields, "custom": "jsonb", **LINEAGE}


def version(session: Session) -> int | None:
    """The version of the tables, the last of `halfopen.version`; None where there is no mirror yet.

    Raises:
        SinkError: it is later than this halfopen knows.
    """
    if session.rows("SELECT to_regclass('halfopen.version') IS NULL") == [(True,)]:
        return None
    [(found,)] = session.rows("SELECT max(version) FROM halfopen.version")
    steps(found)
    return None if found is None else int(found)


def demand_utf8(session: Session) -> None:
    """SinkError for a database that cannot hold every text."""
    [(encoding,)] = session.rows("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise SinkError(f"its encoding is {encoding!r}; make a database with ENCODING 'UTF8' for the mirror")


BRIEFLY = "SET LOCAL lock_timeout = '1s'"
"""Before statements that must not wait for a reader, and every commit with them."""


def migrate(session: Session) -> None:
    """Make what is missing, in the caller's transaction, which holds `LOCK`."""
    had = version(session)
    for statement in [*steps(had), *_missing(_columns(session))]:
        session.script(statement)
    if had != SCHEMA_VERSION:
        session.script(f"INSERT INTO halfopen.version (version) VALUES ({SCHEMA_VERSION})")
    refresh_views(session)


def _columns(session: Session) -> dict[tuple[str, str], set[str]]:
    """Columns of the tables in `halfopen` and in the schema that the mirror's own tables are made in."""
    found: dict[tuple[str, str], set[str]] = {}
    rows = session.rows(
        "SELECT CASE n.nspname WHEN 'halfopen' THEN 'halfopen' ELSE '' END, c.relname, a.attname FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE n.nspname IN ('halfopen', current_schema()) AND c.relkind IN ('r', 'p')"
        " AND a.attnum > 0 AND NOT a.attisdropped"
    )
    for schema, table, column in rows:
        found.setdefault((schema, table), set()).add(column)
    return found


def _missing(found: dict[tuple[str, str], set[str]]) -> list[str]:
    statements = ["CREATE SCHEMA IF NOT EXISTS halfopen"] if ("halfopen", "version") not in found else []
    statements += [
        f"CREATE TABLE halfopen.{name} ({columns})"
        for name, columns in BOOKKEEPING.items()
        if ("halfopen", name) not in found
    ]
    for table, (feed, field) in side_tables().items():
        if ("", table) not in found:
            listed = ", ".join(f"{quote(name)} {kind}" for name, kind in side_columns(feed, field).items())
            # A value may be longer than an index takes.
            statements.append(f"CREATE TABLE {quote(table)} ({listed})")
            statements.append(
                f"CREATE UNIQUE INDEX {quote(f'{table}_key')} ON {quote(table)}"
                f" (product, {quote(feed.key)}, md5({quote(field)}))"
            )
    for feed in feeds().values():
        columns = feed_columns(feed)
        has = found.get(("", feed.name))
        if has is None:
            definitions = ", ".join(f"{quote(name)} {kind}" for name, kind in columns.items())
            key = f"PRIMARY KEY (product, {quote(feed.key)})"
            statements.append(f"CREATE TABLE {quote(feed.name)} ({definitions}, {key})")
        else:
            statements += [
                f"ALTER TABLE {quote(feed.name)} ADD COLUMN {quote(name)} {kind}"
                for name, kind in columns.items()
                if name not in has
            ]
    return statements


def refresh_views(session: Session) -> None:
    """Make the views whose text differs from what the mirror has; `halfopen.views` remembers the text."""
    known = dict(session.rows("SELECT name, text FROM halfopen.views"))
    wanted = {f"{feed.name}_canonical": canonical_view(feed, "postgresql") for feed in feeds().values()}
    wanted |= people.views(session, "postgresql", has_players=True)
    for name, text in wanted.items():
        if known.get(name) == text:
            continue
        # Not "or replace": it may only add columns at the end.
        session.script(f"DROP VIEW IF EXISTS {quote(name)}; {text}")
        session.script(
            f"INSERT INTO halfopen.views VALUES ({literal(name)}, {literal(text)})"
            " ON CONFLICT (name) DO UPDATE SET text = excluded.text"
        )
