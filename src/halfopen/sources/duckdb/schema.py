"""Reads the schema of a DuckDB file from its catalogue, and rows from both ends of each table."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from halfopen.errors import ConfigError, SourceError
from halfopen.sources.duckdb.files import File, words
from halfopen.sources.duckdb.sql import name
from halfopen.sources.schema import (
    SAMPLE_ROWS,
    Column,
    Family,
    ForeignKey,
    Samples,
    Schema,
    Table,
    checked_values,
    family,
)

_PLAIN: Final = (str, int, float, Decimal, bool, datetime, date, bytes)
_LABEL: Final = re.compile(r"'((?:[^']|'')*)'")

_TABLES: Final = """
    select schema_name, table_name, false, estimated_size, comment from duckdb_tables()
    where database_name = current_database() and not internal
    union all
    select schema_name, view_name, true, null, comment from duckdb_views()
    where database_name = current_database() and not internal
    order by 1, 2"""
_COLUMNS: Final = """
    select schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns()
    where database_name = current_database() and not internal order by schema_name, table_name, column_index"""
_CONSTRAINTS: Final = """
    select schema_name, table_name, constraint_type, constraint_column_names, referenced_table,
           referenced_column_names, expression
    from duckdb_constraints() where database_name = current_database()
    order by schema_name, table_name, constraint_index"""
_INDEXES: Final = """
    select schema_name, table_name, is_unique, expressions from duckdb_indexes()
    where database_name = current_database() order by schema_name, table_name, index_name"""

Place = tuple[str, str]
Rows = Mapping[Place, Sequence[tuple[Any, ...]]]


def read(path: Path) -> Schema:
    """The schema of the file at `path`; ConfigError when there is none, SourceError when it cannot be read."""
    if not path.is_file():
        raise ConfigError(f"there is no file {str(path)!r}; name one with duckdb:///file or duckdb:////folder/file")
    with File(path).taken() as connection, words():
        tables = connection.execute(_TABLES).fetchall()
        reader = _Reader(
            connection, *(_grouped(connection.execute(sql).fetchall()) for sql in (_COLUMNS, _CONSTRAINTS, _INDEXES))
        )
        return Schema("duckdb", tuple(reader.table(row) for row in tables))


def _grouped(rows: Sequence[tuple[Any, ...]]) -> Rows:
    found: dict[Place, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row[0], row[1]].append(row[2:])
    return found


@dataclass(frozen=True)
class _Reader:
    connection: duckdb.DuckDBPyConnection
    columns: Rows
    constraints: Rows
    indexes: Rows

    def table(self, row: tuple[Any, ...]) -> Table:
        place: Place = (row[0], row[1])
        found = self.constraints.get(place, ())
        primary = next((tuple(each[1]) for each in found if each[0] == "PRIMARY KEY"), ())
        checks = dict(checked for each in found if each[0] == "CHECK" and (checked := checked_values(each[4] or "")))
        unique = [tuple(each[1]) for each in found if each[0] == "UNIQUE"]
        indexes = [(_names(expressions), is_unique) for is_unique, expressions in self.indexes.get(place, ())]
        samples = self._samples(place, primary)
        return Table(
            name=_told(place),
            columns=tuple(_column(column, checks, samples) for column in self.columns.get(place, ())),
            comment=row[4] or "",
            primary_key=primary,
            foreign_keys=tuple(
                ForeignKey(tuple(each[1]), self._target(place, each[2]), tuple(each[3]))
                for each in found
                if each[0] == "FOREIGN KEY" and each[2]
            ),
            unique=(*unique, *(columns for columns, is_unique in indexes if is_unique and columns)),
            indexes=tuple(columns for columns in (primary, *unique, *(one for one, _ in indexes)) if columns),
            rows=row[3],
            is_view=row[2],
        )

    def _target(self, place: Place, table: str) -> str:
        """A referenced table is told without its schema: the own one's first."""
        if (place[0], table) in self.columns:
            return _told((place[0], table))
        return next((_told(other) for other in self.columns if other[1] == table), table)

    def _samples(self, place: Place, key: Sequence[str]) -> Samples:
        relation = f"{name(place[0])}.{name(place[1])}"
        names = [column[0] for column in self.columns.get(place, ())]
        # Stamps with a zone would need pytz, and nested values their own shapes: both are looked at as text.
        told = ", ".join(_looked_at(column[0], column[1]) for column in self.columns.get(place, ()))
        queries = [f"select {told} from {relation} limit {SAMPLE_ROWS}"]
        if key:
            order = ", ".join(f"{name(column)} desc" for column in key)
            queries.append(f"select {told} from {relation} order by {order} limit {SAMPLE_ROWS}")
        try:
            with words():
                rows = [
                    tuple(map(_value, row)) for query in queries for row in self.connection.execute(query).fetchall()
                ]
        except SourceError:
            rows = []  # a view whose tables are gone says nothing
        return Samples(names, rows)


def _told(place: Place) -> str:
    """As the source finds it: tables of the schema main by their name."""
    return place[1] if place[0] == "main" else f"{place[0]}.{place[1]}"


def _looked_at(column: str, declared: str) -> str:
    is_plain = not declared.endswith("]") and not declared.startswith(("STRUCT", "MAP", "UNION"))
    is_text = declared in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS") or not is_plain
    return f"cast({name(column)} as varchar)" if is_text else name(column)


def _names(expressions: str | None) -> tuple[str, ...]:
    """`['"a"', b]` as a, b; nothing where one is an expression."""
    found = [each.strip().strip("'\"") for each in (expressions or "").strip("[]").split(",")]
    return tuple(found) if all(re.fullmatch(r"\w+", each) for each in found) else ()


def _column(row: tuple[Any, ...], checks: Mapping[str, tuple[str, ...]], samples: Samples) -> Column:
    column, declared, nullable, comment = row
    is_enum = declared.startswith("ENUM")
    labels = tuple(label.replace("''", "'") for label in _LABEL.findall(declared)) if is_enum else ()
    return Column(
        name=column,
        type=declared,
        family=Family.TEXT if is_enum else Family.JSON if declared.endswith("]") else family(declared),
        nullable=bool(nullable),
        comment=re.sub(r"\s+", " ", comment or ""),
        values=labels or checks.get(column, ()),
        samples=samples.values(column),
        null_share=samples.null_share(column),
    )


def _value(value: object) -> object:
    """Plain values as they are; uuids and the like as their text."""
    return value if value is None or isinstance(value, _PLAIN) else str(value)
