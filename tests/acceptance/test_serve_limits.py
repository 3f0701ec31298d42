"""serve over real HTTP: encodings, limits, and callers who are slower than the database."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp
import pytest
import structlog

from halfopen.serve import readahead
from halfopen.serve.delivery import HELD_BYTES
from halfopen.wire.body import Decoder
from halfopen.wire.negotiate import Format
from support.serving import AT, PLAIN, PLAYERS, SIGNED_IN, asked, configured, database, served

DAY = asked(AT, AT + timedelta(days=1))
FEED = '[serve.feeds.players]\ntable = "players"\n'
ENDLESS = """
[serve.feeds.players]
sql = '''
select p.* from (with recursive n(i) as (select 1 union all select i + 1 from n) select i from n) cross join players p
where %s
'''
"""


def filled(folder, rows):
    """Players of about 120 bytes each."""
    path = database(folder, players=PLAYERS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "insert into players select printf('%032x', i), '2024-05-01 00:00:00', '2024-05-01 00:00:01', "
            "'Rīga, ' || hex(randomblob(20)) from (with recursive n(i) as (select 0 union all select i + 1 from n) "
            f"select i from n limit {rows})"
        )
        connection.commit()
    return path


def limited(folder, *limits, feeds=FEED):
    return configured(folder, "[serve.limits]\n" + "\n".join(limits) + "\n" + feeds)


async def body_of(client, header, target=DAY):
    async with client.get(target, headers={"Accept-Encoding": header}) as answer:
        assert answer.status == 200
        return answer.headers, await answer.read()


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize(("rows", "is_long"), [(100, False), (8000, False), (30_000, True)])
async def test_answers_are_encoded_as_asked(tmp_path, encoding, rows, is_long):
    filled(tmp_path, rows)
    async with served(configured(tmp_path)) as (_, client):
        plain_headers, plain = await body_of(client, "identity")
        headers, body = await body_of(client, encoding)
    assert (len(plain) > HELD_BYTES) is is_long
    assert headers["Content-Encoding"] == encoding
    assert headers["Vary"] == plain_headers["Vary"] == "Accept-Encoding"
    decoder = Decoder(encoding)
    assert decoder.feed(body) + decoder.finish() == plain
    assert len(body) < len(plain) * 0.7
    assert "Content-Encoding" not in plain_headers
    if not is_long:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        assert headers["Content-Digest"] == f"sha-256=:{digest}:"
        assert headers["Content-Length"] == str(len(body))
        assert headers["Halfopen-Rows"] == str(rows)


async def test_a_small_body_is_sent_plain_unless_that_is_refused(tmp_path):
    filled(tmp_path, 3)
    async with served(configured(tmp_path)) as (_, client):
        headers, _ = await body_of(client, "gzip, zstd")
        assert "Content-Encoding" not in headers
        headers, body = await body_of(client, "gzip, identity;q=0")
        assert headers["Content-Encoding"] == "gzip"
        decoder = Decoder("gzip")
        assert decoder.feed(body).count(b"\r\n") == 4
        async with client.get(DAY, headers={"Accept-Encoding": "br, identity;q=0"}) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (406, "not_acceptable")


async def test_an_encoded_answer_that_breaks_does_not_end_cleanly(tmp_path):
    filled(tmp_path, 30_000)
    broken = FEED + "columns = { city = \"json_extract(iif(rowid = 29999, '{', '{}'), '$.a')\" }\n"
    async with served(configured(tmp_path, broken)) as (_, client):
        for encoding in ("gzip", "zstd"):
            with pytest.raises(aiohttp.ClientPayloadError):
                await body_of(client, encoding)


async def test_too_many_rows_are_refused_or_break_the_answer(tmp_path):
    filled(tmp_path, 30_000)
    log = structlog.testing.CapturingLogger()
    wrapped = structlog.wrap_logger(log, processors=[])
    async with served(limited(tmp_path, "max_rows = 500"), log=wrapped) as (_, client), client.get(DAY) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["code"]) == (413, "too_many_rows")
        assert "500 rows" in problem["detail"]
    async with served(limited(tmp_path, "max_rows = 29999"), log=wrapped) as (_, client):
        with pytest.raises(aiohttp.ClientPayloadError):
            await body_of(client, "identity")
    async with served(limited(tmp_path, "max_rows = 30000"), log=wrapped) as (_, client):
        await body_of(client, "identity")
    assert "more than 29999 rows" in log.calls[1].kwargs["error"]


async def test_an_answer_may_take_so_long_and_no_longer(tmp_path):
    filled(tmp_path, 100)
    config = limited(tmp_path, 'wall_time = "1s"', feeds=ENDLESS % "i < 0")
    async with served(config) as (_, client), client.get(DAY) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (503, "too_slow")
    async with served(limited(tmp_path, 'wall_time = "1s"', feeds=ENDLESS % "true")) as (_, client):
        with pytest.raises(aiohttp.ClientPayloadError):
            await asyncio.wait_for(body_of(client, "identity"), 10)


async def test_one_caller_has_so_many_windows_at_once_and_others_have_theirs(tmp_path):
    filled(tmp_path, 100)
    second = '[[serve.auth]]\nscheme = "basic"\nuser = "audit"\npassword = "other"\n'
    config = limited(tmp_path, "windows_per_caller = 2", feeds=second + ENDLESS % "i < 0")
    async with served(config) as (_, client):
        flying = [asyncio.create_task(client.get(DAY)) for _ in range(2)]
        await asyncio.sleep(0.3)
        async with client.get(DAY) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
            assert (await answer.json(content_type=None))["code"] == "too_many_windows"
        other = {"Authorization": aiohttp.encode_basic_auth("audit", "other")}
        waiting = asyncio.create_task(client.get(DAY, headers=other))
        await asyncio.sleep(1.5)
        assert not waiting.done()
        for task in (*flying, waiting):
            task.cancel()
        await asyncio.gather(*flying, waiting, return_exceptions=True)


async def test_a_burst_of_short_windows_waits_its_turn(tmp_path):
    filled(tmp_path, 10)
    async with served(limited(tmp_path, "windows_per_caller = 1")) as (_, client):
        bodies = await asyncio.gather(*[body_of(client, "identity") for _ in range(30)])
    assert len({body for _, body in bodies}) == 1


class SlowReader:
    """Asks and takes nothing until it is told to read."""

    def __init__(self, url, target=DAY, encoding="identity"):
        self._url = urlsplit(url)
        self._head = (
            f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {SIGNED_IN['Authorization']}\r\n"
            f"Accept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
        ).encode()

    async def __aenter__(self):
        taker = socket.socket()
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        taker.connect((self._url.hostname, self._url.port))
        taker.setblocking(False)  # noqa: FBT003 - its name says what
        self.reader, self.writer = await asyncio.open_connection(sock=taker, limit=1024)
        self.writer.write(self._head)
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def read(self):
        """The body, its chunks joined; AssertionError unless it ends cleanly."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        body = bytearray()
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += await self.reader.readexactly(size)
            assert await self.reader.readexactly(2) == b"\r\n"
        return bytes(body)


async def until(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - threads and sockets tell nobody
            await asyncio.sleep(0.05)


ROWS = 120_000  # 12 MB: more than sockets and buffers hold
SOME = 50_000


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSON])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_slow_reader_lets_go_of_the_database_and_gets_everything(tmp_path, format_, encoding):
    filled(tmp_path, ROWS)
    target = DAY + f"&format={format_}"
    log = structlog.testing.CapturingLogger()
    spool = tmp_path / "spool"
    spool.mkdir()
    config = limited(tmp_path, 'spool = "spool"', "connections = 1")
    async with (
        served(config, log=structlog.wrap_logger(log, processors=[])) as (server, client),
        SlowReader(server.url, target, encoding) as slow,
    ):
        spools = server._setup.spools
        loop = asyncio.get_running_loop()
        began = loop.time()
        await until(lambda: spools.used > 0 and not server.source._turns.are_taken)
        assert loop.time() - began > readahead.PATIENCE_SECONDS
        assert server._setup.readings == 0
        assert 0 < spools.used < 12_000_000 * 0.7, "compressed"
        assert list(spool.iterdir()) == [], "a file without a name"
        body = await slow.read()
        await until(lambda: log.calls)
        assert spools.used == 0
        async with client.get(target) as answer:
            whole = await answer.read()
    decoder = Decoder(encoding)
    assert decoder.feed(body) + decoder.finish() == whole
    assert log.calls[0].kwargs["spooled"] is True
    assert log.calls[0].kwargs["rows"] == ROWS
    assert "spooled" not in log.calls[1].kwargs


async def test_a_full_spool_is_back_pressure_and_nothing_is_lost(tmp_path):
    filled(tmp_path, ROWS)
    async with served(limited(tmp_path, 'spool_max = "1MB"', "connections = 1")) as (server, client):
        async with SlowReader(server.url) as slow:
            await until(lambda: server._setup.spools.used > 800_000)
            await asyncio.sleep(0.3)
            assert server._setup.spools.used <= 1_000_000
            assert server.source._turns.are_taken, "the database waits"
            body = await slow.read()
        async with client.get(DAY) as answer:
            assert await answer.read() == body


async def test_a_query_that_fails_while_its_reader_sleeps_breaks_the_answer(tmp_path):
    filled(tmp_path, ROWS)
    broken = FEED + f"columns = {{ city = \"json_extract(iif(rowid = {ROWS - 9}, '{{', '{{}}'), '$.a')\" }}\n"
    async with (
        served(limited(tmp_path, feeds=broken)) as (server, _),
        SlowReader(server.url) as slow,
    ):
        await until(lambda: server._setup.spools.used > 0)
        with pytest.raises(asyncio.IncompleteReadError):
            await slow.read()
        await until(lambda: server._setup.spools.used == 0)


async def test_a_slow_reader_who_leaves_leaves_nothing_behind(tmp_path):
    filled(tmp_path, 1000)
    async with served(limited(tmp_path, 'spool_max = "50MB"', feeds=ENDLESS % "true")) as (server, _):
        async with SlowReader(server.url):
            await until(lambda: server._setup.spools.used > 0)
        await until(lambda: server._setup.spools.used == 0 and server._setup.readings == 0, 5)
        assert not server.source._turns.are_taken


async def test_many_slow_readers_do_not_starve_a_fast_one(tmp_path):
    filled(tmp_path, SOME)
    second = '[[serve.auth]]\nscheme = "basic"\nuser = "audit"\npassword = "other"\n'
    config = limited(tmp_path, "connections = 4", "windows_per_caller = 20", feeds=second + FEED)
    other = {**PLAIN, "Authorization": aiohttp.encode_basic_auth("audit", "other")}
    loop = asyncio.get_running_loop()
    async with served(config) as (server, _), contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(SlowReader(server.url)) for _ in range(20)]
        await asyncio.sleep(0.2)
        fast = await stack.enter_async_context(aiohttp.ClientSession(server.url, headers=other))
        began = loop.time()
        async with fast.get(asked(AT, AT + timedelta(seconds=1))) as answer:
            assert answer.status == 200
            await answer.read()
        waited = loop.time() - began
        assert len(server.source._connections._idle) <= 4
        await until(lambda: server._setup.readings == 0, 30)
        assert len(server.source._connections._idle) <= 4
        bodies = await asyncio.gather(*[reader.read() for reader in slow])
        assert len({hashlib.sha256(body).digest() for body in bodies}) == 1
        assert bodies[0].count(b"\r\n") == SOME + 1
    assert waited < 5, waited
