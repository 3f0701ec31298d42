"""A mirror as a file for readers: the feeds' tables, the bookkeeping and the views, as of one moment.

Credentials stay behind: a field that signs in is null in the copy, as is all raw text beside it. The copy has no keys
and is no mirror that anything could be pulled into.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from halfopen.contract.ddl import canonical_view
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.errors import SinkError
from halfopen.sinks import people
from halfopen.sinks.database import Database
from halfopen.sinks.duckdb.schema import SNAPSHOT, feed_columns
from halfopen.sinks.tokens import secret_fields

BOOKKEEPING = ("ledger", "holes", "quarantine", "late_rows", "findings")
"""What a reader may want to know of where rows come from; who was forgotten, and with which salt, stays behind."""


def columns_of(feed: Feed) -> dict[str, str]:
    """The columns that a copy of a feed's table has, with their types."""
    return {name: kind for name, kind in feed_columns(feed).items() if name not in {"_id", "_version"}}


def selected(feed: Feed, columns: Iterable[str]) -> str:
    """A SELECT list of a feed's columns, without what signs in."""
    hidden = set(secret_fields(feed))
    if hidden:
        hidden.add("custom")
    return ", ".join(f"NULL AS {quote(name)}" if name in hidden else quote(name) for name in columns)


def quarantine_raw() -> str:
    """What stands for the raw text of a row in quarantine."""
    names = ", ".join(literal(feed.name) for feed in feeds().values() if secret_fields(feed))
    return f"CASE WHEN feed NOT IN ({names}) THEN raw END AS raw"


def finished(database: Database) -> None:
    """Make the views, and what tells the copy from a mirror; in the copy itself."""
    for feed in feeds().values():
        database.rows(canonical_view(feed))
    for statement in people.views(database, "duckdb", has_players=True).values():
        database.rows(statement)
    database.rows("CREATE TABLE halfopen.meta (name VARCHAR, value VARCHAR)")
    database.write(f"INSERT INTO halfopen.meta VALUES ('schema', {literal(SNAPSHOT)})")


def parquet(database: Database, folder: Path) -> None:
    """One file a feed, from the copy."""
    for feed in feeds().values():
        target = folder / f"{feed.name}.parquet"
        database.write(f"COPY {quote(feed.name)} TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")


def delivered(made: Mapping[Path, Path]) -> None:
    """Put finished files where they are wanted, each at once: nobody sees half of one.

    Raises:
        SinkError: there is no such folder, or it cannot be written.
    """
    for source, target in made.items():
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            shutil.move(source, part)
            part.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise SinkError(
                f"cannot write {str(target)!r}: {error.strerror}; name a place that can be written"
            ) from None
