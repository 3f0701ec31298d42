"""Other products while it runs: what is on its way is not cut, and what is gone is asked no more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from halfopen.config.product import ProductConfig
from halfopen.errors import ConfigError
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync.events import Asked, Committed, Event, Failed
from halfopen.sync.puller import Puller
from halfopen.window.ladder import Rung
from halfopen.window.window import Window, floor
from support.faulty import Fault, FaultyProduct
from support.memory_sink import MemorySink
from sync.test_puller import FEEDS, SECOND, config, now, stored, truths, until


class Pulled:
    """A puller that runs, and what it told."""

    def __init__(self, puller: Puller, sink: MemorySink) -> None:
        self.puller = puller
        self.sink = sink
        self.events: list[Event] = []
        self.task: asyncio.Task[None] | None = None
        puller.events.listen(self.events.append)

    def count(self, kind: type[Event], product: str = "casino", feed: str = "players") -> int:
        return sum(isinstance(one, kind) and (one.product, one.feed) == (product, feed) for one in self.events)

    async def more(self, kind: type[Event], product: str = "casino", feed: str = "players") -> None:
        before = self.count(kind, product, feed)
        await until(lambda: self.count(kind, product, feed) > before)


@contextlib.asynccontextmanager
async def pulling(tmp_path: Path, *products: ProductConfig, feeds: tuple[str, ...] = ()) -> AsyncIterator[Pulled]:
    sink = MemorySink()
    named = {product.name: product for product in products}
    async with Puller(named, sink, feeds=feeds, spool=tmp_path / "spool") as puller:
        found = Pulled(puller, sink)
        found.task = asyncio.create_task(puller.run())
        yield found
        assert not found.task.done(), "it has ended by itself"
        puller.stop()
        await asyncio.wait_for(found.task, 10)


@pytest.fixture
async def one() -> AsyncIterator[FaultyProduct]:
    async with FaultyProduct(truths(floor(now(), SECOND), 60)) as product:
        yield product


@pytest.fixture
async def other() -> AsyncIterator[FaultyProduct]:
    async with FaultyProduct(truths(floor(now(), SECOND), 60)) as product:
        yield product


def signed(product: FaultyProduct, password: str) -> ProductConfig:
    return config(product, auth={"scheme": "basic", "user": "u", "password": password})


def by_name(*products: ProductConfig) -> dict[str, ProductConfig]:
    return {product.name: product for product in products}


async def test_a_new_secret_is_used(tmp_path: Path, one: FaultyProduct) -> None:
    async with pulling(tmp_path, signed(one, "first")) as found:
        await found.more(Committed)
        seen = len(one.seen_headers)
        found.puller.reload(by_name(signed(one, "second")))
        await found.more(Committed)
        await found.more(Committed)
    before = {headers["authorization"] for headers in one.seen_headers[:seen]}
    assert len(before) == 1
    assert one.seen_headers[-1]["authorization"] not in before
    assert one.most_in_flight == 1


async def test_what_is_on_its_way_is_stored_and_only_then_the_other_is_asked(
    tmp_path: Path, one: FaultyProduct, other: FaultyProduct
) -> None:
    async with pulling(tmp_path, config(one)) as found:
        await found.more(Committed)
        one.delay = 1.5
        await until(lambda: len(one.in_flight) == 2 and all(one.in_flight.values()))
        asked = len(one.asked)
        stored_by_then = len(found.sink.answers)
        found.puller.reload(by_name(config(other, columns={feed: {"custom": "other"} for feed in FEEDS})))
        await asyncio.sleep(0.5)
        assert other.asked == []
        committed = found.count(Committed)
        await until(lambda: found.count(Committed) > committed)
        assert found.sink.answers[stored_by_then].columns == {}, "read as it was asked"
        await until(lambda: len(other.asked) > 3)
        assert len(one.asked) == asked + 2, "the two in flight were answered, and no other"
    starts = [event.start for event in found.events if isinstance(event, Committed) and event.rung == 0]
    assert starts
    for (_, feed), known in found.sink.known.items():
        assert known.holes == (), feed
        assert len(list(known.committed)) == 1, "no gap"


async def test_products_come_and_go(tmp_path: Path, one: FaultyProduct, other: FaultyProduct) -> None:
    first, second = config(one), config(other, name="second")
    async with pulling(tmp_path, first) as found:
        await found.more(Committed)
        found.puller.reload(by_name(first, second))
        await found.more(Committed, "second")
        await found.more(Committed, "casino")
        found.puller.reload(by_name(second))
        await until(lambda: not any(one.in_flight.values()))
        await asyncio.sleep(0.2)
        asked = len(one.asked)
        await found.more(Committed, "second")
        await found.more(Committed, "second")
        assert len(one.asked) == asked
        assert {product for product, _ in found.puller.standing()} == {"second"}
        assert set(found.puller.down()) == {"second"}
        found.puller.reload(by_name(first))
        await found.more(Committed, "casino")
    assert one.most_in_flight == 1
    assert stored(found.sink, "players")


async def test_what_is_on_its_way_of_a_product_that_goes_is_stored(
    tmp_path: Path, one: FaultyProduct, other: FaultyProduct
) -> None:
    async with pulling(tmp_path, config(one)) as found:
        await found.more(Committed)
        one.delay = 1.5
        await until(lambda: len(one.in_flight) == 2 and all(one.in_flight.values()))
        found.puller.reload(by_name(config(other, name="second")))
        await found.more(Committed)
        assert found.count(Failed) == 0


async def test_feeds_come_and_go_and_the_filter_holds(tmp_path: Path, one: FaultyProduct) -> None:
    few = config(one, feeds=("logins",))
    async with pulling(tmp_path, config(one), feeds=("players",)) as found:
        await found.more(Committed)
        with pytest.raises(ConfigError, match="none of the feeds players is pulled"):
            found.puller.reload(by_name(few))
        await found.more(Committed)
        found.puller.reload(by_name(few, config(one, name="second")))
        await found.more(Committed, "second")
        assert {(name, feed) for name, feed in found.puller.standing()} == {("second", "players")}
    assert found.count(Asked, feed="logins") == 0
    assert found.count(Asked, "second", "logins") == 0


async def test_the_same_again_changes_nothing(tmp_path: Path, one: FaultyProduct) -> None:
    async with pulling(tmp_path, config(one)) as found:
        await found.more(Committed)
        lanes = list(found.puller._lanes)
        rhythms = [lane.rhythm for lane in lanes]
        found.puller.reload(by_name(config(one)))
        await found.more(Committed)
        assert list(found.puller._lanes) == lanes
        assert all(lane.rhythm is rhythm for lane, rhythm in zip(lanes, rhythms, strict=True))


async def test_a_cadence_and_a_ladder_take_effect(tmp_path: Path, one: FaultyProduct) -> None:
    async with pulling(tmp_path, config(one, cadence=timedelta(hours=1), ladder=())) as found:
        await asyncio.sleep(0.5)
        found.puller.reload(by_name(config(one)))
        await found.more(Committed)
        await until(lambda: any(isinstance(event, Committed) and event.rung for event in found.events))


EARLY, LATE = (Rung(2 * SECOND, SECOND),), (Rung(2 * SECOND, 6 * SECOND),)


class Reread:
    """What is read again of players in a mirror on disk."""

    def __init__(self, tmp_path: Path) -> None:
        self.sink = DuckDBSink(tmp_path / "mirror.duckdb")
        self.spool = tmp_path / "spool"
        self.starts: list[datetime] = []

    def hear(self, event: Event) -> None:
        if isinstance(event, Committed) and event.rung == 1 and event.feed == "players":
            self.starts.append(event.start)

    async def until(self, count: int, first: ProductConfig, *then: ProductConfig) -> datetime:
        """Pull `first` until so much was read again, then by another configuration until something is; its start."""
        self.starts.clear()
        async with Puller(by_name(first), self.sink, spool=self.spool) as puller:
            puller.events.listen(self.hear)
            task = asyncio.create_task(puller.run())
            await until(lambda: len(self.starts) >= count)
            for product in then:
                self.starts.clear()
                puller.reload(by_name(product))
                await until(lambda: len(self.starts) > 0)
            puller.stop()
            await task
        return self.starts[0]


async def test_a_rung_that_changes_while_it_runs_owes_what_was_asked_too_early(
    tmp_path: Path, one: FaultyProduct
) -> None:
    begin = floor(now(), SECOND)
    again = await Reread(tmp_path).until(4, config(one, ladder=EARLY), config(one, ladder=LATE))
    assert again <= begin + 2 * SECOND


async def test_a_rung_that_is_another_after_a_start_owes_what_was_asked_too_early(
    tmp_path: Path, one: FaultyProduct
) -> None:
    found = Reread(tmp_path)
    begin = await found.until(4, config(one, ladder=EARLY))
    assert await found.until(1, config(one, ladder=LATE)) == begin


async def test_a_backfill_goes_on_with_the_new_words_and_ends_where_its_product_goes(
    tmp_path: Path, one: FaultyProduct, other: FaultyProduct
) -> None:
    one.faults = other.faults = lambda _number, _feed: Fault.ERROR_500
    end = floor(now(), SECOND) - timedelta(hours=2)
    window = Window(end - timedelta(minutes=1), end)
    async with pulling(tmp_path, config(one)) as found:
        filling = asyncio.create_task(found.puller.backfill("casino", window))
        await found.more(Asked)
        other.faults = lambda _number, _feed: Fault.NONE
        found.puller.reload(by_name(config(other)))
        assert await asyncio.wait_for(filling, 20) == {}
        other.faults = lambda _number, _feed: Fault.ERROR_500
        earlier = Window(window.start - timedelta(minutes=1), window.start)
        filling = asyncio.create_task(found.puller.backfill("casino", earlier))
        await found.more(Asked)
        found.puller.reload(by_name(config(one, name="second")))
        assert set(await asyncio.wait_for(filling, 20)) == set(FEEDS)


async def test_a_stop_does_not_wait_for_what_is_leaving(tmp_path: Path, one: FaultyProduct) -> None:
    async with pulling(tmp_path, config(one)) as found:
        await found.more(Committed)
        one.delay = 30
        await until(lambda: len(one.in_flight) == 2 and all(one.in_flight.values()))
        found.puller.reload(by_name(config(one, name="second", url="http://127.0.0.1:1")))
        await asyncio.sleep(0.2)
