"""A product that cuts its answers at a limit loses no row, and a round number of rows is no limit."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from halfopen.sync.capped import Limit, rows_in
from halfopen.sync.events import Answered
from halfopen.sync.fetched import Fetched
from halfopen.window.window import Window, floor
from halfopen.wire.negotiate import Format
from support.faulty import FaultyProduct
from support.memory_sink import MemorySink
from support.truth import Truth
from sync.test_puller import FEEDS, SECOND, now, puller, stored, truths

HOUR = Window(floor(now(), SECOND) - timedelta(hours=1), floor(now(), SECOND))


@pytest.mark.parametrize("limit", [100, 128, 333, 1000])
async def test_a_product_that_cuts_its_answers_loses_no_row(tmp_path: Path, limit: int) -> None:
    start = floor(now(), SECOND) - timedelta(hours=60)
    sink = MemorySink()
    async with FaultyProduct(truths(start, 9000, timedelta(seconds=20))) as product:
        product.most_rows = limit
        async with puller(product, sink, tmp_path) as pulling:
            said: list[str] = []
            pulling.events.listen(lambda event: said.extend(event.notes) if isinstance(event, Answered) else None)
            assert await pulling.backfill("casino", Window(start, start + timedelta(hours=51))) == {}
    assert {len(stored(sink, feed)) for feed in FEEDS} == {9000}
    assert f"exactly {limit:,} rows: asked again in halves, for the product may cut its answers there" in said
    least = 2 * 9000 / limit
    assert len(product.asked) < 5 * least + 30, "once the limit is known, few requests run into it"


async def test_a_number_of_rows_that_is_round_by_chance_costs_some_requests_and_no_row(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=3)
    sink = MemorySink()
    rows = truths(start, 1000, 2 * SECOND)
    async with FaultyProduct(rows) as product, puller(product, sink, tmp_path, feeds=("logins",)) as pulling:
        assert await pulling.backfill("casino", Window(start, start + timedelta(hours=3))) == {}
    assert len(stored(sink, "logins")) == 1000
    assert len(product.asked) == 1 + 2 + 1, "900 and 100 rows prove no limit, so windows grow on"


async def test_pages_of_a_few_rows_are_noticed_too(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=30)
    for limit in (20, 23, 50):
        sink = MemorySink()
        async with FaultyProduct(truths(start, 600, timedelta(minutes=2))) as product:
            product.most_rows = limit
            async with puller(product, sink, tmp_path) as pulling:
                assert await pulling.backfill("casino", Window(start, start + timedelta(hours=20)), ("logins",)) == {}
        assert len(stored(sink, "logins")) == 600, limit


async def test_a_product_with_few_rows_is_asked_little_more(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=30)
    sink = MemorySink()
    rows = truths(start, 200, timedelta(minutes=6))
    async with FaultyProduct(rows) as product, puller(product, sink, tmp_path) as pulling:
        assert await pulling.backfill("casino", Window(start, start + timedelta(hours=20)), ("logins",)) == {}
    assert len(stored(sink, "logins")) == 200
    assert len(product.asked) <= 5 + 2 * 3, "hours have 10 rows, and others have 20, 40 and 80"


class Deaf(Truth):
    """Has all its rows in every window."""

    def window(self, _start: datetime, _end: datetime, at: datetime) -> list[dict[str, str | None]]:
        return [row.values for row in self.now(at).values()]


async def test_whoever_looks_at_no_window_is_not_asked_in_ever_smaller_ones(tmp_path: Path) -> None:
    start = floor(now(), SECOND) - timedelta(hours=30)
    sink = MemorySink()
    whole = Deaf("logins")
    for number in range(20):
        whole.put({"id": f"l{number}", "player_id": "p"}, start + timedelta(seconds=number))
    async with FaultyProduct([whole]) as product, puller(product, sink, tmp_path, feeds=("logins",)) as pulling:
        async with asyncio.timeout(60):
            assert await pulling.backfill("casino", Window(start, start + timedelta(hours=20))) == {}
    assert len(stored(sink, "logins")) == 20
    assert len(product.asked) < 40, "an hour was doubted down to seconds, once"


async def test_the_same_rows_prove_that_nothing_is_cut_where_windows_share_no_moment(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"id\r\n" + b"1\r\n" * 20)
    whole = Fetched(
        body=body, format=Format.CSV, size=70, digest="same", server_date=None, asked_at=now(), fetched_at=now()
    )
    limit, minute = Limit(), timedelta(minutes=1)
    start = HOUR.start
    assert await limit.doubted(whole, Window(start, start + 8 * minute), None) == 20
    assert await limit.doubted(whole, Window(start, start + 4 * minute), 20) == 20, "a list that is cut begins alike"
    assert not limit.is_deaf
    assert await limit.doubted(whole, Window(start + 4 * minute, start + 8 * minute), 20) is None
    assert limit.is_deaf
    assert await limit.doubted(whole, Window(start, start + 30 * minute), None) is None


@pytest.mark.parametrize(
    ("rows", "suspicious"),
    [
        (9, False),
        (10, True),
        (11, False),
        (25, True),
        (50, True),
        (64, False),
        (99, False),
        (100, True),
        (101, False),
        (128, True),
        (150, True),
        (5000, True),
        (4999, False),
    ],
)
def test_what_looks_like_a_limit(rows: int, suspicious: object) -> None:
    assert Limit().is_suspicious(rows, HOUR) is suspicious


def test_a_page_is_doubted_in_windows_of_several_cadences_until_it_was_chance_or_more_has_come() -> None:
    narrow = Window(HOUR.start, HOUR.start + timedelta(minutes=3))
    assert not Limit().is_suspicious(20, narrow)
    assert not Limit(cadence=timedelta(minutes=30)).is_suspicious(20, HOUR)
    limit = Limit()
    limit.saw(39)
    assert limit.is_suspicious(20, HOUR)
    limit.saw(40)
    assert not limit.is_suspicious(20, HOUR)
    limit = Limit()
    limit.cleared(20, HOUR)
    assert not limit.is_suspicious(20, HOUR)
    assert limit.is_suspicious(25, HOUR)


def test_a_small_count_that_comes_again_is_doubted_beside_another_time_and_thrice_at_most() -> None:
    limit, later = Limit(), Window(HOUR.end, HOUR.end + timedelta(hours=2))
    limit.took(13, HOUR)
    assert not limit.is_suspicious(13, Window(HOUR.start, HOUR.end + timedelta(hours=1))), "the same rows"
    for _ in range(3):
        assert limit.is_suspicious(13, later)
        limit.cleared(13, later)
    assert not limit.is_suspicious(13, later)


def test_a_count_that_comes_twice_is_doubted_unless_the_windows_are_alike() -> None:
    limit, twice = Limit(), Window(HOUR.start, HOUR.end + timedelta(hours=1))
    limit.took(333, HOUR)
    assert not limit.is_suspicious(333, Window(HOUR.end, HOUR.end + timedelta(hours=1)))
    assert limit.is_suspicious(333, twice)
    assert limit.proved(333) == [HOUR]
    assert limit.proved(333) == []
    assert limit.is_suspicious(333, HOUR)


@pytest.mark.parametrize(
    ("body", "format_", "rows"),
    [
        (b"", Format.CSV, 0),
        (b"id\r\n", Format.CSV, 0),
        (b"id\r\n1\r\n2", Format.CSV, 2),
        (b"id\n1\n2\n", Format.CSV, 2),
        (b"", Format.NDJSON, 0),
        (b"{}\n{}\n", Format.NDJSON, 2),
    ],
)
def test_rows_are_counted_by_their_lines(tmp_path: Path, body: bytes, format_: Format, rows: int) -> None:
    (tmp_path / "body").write_bytes(body)
    assert rows_in(tmp_path / "body", format_) == rows
