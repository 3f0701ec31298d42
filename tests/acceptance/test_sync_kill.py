"""kill -9 at random moments, twenty times: the mirror equals the truth and the ledger has no gap."""

import asyncio
import contextlib
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.window.window import Window, floor
from halfopen.wire import moment
from support.casino_rows import FEEDS, Scribe, truths
from support.faulty import FaultyProduct
from support.halfopen_process import run, running

SECOND = timedelta(seconds=1)
ROUNDS = 20
LADDER_SECONDS = 8
"""After so long all re-reads of what was written before are due: a span of 2 s, 4 s after it ended, and late rows."""


def now() -> datetime:
    return datetime.now(UTC)


async def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    dice = random.Random(seed)
    scribe = Scribe(truths(), random.Random(seed + 1))
    past = floor(now(), SECOND) - timedelta(hours=6)
    for number in range(600):
        scribe.write(past + timedelta(seconds=30 * number + 1), 2)
    asked: list[int] = []
    async with FaultyProduct(scribe.truths.values()) as product:
        product.longest = timedelta(minutes=20)
        write_config(tmp_path, product.url, past)
        writing = asyncio.create_task(keep_writing(scribe))
        for number in range(ROUNDS):
            words = ("sync",) if number % 2 else backfill_words(past)
            asked.append(await killed(words, tmp_path, product, dice))
        writing.cancel()
        await asyncio.sleep(LADDER_SECONDS)
        last = floor(now(), SECOND)
        product.longest = timedelta.max  # a single pass asks each window once, and would leave a hole for a 413
        done = await run("sync", "--once", folder=tmp_path)
        assert done.code == 0, done.err
    sys.stdout.write(f"requests before each kill: {asked}\n")
    assert sum(1 for count in asked if count) > ROUNDS // 2, "most rounds were killed at work"
    judge(tmp_path, scribe, Window(past, last - SECOND))


async def killed(words: tuple[str, ...], folder: Path, product: FaultyProduct, dice: random.Random) -> int:
    """Kills at a random moment after the first request; how many requests it made."""
    before = len(product.asked)
    async with running(*words, folder=folder) as process:
        while len(product.asked) == before and process.returncode is None:  # noqa: ASYNC110 - a server tells by a count
            await asyncio.sleep(0.005)
        await until_asked(product, before + dice.randrange(1, 30), dice.uniform(0.1, 0.8))
        if process.returncode is None:
            process.kill()
        await process.wait()
    return len(product.asked) - before


async def until_asked(product: FaultyProduct, count: int, seconds: float) -> None:
    """Until so many requests or so many seconds, whichever is first."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(product.asked) < count:  # noqa: ASYNC110 - a server tells by a count
                await asyncio.sleep(0.001)


async def keep_writing(scribe: Scribe) -> None:
    """Rows that come while it is killed and begun again; some of them late."""
    while True:
        scribe.write(now(), 2, late=0.2)
        await asyncio.sleep(0.1)


def backfill_words(past: datetime) -> tuple[str, ...]:
    return ("backfill", "--product", "casino", "--from", moment.plain(past), "--to", moment.plain(now()))


def write_config(folder: Path, url: str, since: datetime) -> None:
    text = f"""
        [mirror]
        database = "duckdb:///mirror.duckdb"
        [products.casino]
        url = "{url}"
        feeds = {list(FEEDS)}
        cadence = "1s"
        since = "{moment.plain(since)}"
        ladder = [ {{ span = "2s", after = "4s" }} ]
    """
    (folder / "halfopen.toml").write_text(text, encoding="utf-8")


def judge(folder: Path, scribe: Scribe, whole: Window) -> None:
    sink = DuckDBSink(folder / "mirror.duckdb")
    sink.open()
    try:
        assert scribe.differences(sink, now()) == []
        for feed in FEEDS:
            known = sink.progress("casino", feed)
            assert known.committed.gaps(whole) == []
            assert known.holes == ()
        _, doubled = sink.query(
            "select feed, window_start from halfopen.ledger where state = 'committed' and pass = 0 group by all"
            " having count(*) > 1"
        )
        assert doubled == []
    finally:
        sink.close()
