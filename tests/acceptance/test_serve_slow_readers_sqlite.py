"""Two hundred callers who take a KiB a second, on a SQLite file with a few connections."""

import asyncio
import contextlib
import sqlite3

import pytest

from halfopen.config.load import load
from support.alone import alone
from support.serving import served
from support.slow_readers import poll, slowly

READERS = 200
CONNECTIONS = 4
ROWS = 5_000
"""Of a KiB each: more than all the sockets on the way to a slow reader hold."""

CONFIG = f"""
[serve]
database = "sqlite:///casino.sqlite"
late_rows = "plain"
[serve.limits]
connections = {CONNECTIONS}
windows_per_caller = {READERS + 10}
[[serve.auth]]
scheme = "basic"
user = "crm"
password = "s3cret"
[serve.feeds.players]
table = "players"
"""
TABLE = f"""
create table players as
  with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < {ROWS} - 1)
  select cast(n as text) as id, '2024-05-01 00:00:00' as registered_at,
    datetime('2024-05-01', (n * 6) || ' seconds') as modified_at, printf('%.1000c', 'x') as city from numbers
"""


@pytest.fixture(autouse=True)
def machine():
    with alone():
        yield


async def test_two_hundred_slow_readers_see_no_refusal_and_starve_nobody(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "casino.sqlite")) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(TABLE)
        connection.execute("create index by_modified_at on players (modified_at)")
        connection.commit()
    path = tmp_path / "halfopen.toml"
    path.write_text(CONFIG, encoding="utf-8")
    heads: list[bytes] = []
    seconds: list[float] = []
    async with served(load(path, {}).needed_serve()) as (server, client), asyncio.TaskGroup() as group:
        port = int(server.url.rpartition(":")[2])
        fast = group.create_task(poll(client, seconds))
        readers = [group.create_task(slowly(port, heads)) for _ in range(READERS)]
        async with asyncio.timeout(40):
            while len(heads) < READERS or server.source._turns.are_taken:  # noqa: ASYNC110 - no event is sent
                await asyncio.sleep(0.05)
        settled = len(seconds)
        await asyncio.sleep(1)
        for task in (fast, *readers):
            task.cancel()
    assert set(heads) == {b"HTTP/1.1 200 OK"}
    assert max(seconds) < 3, "a short window waits for two hundred long ones"
    assert max(seconds[settled:]) < 1
