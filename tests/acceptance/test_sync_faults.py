"""Against a product that fails in every way: nothing lost, nothing doubled, holes filled, bad rows held."""

import asyncio
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from halfopen.config.product import ProductConfig
from halfopen.config.urls import database_url
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync.events import Committed, Event, Failed
from halfopen.sync.mirror import open_sink
from halfopen.sync.puller import Puller
from halfopen.window.ladder import DEFAULT, scaled
from halfopen.window.window import Window, floor
from support.casino_rows import FEEDS, Scribe, truths
from support.faulty import BAD, ODD, Fault, FaultyProduct
from sync_faults import Plan, mirror_of, trial

SECOND = timedelta(seconds=1)


def now() -> datetime:
    return datetime.now(UTC)


def config(url: str) -> ProductConfig:
    return ProductConfig(name="casino", url=url, cadence=SECOND, feeds=FEEDS, ladder=tuple(scaled(DEFAULT, SECOND)))


class Weather:
    """Draws a fault for each request."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.bad = 0.4

    def __call__(self, _number: int, _feed: str) -> Fault:
        if self.dice.random() < self.bad:
            return self.dice.choice(BAD)
        return self.dice.choice(ODD) if self.dice.random() < 0.5 else Fault.NONE


async def live(scribe: Scribe, seconds: float) -> None:
    """Writes rows as time goes by."""
    end = now() + timedelta(seconds=seconds)
    while (at := now()) < end:
        scribe.write(at, 3, late=0.2, bad=0.1)
        await asyncio.sleep(0.1)


async def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    dice = random.Random(seed)
    scribe, weather = Scribe(truths(), dice), Weather(random.Random(seed + 1))
    sink = DuckDBSink(tmp_path / "mirror.duckdb")
    events: list[Event] = []
    async with (
        FaultyProduct(scribe.truths.values(), weather) as product,
        Puller({"casino": config(product.url)}, sink, spool=tmp_path / "spool", dice=dice) as puller,
    ):
        puller.events.listen(events.append)
        running = asyncio.create_task(puller.run())
        await live(scribe, 12)
        weather.bad = 0.1
        await asyncio.sleep(3)
        # All that was asked so far: newest go first, and an older end would leave a gap between them and itself owed.
        last = now()
        assert await puller.drain(last, timedelta(seconds=40)) == {}
        await running
        assert scribe.differences(sink, now()) == []
        await judge(puller, scribe, product, last)
    drawn = product.drawn
    assert sum(drawn[fault] for fault in BAD) > 30
    assert product.most_in_flight == 1
    assert any(isinstance(event, Failed) for event in events)
    assert sum(event.late for event in events if isinstance(event, Committed)) > 0, "late rows were found"


async def judge(puller: Puller, scribe: Scribe, product: FaultyProduct, last: datetime) -> None:
    """The ledger has no gap and no hole, and what breaks the contract lies in quarantine with its code."""
    _, lines = await puller.query(
        "select feed, window_start, window_end from halfopen.ledger where state = 'committed' and pass = 0"
    )
    for feed in FEEDS:
        spans = [(start, end) for name, start, end in lines if name == feed]
        assert all(start < end for start, end in spans)
        assert max(end for _, end in spans).replace(tzinfo=UTC) >= last
        spans.sort()
        assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]], "no gap, and no second twice"
    assert await puller.query("select * from halfopen.holes") == (
        ["product", "feed", "window_start", "window_end", "since", "attempts", "last_error", "next_try", "pass"],
        [],
    )
    _, held = await puller.query("select feed, key, codes from halfopen.quarantine where state <> 'superseded'")
    assert {key for _, key, _ in held} == scribe.bad
    assert {feed for feed, _, _ in held} == {"wallets"}
    assert all(codes for _, _, codes in held)


REFUSED = {Fault.UNAVAILABLE, Fault.BAD_GATEWAY, Fault.REDIRECT_AWAY, Fault.REDIRECT_LOST}
CUTS = (Fault.CUT_ANYWHERE, Fault.CUT_GZIP_ANYWHERE, Fault.CUT_JSON_ANYWHERE, Fault.CUT_CHUNKS)


@pytest.mark.parametrize("fault", [*(fault for fault in BAD if fault not in {*CUTS, *REFUSED}), *ODD, Fault.NO_CONTENT])
async def test_each_fault_by_itself(tmp_path: Path, fault: Fault) -> None:
    start = floor(now(), SECOND) - timedelta(hours=1)
    scribe = Scribe(truths(), random.Random(7))
    for number in range(40):
        scribe.write(start + timedelta(seconds=10 * number + 1), 1)
    sink = DuckDBSink(tmp_path / "mirror.duckdb")
    window = Window(start, start + timedelta(minutes=30))
    async with (
        FaultyProduct(scribe.truths.values()) as product,
        Puller({"casino": config(product.url)}, sink, spool=tmp_path / "spool") as puller,
    ):
        product.faults = lambda number, _feed: fault if number < len(FEEDS) else Fault.NONE
        first = 1 if fault is Fault.NO_CONTENT else 0
        assert await puller.backfill("casino", window, (), timedelta(seconds=15)) == {}
        if not first:
            assert scribe.differences(sink, now()) == []
        _, holes = await puller.query("select * from halfopen.holes")
        assert holes == []


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
async def test_a_response_that_is_cut_at_any_byte_never_commits(tmp_path: Path, kind: str) -> None:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    dice = random.Random(seed)
    start = floor(now(), SECOND) - timedelta(hours=1)
    scribe = Scribe(truths(), random.Random(seed))
    for number in range(40):
        scribe.write(start + timedelta(seconds=10 * number + 1), 1)
    window = Window(start, start + timedelta(minutes=30))
    with mirror_of(kind) as address:
        sink = open_sink(database_url(address, tmp_path))
        async with (
            FaultyProduct(scribe.truths.values()) as product,
            Puller({"casino": config(product.url)}, sink, spool=tmp_path / "spool") as puller,
        ):
            product.dice = dice
            product.faults = lambda _number, _feed: dice.choice(CUTS)
            assert set(await puller.backfill("casino", window, (), timedelta(seconds=1))) == set(FEEDS)
            _, committed = await puller.query("select * from halfopen.ledger where state = 'committed'")
            assert committed == []
            assert [await count(puller, feed) for feed in FEEDS] == [0, 0, 0, 0]
            product.faults = lambda _number, _feed: Fault.NONE
            assert await puller.backfill("casino", window, (), timedelta(seconds=60)) == {}
            assert scribe.differences(sink, now()) == []
            assert await count(puller, "halfopen.holes") == 0
            assert await count(puller, "halfopen.quarantine") == 0


async def count(puller: Puller, table: str) -> int:
    _, [(found,)] = await puller.query(f"select count(*) from {table}")
    return int(found)


async def test_the_live_run_in_short() -> None:
    """`bench/sync_faults.py` for a few seconds, without answers that hang: three kills, an outage, late rows, lies."""
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    ladder = '[ { span = "2s", after = "1s" }, { span = "4s", after = "4s" } ]'
    plan = replace(Plan.of(seed, 9, outage=3), hangs=False, cadence="1s", ladder=ladder, latest=2)
    outcome = await trial(seed, plan, "postgresql")
    assert outcome.differences == [], outcome.line
    assert outcome.kills == 3
    assert sum(outcome.drawn[fault] for fault in BAD) > 3
