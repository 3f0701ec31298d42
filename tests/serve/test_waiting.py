"""Windows that wait for open transactions, over a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from halfopen.errors import ConfigError
from halfopen.serve.problems import Problem
from halfopen.serve.waiting import WaitingWindows
from halfopen.serve.windows import PlainWindows
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.postgresql import ask, database
from support.sealed import players, tables


@pytest.fixture(scope="module")
def url():
    with database() as made:
        asyncio.run(tables(made))
        yield made


@asynccontextmanager
async def waiting(url: str, seconds: float) -> AsyncIterator[tuple[WaitingWindows, PostgresqlSource]]:
    source = PostgresqlSource(url)
    try:
        plain = PlainWindows(source, lambda: datetime.now(UTC))
        windows = await asyncio.to_thread(WaitingWindows, source, plain, timedelta(seconds=seconds))
        yield windows, source
    finally:
        await asyncio.to_thread(source.close)


def minute() -> Window:
    end = datetime.now(UTC)
    return Window(end - timedelta(minutes=1), end)


async def test_a_window_is_answered_when_nothing_older_is_open(url: str):
    async with waiting(url, 10) as (windows, source):
        writer = await asyncpg.connect(url)
        open_one = writer.transaction()
        await open_one.start()
        await writer.execute("insert into player values ('late', 'Riga', now())")
        window = minute()
        reading = asyncio.create_task(windows.reading(players(source), window))
        await asyncio.sleep(0.5)
        assert not reading.done(), "it did not wait for the open transaction"
        await open_one.commit()
        async with (await reading).open(Format.CSV) as stream:
            rows = b"".join([block async for block in stream])
        assert b"late" in rows
        await writer.close()


async def test_it_waits_no_longer_than_it_may_and_then_says_when_to_come_again(url: str):
    async with waiting(url, 0.3) as (windows, source):
        writer = await asyncpg.connect(url)
        async with writer.transaction():
            await writer.fetch("select 1")
            window = minute()
            with pytest.raises(Problem) as refused:
                await windows.reading(players(source), window)
        assert (refused.value.status, "Retry-After" in refused.value.headers) == (503, True)
        assert "still open" in refused.value.detail
        await writer.close()


async def test_whoever_may_not_see_all_transactions_is_told_which_grant_is_missing(url: str):
    ask(url, "drop role if exists reader_of_little")
    ask(url, "create role reader_of_little login")
    little = url.replace("postgres@", "reader_of_little@")
    with pytest.raises(ConfigError, match="GRANT pg_read_all_stats TO reader_of_little"):
        async with waiting(little, 1):
            pass
    ask(url, "grant pg_read_all_stats to reader_of_little")
    async with waiting(little, 1):
        pass
    ask(url, "revoke pg_read_all_stats from reader_of_little")
    ask(url, "drop role reader_of_little")
