"""serve over real HTTP on a real PostgreSQL: what a caller sees when all is well, and when the database is not."""

import asyncio
import contextlib
import json
from datetime import timedelta

import aiohttp
import pytest

from halfopen.config.load import load
from halfopen.serve.delivery import HELD_BYTES
from support.postgresql import ask, database, server
from support.serving import AT, asked, served

LONG = asked(AT, AT + timedelta(days=1))
MINUTE = asked(AT, AT + timedelta(minutes=1))
CONFIG = """
[serve]
database = "{url}"
late_rows = "plain"
[serve.limits]
connections = 3
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
TABLES = """
create table users (uuid uuid primary key, registered_at timestamp, changed timestamptz, city text, state text, tags text[]);
insert into users select md5(n::text)::uuid, '2024-05-01', timestamptz '2024-05-01Z' + n * interval '0.25 s',
  case n % 3 when 0 then 'Rīga, "old"' when 1 then '' end, 'blocked', '{{vip,"a b"}}' from generate_series(0, {rows} - 1) n;
create index on users (changed);
create table rounds (s text, k text, cents bigint, ts timestamptz, p text, g text);
insert into rounds values ('s1', 'bet', 150, '2024-05-01 00:00:59.9Z', 'p1', 'Starfall'),
  ('s1', 'win', 9999999999999999, '2024-05-01 00:05:00Z', 'p1', 'Starfall');
create index on rounds (ts)
"""  # noqa: E501 - as above


@contextlib.contextmanager
def filled(folder, rows: int = 300, city: str = '"city"'):
    with database() as url:
        ask(url, TABLES.format(rows=rows))
        path = folder / "halfopen.toml"
        path.write_text(CONFIG.format(url=url, city=city), encoding="utf-8")
        yield load(path, {}).needed_serve()


async def test_rows_of_a_minute_as_csv_and_json(tmp_path):
    with filled(tmp_path) as config:
        async with served(config) as (_, client):
            answer = await client.get(MINUTE)
            body = await answer.read()
            assert answer.headers["Halfopen-Rows"] == "240"
            assert body.count(b"\r\n") == 241
            head, first, second, third, *_ = body.decode().split("\r\n")
            assert head == "id,city,registered_at,modified_at,is_blocked,tags"
            key = "cfcd2084-95d5-65ef-66e7-dff9f98764da"
            assert first == f'{key},"Rīga, ""old""",2024-05-01 00:00:00,2024-05-01 00:00:00,true,"vip, a b"'
            assert second.split(",")[1] == '""'
            assert third.split(",")[1] == ""
            rows = await (await client.get(MINUTE + "&format=json")).json()
            assert len(rows) == 240
            assert rows[0] == {
                "id": key, "city": 'Rīga, "old"', "registered_at": "2024-05-01 00:00:00",
                "modified_at": "2024-05-01 00:00:00", "is_blocked": True, "tags": ["vip", "a b"],
            }  # fmt: skip


async def test_sessions_are_summed_exactly(tmp_path):
    with filled(tmp_path) as config:
        async with served(config) as (_, client):
            target = asked(AT, AT + timedelta(minutes=1), "/api/game-activity", "&format=ndjson")
            body = await (await client.get(target)).read()
    assert body == (
        b'{"player_id":"p1","session_id":"s1","game_name":"Starfall","currency":"EUR","bet_count":1,"win_count":1,'
        b'"bet_amount":1.50,"win_amount":99999999999999.99,"created_at":"2024-05-01 00:00:59",'
        b'"updated_at":"2024-05-01 00:05:00"}\n'
    )


async def test_a_long_answer_that_fails_midway_cannot_be_taken_for_whole(tmp_path):
    # After what is held back, so that bytes have left already.
    fails = "(1 / (extract(epoch from changed) * 0))::text"
    city = f"\"case when changed > '2024-05-01 01:00Z' then {fails} else repeat('x', 200) end\""
    with filled(tmp_path, 40_000, city) as config:
        async with served(config) as (_, client):
            answer = await client.get(LONG)
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
            later = AT + timedelta(hours=2)
            status, _, body = await told(client, asked(later, later + timedelta(minutes=1)))
            assert (status, json.loads(body)["code"]) == (500, "query_failed")
            assert b"division" not in body


async def test_a_caller_who_leaves_has_the_query_cancelled(tmp_path):
    # More than all sockets on the way can hold.
    with filled(tmp_path, 200_000, "\"repeat('x', 500)\"") as config:
        async with served(config) as (_, client):
            answer = await client.get(LONG)
            await answer.content.readexactly(2 * HELD_BYTES)
            assert await running(config)
            answer.close()
            end = asyncio.get_running_loop().time() + 1
            while await running(config):
                assert asyncio.get_running_loop().time() < end
                await asyncio.sleep(0.02)


async def running(config) -> int:
    sql = "select count(*) from pg_stat_activity where state = 'active' and query like '%copy (%' and pid <> pg_backend_pid() and datname = current_database()"  # noqa: E501
    return (await asyncio.to_thread(ask, config.source.text, sql))[0][0]


@pytest.mark.skipif("server() is None", reason="a server that the environment names is not ours to restart")
async def test_a_database_that_is_away_is_told_as_503_and_comes_back_by_itself(tmp_path):
    with filled(tmp_path) as config:
        async with served(config) as (_, client):
            assert (await told(client, MINUTE))[0] == 200
            await asyncio.to_thread(server().stop)
            try:
                for target in (MINUTE, "/readyz"):
                    status, headers, body = await told(client, target)
                    assert status == 503
                    assert int(headers["Retry-After"]) > 0
                    assert json.loads(body)["code"] == "unavailable"
            finally:
                await asyncio.to_thread(server().start)
            assert (await told(client, "/readyz"))[0] == 200
            status, headers, _ = await told(client, MINUTE)
            assert (status, headers["Halfopen-Rows"]) == (200, "240")


async def told(client, target: str) -> tuple:
    """Status, headers and the whole body."""
    async with client.get(target) as answer:
        return answer.status, answer.headers, await answer.read()
