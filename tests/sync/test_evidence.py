"""What a lane learns from the mirror: it survives a restart, and what was seen only once proves nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from halfopen.config.product import ProductConfig
from halfopen.errors import SinkError
from halfopen.sinks.base import Sink
from halfopen.sync.evidence import Archive
from halfopen.window.arming import Evidence, resting
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT
from halfopen.window.window import Window
from support.answers import Answers, transaction

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
NOW = BEGIN + 4 * DAY + timedelta(hours=2)
PRODUCTS = {"vegas": ProductConfig(name="vegas", url="http://vegas.example")}


def archive(sink: Sink) -> Archive:
    async def query(sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        return sink.query(sql)

    return Archive(query, PRODUCTS)


def put(sink: Sink, answer: Answers, window: Window, rung: int, asked_at: datetime, *stamps: datetime) -> None:
    rows = [transaction(f"{stamp:%d %H:%M:%S}", f"{stamp:%Y-%m-%d %H:%M:%S}") for stamp in stamps]
    made = answer("transactions", rows or b"", rung=rung, fetched_at=asked_at)
    sink.apply([replace(made, window=window, asked_at=asked_at)])


def watched(sink: Sink, answer: Answers) -> None:
    """Four days, asked at once and again by the watcher."""
    for number in range(4):
        day = Window(BEGIN + number * DAY, BEGIN + (number + 1) * DAY)
        put(sink, answer, day, 0, day.end)
        put(sink, answer, day, 4, day.end + timedelta(hours=1))


async def test_a_clean_feed_is_known_as_clean_after_a_restart(sink: Sink, tmp_path: Path) -> None:
    watched(sink, Answers(sink, tmp_path))
    found = await archive(sink).first("vegas", "transactions", NOW)
    assert found == Evidence({}, Coverage.of([Window(BEGIN, BEGIN + 4 * DAY)]))
    assert resting(DEFAULT, found, NOW) == {1, 2, 3}
    assert await archive(sink).again("vegas", "transactions", NOW) == found
    assert await archive(sink).first("vegas", "wallets", NOW) == Evidence()


async def test_what_a_backfill_settled_proves_nothing(sink: Sink, tmp_path: Path) -> None:
    answer = Answers(sink, tmp_path)
    window = Window(BEGIN, BEGIN + 4 * DAY)
    made = replace(answer("transactions", b""), window=window, asked_at=NOW, settles=((4, window), (1, window)))
    sink.apply([made])
    assert await archive(sink).first("vegas", "transactions", NOW) == Evidence()


async def test_late_rows_wake_the_rungs_of_their_age(sink: Sink, tmp_path: Path) -> None:
    answer = Answers(sink, tmp_path)
    watched(sink, answer)
    known = archive(sink)
    assert resting(DEFAULT, await known.first("vegas", "transactions", NOW), NOW) == {1, 2, 3}
    stamp = NOW - timedelta(minutes=20)
    minute = Window(stamp, stamp + MINUTE)
    put(sink, answer, minute, 0, minute.end)
    put(sink, answer, minute, 2, NOW - 2 * MINUTE, stamp)
    assert resting(DEFAULT, await known.again("vegas", "transactions", NOW), NOW) == frozenset()
    assert resting(DEFAULT, await archive(sink).first("vegas", "transactions", NOW), NOW) == frozenset()
    later = NOW + 3 * DAY
    assert (await known.again("vegas", "transactions", later)).latest == {}


async def test_the_last_ask_without_a_row_bounds_its_lateness(sink: Sink, tmp_path: Path) -> None:
    """Read after 1, 6 and 70 minutes: a row that only the last found, none of the first two might have had."""
    answer = Answers(sink, tmp_path)
    watched(sink, answer)
    stamp = NOW - timedelta(minutes=71)
    minute = Window(stamp, stamp + MINUTE)
    put(sink, answer, minute, 0, stamp + MINUTE)
    put(sink, answer, minute, 1, stamp + 6 * MINUTE)
    put(sink, answer, minute, 3, stamp + 70 * MINUTE, stamp)
    found = await archive(sink).first("vegas", "transactions", NOW)
    assert set(found.latest) == {2, 3, 4}
    assert resting(DEFAULT, found, NOW) == {1}


async def test_a_mirror_that_cannot_be_asked_lets_nobody_rest() -> None:
    async def broken(_sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        raise SinkError("gone")

    known = Archive(broken, PRODUCTS)
    assert await known.first("vegas", "transactions", NOW) == Evidence()
    assert await known.again("vegas", "transactions", NOW) == Evidence()
