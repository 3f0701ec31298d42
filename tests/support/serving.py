"""A served SQLite file for tests: tables from a few words, a configuration, a server on a free port."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from halfopen.config.load import load
from halfopen.config.serve import ServeConfig
from halfopen.serve.server import Server, running

AT = datetime(2024, 5, 1, tzinfo=UTC)
PLAYERS = "id text, registered_at text, modified_at text, city text"
HEAD = """
[serve]
database = "sqlite:///operator.sqlite"
{more}
[[serve.auth]]
scheme = "basic"
user = "crm"
password = "s3cret"
"""
SIGNED_IN = {"Authorization": aiohttp.encode_basic_auth("crm", "s3cret")}
PLAIN = {**SIGNED_IN, "Accept-Encoding": "identity"}


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def database(folder: Path, **tables: str) -> Path:
    """A file with these tables, each given by its columns."""
    path = folder / "operator.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        for name, columns in tables.items():
            connection.execute(f"create table {name} ({columns})")
        connection.commit()
    return path


def insert(path: Path, table: str, rows: Sequence[Sequence[object]]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()


def player(number: int, seconds: float = 0, city: str | None = "Riga") -> tuple[object, ...]:
    stamp = AT + timedelta(seconds=seconds)
    return f"p{number}", text(AT), stamp.replace(tzinfo=None).isoformat(" "), city


def written(folder: Path, feeds: str, more: str = "") -> Path:
    """halfopen.toml in `folder`."""
    path = folder / "halfopen.toml"
    if "late_rows" not in more:
        # What windows hold by themselves is looked at here; sealed ones have suites of their own.
        more = f'late_rows = "plain"\n{more}'
    path.write_text(HEAD.format(more=more) + feeds, encoding="utf-8")
    return path


def configured(folder: Path, feeds: str = '[serve.feeds.players]\ntable = "players"\n', more: str = "") -> ServeConfig:
    return load(written(folder, feeds, more), {}).needed_serve()


@asynccontextmanager
async def served(config: ServeConfig, **options: object) -> AsyncIterator[tuple[Server, aiohttp.ClientSession]]:
    """A server, and a client of it that is signed in and takes bodies as they are, without any encoding."""
    async with (
        running(config, port=0, **options) as server,
        aiohttp.ClientSession(server.url, headers=PLAIN, auto_decompress=False) as client,
    ):
        yield server, client


def asked(start: datetime, end: datetime, path: str = "/api/players", more: str = "") -> str:
    return f"{path}?from={text(start).replace(' ', '%20')}&to={text(end).replace(' ', '%20')}{more}"
