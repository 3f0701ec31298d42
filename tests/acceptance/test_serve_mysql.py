"""serve over real HTTP on a real MariaDB or MySQL: what a caller sees when all is well, and when it is not."""

import asyncio
import contextlib
import json
from datetime import timedelta

import aiohttp
import pytest

from halfopen.config.load import load
from halfopen.serve.delivery import HELD_BYTES
from support.mysql import ask, database, server
from support.serving import AT, asked, served

SECOND = timedelta(seconds=1)
LONG = asked(AT, AT + timedelta(days=2))
MINUTE = asked(AT, AT + timedelta(minutes=1))
CONFIG = """
[serve]
database = "{url}"
late_rows = "plain"
[serve.limits]
connections = {connections}
statement_timeout = "{timeout}"
[[serve.auth]]
scheme = "basic"
user = "crm"
password = "s3cret"
[serve.feeds.players]
table = "users"
columns = {{ id = "uuid", is_blocked = "state = 'blocked'", city = {city} }}
cursor = "changed"
custom = {{ tags = {{ kind = "array", column = "tags" }} }}
[serve.feeds.game_activity]
actions = {{ table = "rounds", session_id = "s", kind = "k", bet = "'bet'", win = "'win'", amount = "cents", created_at = "ts" }}
columns = {{ player_id = "p", game_name = "g", currency = "'EUR'" }}
minor_units = {{ bet_amount = 100, win_amount = 100 }}
"""  # noqa: E501 - an inline table of TOML is one line
DIGITS = "(" + " union all ".join(f"select {n} as d" for n in range(10)) + ")"
NUMBERS = "select i.d + 10 * j.d + 100 * k.d + 1000 * l.d + 10000 * m.d + 100000 * o.d as n from " + ", ".join(
    f"{DIGITS} as {name}" for name in "ijklmo"
)
STATEMENTS = [
    "set time_zone = '+00:00'",
    "create table users (uuid char(32), registered_at datetime, changed datetime(6), city text, state text, tags json)",
    """insert into users select md5(n), '2024-05-01', timestamp'2024-05-01 00:00:00' + interval n * 250000 microsecond,
      case n %% 3 when 0 then 'Rīga, "old"' when 1 then '' end, 'blocked', '["vip", "a b"]'
      from (%s) as numbers where n < {rows} order by n""",
    "create index by_changed on users (changed)",
    "create table rounds (s text, k text, cents bigint unsigned, ts timestamp(6), p text, g text, key by_ts (ts))",
    """insert into rounds values ('s1', 'bet', 150, '2024-05-01 00:00:59.9', 'p1', 'Starfall'),
      ('s1', 'win', 9999999999999999, '2024-05-01 00:05:00', 'p1', 'Starfall')""",
]
MINE = "select count(*) from information_schema.processlist where db = database() and id <> connection_id() and {}"
# Those of our own database: other tests use the same server.
IN_TRANSACTION = MINE.format("id in (select trx_mysql_thread_id from information_schema.innodb_trx)")
RUNNING = MINE.format("info like 'select concat(%'")


@contextlib.contextmanager
def filled(folder, rows: int = 300, city: str = '"city"', connections: int = 3, timeout: str = "5m"):
    with database() as url:
        ask(url, *[(each % NUMBERS if "%s" in each else each).format(rows=rows) for each in STATEMENTS])
        path = folder / "halfopen.toml"
        text = CONFIG.format(url=url, city=city, connections=connections, timeout=timeout)
        path.write_text(text, encoding="utf-8")
        yield load(path, {}).needed_serve()


async def told(client, target: str) -> tuple:
    """Status, headers and the whole body."""
    async with client.get(target) as answer:
        return answer.status, answer.headers, await answer.read()


async def counted(config, sql: str = RUNNING) -> int:
    return (await asyncio.to_thread(ask, config.source.text, sql))[0][0]


async def until(config, sql: str, wanted: int, seconds: float, pause: float = 0.02) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while (found := await counted(config, sql)) != wanted:
        assert asyncio.get_running_loop().time() < end, f"{found} after {seconds} s"
        await asyncio.sleep(pause)


async def test_rows_of_a_minute_as_csv_and_json(tmp_path):
    with filled(tmp_path) as config:
        async with served(config) as (_, client):
            _, headers, body = await told(client, MINUTE)
            assert headers["Halfopen-Rows"] == "240"
            assert body.count(b"\r\n") == 241
            head, first, second, third, *_ = body.decode().split("\r\n")
            assert head == "id,city,registered_at,modified_at,is_blocked,tags"
            key = "cfcd208495d565ef66e7dff9f98764da"
            assert first == f'"{key}","Rīga, ""old""",2024-05-01 00:00:00,2024-05-01 00:00:00,true,"vip, a b"'
            assert second.split(",")[1] == '""'
            assert third.split(",")[1] == ""
            rows = await (await client.get(MINUTE + "&format=json")).json()
            assert len(rows) == 240
            assert rows[0] == {
                "id": key, "city": 'Rīga, "old"', "registered_at": "2024-05-01 00:00:00",
                "modified_at": "2024-05-01 00:00:00", "is_blocked": True, "tags": ["vip", "a b"],
            }  # fmt: skip


async def test_windows_are_half_open_to_the_microsecond(tmp_path):
    edge = AT + timedelta(minutes=7)
    with filled(tmp_path, 0) as config:
        stamps = [edge + timedelta(microseconds=n) for n in (-1_000_000, -1, 0, 1, 999_999, 1_000_000)]
        values = [(str(n), stamp.replace(tzinfo=None)) for n, stamp in enumerate(stamps)]
        ask(config.source.text, "insert into users (uuid, changed) values (%s, %s)", values=values)
        async with served(config) as (_, client):
            found = []
            for start, end in ((edge - SECOND, edge), (edge, edge + SECOND), (edge - SECOND, edge + SECOND)):
                _, _, body = await told(client, asked(start, end, more="&format=ndjson"))
                found.append(sorted(json.loads(line)["id"] for line in body.splitlines()))
    assert found == [["0", "1"], ["2", "3", "4"], ["0", "1", "2", "3", "4"]]


async def test_sessions_are_summed_exactly(tmp_path):
    with filled(tmp_path) as config:
        async with served(config) as (_, client):
            target = asked(AT, AT + timedelta(minutes=1), "/api/game-activity", "&format=ndjson")
            _, _, body = await told(client, target)
    assert body == (
        b'{"player_id":"p1","session_id":"s1","game_name":"Starfall","currency":"EUR","bet_count":1,"win_count":1,'
        b'"bet_amount":1.50,"win_amount":99999999999999.99,"created_at":"2024-05-01 00:00:59",'
        b'"updated_at":"2024-05-01 00:05:00"}\n'
    )


async def test_a_long_answer_that_fails_midway_cannot_be_taken_for_whole(tmp_path):
    # After what is held back, so that bytes have left already.
    fails = "concat(exp(if(changed > '2024-05-01 01:00', 1000, 1)), repeat('x', 200))"
    with filled(tmp_path, 40_000, f'"{fails}"') as config:
        async with served(config) as (_, client):
            answer = await client.get(LONG)
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
            later = AT + timedelta(hours=2)
            status, _, body = await told(client, asked(later, later + timedelta(minutes=1)))
            assert (status, json.loads(body)["code"]) == (500, "query_failed")
            for secret in (b"exp(", b"range", b"select", b"Traceback"):
                assert secret not in body


async def test_a_caller_who_leaves_has_the_query_ended_within_a_second(tmp_path):
    with filled(tmp_path, 200_000) as config:
        async with served(config) as (_, client):
            answer = await client.get(LONG)
            await answer.content.readexactly(2 * HELD_BYTES)
            assert await counted(config)
            answer.close()
            await until(config, RUNNING, 0, 1)
    # Also while the database still works on the first row.
    with filled(tmp_path, 3, '"sleep(20)"') as config:
        async with served(config) as (_, client):
            asking = asyncio.create_task(told(client, MINUTE))
            await until(config, RUNNING, 1, 5)
            asking.cancel()
            await until(config, RUNNING, 0, 1)


async def test_a_query_that_takes_too_long_is_ended(tmp_path):
    with filled(tmp_path, 3, '"sleep(20)"', timeout="1s") as config:
        async with served(config) as (_, client):
            status, _, body = await told(client, MINUTE)
            assert status >= 500
            assert b"sleep" not in body
            await until(config, RUNNING, 0, 1)


async def test_slow_readers_hold_neither_connections_nor_transactions(tmp_path):
    with filled(tmp_path, 60_000, connections=2) as config:
        async with served(config) as (_, client):
            slow = [await client.get(LONG) for _ in range(6)]
            await until(config, RUNNING, 0, 20)
            # Idle connections stay, at most as many as are configured, and none of them is in a transaction.
            assert await counted(config, MINE.format("true")) <= 2
            # InnoDB does not look again at its transactions while it is asked more often than each tenth of a second.
            await until(config, IN_TRANSACTION, 0, 60, pause=0.3)
            status, headers, _ = await told(client, MINUTE)
            assert (status, headers["Halfopen-Rows"]) == (200, "240")
            for answer in slow:
                assert (await answer.read()).count(b"\r\n") == 60_001


@pytest.mark.skipif("server() is None", reason="a server that the environment names is not ours to restart")
async def test_a_database_that_restarts_under_load_is_told_as_503_and_comes_back_by_itself(tmp_path):
    with filled(tmp_path, 100_000) as config:
        async with served(config) as (_, client):
            seen: list[tuple[int, str | None, bytes]] = []
            stopping = asyncio.Event()

            async def poll() -> None:
                while not stopping.is_set():
                    status, headers, body = await told(client, MINUTE)
                    seen.append((status, headers.get("Retry-After"), body))
                    await asyncio.sleep(0.01)

            pollers = [asyncio.create_task(poll()) for _ in range(4)]
            long = await client.get(LONG)
            await long.content.readexactly(2 * HELD_BYTES)
            await asyncio.to_thread(server().stop)
            try:
                with pytest.raises(aiohttp.ClientPayloadError):
                    await long.read()
                for target in (MINUTE, "/readyz"):
                    status, headers, body = await told(client, target)
                    assert (status, json.loads(body)["code"]) == (503, "unavailable")
                    assert int(headers["Retry-After"]) > 0
            finally:
                await asyncio.to_thread(server().start)
            await asyncio.sleep(1)
            stopping.set()
            await asyncio.gather(*pollers)
            assert (await told(client, "/readyz"))[0] == 200
    assert {status for status, _, _ in seen} == {200, 503}
    assert [status for status, _, _ in seen[-10:]] == [200] * 10
    for status, wait, body in seen:
        assert status == 200 or int(wait) > 0
        assert status == 200 or not any(word in body.lower() for word in (b"select", b"traceback", b"mysql"))
    assert len({body for status, _, body in seen if status == 200}) == 1
