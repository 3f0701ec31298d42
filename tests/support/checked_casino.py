"""The zoo's casino in a database of any engine, for `serve` to put in front of: 13 feeds, two hours, single bets."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import duckdb

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.demo.faults.rows import HOUR, moment, stamp
from halfopen.demo.faults.world import World
from halfopen.wire.csv import line
from support import mysql, postgresql

ENGINES = ("postgresql", "mysql", "sqlite", "duckdb")
_TYPES = {
    "postgresql": {Kind.DATETIME: "timestamptz", Kind.DECIMAL: "numeric(38,18)", Kind.BOOLEAN: "boolean"},
    "mysql": {Kind.DATETIME: "datetime(6)", Kind.DECIMAL: "decimal(38,18)", Kind.BOOLEAN: "boolean"},
    "sqlite": {Kind.DATETIME: "text", Kind.DECIMAL: "text", Kind.BOOLEAN: "boolean"},
    "duckdb": {Kind.DATETIME: "timestamp", Kind.DECIMAL: "decimal(38,18)", Kind.BOOLEAN: "boolean"},
}
_PAST = 2 * HOUR
QUIET_SECONDS = 70
"""Nothing has happened for so long: a server that begins to seal lifts what is younger than the allowed lateness."""
LATE_SECONDS = 5.0
_GAME = ("player_id", "session_id", "game_code", "game_name", "currency", "game_vendor", "game_type", "balance_type")
_ACTIONS = """
[serve.feeds.game_activity.actions]
table = "t_actions"
session_id = "session_id"
kind = "what"
bet = "'bet'"
win = "'win'"
amount = "amount"
created_at = "ts"
"""


@dataclass(frozen=True)
class Place:
    """A database that was filled; `put` adds rows to a table. `sections`: the feeds of its halfopen.toml."""

    url: str
    put: Callable[[str, Sequence[Sequence[object]]], None]
    sections: str
    player: str
    """Somebody who plays there."""


@contextmanager
def place(engine: str, folder: Path) -> Iterator[Place]:
    """A new database with the casino in it, gone afterwards."""
    with _opened(engine, folder) as (url, put, execute):
        player = _fill(engine, put, execute)
        tables = [f'[serve.feeds.{name}]\ntable = "t_{name}"\n' for name in feeds() if name != "game_activity"]
        yield Place(url, put, "".join([*tables, _ACTIONS]), player)


def login(engine: str, number: int, player: str, at: datetime) -> list[object]:
    """A row of t_logins."""
    values: dict[str, object] = {"id": f"late-{number}", "player_id": player, "created_at": at}
    return [_value(engine, values.get(name)) for name in feeds()["logins"].fields]


def _told() -> tuple[datetime, World]:
    """The story up to just now: one told for an earlier test would be stale by the next."""
    now = _before(QUIET_SECONDS)
    world = World(1, now)
    world.advance(stamp(now))
    return now, world


def _fill(engine: str, put: Callable[..., None], execute: Callable[[str], object]) -> str:
    now, world = _told()
    for name, feed in feeds().items():
        if name == "game_activity":
            continue
        types = _TYPES[engine]
        columns = ", ".join(f"{field} {types.get(kind.kind, _other(kind.kind))}" for field, kind in feed.fields.items())
        execute(f"create table t_{name} ({columns}, primary key ({feed.key}))")
        rows = [row.values for row in world.read(name, 0, stamp(now), stamp(now))]
        put(f"t_{name}", [[_value(engine, row.get(field)) for field in feed.fields] for row in rows])
    stamped, money = _TYPES[engine][Kind.DATETIME], _TYPES[engine][Kind.DECIMAL]
    execute(f"create table t_actions ({', '.join(f'{n} varchar(200)' for n in _GAME)}, what varchar(9), amount {money},"
            f" ts {stamped})")  # fmt: skip
    put("t_actions", list(_actions(engine, world, stamp(now))))
    return str(next(iter(world.tables["players"].last)))


def _actions(engine: str, world: World, now: int) -> Iterator[list[object]]:
    for session in world.sessions.touched(now - _PAST, now, now):
        known = [session.values.get(name) for name in _GAME]
        for action in session.until(now):
            what, amount = ("bet", action.bet) if action.bet is not None else ("win", action.win)
            yield [_value(engine, value) for value in (*known, what, amount, moment(action.at))]


def _other(kind: Kind) -> str:
    return {Kind.INTEGER: "bigint", Kind.DATE: "date"}.get(kind, "varchar(250)")


def _value(engine: str, value: object) -> object:
    if isinstance(value, datetime) and engine != "postgresql":
        value = value.replace(tzinfo=None)
        return value.isoformat(" ", "microseconds") if engine == "sqlite" else value
    if engine == "sqlite" and value is not None and not isinstance(value, str | int):
        return str(value)
    return value


_Opened = tuple[str, Callable[..., None], Callable[[str], object]]


@contextmanager
def _opened(engine: str, folder: Path) -> Iterator[_Opened]:
    match engine:
        case "postgresql":
            with postgresql.database() as url:
                yield (
                    url,
                    lambda table, rows: postgresql.run(_copy(url, table, rows)),
                    lambda sql: postgresql.ask(url, sql),
                )
        case "mysql":
            with mysql.database() as url:
                yield (
                    url,
                    lambda table, rows: _many(mysql.connect(url), table, rows, "%s"),
                    lambda sql: mysql.ask(url, sql),
                )
        case "sqlite":
            path = folder / "casino.sqlite"
            with closing(sqlite3.connect(path)) as own:
                own.execute("pragma journal_mode = wal")
            yield (
                f"sqlite:///{path}",
                lambda table, rows: _many(sqlite3.connect(path), table, rows, "?"),
                lambda sql: _done(sqlite3.connect(path), sql),
            )
        case _:
            path = folder / "casino.duckdb"
            yield (
                f"duckdb:///{path}",
                lambda table, rows: _loaded(path, table, rows),
                lambda sql: _done(duckdb.connect(path), sql),
            )


async def _copy(url: str, table: str, rows: Sequence[Sequence[object]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table(table, records=[tuple(row) for row in rows])
    finally:
        await connection.close()


def _loaded(path: Path, table: str, rows: Sequence[Sequence[object]]) -> None:
    """DuckDB takes rows from a file a hundred times as fast as one by one."""
    file = path.with_suffix(".csv")
    with duckdb.connect(path) as own:
        names = [name for name, *_ in own.execute(f"describe {table}").fetchall()]
        texts = ([None if value is None else str(value) for value in row] for row in rows)
        # The first line end must be that of the rows, which a text of the first row may not be: names come first.
        file.write_bytes(b"".join(map(line, (names, *texts))))
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        # Told and not guessed: what the casino's rows look like depends on the hour.
        own.execute(
            f"insert into {table} select * from read_csv('{file}', columns = {{{columns}}}, auto_detect = false,"
            " header = true, nullstr = '', delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false,"
            " parallel = false)"
        )


def _many(connection: Any, table: str, rows: Sequence[Sequence[object]], mark: str) -> None:
    """Insert rows in a connection of its own."""
    with closing(connection):
        if rows:
            connection.cursor().executemany(f"insert into {table} values ({', '.join([mark] * len(rows[0]))})", rows)
        connection.commit()


def _done(connection: Any, sql: str) -> None:
    """Run a statement in a connection of its own."""
    with closing(connection):
        connection.cursor().execute(sql)
        connection.commit()


async def keep_late(engine: str, found: Place, until: asyncio.Event) -> int:
    """Insert logins that were stamped some seconds before they become visible; how many, when it ends."""
    number = 0
    await asyncio.sleep(LATE_SECONDS + 1)
    while not until.is_set():
        await asyncio.to_thread(found.put, "t_logins", [login(engine, number, found.player, _before(LATE_SECONDS))])
        number += 1
        await asyncio.sleep(0.25)
    return number


def _before(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)
