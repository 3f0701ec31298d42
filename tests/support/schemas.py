"""Schemas of tests/corpus/schemas as databases of each engine, and how much of them `halfopen init` maps right.

A schema is `<name>.sql` (tables and rows; a line `-- engines: ...` where it is not for SQLite and PostgreSQL alone) and
`<name>.toml`, its key: a SELECT a feed, `made` for ids that no column holds as they are, `measured` for its history.
"""

import asyncio
import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pymysql.cursors

from halfopen.sources.base import Source
from halfopen.sources.duckdb import DuckdbSource
from halfopen.sources.mysql import MysqlSource
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.sources.schema import read_schema
from halfopen.sources.sqlite import SqliteSource
from support import mysql, postgresql
from support.mapped import Rows, Score, score, table

__all__ = ["ENGINES", "NAMES", "Key", "Score", "database", "measured", "of", "sqlite_file", "table"]

CORPUS = Path(__file__).parent.parent / "corpus" / "schemas"
ENGINES = ("sqlite", "postgresql", "mysql", "duckdb")
NAMES = tuple(sorted(path.stem for path in CORPUS.glob("*.sql")))
_ONLY_POSTGRESQL = re.compile(r"^(comment on|create type)\b.*?;\s*$", re.IGNORECASE | re.MULTILINE)
_ENGINES = re.compile(r"^-- engines: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Key:
    """What a schema's feeds should serve: a SELECT a feed, and the fields that no column holds as they are.

    held_out: whether it was written before init was looked at; first_sight: right of mappable, as first measured.
    """

    feeds: dict[str, str]
    made: dict[str, list[str]]
    held_out: bool
    measured: str
    first_sight: str

    @classmethod
    def read(cls, name: str) -> "Key":
        data = tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"))
        history = data.get("measured", {})
        return cls(
            {feed: sql for feed, sql in data.items() if isinstance(sql, str)},
            data.get("made", {}),
            history.get("held_out", False),
            history.get("on", ""),
            history.get("first_sight", ""),
        )

    @property
    def history(self) -> str:
        told = " on ".join(word for word in (self.first_sight, self.measured) if word) or "not kept"
        return f"{told} ({'held out' if self.held_out else 'tuned on'})"


def text(name: str, engine: str) -> str:
    """The schema with its rows, as the engine takes it."""
    sql = (CORPUS / f"{name}.sql").read_text(encoding="utf-8")
    return sql if engine == "postgresql" else _ONLY_POSTGRESQL.sub("", sql)


def of(engine: str) -> list[str]:
    """The schemas that this engine can hold."""
    found = {name: _ENGINES.search(text(name, engine)) for name in NAMES}
    return [name for name, said in found.items() if engine in (said[1].split() if said else ("sqlite", "postgresql"))]


def sqlite_file(folder: Path, name: str) -> Path:
    """The schema with its rows as an SQLite file."""
    path = folder / f"{name}.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text(name, "sqlite"))
        connection.commit()
    return path


def duckdb_file(folder: Path, name: str) -> Path:
    """The schema with its rows as a DuckDB file."""
    path = folder / f"{name}.duckdb"
    with closing(duckdb.connect(path)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(text(name, "duckdb"))
    return path


@contextmanager
def database(engine: str, folder: Path, name: str) -> Iterator[str]:
    """The address of a database of that engine with the schema and its rows."""
    if engine == "sqlite":
        yield f"sqlite:///{sqlite_file(folder, name)}"
    elif engine == "duckdb":
        yield f"duckdb:///{duckdb_file(folder, name)}"
    elif engine == "postgresql":
        with postgresql.database() as url:
            postgresql.run(_load(url, text(name, engine)))
            yield url
    else:
        with mysql.database() as url:
            statements = [one for one in re.split(r";\s*$", text(name, engine), flags=re.MULTILINE) if one.strip()]
            mysql.ask(url, "set time_zone = '+00:00', sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'", *statements)
            yield url


async def _load(url: str, sql: str) -> None:
    import asyncpg  # noqa: PLC0415 - only where there is a server

    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def measured(engine: str, folder: Path, name: str) -> Score:
    """How much of the schema is mapped right on that engine."""
    key = Key.read(name)
    with database(engine, folder, name) as url:
        path = Path(url.partition(":///")[2]) if engine in ("sqlite", "duckdb") else None
        schema = await asyncio.to_thread(read_schema, engine, path, url)
        expected = {feed: await asyncio.to_thread(_ask, engine, url, sql) for feed, sql in key.feeds.items()}
        source = _SOURCES[engine](path, url)
        try:
            return await score(Score(name, engine, key.history), schema, url, source, expected, key.made, folder)
        finally:
            source.close()


def _ask(engine: str, url: str, sql: str) -> Rows:
    path = url.partition(":///")[2]
    if engine == "sqlite":
        with closing(sqlite3.connect(path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]
    if engine == "duckdb":
        with closing(duckdb.connect(path)) as connection:
            connection.execute("set timezone = 'UTC'")
            result = connection.execute(f"select * from ({_without_zones(connection, sql)})")
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if engine == "postgresql":
        return [dict(row) for row in postgresql.ask(url, sql)]
    with closing(mysql.connect(url)) as connection, connection.cursor(pymysql.cursors.DictCursor) as result:
        result.execute("set time_zone = '+00:00', sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'")
        result.execute(sql)
        return list(result.fetchall())


def _without_zones(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Stamps with a zone, which would want pytz, as plain ones in UTC."""
    told = connection.execute(f"describe {sql}").fetchall()
    columns = [
        f"cast(timezone('UTC', {row[0]}) as timestamp) as {row[0]}" if row[1].endswith("TIME ZONE") else f'"{row[0]}"'
        for row in told
    ]
    return f"select {', '.join(columns)} from ({sql})"


_SOURCES: dict[str, Callable[[Any, str], Source]] = {
    "sqlite": lambda path, _: SqliteSource(path, 2),
    "duckdb": lambda path, _: DuckdbSource(path, 2),
    "postgresql": lambda _, url: PostgresqlSource(url, 2),
    "mysql": lambda _, url: MysqlSource(url, 2),
}
