"""A clean end or no answer, over real sockets."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from halfopen.config.product import ProductConfig
from halfopen.sync.client import Fetched, ProductClient
from halfopen.sync.refusal import Refusal
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.faulty import BAD, ODD, Fault, FaultyProduct, Truth, csv_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = Window(NOON, NOON + timedelta(hours=1))
SECRET = "s3cret:with/colon"


def truth(count: int = 40) -> Truth:
    made = Truth("logins")
    for number in range(count):
        values = {"id": f"login-{number}", "player_id": "p, 1", "user_agent": 'a "quoted"\nline; é'}
        made.put(values, NOON + timedelta(seconds=number))
    return made


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    async with FaultyProduct([truth()]) as running:
        yield running


class Asker:
    """A client of its own for each test, with a spool."""

    def __init__(self, product: FaultyProduct, spool: Path) -> None:
        self.product = product
        self.body = spool / "body"
        self.auth = {"scheme": "basic", "user": "intarget", "password": SECRET}

    async def fetch(self, window: Window = HOUR, *, times: int = 1, **more: object) -> Fetched:
        config = ProductConfig(name="casino", **{"url": self.product.url, "auth": self.auth, **more})  # type: ignore[arg-type]
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            client = ProductClient(config, session, lambda: datetime.now(UTC))
            for _ in range(times - 1):
                await client.fetch("logins", window, self.body)
            return await client.fetch("logins", window, self.body)


@pytest.fixture
def asker(product: FaultyProduct, tmp_path: Path) -> Asker:
    return Asker(product, tmp_path)


def whole(product: FaultyProduct) -> bytes:
    (only,) = product.truths.values()
    return csv_of("logins", only.window(HOUR.start, HOUR.end, datetime.now(UTC)))


async def test_a_whole_answer_is_spooled_and_digested(product: FaultyProduct, asker: Asker) -> None:
    got = await asker.fetch()
    assert got.body.read_bytes() == whole(product)
    assert got.digest == hashlib.sha256(whole(product)).hexdigest()
    assert got.format is Format.CSV
    assert got.size == len(whole(product))
    assert got.server_date is not None
    assert abs(got.server_date - datetime.now(UTC)) < timedelta(seconds=5)
    assert got.asked_at <= got.fetched_at
    assert product.seen_targets == ["/api/logins?from=2026-03-01%2012:00:00&to=2026-03-01%2013:00:00"]
    assert product.seen_headers[0]["accept"].startswith("text/csv")
    assert "gzip" in product.seen_headers[0]["accept-encoding"]


async def test_a_blank_is_sent_as_configured(product: FaultyProduct, asker: Asker) -> None:
    await asker.fetch(space="+")
    assert product.seen_targets == ["/api/logins?from=2026-03-01+12:00:00&to=2026-03-01+13:00:00"]


@pytest.mark.parametrize("fault", BAD)
async def test_what_is_not_whole_is_refused(product: FaultyProduct, asker: Asker, fault: Fault) -> None:
    product.faults = lambda _number, _feed: fault
    with pytest.raises(Refusal) as caught:
        await asker.fetch()
    text = str(caught.value)
    assert text.startswith("casino logins 2026-03-01 12:00:00 to 2026-03-01 13:00:00: ")
    assert "\n" not in text
    assert SECRET not in text
    assert "aW50YXJnZXQ6" not in text, "the Basic header was echoed by the product"


@pytest.mark.parametrize("fault", [fault for fault in ODD if fault is not Fault.DUPLICATES])
async def test_what_is_odd_but_whole_is_taken(product: FaultyProduct, asker: Asker, fault: Fault) -> None:
    product.faults = lambda _number, _feed: fault
    got = await asker.fetch(format="auto")
    if fault is Fault.JSON:
        assert got.format is Format.NDJSON
        assert got.body.read_bytes().count(b"\n") == 40
    else:
        assert got.body.read_bytes() == whole(product)
    assert got.requests == (2 if fault is Fault.CLOSE else 1)
    assert bool(got.notes) == (fault is Fault.CLOSE)


async def test_retry_after_and_status_are_told(product: FaultyProduct, asker: Asker) -> None:
    product.faults = lambda _number, _feed: Fault.TOO_MANY
    product.retry_after = "7"
    with pytest.raises(Refusal) as caught:
        await asker.fetch()
    assert (caught.value.status, caught.value.retry_after) == (429, timedelta(seconds=7))
    assert not caught.value.narrower


async def test_nobody_there(asker: Asker) -> None:
    with pytest.raises(Refusal, match=r"cannot connect to 127\.0\.0\.1:1: .*check the product's url") as caught:
        await asker.fetch(url="http://127.0.0.1:1")
    assert caught.value.hopeless


async def test_no_content_is_no_rows(product: FaultyProduct, asker: Asker) -> None:
    product.faults = lambda _number, _feed: Fault.NO_CONTENT
    got = await asker.fetch()
    assert (got.size, got.notes) == (0, ())


async def test_a_vanished_header_row_is_asked_again(
    product: FaultyProduct, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "support.faulty.csv_of", lambda feed, _rows: csv_of(feed, []) if len(product.asked) < 2 else b""
    )
    got = await asker.fetch(times=2)
    assert len(product.asked) == 3
    assert got.requests == 2
    assert got.notes[0].startswith("empty_body")


async def test_an_answer_beyond_the_limit_is_too_big(product: FaultyProduct, tmp_path: Path) -> None:
    config = ProductConfig(name="casino", url=product.url)
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(config, session, lambda: datetime.now(UTC))
        with pytest.raises(Refusal) as caught:
            await client.fetch("logins", HOUR, tmp_path / "body", 1000)
    assert caught.value.too_big
