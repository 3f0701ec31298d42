"""The local socket: who owns the mirror answers, whoever asks."""

import asyncio
import contextlib
import os
import random
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from halfopen.config.product import ProductConfig
from halfopen.errors import ConfigError, SinkError
from halfopen.sync import control, owner, talk
from halfopen.sync.events import Committed, Event
from halfopen.sync.puller import Puller
from halfopen.sync.query import MOST_AT_ONCE
from halfopen.window.window import Window, floor
from support.faulty import Fault, FaultyProduct, Truth
from support.memory_sink import MemoryReader, MemorySink

START = floor(datetime.now(UTC), timedelta(seconds=1)) - timedelta(hours=2)
HOUR = Window(START, START + timedelta(hours=1))


class TalkativeSink(MemorySink):
    """Answers a query with more rows than one line holds, and values that JSON would spoil."""

    def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        if sql == "broken":
            raise SinkError("query: broken")
        if "FROM halfopen." in sql:
            return [], []
        return ["n", "amount"], [(n, Decimal(n) / 10**18) for n in range(2500)]


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    truth = Truth("logins")
    for number in range(50):
        truth.put({"id": str(number), "player_id": "p"}, START + timedelta(minutes=number))
    async with FaultyProduct([truth]) as running:
        yield running


@pytest.fixture
async def path(product: FaultyProduct, tmp_path: Path) -> AsyncIterator[Path]:
    config = ProductConfig(name="casino", url=product.url, feeds=("logins",))
    puller = Puller({"casino": config}, TalkativeSink(), spool=tmp_path / "spool", dice=random.Random(1))
    where = talk.socket_path(tmp_path / "mirror.duckdb")
    async with puller, control.Server(puller, where):
        yield where


@asynccontextmanager
async def client(path: Path) -> AsyncIterator[owner.Owner]:
    found = await owner.connect(path)
    assert found is not None
    yield found
    await found.close()


async def test_a_query_keeps_every_digit_and_row(path: Path) -> None:
    async with client(path) as asking:
        names, rows = await asking.query("select")
    assert names == ["n", "amount"]
    assert len(rows) == 2500
    assert rows[7] == (7, "0.000000000000000007")


async def test_errors_come_over_as_themselves(path: Path) -> None:
    async with client(path) as asking:
        with pytest.raises(SinkError, match="query: broken"):
            await asking.query("broken")
    async with client(path) as asking:
        with pytest.raises(ConfigError, match="knows no product 'nope'"):
            await asking.backfill("nope", HOUR)


async def test_a_backfill_tells_what_happens(path: Path, product: FaultyProduct) -> None:
    heard: list[Event] = []
    async with client(path) as asking:
        asking.events.listen(heard.append)
        assert await asking.backfill("casino", HOUR) == {}
    assert sum(event.rows for event in heard if isinstance(event, Committed)) == 50
    async with client(path) as asking:
        status = await asking.status()
    assert status["products"]["casino"]["feeds"]["logins"]["rows"] == 50


async def test_whoever_hangs_up_is_asked_for_no_longer(path: Path, product: FaultyProduct) -> None:
    product.faults = lambda _number, _feed: Fault.ERROR_500
    async with client(path) as asking:
        working = asyncio.ensure_future(asking.backfill("casino", HOUR))
        while not product.asked:  # noqa: ASYNC110 - a server tells by a list
            await asyncio.sleep(0.01)
        asking.stop()
        assert await working == {}
    await asyncio.sleep(0.5)
    before = len(product.asked)
    await asyncio.sleep(2.5)
    assert len(product.asked) == before


class EndlessSink(TalkativeSink):
    """Its readers never come to an end; they know what was done with them."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched = 0
        self.closed = threading.Event()

    def reader(self) -> "EndlessReader":
        return EndlessReader(self)


class EndlessReader(MemoryReader):
    """Of `stuck` it finds nothing and never ends; of all else it finds row after row."""

    def __init__(self, sink: EndlessSink) -> None:
        super().__init__(sink)
        self.endless = sink

    def ask(self, sql: str) -> list[str]:
        if sql == "stuck":
            assert self.endless.closed.wait(20)
            raise SinkError("interrupted")
        return ["text"]

    def fetch(self, most: int) -> list[tuple[Any, ...]]:
        self.endless.fetched += 1
        return [("x" * 100,)] * most

    def close(self) -> None:
        self.endless.closed.set()


@asynccontextmanager
async def endless(tmp_path: Path) -> AsyncIterator[tuple[EndlessSink, Path]]:
    config = ProductConfig(name="casino", url="http://127.0.0.1:1", feeds=("logins",))
    sink = EndlessSink()
    where = talk.socket_path(tmp_path / "mirror.duckdb")
    puller = Puller({"casino": config}, sink, spool=tmp_path / "spool")
    async with puller, control.Server(puller, where):
        yield sink, where


async def closed(sink: EndlessSink) -> bool:
    return await asyncio.to_thread(sink.closed.wait, 5)


async def test_a_query_is_stopped_when_whoever_asked_it_hangs_up(tmp_path: Path) -> None:
    async with endless(tmp_path) as (sink, path):
        async with client(path) as asking:
            waiting = asyncio.ensure_future(asking.query("stuck"))
            await asyncio.sleep(0.3)
            assert not sink.closed.is_set()
            asking.stop()
        assert await closed(sink)
        assert await waiting == ([], [])


async def test_a_query_is_stopped_when_the_owner_ends(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.timeout(5), endless(tmp_path) as (sink, path):
            asking = await stack.enter_async_context(client(path))
            waiting = asyncio.ensure_future(asking.query("stuck"))
            await asyncio.sleep(0.3)
        assert sink.closed.is_set()
        with pytest.raises(SinkError, match="ended before it answered"):
            await waiting


async def test_rows_are_fetched_no_faster_than_they_are_taken(tmp_path: Path) -> None:
    async with endless(tmp_path) as (sink, path), client(path) as asking:
        async with asking.reading("rows") as found:
            taken = 0
            async for piece in found.pieces:
                taken += len(piece)
                if taken >= 3000:
                    break
            await asyncio.sleep(0.5)
            before = sink.fetched
            assert before < 20, "each piece is 100 kB"
            await asyncio.sleep(0.5)
            assert sink.fetched == before
        await asking.close()
        assert await closed(sink)


async def test_whoever_takes_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "STALLED_SECONDS", 0.3)
    async with endless(tmp_path) as (sink, path), client(path) as asking, asking.reading("rows") as found:
        assert await closed(sink)
        with pytest.raises(SinkError, match="nothing of the answer was taken"):
            [piece async for piece in found.pieces]


async def test_so_many_questions_at_once_and_no_more(tmp_path: Path) -> None:
    async with endless(tmp_path) as (_sink, path), contextlib.AsyncExitStack() as stack:
        for _ in range(MOST_AT_ONCE):
            asking = await stack.enter_async_context(client(path))
            await stack.enter_async_context(asking.reading("rows"))
        asking = await stack.enter_async_context(client(path))
        with pytest.raises(SinkError, match="asked 32 questions already"):
            await asking.query("rows")


async def test_wide_rows_come_in_shorter_lines() -> None:
    lines = talk.encoded_rows([("x" * 100_000, n) for n in range(100)]).splitlines()
    assert max(map(len, lines)) < 2 << 20
    assert [row[1] for line in lines for row in talk.LINES.decode(line).rows or ()] == list(range(100))


async def test_only_this_user_may_ask(path: Path) -> None:
    assert os.stat(path).st_mode & 0o777 == 0o600  # noqa: PTH116 - no blocking Path calls in coroutines


async def test_a_socket_that_nobody_listens_on_is_nobody(tmp_path: Path) -> None:
    path = tmp_path / "stale.sock"
    assert await owner.connect(path) is None
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert await owner.connect(path) is None
    path.unlink()
    path.write_text("no socket")
    assert await owner.connect(path) is None
    assert await owner.connect(None) is None


def test_a_path_too_long_for_the_kernel_gets_a_short_name(tmp_path: Path) -> None:
    near = talk.socket_path(tmp_path / "m.duckdb")
    assert near == tmp_path / "m.duckdb.sock"
    far = talk.socket_path(tmp_path / ("x" * 120) / "m.duckdb")
    other = talk.socket_path(tmp_path / ("y" * 120) / "m.duckdb")
    assert far != other
    assert len(os.fsencode(far)) < 100
