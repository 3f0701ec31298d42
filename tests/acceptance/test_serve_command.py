"""`halfopen serve` as a command: what it says at start, how it ends, what it refuses."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from support.serving import AT, PLAYERS, SIGNED_IN, asked, database, insert, player, written
from support.serving_process import serving, start

FEED = '[serve.feeds.players]\ntable = "players"\n'
WHOLE = asked(AT, AT.replace(day=2))
SLOW = """
[serve.feeds.players]
sql = '''
select p.* from (with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000000) select i from n) n
join players p on n.i % 2000000 = 0
'''
"""


@pytest.fixture
def folder(tmp_path):
    path = database(tmp_path, players=PLAYERS)
    insert(path, "players", [player(n) for n in range(10)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create index by_stamp on players (modified_at)")
    return tmp_path


def command(*words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "halfopen", "serve", *words], check=False, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


async def test_it_says_a_line_a_feed_and_the_url_and_stops_with_0(folder):
    process, lines = await start(written(folder, FEED))
    assert len(lines) == 14
    line = r"players +/api/players  from players, index by_stamp, 0 rows in the last hour, [0-9.]+ ms for a minute"
    assert re.fullmatch(line, lines[0])
    assert "not offered: the configuration has no section [serve.feeds.contacts]" in lines[1]
    url = lines[-1].removeprefix("serving on ")
    async with aiohttp.ClientSession(url, headers=SIGNED_IN) as client, client.get(WHOLE) as answer:
        assert (await answer.text()).count("\r\n") == 11
    process.send_signal(signal.SIGTERM)
    out, err = await process.communicate()
    assert process.returncode == 0
    assert out == b"stopped\n"
    assert b"Traceback" not in err
    assert err.count(b"\n") == 1, "one event a request"
    assert b"s3cret" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_what_is_in_flight_is_finished_before_it_stops(folder, number):
    async with (
        serving(written(folder, SLOW)) as (url, process),
        aiohttp.ClientSession(url, headers=SIGNED_IN) as client,
    ):
        flying = asyncio.create_task(client.get(WHOLE))
        await asyncio.sleep(0.3)
        assert not flying.done()
        process.send_signal(number)
        async with await flying as answer:
            assert answer.status == 200
            assert (await answer.text()).count("\r\n") == 21
        assert await asyncio.wait_for(process.wait(), 30) == 0
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(WHOLE)


@pytest.mark.parametrize(
    ("feeds", "more", "words"),
    [
        (FEED.replace('players"\n', 'playrs"\n'), "", ["players.table", "'playrs'", "did you mean 'players'?"]),
        (FEED + 'cursor = "changed"\n', "", ["serve.feeds.players.cursor", "'changed'"]),
        (FEED, 'timezne = "UTC"', ["timezne", "timezone"]),
        (FEED, 'late_rows = "wait"', ["serve.late_rows", "open transactions", "lift"]),
        (FEED, 'allow = ["nowhere"]', ["serve.allow", "'nowhere'", "CIDR"]),
    ],
)  # fmt: skip
def test_a_wrong_configuration_ends_with_one_line(folder, feeds, more, words):
    code, out, err = command("--config", str(written(folder, feeds, more)))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1, err
    assert all(word in err for word in words), err


@pytest.mark.parametrize("change", ["missing", "no database", "a folder"])
def test_an_unreadable_database_ends_with_one_line(folder, change):
    file = folder / "operator.sqlite"
    file.unlink()
    if change == "no database":
        file.write_text("this is no database, but long enough to be taken for one" * 100)
    if change == "a folder":
        file.mkdir()
    code, out, err = command("--config", str(written(folder, FEED)))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1, err
    assert "serve.database" in err
    assert "operator.sqlite" in err


def test_a_busy_port_ends_with_one_line(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, err = command("--config", str(written(folder, FEED)), "--port", str(taken.getsockname()[1]))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1, err
    assert "cannot listen on 127.0.0.1" in err


def test_a_configuration_is_checked_with_a_few_rows_of_each_feed(folder):
    path = written(folder, FEED)
    code, out, _ = command("--config", str(path), "--check-config")
    assert code == 0
    assert out.splitlines()[-1] == "ready to serve: 1 of 13 feeds are offered, no warnings"
    insert(folder / "operator.sqlite", "players", [("bad", "yesterday", "2024-05-01 00:00:00", "x")])
    code, out, err = command("--config", str(path), "--check-config")
    assert code == 2
    assert out.splitlines()[-1] == "not ready: 1 mistake, 1 of 13 feeds are offered, no warnings"
    assert err.count("\n") == 1, err
    assert all(word in err for word in ["serve.feeds.players", "registered_at", "'yesterday'", "1 of 11 rows"]), err


def test_a_missing_index_is_a_warning_with_the_statement_that_mends_it(folder):
    path = written(folder, FEED)
    with closing(sqlite3.connect(folder / "operator.sqlite")) as connection:
        connection.execute("drop index by_stamp")
        code, out, err = command("--config", str(path), "--check-config")
        assert code == 0
        assert "from players, no index, 0 rows in the last hour" in out
        assert err.startswith("halfopen: warning: serve.feeds.players: no index finds a window"), err
        assert err.count("\n") == 1, err
        connection.execute(err.rpartition("; ")[2])
    assert command("--config", str(path), "--check-config")[2] == ""


def test_checking_serves_nothing_and_needs_no_port(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, out, _ = command(
            "--config", str(written(folder, FEED)), "--port", str(taken.getsockname()[1]), "--check-config"
        )
    assert code == 0
    assert "serving" not in out


def children(process: int) -> set[str]:
    return set(Path(f"/proc/{process}/task/{process}/children").read_text().split())


def alive(processes: set[str]) -> set[str]:
    return {each for each in processes if Path(f"/proc/{each}").exists()}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.1)


async def test_several_workers_share_the_port_and_a_dead_one_is_replaced(folder):
    async with serving(written(folder, FEED), "--workers", "2") as (url, process):

        async def answers() -> None:
            for _ in range(20):
                # The parent holds the port too: without a worker that lives a caller would wait for long.
                async with (
                    aiohttp.ClientSession(url, headers=SIGNED_IN, timeout=aiohttp.ClientTimeout(20)) as client,
                    client.get(WHOLE) as answer,
                ):
                    assert (await answer.text()).count("\r\n") == 11

        await answers()
        await until(lambda: len(children(process.pid)) == 2)
        first = children(process.pid)
        os.kill(int(min(first)), signal.SIGKILL)
        await until(lambda: len(children(process.pid) - {min(first)}) == 2)
        await answers()
        last = children(process.pid)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert not alive(last)


async def test_workers_end_with_their_parent(folder):
    async with serving(written(folder, FEED), "--workers", "2") as (_, process):
        await until(lambda: len(children(process.pid)) == 2)
        workers = children(process.pid)
        process.kill()
        await until(lambda: not alive(workers))
