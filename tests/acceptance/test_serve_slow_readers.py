"""Two hundred callers who take a KiB a second, on a real PostgreSQL with a few connections."""

import asyncio

import asyncpg
import pytest

from halfopen.config.load import load
from halfopen.sources.postgresql import pool
from support.alone import alone
from support.postgresql import ask, database
from support.serving import served
from support.slow_readers import poll, slowly

READERS = 200
CONNECTIONS = 4
ROWS = 8_000
"""Of a KiB each: more than all the sockets on the way from PostgreSQL to a slow reader hold."""

CONFIG = f"""
[serve]
database = "{{url}}"
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
create table players as select n::text as id, timestamptz '2024-05-01Z' as registered_at,
  timestamptz '2024-05-01Z' + n * interval '6 s' as modified_at, repeat('x', 1000) as city
  from generate_series(0, {ROWS} - 1) n;
create index on players (modified_at)
"""
ACTIVITY = """
select count(*) as connections, count(*) filter (where state <> 'idle') as busy,
  coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 as oldest
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


@pytest.fixture(autouse=True)
def machine():
    with alone():
        yield


async def test_two_hundred_slow_readers_hold_no_connection_and_starve_nobody(tmp_path, monkeypatch):
    # All are served one after the other, which on a machine that does other things too takes longer than patience does.
    monkeypatch.setattr(pool, "WAIT_SECONDS", 40)
    with database() as url:
        ask(url, TABLE)
        path = tmp_path / "halfopen.toml"
        path.write_text(CONFIG.format(url=url), encoding="utf-8")
        async with served(load(path, {}).needed_serve()) as (server, client), asyncio.TaskGroup() as group:
            await asyncio.sleep(1.5)  # what the start asked of the catalogue is over by then
            port = int(server.url.rpartition(":")[2])
            seen = Seen()
            watching = group.create_task(seen.watch(url))
            fast = group.create_task(poll(client, seen.seconds))
            readers = [group.create_task(slowly(port, seen.heads)) for _ in range(READERS)]
            async with asyncio.timeout(40):
                while len(seen.heads) < READERS or seen.busy:  # noqa: ASYNC110 - the database sends no event
                    await asyncio.sleep(0.05)
            settled = len(seen.seconds)
            await asyncio.sleep(1)
            for task in (watching, fast, *readers):
                task.cancel()
    assert set(seen.heads) == {b"HTTP/1.1 200 OK"}
    assert seen.most <= CONNECTIONS
    assert seen.oldest < 5, f"a transaction was open for {seen.oldest:.1f} s"
    assert max(seen.seconds) < 3, "a short window waits for two hundred long ones"
    assert max(seen.seconds[settled:]) < 1


class Seen:
    """What was seen of the database and of the callers."""

    def __init__(self) -> None:
        self.most, self.busy, self.oldest = 0, 0, 0.0
        self.heads: list[bytes] = []
        self.seconds: list[float] = []

    async def watch(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            while True:
                row = await connection.fetchrow(ACTIVITY)
                self.most, self.oldest = max(self.most, row["connections"]), max(self.oldest, row["oldest"])
                self.busy = row["busy"]
                await asyncio.sleep(0.05)
        finally:
            connection.terminate()
