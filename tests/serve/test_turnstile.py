import asyncio

import pytest

from halfopen.serve.problems import Problem
from halfopen.serve.turnstile import Turnstile


async def test_one_too_many_is_turned_away_and_the_place_is_given_back():
    turnstile = Turnstile(2, patience_seconds=0.05)
    async with turnstile.through("a"), turnstile.through("a"):
        with pytest.raises(Problem) as caught:
            async with turnstile.through("a"):
                pytest.fail("let through")
        assert (caught.value.status, caught.value.code) == (429, "too_many_windows")
        async with turnstile.through("b"):
            pass
    async with turnstile.through("a"):
        assert list(turnstile._lines) == ["a"]
    assert not turnstile._lines


async def test_who_waits_goes_through_when_one_leaves():
    turnstile = Turnstile(1)
    order = []

    async def one(number):
        async with turnstile.through("a"):
            order.append(number)
            await asyncio.sleep(0.01)

    await asyncio.gather(*map(one, range(5)))
    assert order == list(range(5))
    assert not turnstile._lines


async def test_who_leaves_the_line_takes_no_place():
    turnstile = Turnstile(1)
    async with turnstile.through("a"):
        waiting = asyncio.create_task(turnstile.through("a").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1), turnstile.through("a"):
        pass
    assert not turnstile._lines
