"""A poller that knows nothing, against a server that refuses, breaks off and answers."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from late.casino import FEEDS
from late.pollers import Horizon, Poller, rows

HEAD = "id,city,registered_at,modified_at\r\n"
WIDTH = timedelta(seconds=1)


class Fake:
    """Answers players by what it is told; other feeds are empty."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def answer(self, request):
        if not request.path.endswith("players"):
            return web.Response(text="session_id,id,updated_at,modified_at,created_at,comment,balance,user_agent,"
                                "bet_count,win_count,bet_amount,win_amount\r\n")  # fmt: skip
        self.asked.append((request.query["from"], request.query["to"], time.time()))
        told = self.answers.pop(0) if self.answers else HEAD
        if told == "broken":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(HEAD.encode())
            request.transport.close()
            return response
        return web.Response(status=503) if told is None else web.Response(text=told)


@contextlib.asynccontextmanager
async def polled(fake, **options):
    app = web.Application()
    app.router.add_get("/{rest:.*}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    first = datetime.fromtimestamp(int(time.time()) - 5, UTC)
    horizon = Horizon(first, WIDTH, first + 3 * WIDTH)
    try:
        async with aiohttp.ClientSession() as client:
            poller = Poller(variant="x", said="to + 0 s", urls=[url], horizon=horizon, **({"delay": 0.0} | options))
            await asyncio.wait_for(poller.run(client), 10)
            yield poller
    finally:
        await runner.cleanup()


def line(poller_start, key="p1", city="v1"):
    return f'{HEAD}"{key}","{city}",2026-01-01 00:00:00,{poller_start:%Y-%m-%d %H:%M:%S}\r\n'


async def test_windows_are_asked_in_order_until_whole_and_never_again():
    fake = Fake(None, "broken", HEAD)
    async with polled(fake) as poller:
        windows = [window[:2] for window in fake.asked]
        assert windows[0] == windows[1] == windows[2]
        assert len(set(windows)) == 3
        assert windows == sorted(windows)
        assert poller.received.refused == 2
        assert poller.received.windows == 3 * len(FEEDS)


async def test_one_that_gives_up_goes_on_to_the_next_window():
    fake = Fake(None)
    async with polled(fake, gives_up=True) as poller:
        assert len(fake.asked) == len({window[:2] for window in fake.asked}) == 3
        assert poller.received.refused == 1


async def test_rows_are_kept_with_their_stamps_and_those_outside_are_counted():
    first = datetime.fromtimestamp(int(time.time()) - 5, UTC)
    fake = Fake(line(first - timedelta(hours=1)), line(first - timedelta(hours=1), city="v2"))
    async with polled(fake) as poller:
        assert [got.content for got in poller.received.rows["players"]["p1"]] == ["v1", "v2"]
        assert [got.window for got in poller.received.rows["players"]["p1"]] == [0, 1]
        assert poller.received.outside == 2


async def test_a_window_is_asked_so_long_after_its_end():
    fake = Fake()
    async with polled(fake, delay=4.0):
        ends = [datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp() for _, end, _ in fake.asked]
        assert all(at >= end + 4 for end, (_, _, at) in zip(ends, fake.asked, strict=True))


def test_the_first_action_of_a_session_is_told_too():
    body = "session_id,bet_count,win_count,bet_amount,win_amount,created_at,updated_at\r\ns1,1,0,1.50,0,a,b\r\n"
    assert list(rows(FEEDS["game_activity"], body)) == [("s1", "1/0/1.5/0", "b", "a")]


@pytest.mark.parametrize(("last", "over"), [(None, False), (1, True), (2, False)])
def test_the_horizon_ends_with_its_last_whole_window(last, over):
    first = datetime(2026, 1, 1, tzinfo=UTC)
    horizon = Horizon(first, WIDTH, None if last is None else first + last * WIDTH)
    assert horizon.is_over(1) == over
