"""Reads the schema of a MySQL or MariaDB database from information_schema, and rows from both ends of each table.

Only the database that the address names is read; without a name, all that are not the server's own.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pymysql  # type: ignore[import-untyped] # it ships no types

from halfopen.errors import SourceError
from halfopen.sources.mysql.connections import Connection, Connections, words
from halfopen.sources.mysql.sql import name
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

_SECONDS: Final = timedelta(seconds=30)
_PLAIN: Final = (str, int, float, Decimal, bool, datetime, date, bytes)
_ENUM: Final = re.compile(r"^(?:enum|set)\s*\((.*)\)$", re.IGNORECASE | re.DOTALL)
_LABEL: Final = re.compile(r"'((?:[^']|'')*)'")

_HERE: Final = """
    (table_schema = database() or (database() is null
     and table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')))"""
_TABLES: Final = f"""
    select table_schema, table_name, table_schema = database(), table_type = 'VIEW', table_rows, table_comment
    from information_schema.tables where {_HERE} order by table_schema, table_name"""
_COLUMNS: Final = f"""
    select table_schema, table_name, column_name, column_type, is_nullable = 'YES', column_comment
    from information_schema.columns where {_HERE} order by table_schema, table_name, ordinal_position"""
_KEYS: Final = f"""
    select table_schema, table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,
           referenced_column_name
    from information_schema.key_column_usage where {_HERE} and referenced_table_name is not null
    order by table_schema, table_name, constraint_name, ordinal_position"""
_INDEXES: Final = f"""
    select table_schema, table_name, index_name, column_name, non_unique = 0, sub_part
    from information_schema.statistics where {_HERE}
    order by table_schema, table_name, index_name, seq_in_index"""
_CHECKS_MARIADB: Final = """
    select constraint_schema, table_name, check_clause from information_schema.check_constraints
    where constraint_schema = database()"""
_CHECKS_MYSQL: Final = """
    select t.table_schema, t.table_name, c.check_clause
    from information_schema.check_constraints c join information_schema.table_constraints t
      on t.constraint_schema = c.constraint_schema and t.constraint_name = c.constraint_name
    where t.table_schema = database()"""

Place = tuple[str, str]
Rows = Mapping[Place, Sequence[tuple[Any, ...]]]


def read(url: str) -> Schema:
    """The schema of the database at `url`, as far as its user may read; SourceError when it does not answer."""
    connections = Connections(url, _SECONDS)
    try:
        with connections.transaction() as connection, words():
            tables = connection.fetch(_TABLES)
            reader = _Reader(
                connection,
                {(row[0], row[1]): bool(row[2]) for row in tables},
                _grouped(connection.fetch(_COLUMNS)),
                _grouped(connection.fetch(_KEYS)),
                _grouped(connection.fetch(_INDEXES)),
                _checks(connection),
            )
            return Schema("mysql", tuple(reader.table(row) for row in tables))
    finally:
        connections.close()


def _grouped(rows: Sequence[tuple[Any, ...]]) -> Rows:
    found: dict[Place, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        found[row[0], row[1]].append(row[2:])
    return found


def _checks(connection: Connection) -> Rows:
    try:
        return _grouped(connection.fetch(_CHECKS_MARIADB if connection.is_mariadb else _CHECKS_MYSQL))
    except pymysql.MySQLError:
        return {}  # servers from before checks have no such view


@dataclass(frozen=True)
class _Reader:
    connection: Connection
    near: Mapping[Place, bool]
    columns: Rows
    keys: Rows
    indexes: Rows
    checks: Rows

    def table(self, row: tuple[Any, ...]) -> Table:
        place: Place = (row[0], row[1])
        indexes = self._indexes(place)
        primary = indexes.pop("PRIMARY", ((), True, True))[0]
        checks = dict(
            checked for (clause,) in self.checks.get(place, ()) if (checked := checked_values(_unescaped(clause)))
        )
        samples = self._samples(place, primary)
        return Table(
            name=self._told(place),
            columns=tuple(_column(column, checks, samples) for column in self.columns.get(place, ())),
            comment="" if row[3] else row[5] or "",
            primary_key=primary,
            foreign_keys=tuple(self._foreign_keys(place)),
            unique=tuple(columns for columns, unique, whole in indexes.values() if unique and whole),
            indexes=tuple(columns for columns in (primary, *(found[0] for found in indexes.values())) if columns),
            rows=None if row[3] else row[4],
            is_view=bool(row[3]),
        )

    def _told(self, place: Place) -> str:
        return place[1] if self.near.get(place) else f"{place[0]}.{place[1]}"

    def _indexes(self, place: Place) -> dict[str, tuple[tuple[str, ...], bool, bool]]:
        """Columns, whether they are unique, and whether they are held whole; indexes over expressions are left out."""
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for index, *rest in self.indexes.get(place, ()):
            found[index].append(tuple(rest))
        return {
            index: (tuple(row[0] for row in rows), bool(rows[0][1]), all(row[2] is None for row in rows))
            for index, rows in found.items()
            if all(row[0] is not None for row in rows)
        }

    def _foreign_keys(self, place: Place) -> list[ForeignKey]:
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for constraint, *rest in self.keys.get(place, ()):
            found[constraint].append(tuple(rest))
        return [
            ForeignKey(
                tuple(row[0] for row in rows), self._told((rows[0][1], rows[0][2])), tuple(row[3] for row in rows)
            )
            for rows in found.values()
            if (rows[0][1], rows[0][2]) in self.near
        ]

    def _samples(self, place: Place, key: Sequence[str]) -> Samples:
        relation = f"{name(place[0])}.{name(place[1])}"
        queries = [f"select * from {relation} limit {SAMPLE_ROWS}"]
        if key:
            order = ", ".join(f"{name(column)} desc" for column in key)
            queries.append(f"select * from {relation} order by {order} limit {SAMPLE_ROWS}")
        names = [column[0] for column in self.columns.get(place, ())]
        try:
            with words():
                rows = [tuple(map(_value, row)) for query in queries for row in self.connection.fetch(query)]
        except SourceError:
            rows = []  # a view that fails, or that takes too long, says nothing
        return Samples(names, rows)


def _column(row: tuple[Any, ...], checks: Mapping[str, tuple[str, ...]], samples: Samples) -> Column:
    column, declared, nullable, comment = row
    seen = samples.values(column)
    enum = _ENUM.match(declared)
    labels = tuple(label.replace("''", "'") for label in _LABEL.findall(enum[1])) if enum else ()
    return Column(
        name=column,
        type=declared,
        family=_family(declared, seen),
        nullable=bool(nullable),
        comment=re.sub(r"\s+", " ", comment or ""),
        values=labels if declared.lower().startswith("enum") else checks.get(column, ()),
        samples=seen,
        null_share=samples.null_share(column),
    )


def _family(declared: str, seen: Sequence[object]) -> Family:
    """By the declared type; a tinyint(1) that holds more than 0 and 1 is a number, as the server takes it."""
    text = declared.lower()
    if text.startswith(("enum", "set")):
        return Family.TEXT
    found = family(text)
    if found is Family.BOOLEAN and text.startswith("tinyint") and any(value not in (0, 1) for value in seen):
        return Family.INTEGER
    return found


def _value(value: object) -> object:
    """Plain values as they are; a bit as its truth, times and the like as their text."""
    if value in (b"\x00", b"\x01"):
        return value == b"\x01"
    return value if value is None or isinstance(value, _PLAIN) else str(value)


def _unescaped(clause: str) -> str:
    """MySQL tells its texts with a character set before them and backslashes before their quotes."""
    return re.sub(r"_utf8mb\d|_latin1|_binary", "", clause.replace("\\'", "'"))
