"""MariaDB or MySQL for the suite of promises: the same rows in each of the types in which people keep stamps there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from halfopen.sources.base import Source
from halfopen.sources.mysql import MysqlSource
from support.mysql import ask, process_database

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS = "(" + " union all ".join(f"select {n} as d" for n in range(10)) + ")"


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Engine:
    """`stamp` makes of a moment what the column's type takes; `resolution` is what survives it, in microseconds."""

    name: str
    column: str
    stamp: Callable[[datetime], object]
    resolution: int = 1
    number: str = "decimal(40,18)"
    text: str = "text"
    many: int = 5_000
    unindexed: str | None = None
    refused: type[Exception] | None = None
    failing: tuple[str, str] = ("exp(if(id = 'bad', 1000, 1))", "out of range")
    # A recursive query is made whole before its first row is given; a product of many tables is not.
    endless: str = (
        "(select "
        + " + ".join(f"d{n}.d" for n in range(15))
        + " + 1 as i from "
        + ", ".join(f"{DIGITS} as d{n}" for n in range(15))
        + ")"
    )

    @property
    def places(self) -> int | None:
        return None if self.number == "text" else 18

    def make(self, _folder: Path, columns: dict[str, str], rows: Sequence[Sequence[object]], *, index: str = "") -> str:
        """The address of a database with the table `t`."""
        types = {"text": self.text, "number": self.number, "boolean": "tinyint(1)", "stamp": self.column}
        made = ", ".join(f"{name} {types[kind]} null" for name, kind in columns.items())
        keys = f", key by_cursor ({index}{'(32)' if self.column == 'text' else ''})" if index else ""
        # Whoever left a transaction open is found out here.
        ask(process_database(), "set lock_wait_timeout = 5", "drop table if exists t", f"create table t ({made}{keys})")
        self.insert(process_database(), columns, rows)
        return process_database()

    def insert(self, url: str, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """More rows, committed."""
        if not rows:
            return
        stored = [
            tuple(self._value(kind, value) for kind, value in zip(columns.values(), row, strict=True)) for row in rows
        ]
        slots = ", ".join(["%s"] * len(columns))
        ask(url, "set time_zone = '+00:00'", f"insert into t values ({slots})", values=stored)

    def remove(self, url: str, row_id: str) -> None:
        """Without the rows of that id."""
        ask(url, "delete from t where id = %s", values=[(row_id,)])

    def source(self, url: str, connections: int = 4, timeout: timedelta = timedelta(minutes=1)) -> Source:
        return MysqlSource(url, connections, timeout)

    def _value(self, kind: str, value: object) -> object:
        if isinstance(value, datetime):
            # MySQL would round.
            return self.stamp(value - timedelta(microseconds=value.microsecond % self.resolution))
        return Decimal(value) if kind == "number" and self.number != "text" and isinstance(value, str) else value


def local(moment: datetime, zone: str = "UTC") -> str:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(" ")


ENGINES = [
    Engine("mysql: datetime(6)", "datetime(6)", local),
    Engine("mysql: timestamp(6)", "timestamp(6)", local, number="text"),
    Engine("mysql: datetime(3)", "datetime(3)", local, 1000),
    Engine("mysql: datetime", "datetime", local, 1_000_000),
    Engine("mysql: milliseconds", "bigint", lambda m: micros(m) // 1000, 1000),
    Engine("mysql: decimal seconds", "decimal(20,6)", lambda m: Decimal(micros(m)) / 1_000_000),
    Engine("mysql: text", "varchar(40)", lambda m: m.isoformat("T")),
]
