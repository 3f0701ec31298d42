"""What is known about an operator's database before anything is mapped: tables, columns, keys, a few rows.

Readers, one an engine, stand beside their engines (`<engine>/schema.py`). Samples are for looking
at inside the process only; they may hold personal data and never leave it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path
from typing import Final

from halfopen.errors import ConfigError

SAMPLE_ROWS: Final = 200
"""Rows looked at from each end of a table."""


class Family(StrEnum):
    """What declared types have in common, whatever the engine calls them."""

    INTEGER = auto()
    DECIMAL = auto()
    BOOLEAN = auto()
    TEXT = auto()
    STAMP = auto()
    DATE = auto()
    UUID = auto()
    JSON = auto()
    BYTES = auto()
    UNKNOWN = auto()
    """Not declared (SQLite), or of no family above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `type`: as declared. `values`: all legal values where the schema lists them (enum, check)."""

    name: str
    type: str = ""
    family: Family = Family.UNKNOWN
    nullable: bool = True
    comment: str = ""
    values: tuple[str, ...] = ()
    samples: tuple[object, ...] = ()
    """Values of some rows, nulls left out: str, int, float, Decimal, bool, datetime, date or bytes."""
    null_share: float = 0.0
    """The part of the looked-at rows that hold null."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A declared reference; `columns` and `target_columns` are of equal length."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table or a view. `name`: as it is to be written under `table`. `rows`: an estimate, None if there is none."""

    name: str
    columns: tuple[Column, ...]
    comment: str = ""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    """Column lists of unique indexes, the primary key left out."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """Column lists of all indexes."""
    rows: int | None = None
    is_view: bool = False

    def column(self, name: str) -> Column | None:
        """The column of that exact name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Samples:
    """Some rows of a table, by column."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]

    def values(self, column: str) -> tuple[object, ...]:
        """What is not null."""
        at = self.columns.index(column)
        return tuple(row[at] for row in self.rows if row[at] is not None)

    def null_share(self, column: str) -> float:
        """The part of the rows that hold null."""
        return 1 - len(self.values(column)) / len(self.rows) if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables that the reader may see, ordered by name. `engine` is the URL scheme."""

    engine: str
    tables: tuple[Table, ...] = field(default=())

    def table(self, name: str) -> Table | None:
        """The table of that exact name."""
        return next((table for table in self.tables if table.name == name), None)


def read_schema(scheme: str, path: Path | None, url: str) -> Schema:
    """The schema of a database; ConfigError for an engine that cannot be read, SourceError when it does not answer."""
    if scheme == "sqlite" and path is not None:
        from halfopen.sources.sqlite.schema import read as sqlite  # noqa: PLC0415 - an engine is loaded when it is used

        return sqlite(path)
    if scheme == "duckdb" and path is not None:
        from halfopen.sources.duckdb.schema import read as duckdb  # noqa: PLC0415 - as above

        return duckdb(path)
    if scheme == "postgresql":
        from halfopen.sources.postgresql.schema import read as postgresql  # noqa: PLC0415 - as above

        return postgresql(url)
    if scheme == "mysql":
        from halfopen.sources.mysql.schema import read as mysql  # noqa: PLC0415 - as above

        return mysql(url)
    raise ConfigError(
        f"{scheme}:// cannot be read; postgresql://host/name, mysql://host/name, sqlite:///file and duckdb:///file can"
    )


_FAMILIES: Final = (
    (re.compile(r"^(bool|tinyint\s*\(1\)|bit\s*(\(1\))?$)"), Family.BOOLEAN),
    (re.compile(r"^interval|^point|^bytea|blob|binary"), Family.BYTES),
    (re.compile(r"timestamp|datetime"), Family.STAMP),
    (re.compile(r"^date"), Family.DATE),
    (re.compile(r"int|serial|^oid$"), Family.INTEGER),
    (re.compile(r"dec|numeric|number|money|real|floa|doub"), Family.DECIMAL),
    (re.compile(r"uuid|uniqueidentifier|guid"), Family.UUID),
    (re.compile(r"json"), Family.JSON),
    (re.compile(r"char|text|clob|enum|string|inet|cidr|citext|^name$"), Family.TEXT),
)


def family(declared: str) -> Family:
    """The family of a declared type, by its name; UNKNOWN for a name that tells nothing."""
    text = declared.strip().lower()
    return next((found for pattern, found in _FAMILIES if pattern.search(text)), Family.UNKNOWN)


_CHECK: Final = re.compile(
    r"""[("\s\[`]*(?P<column>[A-Za-z_]\w*)["\]`)]*\s*(?:::\s*\w[\w ]*?\)?\s*)?
    (?:in\s*\(|=\s*any\s*\(\s*\(?\s*array\s*\[)(?P<values>[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)[)\]]""",
    re.IGNORECASE | re.VERBOSE,
)
_LITERAL: Final = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(-?\d+)(?![\w.])")


def checked_values(check: str) -> tuple[str, tuple[str, ...]] | None:
    """Column and legal values of a check like `status in ('a', 'b')`, or `= any (array[...])`; None for another."""
    found = _CHECK.search(check)
    if found is None:
        return None
    values = tuple(text.replace("''", "'") if text or not number else number for text, number in _literals(found))
    return (found["column"], values) if values else None


def _literals(found: re.Match[str]) -> Sequence[tuple[str, str]]:
    return _LITERAL.findall(re.sub(r"::[\w ]+", "", found["values"]))
