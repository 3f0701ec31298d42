"""PostgreSQL for the suite of promises: the same rows in each of the types in which people keep stamps there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from halfopen.sources.base import Source
from halfopen.sources.postgresql import PostgresqlSource
from support.postgresql import ask, process_database, run

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
    number: str = "numeric"
    failing: tuple[str, str] = ("(1 / (case when id = 'bad' then 0 else 1 end))::text", "division by zero")
    places: int | None = None
    many: int = 5_000
    unindexed: str | None = None
    refused: type[Exception] | None = None
    endless: str = "(with recursive n(i) as (select 1 union all select i + 1 from n) select i from n)"

    def make(self, _folder: Path, columns: dict[str, str], rows: Sequence[Sequence[object]], *, index: str = "") -> str:
        """The address of a database with the table `t`."""
        types = {"text": "text", "number": self.number, "boolean": "boolean", "stamp": self.column}
        made = ", ".join(f"{name} {types[kind]}" for name, kind in columns.items())
        # Whoever left a transaction open is found out here.
        sql = f"set lock_timeout = '5s'; drop table if exists t; create table t ({made});"
        ask(process_database(), sql + (f" create index by_cursor on t ({index})" if index else ""))
        self.insert(process_database(), columns, rows)
        return process_database()

    def insert(self, url: str, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """More rows, committed."""
        stored = [
            tuple(self._value(kind, value) for kind, value in zip(columns.values(), row, strict=True)) for row in rows
        ]
        run(_insert(url, stored))

    def remove(self, url: str, row_id: str) -> None:
        """Without the rows of that id."""
        ask(url, "delete from t where id = $1", row_id)

    def source(self, url: str, connections: int = 4, timeout: timedelta = timedelta(minutes=1)) -> Source:
        return PostgresqlSource(url, connections, timeout)

    def _value(self, kind: str, value: object) -> object:
        if isinstance(value, datetime):
            return self.stamp(value)
        return Decimal(value) if kind == "number" and self.number == "numeric" and isinstance(value, str) else value


async def _insert(url: str, rows: list[tuple[Any, ...]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("t", records=rows)
    finally:
        await connection.close()


def local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


ENGINES = [
    Engine("postgresql: timestamptz", "timestamptz", lambda m: m),
    Engine("postgresql: timestamp", "timestamp", local),
    Engine("postgresql: milliseconds", "bigint", lambda m: micros(m) // 1000, 1000),
    Engine("postgresql: numeric seconds", "numeric", lambda m: Decimal(micros(m)) / 1_000_000),
    Engine("postgresql: text", "text", lambda m: m.isoformat("T"), number="text"),
]
