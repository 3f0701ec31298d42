"""The local socket: who owns the mirror answers, whoever asks."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from halfopen.config.product import ProductConfig
from halfopen.errors import ConfigError, SinkError
from halfopen.sync import control
from halfopen.sync.events import Committed, Event
from halfopen.sync.puller import Puller
from halfopen.window.window import Window, floor
from support.faulty import Fault, FaultyProduct, Truth
from support.memory_sink import MemorySink

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
    where = control.socket_path(tmp_path / "mirror.duckdb")
    async with puller, control.Server(puller, where):
        yield where


@asynccontextmanager
async def client(path: Path) -> AsyncIterator[control.Client]:
    found = await control.connect(path)
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


async def test_only_this_user_may_ask(path: Path) -> None:
    assert os.stat(path).st_mode & 0o777 == 0o600  # noqa: PTH116 - no blocking Path calls in coroutines


async def test_a_socket_that_nobody_listens_on_is_nobody(tmp_path: Path) -> None:
    path = tmp_path / "stale.sock"
    assert await control.connect(path) is None
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert await control.connect(path) is None
    path.unlink()
    path.write_text("no socket")
    assert await control.connect(path) is None
    assert await control.connect(None) is None


def test_a_path_too_long_for_the_kernel_gets_a_short_name(tmp_path: Path) -> None:
    near = control.socket_path(tmp_path / "m.duckdb")
    assert near == tmp_path / "m.duckdb.sock"
    far = control.socket_path(tmp_path / ("x" * 120) / "m.duckdb")
    other = control.socket_path(tmp_path / ("y" * 120) / "m.duckdb")
    assert far != other
    assert len(os.fsencode(far)) < 100
