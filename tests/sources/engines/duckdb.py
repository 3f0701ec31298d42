"""DuckDB for the suite of promises: the same rows in each of the types in which people keep stamps there."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from halfopen.sources.base import Source
from halfopen.sources.duckdb import DuckdbSource
from halfopen.sources.duckdb.explain import ZONE_MAPS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Engine:
    """`stamp` makes of a moment what the column's type takes; `resolution` is what survives it, in microseconds."""

    name: str
    column: str
    stamp: Callable[[datetime], object]
    resolution: int = 1
    number: str = "decimal(38,18)"
    failing: tuple[str, str] = ("case when id = 'bad' then error('malformed') else 'x' end", "malformed")
    endless: str = "(select range + 1 as i from range(1000000000000))"
    many: int = 100_000
    unindexed: str | None = ZONE_MAPS
    refused: type[Exception] | None = duckdb.ConnectionException
    """A file is written by one process or read by several, so that a writer is not let in while an answer is read."""

    @property
    def places(self) -> int | None:
        return None if self.number == "varchar" else 18

    def make(self, folder: Path, columns: dict[str, str], rows: Sequence[Sequence[object]], *, index: str = "") -> Path:
        """A database with the table `t`."""
        path = folder / "operator.duckdb"
        path.unlink(missing_ok=True)
        types = {"text": "varchar", "number": self.number, "boolean": "boolean", "stamp": self.column}
        # In quotes, because "at" is a word of DuckDB's.
        made = ", ".join(f'"{name}" {types[kind]}' for name, kind in columns.items())
        with closing(duckdb.connect(path)) as connection:
            connection.execute(f"create table t ({made})")
            if index:
                connection.execute(f'create index by_cursor on t ("{index}")')
        self.insert(path, columns, rows)
        return path

    def insert(self, path: Path, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """More rows, from a writer of their own."""
        kinds = list(columns.values())
        stored = [[self._value(value) for value in row] for row in rows]
        turned = [list(column) for column in zip(*stored, strict=True)]
        types = {"text": "varchar", "number": "varchar", "boolean": "boolean", "stamp": "varchar"}
        told = ", ".join(f"unnest(?::{types[kind]}[])" for kind in kinds)
        with closing(duckdb.connect(path)) as writer:
            writer.execute("set timezone = 'UTC'")
            if turned:
                writer.execute(f"insert into t select {told}", turned)

    def remove(self, path: Path, row_id: str) -> None:
        """Without the rows of that id."""
        with closing(duckdb.connect(path)) as writer:
            writer.execute("delete from t where id = ?", (row_id,))

    def source(self, path: Path, connections: int = 4, timeout: timedelta = timedelta(minutes=1)) -> Source:
        return DuckdbSource(path, connections, timeout)

    def _value(self, value: object) -> object:
        if isinstance(value, datetime):
            # DuckDB would round.
            return str(self.stamp(value - timedelta(microseconds=value.microsecond % self.resolution)))
        return value


def local(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ")


ENGINES = [
    Engine("duckdb: timestamp", "timestamp", local),
    Engine("duckdb: timestamptz", "timestamptz", lambda m: m.isoformat(" "), number="varchar"),
    Engine("duckdb: timestamp_ns", "timestamp_ns", local),
    Engine("duckdb: timestamp_ms", "timestamp_ms", local, 1000),
    Engine("duckdb: milliseconds", "bigint", lambda m: micros(m) // 1000, 1000),
    Engine("duckdb: decimal seconds", "decimal(20,6)", lambda m: Decimal(micros(m)) / 1_000_000),
    Engine("duckdb: text", "varchar", lambda m: m.isoformat("T")),
]
