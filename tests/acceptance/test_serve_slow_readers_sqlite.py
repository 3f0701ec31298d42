"""Two hundred callers who take a KiB a second, on a SQLite file with a few connections."""

import asyncio
import contextlib
import socket
import sqlite3
from datetime import timedelta

import pytest

from halfopen.config.load import load
from support.alone import alone
from support.serving import AT, SIGNED_IN, asked, served

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


async def poll(client, seconds: list[float]) -> None:
    """A caller who asks for a minute again and again, and takes it at once."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        async with client.get(asked(AT, AT + timedelta(minutes=1))) as answer:
            assert answer.status == 200
            assert (await answer.read()).count(b"\r\n") == 11
        seconds.append(loop.time() - began)
        await asyncio.sleep(0.05)


async def slowly(port: int, heads: list[bytes]) -> None:
    """Asks for everything and takes a KiB a second of it."""
    loop = asyncio.get_running_loop()
    with contextlib.closing(socket.socket()) as caller:
        caller.setblocking(False)  # noqa: FBT003 - socket's own signature
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(caller, ("127.0.0.1", port))
        target = asked(AT, AT + timedelta(days=1))
        words = f"GET {target} HTTP/1.1\r\nHost: h\r\nAuthorization: {SIGNED_IN['Authorization']}\r\n\r\n"
        await loop.sock_sendall(caller, words.encode())
        first = await loop.sock_recv(caller, 1024)
        heads.append(first.partition(b"\r\n")[0])
        while await loop.sock_recv(caller, 1024):  # noqa: ASYNC110 - a slow reader is one that sleeps
            await asyncio.sleep(1)
