"""What seems extra and is not: live pulling goes on while a span is read."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync.events import Compared, Event
from halfopen.sync.puller import Puller
from halfopen.window.window import Window, floor
from support.faulty import Fault, FaultyProduct, Truth
from sync.test_puller import SECOND, config, now, until

MINUTE = timedelta(minutes=1)


def of_logins(product: FaultyProduct, tmp_path: Path) -> Puller:
    sink = DuckDBSink(tmp_path / "mirror.duckdb")
    products = {"casino": config(product, feeds=("logins",))}
    return Puller(products, sink, spool=tmp_path / "spool", dice=random.Random(1))


async def test_a_row_that_moved_on_is_found_though_live_pulling_caught_up_meanwhile(tmp_path: Path) -> None:
    logins = Truth("logins")
    start = floor(now(), SECOND) - timedelta(hours=2)
    logins.put({"id": "moves", "player_id": "p"}, start)
    logins.put({"id": "goes", "player_id": "p"}, start)
    span = Window(start, start + MINUTE)
    async with (
        FaultyProduct([logins]) as product,
        of_logins(product, tmp_path) as puller,
    ):
        assert await puller.backfill("casino", span) == {}
        del logins.rows["goes"]
        logins.put({"id": "moves", "player_id": "p"}, now() - 10 * MINUTE)
        lane = await puller._lanes.lane("casino", "logins")

        def caught_up(event: Event) -> None:
            if isinstance(event, Compared):
                whole = lane.progress.committed.add(Window(span.end, floor(now(), SECOND)))
                lane.progress = replace(lane.progress, committed=whole)

        puller.events.listen(caught_up)
        [proof] = await puller.reconcile("casino", span)
    assert proof.samples == ["extra: goes"]


async def test_a_stop_waits_for_no_product_that_hangs(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=2)
    span = Window(start, start + MINUTE)
    async with (
        FaultyProduct([Truth("logins")], lambda _number, _feed: Fault.HANG) as product,
        of_logins(product, tmp_path) as puller,
    ):
        reconciling = asyncio.create_task(puller.reconcile("casino", span))
        await until(lambda: bool(product.asked))
        puller.stop()
        [proof] = await asyncio.wait_for(reconciling, 10)
    assert [text.endswith("stopped before it") for text in proof.trouble] == [True]
