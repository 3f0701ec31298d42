"""States of the database: one for all that is asked of it, on one connection."""

import asyncio
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from halfopen.errors import SourceError
from halfopen.sources.sealing import Detector, Mark, Served
from halfopen.wire.negotiate import Format
from support.sealing import detector, endless, window


async def test_a_state_shows_no_later_row(place):
    here = place(("a", "x", 10))
    chosen = here.selection()
    async with here.snapshot(chosen) as snapshot:
        with pytest.raises(here.engine.refused) if here.engine.refused else nullcontext():
            here.add(("b", "x", 20))
        found = await snapshot.look(chosen, window(0, 60), None, Mark(next=1))
        assert sum(each.rows for each in found.before.values()) == 1
        async with snapshot.stream(chosen, Served(window=window(0, 60)), Format.CSV) as stream:
            assert len([block async for block in stream]) == 1
        assert stream.rows == 1


async def test_the_clock_is_not_later_than_the_state(place):
    here = place()
    before = datetime.now(UTC)
    async with here.snapshot(here.selection()) as snapshot:
        assert before - timedelta(seconds=1) < snapshot.clock <= datetime.now(UTC)
        assert snapshot.lag == timedelta(0)
        assert not snapshot.mark.replica


async def test_a_state_takes_one_connection_and_gives_it_back(place):
    here = place(("a", "x", 10), connections=1)
    chosen = here.selection()
    for leaves in ("at the end", "with an error", "cancelled"):
        holds = asyncio.Event()

        async def hold(leaves=leaves, holds=holds) -> None:
            async with here.snapshot(chosen) as snapshot:
                await snapshot.look(chosen, window(0, 60), None, None)
                holds.set()
                if leaves == "with an error":
                    raise KeyError(leaves)
                if leaves == "cancelled":
                    await asyncio.sleep(60)

        holding = asyncio.create_task(hold())
        await holds.wait()
        if leaves == "cancelled":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(here.ask(Served(window=window(0, 60))), 0.2)
            holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
        assert await here.ask(Served(window=window(0, 60))) == [("a", "x", 10)]


async def test_what_is_left_early_does_not_hinder_what_follows(place):
    here = place(*((f"r{n}", "x" * 1000, n % 60) for n in range(3000)))
    chosen = here.selection()
    async with here.snapshot(chosen) as snapshot:
        async with snapshot.stream(chosen, Served(window=window(0, 60)), Format.CSV) as stream:
            assert await anext(aiter(stream))
        if await detector(here) is Detector.SET and here.engine.name.startswith("mysql"):
            # An answer that is cut takes its connection with it.
            with pytest.raises(SourceError):
                await snapshot.look(chosen, window(0, 60), None, None)
        elif here.engine.name.startswith("sqlite"):
            # Elsewhere a cut answer ends the transaction, unless all of it had been sent.
            found = await snapshot.look(chosen, window(0, 60), None, Mark(next=1))
            assert sum(each.rows for each in found.before.values()) == 3000
    assert len(await here.ask(Served(window=window(0, 60)))) == 3000


async def test_a_caller_who_goes_away_ends_the_answer(place):
    here = place(("a", "x", 10), connections=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(here.body(Served(window=window(0, 60)), selection=endless(here)), 0.5)
    began = time.perf_counter()
    assert await here.ask(Served(window=window(0, 60))) == [("a", "x", 10)]
    assert time.perf_counter() - began < 20
