"""SQLite for the suite of promises: the same rows, kept in each of the ways in which people keep stamps in SQLite."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from halfopen.sources.base import Source
from halfopen.sources.sqlite import SqliteSource

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


@dataclass(frozen=True)
class Engine:
    """`stamp` stores a moment; `resolution` is what survives it, in microseconds."""

    name: str
    column: str
    stamp: Callable[[datetime], object]
    resolution: int = 1
    failing: tuple[str, str] = ("json_extract(iif(id = 'bad', '{', '{}'), '$.a')", "malformed JSON")
    """An expression that fails for one id, and what the error says."""
    places: int | None = None
    many: int = 5_000
    unindexed: str | None = None
    refused: type[Exception] | None = None
    endless: str = "(with recursive n(i) as (select 1 union all select i + 1 from n) select i from n)"

    def make(self, folder: Path, columns: dict[str, str], rows: Sequence[Sequence[object]], *, index: str = "") -> Path:
        """A database with the table `t`; a column's type is text, number, boolean or stamp."""
        path = folder / "operator.sqlite"
        path.unlink(missing_ok=True)
        types = {"text": "text", "number": "text", "boolean": "integer", "stamp": self.column}
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma journal_mode = wal")
            connection.execute(f"create table t ({', '.join(f'{n} {types[k]}' for n, k in columns.items())})")
            if index:
                connection.execute(f"create index by_cursor on t ({index})")
            self.add(connection, columns, rows)
        return path

    def insert(self, path: Path, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """More rows, from a writer of their own."""
        with closing(sqlite3.connect(path, timeout=1)) as writer:
            self.add(writer, columns, rows)

    def remove(self, path: Path, row_id: str) -> None:
        """Without the rows of that id."""
        with closing(sqlite3.connect(path, timeout=1)) as writer:
            writer.execute("delete from t where id = ?", (row_id,))
            writer.commit()

    def add(self, connection: sqlite3.Connection, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """More rows, committed."""
        kinds = list(columns.values())
        stored = [[self.value(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in rows]
        connection.executemany(f"insert into t values ({', '.join('?' * len(kinds))})", stored)
        connection.commit()

    def value(self, kind: str, value: object) -> object:
        if isinstance(value, datetime):
            return self.stamp(value)
        return int(value) if kind == "boolean" and value is not None else value

    def source(self, path: Path, connections: int = 4, timeout: timedelta = timedelta(minutes=1)) -> Source:
        return SqliteSource(path, connections, timeout)


ENGINES = [
    Engine("sqlite: text", "text", lambda m: naive(m).isoformat(" ")),
    Engine("sqlite: text, six digits", "text", lambda m: naive(m).isoformat(" ", "microseconds")),
    Engine("sqlite: datetime column", "datetime", lambda m: naive(m).isoformat(" ", "milliseconds"), 1000),
    Engine("sqlite: T and Z", "text", lambda m: naive(m).isoformat("T") + "Z"),
    Engine("sqlite: +00:00", "text", lambda m: m.isoformat(" ")),
    Engine("sqlite: offsets", "text", lambda m: m.isoformat("T").replace("+00:00", "Z" if m.second % 2 else "+00:00")),
    Engine("sqlite: seconds", "integer", lambda m: micros(m) // 1_000_000, 1_000_000),
    Engine("sqlite: real seconds", "real", lambda m: micros(m) / 1_000_000),
    Engine("sqlite: milliseconds", "integer", lambda m: micros(m) // 1000, 1000),
    Engine("sqlite: microseconds", "integer", micros),
]
