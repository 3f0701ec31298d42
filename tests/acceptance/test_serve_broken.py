"""A query that fails midway is never taken for a whole answer, whoever asks: curl, aiohttp, httpx, urllib."""

import asyncio
import contextlib
import gzip
import json
import sqlite3
import subprocess
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from http.client import HTTPException
from itertools import product
from pathlib import Path

import aiohttp
import httpx
import pytest

from halfopen.config.load import load
from halfopen.serve.delivery import HELD_BYTES
from support.postgresql import ask
from support.postgresql import database as postgresql_database
from support.serving import AT, PLAYERS, SIGNED_IN, asked, configured, database, served

SHORT = 300
LONG = 20_000
"""Rows of about 120 bytes: more than is held until the query has ended."""

DAY = asked(AT, AT + timedelta(days=1))
FEED = """
[serve.feeds.players]
table = "players"
columns = {{ city = "{city}" }}
"""


class Failed(Exception):  # noqa: N818 - what every client says in words of its own
    """The client says that this is no answer."""


@contextlib.contextmanager
def on_sqlite(folder: Path, rows: int, *, breaks: bool):
    path = database(folder, players=PLAYERS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "insert into players select printf('%032x', i), '2024-05-01 00:00:00', strftime('%Y-%m-%d %H:%M:%S', "
            "'2024-05-01', (i / 1000) || ' seconds'), 'Rīga, ' || printf('%050d', i) from (with recursive n(i) as "
            f"(select 1 union all select i + 1 from n) select i from n limit {rows})"
        )
        connection.commit()
    late = f"iif(rowid = {rows - 3}, json_extract('{{', '$'), city)" if breaks else "city"
    yield configured(folder, FEED.format(city=late))


@contextlib.contextmanager
def on_postgresql(folder: Path, rows: int, *, breaks: bool):
    with postgresql_database() as url:
        ask(
            url,
            "create table players (id text, registered_at timestamptz, modified_at timestamptz, city text, n int); "
            "insert into players select lpad(n::text, 32, '0'), '2024-05-01Z', "
            "timestamptz '2024-05-01Z' + n / 1000 * interval '1 s', "
            f"'Rīga, ' || lpad(n::text, 50, '0'), n from generate_series(1, {rows}) n",
        )
        late = f"city || left((1 / (n - {rows - 3}))::text, 0)" if breaks else "city"
        configured(folder)
        path = folder / "halfopen.toml"
        head = path.read_text(encoding="utf-8").partition("[serve.feeds")[0]
        words = head.replace("sqlite:///operator.sqlite", url) + FEED.format(city=late)
        path.write_text(words, encoding="utf-8")
        yield load(path, {}).needed_serve()


async def curl(url: str, encoding: str, *options: str) -> bytes:
    """Curl in scripts: `-f` makes an error status an exit code."""
    words = ["curl", "-sSf", "-H", f"Authorization: {SIGNED_IN['Authorization']}", *options, url]
    compressed = ["--compressed"] if encoding == "gzip" else []
    done = await asyncio.to_thread(subprocess.run, [*words, *compressed], capture_output=True, check=False)
    if done.returncode:
        raise Failed(f"exit code {done.returncode}")
    return done.stdout


async def curl_1_0(url: str, encoding: str) -> bytes:
    return await curl(url, encoding, "--http1.0")


async def by_aiohttp(url: str, encoding: str) -> bytes:
    async with (
        aiohttp.ClientSession(headers={**SIGNED_IN, "Accept-Encoding": encoding}, raise_for_status=True) as session,
        session.get(url) as answer,
    ):
        return await answer.read()


async def by_httpx(url: str, encoding: str) -> bytes:
    async with httpx.AsyncClient(headers={**SIGNED_IN, "Accept-Encoding": encoding}, trust_env=False) as client:
        answer = await client.get(url)
        return answer.raise_for_status().content


async def by_urllib(url: str, encoding: str) -> bytes:
    def read() -> bytes:
        request = urllib.request.Request(url, headers={**SIGNED_IN, "Accept-Encoding": encoding})  # noqa: S310 - ours
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own loopback address
            body = answer.read()
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body

    return await asyncio.to_thread(read)


CLIENTS: dict[str, Callable[[str, str], Awaitable[bytes]]] = {
    "curl": curl,
    "curl --http1.0": curl_1_0,
    "aiohttp": by_aiohttp,
    "httpx": by_httpx,
    "urllib": by_urllib,
}
FAILURES = (Failed, HTTPException, aiohttp.ClientError, httpx.HTTPError, OSError, EOFError)
EACH = list(product(CLIENTS, ["csv", "json"], ["identity", "gzip"]))


@pytest.mark.parametrize("rows", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("engine", [on_sqlite, on_postgresql])
async def test_every_client_sees_that_the_query_failed(tmp_path, engine, rows):
    taken_for_whole = []
    with engine(tmp_path, rows, breaks=True) as config:
        async with served(config) as (server, client):
            async with client.get(DAY) as answer:
                assert answer.status == (200 if rows == LONG else 500), "long answers have begun when the query fails"
            for name, format_, encoding in EACH:
                try:
                    body = await CLIENTS[name](f"{server.url}{DAY}&format={format_}", encoding)
                except FAILURES:
                    continue
                taken_for_whole.append(f"{name}, {format_}, {encoding}: {len(body)} bytes")
    assert not taken_for_whole


@pytest.mark.parametrize("rows", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("engine", [on_sqlite, on_postgresql])
async def test_every_client_takes_a_whole_answer(tmp_path, engine, rows):
    bodies: dict[str, set[bytes]] = {"csv": set(), "json": set()}
    with engine(tmp_path, rows, breaks=False) as config:
        async with served(config) as (server, _):
            for name, format_, encoding in EACH:
                bodies[format_].add(await CLIENTS[name](f"{server.url}{DAY}&format={format_}", encoding))
    csv, json_ = (found.pop() for found in bodies.values())
    assert bodies == {"csv": set(), "json": set()}, "all clients read the same bytes"
    assert csv.count(b"\r\n") == rows + 1
    assert len(json.loads(json_)) == rows
    assert (len(csv) > HELD_BYTES) == (rows == LONG)
