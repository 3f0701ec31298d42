"""Which versions a state of the database shows."""

import asyncio
import time
from datetime import timedelta

import pytest

from halfopen.errors import SourceError
from halfopen.sources.sealing import Detector, Served
from support.sealing import Place, detector, endless, moment, window


async def test_a_look_counts_the_rows_of_both_spans(place):
    here = place()
    here.add(("a", "x", 0), ("b", "x", 30), ("c", "x", 60), ("d", "x", 119), ("e", "x", 120), ("f", "x", -1))
    found = await here.look((0, 90), (60, 120))
    assert sum(each.rows for each in found.before.values()) == 3
    assert sorted(each.oldest for each in found.before.values()) == [moment(0), moment(30), moment(60)]
    assert (await here.look((0, 90), None)).now == {}
    assert (await here.look(None, (60, 120))).before == {}
    apart = await here.look((0, 10), (115, 125))
    assert [len(apart.before), len(apart.now)] == [1, (await now_count(here, 115, 125))]


async def now_count(here: Place, start: float, end: float) -> int:
    """What a span shows as `now`: with transaction numbers only those that may still be open."""
    return 0 if await detector(here) is Detector.XID else len(await here.new((start, end)))


async def test_a_changed_row_is_another_version_and_an_equal_one_the_same(place):
    here = place()
    here.add(("a", "A", 0), ("b", "A", 0))
    first = await here.new((0, 60))
    assert len(first) == 2
    here.change("a", "B", 1)
    second = await here.new((0, 60), known=first)
    assert len(second) == 1
    here.change("a", "A", 0)
    third = await here.new((0, 60))
    if await detector(here) is Detector.SET:
        assert set(third) == set(first)
        assert all(len(identity) == 16 for identity in third)


async def test_rows_that_look_alike_are_counted(place):
    here = place()
    here.add(("a", "x", 0), ("a", "x", 0), ("a", "x", 0))
    found = await here.look((0, 60), (0, 60))
    if await detector(here) is Detector.SET:
        assert list(found.now.values()) == [3]
        assert [each.rows for each in found.before.values()] == [3]


async def test_a_look_that_takes_too_long_is_ended(place):
    here = place(("a", "x", 10), timeout=timedelta(seconds=0.5))
    chosen = endless(here)
    with pytest.raises(SourceError, match=r"long|timeout"):
        async with here.snapshot(chosen) as snapshot:
            await snapshot.look(chosen, window(0, 60), None, None)


async def test_a_caller_who_goes_away_ends_the_look(place):
    here = place(("a", "x", 10), connections=1)
    chosen = endless(here)

    async def look() -> None:
        async with here.snapshot(chosen) as snapshot:
            await snapshot.look(chosen, window(0, 60), None, None)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(look(), 0.5)
    began = time.perf_counter()
    assert await here.ask(Served(window=window(0, 60))) == [("a", "x", 10)]
    assert time.perf_counter() - began < 20
