"""What do sealed windows cost: the database every minute, its write-ahead log, and a large answer?

Every minute: 13 sealed feeds are asked at the end of each minute while connections write --rate rows a second; the
figure is the processor time of the server's backends. Fifteen minutes of rows, the look-back, are there beforehand.
Log: nobody writes, a new seal of every feed is made each second; the figure is the bytes of WAL.
Large: a window of --rows rows from a sealing server and from a plain one to curl, which throws the body away. They take
turns; the figure is the median of the pairs' ratios, once where each answer makes a new seal (which looks back over all
these rows), once where an answered window is asked again, once with rows lifted in it. All these rows lie within the
look back, which is the worst case; last comes a server that looks back five seconds, for which they are history.

    .venv/bin/python bench/seal_cost.py [minutes] [wal] [large] [--rate 500] [--minutes 2] [--rows 1000000] [--pairs 5]

A private PostgreSQL is started, as for the tests: its processes are looked at.
"""

import argparse
import asyncio
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import aiohttp
import asyncpg  # type: ignore[import-untyped]  # ships no types

from halfopen.contract.load import feed, feeds
from halfopen.contract.model import Feed
from late import thirteen
from late.backends import Backends
from late.pollers import plain
from late.servers import Server
from support import postgresql
from support.servers import free_port

LOOK_BACK_SECONDS = 900
BRIEF_SECONDS = 5
WRITERS = 4
ROWS_A_TRANSACTION = 5
LATE_TRANSACTIONS = 20
PARTS: dict[str, Callable[[argparse.Namespace, str, Path], Awaitable[None]]] = {}


def main() -> None:
    """Runs the parts that are named, all without any."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    words.add_argument("--rate", type=int, default=500)
    words.add_argument("--minutes", type=int, default=2)
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--pairs", type=int, default=5)
    chosen = words.parse_args()
    if os.environ.get(postgresql.VARIABLE):
        sys.exit(f"{postgresql.VARIABLE} is set: the processes of a server elsewhere cannot be looked at")
    os.environ.setdefault("HALFOPEN_TEST_POSTGRESQL_BUFFERS", "512MB")
    for name in chosen.parts or PARTS:
        with postgresql.database() as url, tempfile.TemporaryDirectory(prefix="halfopen-bench-") as folder:
            asyncio.run(PARTS[name](chosen, url, Path(folder)))


def part(name: str) -> "Callable[[Callable[[argparse.Namespace, str, Path], Awaitable[None]]], None]":
    """Registers one."""

    def register(work: Callable[[argparse.Namespace, str, Path], Awaitable[None]]) -> None:
        PARTS[name] = work

    return register


@part("minutes")
async def minutes(chosen: argparse.Namespace, url: str, folder: Path) -> None:
    """Processor time of the backends that serve 13 feeds every minute."""
    await prepared(url, chosen.rate * LOOK_BACK_SECONDS)
    async with serving("lift", url, folder, thirteen.mapping()) as server, aiohttp.ClientSession() as client:
        stop = asyncio.Event()
        writers = [Writer(url, number, chosen.rate / WRITERS) for number in range(WRITERS)]
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(writer.run(stop))
            end = await next_minute()
            await polled(client, server.url, end, timedelta(minutes=1))
            backends = Backends(url)
            async with backends.watched(lambda: {writer.pid for writer in writers}):
                began, written = time.monotonic(), sum(writer.rows for writer in writers)
                waits = []
                for _ in range(chosen.minutes):
                    end = await next_minute()
                    asked = time.monotonic()
                    rows = await polled(client, server.url, end, timedelta(minutes=1))
                    waits.append(time.monotonic() - asked)
                # What the last poll began is over; the minute that it belongs to counts.
                await asyncio.sleep(max(0.0, began + 60 * chosen.minutes - time.monotonic()))
                seconds = time.monotonic() - began
                written = sum(writer.rows for writer in writers) - written
            stop.set()
    used = backends.used
    print(
        f"minutes  {written / seconds:,.0f} rows written a second, {rows:,} rows in the last answers of 13 feeds"
        f" in {max(waits):.2f} s at most"
    )
    print(
        f"minutes  backends used {used:.2f} s of processor in {seconds:.0f} s: {100 * used / seconds:.2f} % of one core"
    )


@part("wal")
async def wal(chosen: argparse.Namespace, url: str, folder: Path) -> None:
    """Bytes of WAL while only polls go on, and while nothing goes on."""
    await prepared(url, chosen.rate * 60)
    postgresql.ask(url, "alter system set autovacuum = off")
    postgresql.ask(url, "select pg_reload_conf()")
    async with serving("lift", url, folder, thirteen.mapping()) as server, aiohttp.ClientSession() as client:
        for name in thirteen.names():
            postgresql.ask(url, f"vacuum (freeze, analyze) {name}")
        postgresql.ask(url, "checkpoint")
        await asyncio.sleep(2)
        before = lsn(url)
        await asyncio.sleep(20)
        quiet = lsn(url) - before
        before, answers = lsn(url), 0
        for _ in range(20):
            end = datetime.fromtimestamp(int(time.time()), UTC)
            await polled(client, server.url, end, timedelta(seconds=1))
            answers += len(feeds())
            await asyncio.sleep(max(0.0, end.timestamp() + 1 - time.time()))
        print(f"wal      {lsn(url) - before} bytes in 20 s of {answers} sealed answers, {quiet} in 20 s without any")


@part("large")
async def large(chosen: argparse.Namespace, url: str, folder: Path) -> None:
    """Rows a second of one large window, sealed and plain."""
    for statement in thirteen.schema():
        if "players" in statement:
            postgresql.ask(url, statement)
    mapped = '[serve.feeds.players]\ntable = "players"\n'
    async with (
        serving("lift", url, folder, mapped) as lift,
        serving("plain", url, folder, mapped) as other,
        serving("lift", url, folder, mapped, name="brief", seconds=BRIEF_SECONDS) as brief,
    ):
        # A window over the beginning of all seals would be another case: what was there before is served once more.
        await asyncio.sleep(2)
        pair = Pair(lift.url, other.url, datetime.fromtimestamp(int(time.time()), UTC), chosen.rows, chosen.pairs)
        postgresql.ask(url, thirteen.inserting(pair.feed, "1", str(chosen.rows), "clock_timestamp()"))
        postgresql.ask(url, "vacuum (analyze) players")
        late = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(LATE_TRANSACTIONS)]
        for number, connection in enumerate(late):
            await connection.execute("begin")
            await connection.execute(
                thirteen.inserting(pair.feed, f"{2 * chosen.rows + 10 * number}", "10", "clock_timestamp()")
            )
        await asyncio.sleep(1)
        await pair.measured("each answer a new seal", moves=True)
        await pair.measured("an answered window again", moves=False)
        for connection in late:
            await connection.execute("commit")
            await connection.close()
        await pair.measured(f"again, with {10 * len(late)} rows lifted in it", moves=False)
        await asyncio.sleep(BRIEF_SECONDS)
        past = Pair(brief.url, other.url, pair.start, chosen.rows, chosen.pairs)
        await past.measured("each answer a new seal, the rows older than the look back", moves=True)


@dataclass
class Pair:
    """A sealing server and a plain one, asked in turns for a window that begins at `start`."""

    lift: str
    plain: str
    start: datetime
    rows: int
    count: int
    feed: Feed = field(default_factory=lambda: feed("players"))

    async def measured(self, title: str, *, moves: bool) -> None:
        """Prints both speeds; with `moves` the window's end is a new one each time."""
        sealed, plainly = Runner(self.lift), Runner(self.plain)
        end = datetime.fromtimestamp(int(time.time()), UTC)
        for pair in range(self.count + 1):
            for runner in (sealed, plainly)[:: 1 if pair % 2 else -1]:
                if moves:
                    await asyncio.sleep(1)
                    end = datetime.fromtimestamp(int(time.time()), UTC)
                # The first pair only fills caches, and makes the seal.
                await runner.turn(self.feed.path, self.start, end, counts=pair > 0)
        ratios = [one / two for one, two in zip(plainly.seconds, sealed.seconds, strict=True)]
        print(
            f"large    {title}: sealed {self.rows / statistics.median(sealed.seconds):,.0f} rows/s, plain"
            f" {self.rows / statistics.median(plainly.seconds):,.0f} rows/s, sealed / plain"
            f" {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
            flush=True,
        )


@dataclass
class Runner:
    """curl against one server."""

    url: str
    seconds: list[float] = field(default_factory=list)

    async def turn(self, path: str, start: datetime, end: datetime, *, counts: bool) -> None:
        """One answer; its time is noted where it counts."""
        query = f"from={plain(start)}&to={plain(end)}".replace(" ", "%20")
        shown = "%{http_code} %{time_total}"
        words = ["curl", "-s", "-o", os.devnull, "-w", shown, f"{self.url}{path}?{query}"]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=True)
        status, seconds = done.stdout.split()
        if status != "200":
            sys.exit(f"{self.url} answered {status}")
        if counts:
            self.seconds.append(float(seconds))


@dataclass
class Writer:
    """A connection that writes `rate` rows a second, a few a transaction: half of them new, half changed."""

    url: str
    number: int
    rate: float
    rows: int = 0
    pid: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        connection = await asyncpg.connect(self.url, statement_cache_size=0)
        self.pid = await connection.fetchval("select pg_backend_pid()")
        rng, numbers, began = (
            Random(self.number),
            itertools.count((self.number + 1) * 10_000_000, ROWS_A_TRANSACTION),
            time.monotonic(),
        )
        for each in itertools.cycle(feeds().values()):
            if stop.is_set():
                break
            if rng.random() < 0.5 and each.name not in {"logins", "game_activity"}:  # noqa: PLR2004 - half of them
                keys = ", ".join(f"'{rng.randrange(1, 30_000)}'" for _ in range(ROWS_A_TRANSACTION))
                sql = thirteen.updating(each, keys, "clock_timestamp()")
            else:
                sql = thirteen.inserting(each, str(next(numbers)), str(ROWS_A_TRANSACTION), "clock_timestamp()")
            await connection.execute(sql)
            self.rows += ROWS_A_TRANSACTION
            await asyncio.sleep(max(0.0, began + self.rows / self.rate - time.monotonic()))
        await connection.close()


async def prepared(url: str, rows: int) -> None:
    """All tables, with the rows of the last fifteen minutes in the order of their stamps."""
    for statement in thirteen.schema():
        postgresql.ask(url, statement)
    each = rows // len(feeds())
    for one in feeds().values():
        stamp = f"now() - interval '{LOOK_BACK_SECONDS} s' * (1 - n / {each}.0)"
        postgresql.ask(url, thirteen.inserting(one, "1", str(each), stamp))
    for name in thirteen.names():
        postgresql.ask(url, f"vacuum (analyze) {name}")


@asynccontextmanager
async def serving(
    late_rows: str, url: str, folder: Path, mapping: str, *, name: str = "", seconds: int = LOOK_BACK_SECONDS
) -> AsyncIterator[Server]:
    """A server of its own, with a state of its own."""
    name = name or late_rows
    lines = (
        f'database = "{url}"\nlate_rows = "{late_rows}"\nallowed_lateness = "{seconds}s"\n'
        f'state = "sqlite:///{folder}/{name}.sqlite"'
    )
    server = Server(name, folder, free_port(), lines, mapping)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def polled(client: aiohttp.ClientSession, url: str, end: datetime, width: timedelta) -> int:
    """All feeds at once; how many rows they had."""
    params = {"from": plain(end - width), "to": plain(end)}

    async def one(path: str) -> int:
        async with client.get(url + path, params=params, headers={"Accept-Encoding": "identity"}) as answer:
            body = await answer.read()
            if answer.status != 200:  # noqa: PLR2004 - the one good status
                sys.exit(f"{path} answered {answer.status}: {body[:300]!r}")
            return body.count(b"\r\n") - 1

    return sum(await asyncio.gather(*(one(each.path) for each in feeds().values())))


async def next_minute() -> datetime:
    """Returns at the end of a minute, which it tells."""
    end = int(time.time()) // 60 * 60 + 60
    await asyncio.sleep(end - time.time())
    return datetime.fromtimestamp(end, UTC)


def lsn(url: str) -> int:
    """Where the write-ahead log is, in bytes; what nobody has flushed yet counts too."""
    return int(postgresql.ask(url, "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes")[0]["bytes"])


if __name__ == "__main__":
    main()
