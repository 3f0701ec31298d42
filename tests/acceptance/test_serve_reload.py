"""SIGHUP: a new configuration without a dropped request; a broken one is named in one line and changes nothing."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE

import aiohttp
import pytest

from halfopen.config.load import load
from support.serving import AT, PLAYERS, asked, configured, database, insert, player, served

WHOLE = asked(AT, AT.replace(day=2))
FEED = '[serve.feeds.players]\ntable = "players"\n'
SLOW = """
[serve.feeds.players]
sql = '''
select p.* from (with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000000) select i from n) n
join players p on n.i % 2000000 = 0
'''
"""


def write(folder, password, feeds=FEED, more=""):
    (folder / "halfopen.toml").write_text(
        f'[serve]\ndatabase = "sqlite:///operator.sqlite"\nlate_rows = "plain"\n{more}\n'
        f'[[serve.auth]]\nscheme = "basic"\nuser = "crm"\npassword = "{password}"\n{feeds}',
        encoding="utf-8",
    )


@pytest.fixture
def folder(tmp_path):
    path = database(tmp_path, players=PLAYERS, members=PLAYERS)
    insert(path, "players", [player(n) for n in range(10)])
    insert(path, "members", [player(n) for n in range(3)])
    write(tmp_path, "first")
    return tmp_path


async def ask(client, url, password, target=WHOLE):
    headers = {"Authorization": aiohttp.encode_basic_auth("crm", password)}
    async with client.get(url + target, headers=headers) as answer:
        return answer.status, (await answer.text()).count("\r\n")


async def until(found, expected, seconds=10):
    async with asyncio.timeout(seconds):
        while await found() != expected:  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_process_takes_new_secrets_and_mappings_and_keeps_what_is_in_flight(folder, workers):
    write(folder, "first", SLOW)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "halfopen", "serve", "--config", str(folder / "halfopen.toml"), "--port", "0",
        "--workers", workers, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        while not (line := (await process.stdout.readline()).decode()).startswith("serving on "):
            assert line
        url = line.split()[-1]
        async with aiohttp.ClientSession() as client:
            await until(lambda: ask(client, url, "no", "/healthz"), (200, 0))
            flying = asyncio.create_task(ask(client, url, "first"))
            await asyncio.sleep(0.3)
            assert not flying.done()
            write(folder, "second", FEED.replace('"players"', '"members"'))
            process.send_signal(signal.SIGHUP)
            await until(lambda: ask(client, url, "second"), (200, 4))
            for _ in range(6):  # whichever worker answers
                await until(lambda: ask(client, url, "first"), (401, 0))
            assert await flying == (200, 21)
            write(folder, "third", FEED.replace('"players"', '"nowhere"'))
            process.send_signal(signal.SIGHUP)
            await asyncio.sleep(1)
            assert await ask(client, url, "second") == (200, 4)
        process.terminate()
        _, err = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
    said = [line for line in err.decode().splitlines() if not line.startswith(("{", "halfopen: warning: "))]
    assert len(said) == 1, said
    assert "not reloaded" in said[0]
    assert "'nowhere'" in said[0]
    assert process.returncode == 0


async def test_the_database_of_before_is_closed_once_nobody_reads_it(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    insert(database(other, players=PLAYERS), "players", [player(n) for n in range(5)])
    async with served(configured(folder, SLOW)) as (server, client):
        before = server.source
        flying = asyncio.create_task(client.get(WHOLE))
        await asyncio.sleep(0.3)
        await server.reload(configured(other))
        assert server.source is not before
        async with client.get(WHOLE) as answer:
            assert (await answer.text()).count("\r\n") == 6
        assert not before._connections._closed
        async with await flying as answer:
            assert (await answer.text()).count("\r\n") == 21
        async with asyncio.timeout(30):
            while not before._connections._closed:  # noqa: ASYNC110 - a thread tells nobody
                await asyncio.sleep(0.05)


async def test_a_database_that_is_meant_still_stays_open(folder):
    async with served(configured(folder)) as (server, client):
        before = server.source
        for _ in range(2):
            await server.reload(configured(folder, FEED.replace('"players"', '"members"')))
        assert server.source is before
        async with client.get(WHOLE) as answer:
            assert (await answer.text()).count("\r\n") == 4


def test_certificates_count_from_the_folder_of_the_file(folder):
    write(folder, "first", f'[serve.tls]\ncert = "cert.pem"\nkey = "/etc/key.pem"\n{FEED}')
    tls = load(folder / "halfopen.toml", {}).needed_serve().tls
    assert (tls.cert, tls.key) == (str(folder / "cert.pem"), "/etc/key.pem")
