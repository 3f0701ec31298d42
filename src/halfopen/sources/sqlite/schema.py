"""Reads the schema of an SQLite file: tables, keys, checks, comments in the DDL, rows from both ends of each table."""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from halfopen.errors import ConfigError
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
from halfopen.sources.sqlite.connections import Connections, words
from halfopen.sources.sqlite.lines import name

_INTERNAL: Final = "sqlite_"


def read(path: Path) -> Schema:
    """The schema of the file at `path`; ConfigError when there is none, SourceError when it is no SQLite."""
    if not path.is_file():
        raise ConfigError(f"there is no file {str(path)!r}; name one with sqlite:///file or sqlite:////folder/file")
    connections = Connections(path)
    try:
        with connections.taken() as connection, words():
            found = connection.execute(
                "select name, type, coalesce(sql, '') from sqlite_master where type in ('table', 'view') order by name"
            ).fetchall()
            tables = [_table(connection, *row) for row in found if not row[0].startswith(_INTERNAL)]
    finally:
        connections.close()
    return Schema("sqlite", tuple(tables))


def _table(connection: sqlite3.Connection, table: str, kind: str, ddl: str) -> Table:
    described = connection.execute('select name, type, "notnull", pk from pragma_table_info(?)', [table]).fetchall()
    comments = _comments(ddl)
    checks = _checks(ddl)
    samples = _samples(connection, table, [row[0] for row in described])
    indexes = list(_indexes(connection, table))
    return Table(
        name=table,
        columns=tuple(
            Column(
                name=column,
                type=declared,
                family=family(declared) if declared else Family.UNKNOWN,
                nullable=not (required or key),
                comment=comments.get(column.lower(), ""),
                values=checks.get(column.lower(), ()),
                samples=samples.values(column),
                null_share=samples.null_share(column),
            )
            for column, declared, required, key in described
        ),
        comment=comments.get("", ""),
        primary_key=tuple(row[0] for row in sorted(described, key=lambda row: row[3]) if row[3]),
        foreign_keys=tuple(_foreign_keys(connection, table)),
        unique=tuple(columns for columns, unique in indexes if unique),
        indexes=tuple(columns for columns, _ in indexes),
        rows=None if kind == "view" else _rows(connection, table),
        is_view=kind == "view",
    )


def _foreign_keys(connection: sqlite3.Connection, table: str) -> Iterator[ForeignKey]:
    rows = connection.execute(
        'select id, "table", "from", "to" from pragma_foreign_key_list(?) order by id, seq', [table]
    ).fetchall()
    by_id: dict[int, list[tuple[str, str, str | None]]] = defaultdict(list)
    for number, target, column, target_column in rows:
        by_id[number].append((target, column, target_column))
    for parts in by_id.values():
        target = parts[0][0]
        targets = tuple(part[2] for part in parts if part[2] is not None)
        if len(targets) != len(parts):
            # `references users` without columns means the primary key.
            key = connection.execute("select name from pragma_table_info(?) where pk order by pk", [target]).fetchall()
            targets = tuple(row[0] for row in key)
        if len(targets) == len(parts):
            yield ForeignKey(tuple(part[1] for part in parts), target, targets)


def _indexes(connection: sqlite3.Connection, table: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    listed = connection.execute(
        'select name, "unique", origin, partial from pragma_index_list(?) order by name', [table]
    ).fetchall()
    for index, unique, origin, partial in listed:
        rows = connection.execute("select name from pragma_index_info(?) order by seqno", [index]).fetchall()
        columns = tuple(row[0] for row in rows if row[0] is not None)
        if len(columns) == len(rows):
            yield columns, bool(unique) and origin != "pk" and not partial


def _rows(connection: sqlite3.Connection, table: str) -> int | None:
    """The greatest rowid: an upper bound that costs nothing; None for a table without rowids."""
    try:
        row = connection.execute(f"select max(rowid) from {name(table)}").fetchone()
    except sqlite3.OperationalError:
        return None
    return row[0] if isinstance(row[0], int) else 0


def _samples(connection: sqlite3.Connection, table: str, columns: list[str]) -> Samples:
    quoted = name(table)
    queries = [f"select * from {quoted} limit {SAMPLE_ROWS}"]
    try:
        connection.execute(f"select rowid from {quoted} limit 0")
        queries.append(f"select * from {quoted} order by rowid desc limit {SAMPLE_ROWS}")
    except sqlite3.OperationalError:
        pass  # a view or a table without rowids has no cheap other end
    try:
        rows = [row for query in queries for row in connection.execute(query).fetchall()]
    except sqlite3.OperationalError:
        rows = []  # a view whose tables are gone says nothing
    return Samples(columns, rows)


_LINE: Final = re.compile(
    r"""^\s*,?\s*["`\[]?(?P<column>[A-Za-z_]\w*)["`\]]?[^\n]*?(?:--\s*(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/)""",
    re.MULTILINE,
)


def _comments(ddl: str) -> dict[str, str]:
    """Comments beside the columns of a CREATE TABLE, by column in lower case; the table's own, before all, under ""."""
    head, _, body = ddl.partition("(")
    found = {"": " ".join(_plain(head))}
    for match in _LINE.finditer(body):
        text = (match["line"] or match["block"] or "").strip()
        if text:
            found.setdefault(match["column"].lower(), text)
    return found


def _plain(text: str) -> list[str]:
    return [part.strip() for pair in re.findall(r"--([^\n]*)|/\*(.*?)\*/", text, re.DOTALL) for part in pair if part]


def _checks(ddl: str) -> dict[str, tuple[str, ...]]:
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", "", ddl, flags=re.DOTALL)
    found: dict[str, tuple[str, ...]] = {}
    for part in re.split(r"\bcheck\b", bare, flags=re.IGNORECASE)[1:]:
        checked = checked_values(part)
        if checked:
            found.setdefault(checked[0].lower(), checked[1])
    return found
