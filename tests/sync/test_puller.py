"""All feeds at once, over real sockets, into a mirror in memory."""

import asyncio
import gc
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from halfopen.config.product import ProductConfig
from halfopen.errors import ProductError
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync import heap
from halfopen.sync.events import Committed, Event, Failed
from halfopen.sync.puller import Puller
from halfopen.window.ladder import DEFAULT, scaled
from halfopen.window.window import Window, floor
from support.faulty import Fault, FaultyProduct, Truth
from support.memory_sink import MemorySink

SECOND = timedelta(seconds=1)
FEEDS = ("players", "logins")


def now() -> datetime:
    return datetime.now(UTC)


def config(product: FaultyProduct, **more: object) -> ProductConfig:
    words = {"name": "casino", "url": product.url, "cadence": SECOND, "feeds": FEEDS, **more}
    return ProductConfig(**{"ladder": tuple(scaled(DEFAULT, SECOND)), **words})  # type: ignore[arg-type]


def truths(start: datetime, count: int, step: timedelta = SECOND) -> list[Truth]:
    made = [Truth(feed) for feed in FEEDS]
    for truth in made:
        for number in range(count):
            truth.put({"id": f"{truth.feed}-{number}", "player_id": "p"}, start + number * step)
    return made


def puller(product: FaultyProduct, sink: MemorySink, tmp_path: Path, **more: object) -> Puller:
    return Puller({"casino": config(product, **more)}, sink, spool=tmp_path / "spool", dice=random.Random(1))


def stored(sink: MemorySink, feed: str) -> set[str]:
    return {key for _, name, key in sink.rows if name == feed}


async def until(done: Callable[[], bool], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - it waits for what servers and threads did, which set no event
            await asyncio.sleep(0.02)


async def test_backfill_covers_its_span_and_asks_nothing_twice(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=30)
    window = Window(start, start + timedelta(hours=24))
    sink = MemorySink()
    rows = truths(start, 500, timedelta(minutes=2))
    async with FaultyProduct(rows) as product, puller(product, sink, tmp_path) as pulling:
        assert await pulling.backfill("casino", window) == {}
        first = len(product.asked)
        assert await pulling.backfill("casino", window) == {}
        assert len(product.asked) == first
    assert {len(stored(sink, feed)) for feed in FEEDS} == {500}
    assert first < 2 * 10, "windows grow"
    assert product.most_in_flight == 1
    assert len(sink.threads) == 1
    assert not (tmp_path / "spool").exists()


async def test_backfill_fills_holes_and_gives_up_where_it_cannot(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=3)
    window = Window(start, start + timedelta(hours=2))
    sink = MemorySink()
    async with FaultyProduct(truths(start, 60, timedelta(minutes=2))) as product:
        product.faults = lambda number, feed: Fault.ERROR_500 if number < 2 or feed == "logins" else Fault.NONE
        async with puller(product, sink, tmp_path) as pulling:
            left = await pulling.backfill("casino", window, give_up=timedelta(seconds=3))
    assert set(left) == {"logins"}
    assert stored(sink, "players") == {f"players-{n}" for n in range(60)}
    assert sink.known["casino", "players"].holes == ()
    assert sink.known["casino", "logins"].holes != ()


async def test_live_goes_on_past_a_hole_and_fills_it_later(tmp_path: Path) -> None:
    start = floor(now(), SECOND)
    sick = Window(start + SECOND, start + 2 * SECOND)
    sink = MemorySink()
    events: list[Event] = []
    async with FaultyProduct(truths(start, 8)) as product:
        healed = False

        def faults(_number: int, feed: str) -> Fault:
            _, first, last, _ = product.asked[-1] if product.asked else (feed, start, start, Fault.NONE)
            return Fault.NONE if healed else Fault.NONE if not sick.overlaps(Window(first, last)) else Fault.RESET

        product.faults = faults
        async with puller(product, sink, tmp_path) as pulling:
            pulling.events.listen(events.append)
            task = asyncio.create_task(pulling.run())
            await until(lambda: any(isinstance(e, Failed) for e in events))
            await until(
                lambda: any(isinstance(e, Committed) and e.rung == 0 and e.holes and e.start > sick.end for e in events)
            )
            healed = True
            await asyncio.sleep(1)
            assert await pulling.drain(start + timedelta(seconds=7.5)) == {}
            await task
    assert stored(sink, "players") == {f"players-{n}" for n in range(8)}
    assert stored(sink, "logins") == {f"logins-{n}" for n in range(8)}
    assert all(not known.holes for known in sink.known.values())
    assert product.most_in_flight == 1


async def test_late_rows_are_found_by_rereads(tmp_path: Path) -> None:
    start = floor(now(), SECOND)
    late = truths(start, 5)
    for truth in late:
        truth.put({"id": f"{truth.feed}-late", "player_id": "p"}, start + SECOND, late=timedelta(seconds=3))
    sink = MemorySink()
    events: list[Event] = []
    thresholds: set[tuple[int, int, int]] = set()
    async with FaultyProduct(late) as product, puller(product, sink, tmp_path) as pulling:
        pulling.events.listen(events.append)
        pulling.events.listen(lambda _: thresholds.add(gc.get_threshold()))
        await pulling.run(timedelta(seconds=5))
        assert thresholds == {heap.THRESHOLDS}
        assert await pulling.drain(start + timedelta(seconds=5)) == {}
    assert "players-late" in stored(sink, "players")
    assert sum(e.late for e in events if isinstance(e, Committed)) >= 2


async def test_once_asks_each_owed_window_once(tmp_path: Path) -> None:
    start = floor(now(), timedelta(minutes=1)) - timedelta(minutes=30)
    sink = MemorySink()
    bad = Window(start + timedelta(minutes=10), start + timedelta(minutes=11))
    async with FaultyProduct(truths(start, 1700)) as product:
        options = {"cadence": timedelta(minutes=1), "since": start, "ladder": DEFAULT}
        product.faults = lambda number, _feed: Fault.ERROR_500 if number == 2 else Fault.NONE
        async with puller(product, sink, tmp_path, **options) as pulling:
            assert await pulling.once() == 1
            first_asks = [(f, a, b) for f, a, b, _ in product.asked]
            assert len(set(first_asks)) <= len(first_asks)
        async with puller(product, sink, tmp_path, **options) as pulling:
            assert await pulling.once() == 0
    assert bad is not None
    for known in sink.known.values():
        assert known.committed.covers(Window(start, start + timedelta(minutes=30)))


async def test_once_leaves_a_product_that_is_down_in_peace(tmp_path: Path) -> None:
    start = floor(now(), timedelta(minutes=1)) - timedelta(days=2)
    sink = MemorySink()
    async with FaultyProduct(truths(start, 60)) as product:
        product.faults = lambda _number, _feed: Fault.ERROR_500
        options = {"cadence": timedelta(minutes=1), "since": start, "ladder": DEFAULT}
        async with puller(product, sink, tmp_path, **options) as pulling, asyncio.timeout(20):
            left = await pulling.once()
        assert 0 < left <= len(product.asked) < 12, "two days are owed"
        product.faults = lambda _number, _feed: Fault.NONE
        async with puller(product, sink, tmp_path, **options) as pulling:
            assert await pulling.once() == 0
    assert all(known.committed.covers(Window(start, start + timedelta(days=2))) for known in sink.known.values())


async def test_once_says_so_when_nobody_answers(tmp_path: Path) -> None:
    async with FaultyProduct([]) as product:
        url = product.url
    sink = MemorySink()
    product.url = url
    async with puller(product, sink, tmp_path) as pulling:
        with pytest.raises(ProductError, match="cannot connect"):
            await pulling.once()
    assert all(known.holes for known in sink.known.values())


async def test_a_full_mirror_is_a_hole_and_not_a_crash(tmp_path: Path) -> None:
    start = floor(now(), SECOND)
    sink = MemorySink()
    events: list[Event] = []
    async with FaultyProduct(truths(start, 6)) as product, puller(product, sink, tmp_path) as pulling:
        pulling.events.listen(events.append)
        sink.full = True
        task = asyncio.create_task(pulling.run())
        await until(lambda: sum(isinstance(e, Failed) for e in events) > 3)
        sink.full = False
        assert await pulling.drain(start + timedelta(seconds=6)) == {}
        await task
    told = next(e for e in events if isinstance(e, Failed))
    assert told.error.startswith(f"casino {told.feed} {told.start:%Y-%m-%d %H:%M:%S} to "), "where it happened"
    assert stored(sink, "players") == {f"players-{n}" for n in range(6)}


async def test_a_mirror_is_tidied_at_the_start_and_when_live_pulling_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, tidied = MemorySink(), []
    monkeypatch.setattr(sink, "compact", lambda at: tidied.append(at) or 0)
    async with FaultyProduct([]) as product, puller(product, sink, tmp_path) as pulling:
        await pulling.run(timedelta(seconds=0.2))
        assert len(tidied) == 2


async def test_stop_drops_what_is_on_its_way_and_owes_it(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=2)
    sink = MemorySink()
    async with FaultyProduct(truths(start, 60)) as product, puller(product, sink, tmp_path) as pulling:
        product.delay = 30
        task = asyncio.create_task(pulling.backfill("casino", Window(start, start + timedelta(hours=1))))
        await until(lambda: len(product.seen_targets) == 2)
        pulling.stop()
        async with asyncio.timeout(3):
            left = await task
    assert set(left) == set(FEEDS)
    assert sink.known == {}
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the spool is gone; no blocking Path calls in coroutines


async def test_what_was_backfilled_late_enough_is_not_read_again(tmp_path: Path) -> None:
    start = floor(now(), timedelta(minutes=1)) - timedelta(hours=3)
    sink = DuckDBSink(tmp_path / "mirror.duckdb")
    async with FaultyProduct(truths(start, 299)) as product:
        options = {"cadence": timedelta(minutes=1), "ladder": DEFAULT[:2]}
        for _ in range(2):
            async with Puller({"casino": config(product, **options)}, sink, spool=tmp_path / "spool") as pulling:
                assert await pulling.backfill("casino", Window(start, start + timedelta(minutes=150))) == {}
                before = len(product.asked)
                assert await pulling.once() == 0
        assert len(product.asked) == before, "the second pass finds nothing owed, after a restart too"
    again = [(a, b) for feed, a, b, _ in product.asked if feed == "players"]
    assert sum((b - a for a, b in again), timedelta(0)) < timedelta(minutes=183), "only what is young is"


async def test_a_product_whose_clock_is_behind_is_asked_by_its_own_clock(tmp_path: Path) -> None:
    shift = timedelta(seconds=-3)
    start = floor(now() + shift, SECOND)
    sink = MemorySink()
    events: list[Event] = []
    async with FaultyProduct(truths(start, 8)) as product, puller(product, sink, tmp_path, since=start) as pulling:
        product.clock_shift = shift
        pulling.events.listen(events.append)
        await pulling.run(timedelta(seconds=8))
        assert await pulling.drain(start + timedelta(seconds=7)) == {}
    early = [event for event in events if isinstance(event, Failed)]
    assert len(early) == len(FEEDS), "only the first ask, before its clock is known"
    assert all("clock has not reached the end of the window" in event.error for event in early)
    assert sum(event.late for event in events if isinstance(event, Committed)) == 0
    assert stored(sink, "players") == {f"players-{n}" for n in range(8)}


async def test_one_pass_asks_a_product_whose_clock_is_behind_for_what_is_over_there(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(minutes=10)
    sink = MemorySink()
    async with FaultyProduct(truths(start, 8)) as product, puller(product, sink, tmp_path, since=start) as pulling:
        product.clock_shift = timedelta(minutes=-1)
        assert await pulling.once() == len(FEEDS), "only the first ask, before its clock is known"
    assert stored(sink, "players") == {f"players-{n}" for n in range(8)}


async def test_a_limit_on_windows_is_found_and_kept(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=30)
    sink = MemorySink()
    async with FaultyProduct(truths(start, 100, timedelta(minutes=10))) as product:
        product.longest = timedelta(minutes=20)
        async with puller(product, sink, tmp_path) as pulling:
            assert await pulling.backfill("casino", Window(start, start + timedelta(hours=18)), ("logins",)) == {}
    assert stored(sink, "logins") == {f"logins-{n}" for n in range(100)}
    assert len(product.seen_targets) < 1.3 * len(product.asked), "few requests run into the limit"
    assert sink.known["casino", "logins"].holes == ()
