"""Long questions to a running sync, as processes: nobody waits for them, and the mirror is free after its end."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acceptance.test_sync_commands import appears, truths, write_config
from halfopen.window.window import floor
from support.faulty import FaultyProduct
from support.halfopen_process import ended, run, running, start

ENDLESS = "select count(*) from range(3000000) a, range(3000000) b where a.range * b.range % 1000003 = 7"
MANY = "select range as n, 1.5::decimal(38, 18) as d, 'x' as s from range(5000)"
SOON_SECONDS = 20


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    monkeypatch.setenv("CASINO_PASSWORD", "s3cret-word")
    async with FaultyProduct(truths(floor(datetime.now(UTC), timedelta(seconds=1)), 10)) as product:
        write_config(tmp_path, product.url)
        yield tmp_path


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_a_long_query_keeps_sync_from_nothing(folder: Path, *, hangs_up: bool) -> None:
    async with running("sync", folder=folder) as sync:
        await appears(folder / "mirror.duckdb.sock")
        asking = [await start("query", ENDLESS, folder=folder) for _ in range(2)]
        await asyncio.sleep(1.5)
        assert [one.returncode for one in asking] == [None, None]
        assert (await run("query", "--csv", "select 1 as n", folder=folder)).out == "n\r\n1\r\n"
        if hangs_up:
            for one in asking:
                one.send_signal(signal.SIGINT)
            assert [(await ended(one)).code for one in asking] == [130, 130]
        sync.send_signal(signal.SIGTERM)
        done = await ended(sync, SOON_SECONDS)
        left = [await ended(one) for one in asking if not hangs_up]
    assert (done.code, "Exception" in done.err, "Traceback" in done.err) == (0, False, False)
    for one in left:
        assert one.code == 3
        assert "ended before it answered" in one.err
    assert (await run("status", folder=folder)).code == 0


@pytest.mark.parametrize("inherited", [signal.default_int_handler, signal.SIG_IGN])
async def test_a_query_of_its_own_ends_with_ctrl_c(folder: Path, inherited: Callable[..., object] | int) -> None:
    """Also where it was started to ignore that, as a shell without job control does with what is in the background."""
    assert (await run("sync", "--for", "2", folder=folder)).code == 0
    before = signal.signal(signal.SIGINT, inherited)
    try:
        asking = await start("query", ENDLESS, folder=folder)
    finally:
        signal.signal(signal.SIGINT, before)
    await asyncio.sleep(1.5)
    asking.send_signal(signal.SIGINT)
    done = await ended(asking, SOON_SECONDS)
    assert (done.code, "Traceback" in done.err) == (130, False)


async def test_many_rows_come_whole(folder: Path) -> None:
    async with running("sync", folder=folder):
        await appears(folder / "mirror.duckdb.sock")
        rows = json.loads((await run("query", "--json", MANY, folder=folder)).out)
        lines = (await run("query", "--csv", MANY, folder=folder)).out.splitlines()
        table = (await run("query", MANY, folder=folder)).out.splitlines()
    assert [row["n"] for row in rows] == list(range(5000))
    assert rows[-1] == {"n": 4999, "d": "1.500000000000000000", "s": "x"}
    assert (len(lines), lines[-1]) == (5001, "4999,1.500000000000000000,x")
    assert len(table) == 5001
