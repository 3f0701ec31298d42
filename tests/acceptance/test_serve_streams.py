"""serve over real HTTP when answers are long, break, or lose their caller."""

import asyncio
import base64
import contextlib
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import structlog

from halfopen.serve.delivery import HELD_BYTES
from support.serving import AT, PLAYERS, SIGNED_IN, asked, configured, database, served, written
from support.serving_process import serving

LONG = asked(AT, AT + timedelta(days=1))
ROWS = 20_000
MILLION = 1_000_000
FEED = '[serve.feeds.players]\ntable = "players"\n'
BREAKING = """
[serve.feeds.players]
table = "players"
columns = { city = "json_extract(iif(rowid = %d, '{', '{}'), '$.a')" }
"""
ENDLESS = """
[serve.feeds.players]
sql = '''
select p.* from (with recursive n(i) as (select 1 union all select i + 1 from n) select i from n) cross join players p
where %s
'''
"""


def filled(folder: Path, rows: int) -> Path:
    """Players of about 120 bytes each, one every 80 ms of a day."""
    path = database(folder, players=PLAYERS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "insert into players select printf('%032x', i), '2024-05-01 00:00:00', "
            "strftime('%Y-%m-%d %H:%M:%f', '2024-05-01', (i * 0.08) || ' seconds'), 'Rīga, ' || i "
            "from (with recursive n(i) as (select 0 union all select i + 1 from n) "
            f"select i from n limit {rows})"
        )
        connection.execute("create index by_modified on players (modified_at)")
        connection.commit()
    return path


async def raw(url: str, target: str, version: str) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    credentials = base64.b64encode(b"crm:s3cret").decode()
    writer.write(f"GET {target} HTTP/{version}\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n\r\n".encode())
    answer = bytearray()
    with contextlib.suppress(TimeoutError):
        while block := await asyncio.wait_for(reader.read(1 << 20), 3):
            answer += block
            if answer.endswith(b"\r\n0\r\n\r\n"):
                break
    writer.close()
    return bytes(answer)


async def test_a_long_answer_comes_in_chunks_and_ends_cleanly(tmp_path):
    filled(tmp_path, ROWS)
    async with served(configured(tmp_path)) as (server, client):
        async with client.get(LONG) as answer:
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert "Content-Length" not in answer.headers
            body = await answer.read()
        assert len(body) > HELD_BYTES
        assert body.count(b"\r\n") == ROWS + 1
        assert (await raw(server.url, LONG, "1.1")).endswith(b"\r\n0\r\n\r\n")


async def test_http_1_0_gets_a_long_answer_with_its_length(tmp_path):
    filled(tmp_path, ROWS)
    async with served(configured(tmp_path)) as (server, client):
        head, _, body = (await raw(server.url, LONG, "1.0")).partition(b"\r\n\r\n")
        async with client.get(LONG) as answer:
            assert await answer.read() == body
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert b"chunked" not in head.lower()
    assert f"halfopen-rows: {ROWS}".encode() in head.lower()


async def test_a_failure_midway_is_told_apart_from_a_whole_answer(tmp_path):
    filled(tmp_path, ROWS)
    log = structlog.testing.CapturingLogger()
    config = configured(tmp_path, BREAKING % (ROWS - 1))
    async with served(config, log=structlog.wrap_logger(log, processors=[])) as (server, client):
        received = bytearray()

        async def take() -> None:
            async with client.get(LONG) as answer:
                assert answer.status == 200
                async for block in answer.content.iter_any():
                    received.extend(block)

        with pytest.raises(aiohttp.ClientPayloadError):
            await take()
        curl = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-u", "crm:s3cret", server.url + LONG,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await curl.wait() in (18, 56)
        bytes_10 = await raw(server.url, LONG, "1.0")
    assert len(received) > HELD_BYTES
    assert b"malformed" not in received
    assert b" 500 " in bytes_10.partition(b"\r\n")[0]
    assert [call.kwargs["error"] for call in log.calls] == ["malformed JSON"] * 3
    assert [call.method_name for call in log.calls] == ["error"] * 3


async def test_a_failure_before_a_mebibyte_is_a_real_error(tmp_path, caplog):
    filled(tmp_path, ROWS)
    async with served(configured(tmp_path, BREAKING % 300)) as (_, client), client.get(LONG) as answer:
        problem = await answer.json(content_type="application/problem+json")
        assert (answer.status, problem["code"]) == (500, "query_failed")
        assert "malformed" not in str(problem)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("condition", ["true", "i < 0"], ids=["while rows flow", "before the first row"])
async def test_the_query_ends_when_its_caller_goes_away(tmp_path, condition):
    filled(tmp_path, 100)
    log = structlog.testing.CapturingLogger()
    config = configured(tmp_path, "[serve.limits]\nconnections = 1\n" + ENDLESS % condition)
    loop = asyncio.get_running_loop()
    async with served(config, log=structlog.wrap_logger(log, processors=[])) as (server, _):
        curl = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-u", "crm:s3cret", server.url + LONG, stdout=asyncio.subprocess.DEVNULL
        )
        await asyncio.sleep(1)
        assert server.source._turns.are_taken
        curl.kill()
        await curl.wait()
        began = loop.time()
        async with asyncio.timeout(1):
            await server.source._turns.acquire(0, 2)
        assert loop.time() - began < 1
        server.source._turns.release()
    assert [call.kwargs["status"] for call in log.calls] == [499]


async def test_a_caller_who_stops_reading_stops_the_query_too(tmp_path):
    """Back-pressure: what is sent ahead of a reader is bounded by blocks and sockets, not by the window."""
    filled(tmp_path, 1000)
    log = structlog.testing.CapturingLogger()
    async with served(configured(tmp_path, ENDLESS % "true"), log=structlog.wrap_logger(log, processors=[])) as (
        server,
        _,
    ):
        async with aiohttp.ClientSession(server.url, headers=SIGNED_IN, read_bufsize=1024) as client:
            answer = await client.get(LONG)
            await asyncio.sleep(1.5)
            answer.close()
        await asyncio.sleep(0.5)
    assert log.calls[0].kwargs["bytes"] < 32 << 20


def resident(process: int) -> int:
    """Bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("format_", ["csv", "json"])
async def test_memory_stays_flat_over_a_million_rows(tmp_path, format_):
    filled(tmp_path, MILLION)
    async with (
        serving(written(tmp_path, FEED)) as (url, process),
        aiohttp.ClientSession(url, headers=SIGNED_IN) as client,
    ):
        async with client.get(asked(AT, AT + timedelta(minutes=20))) as answer:
            await answer.read()
        before = most = resident(process.pid)
        size = 0
        async with client.get(asked(AT, AT + timedelta(days=2), more=f"&format={format_}")) as answer:
            async for block in answer.content.iter_chunked(1 << 20):
                size += len(block)
                most = max(most, resident(process.pid))
    assert size > 90 * MILLION
    assert most - before < 30 << 20, f"{(most - before) / 2**20:.1f} MiB"
