"""Whether a minute costs more in a large mirror: the same cycles in one of 100,000 rows and in one of 10,000,000.

Both mirrors are filled first (rows spread evenly over the five busiest feeds); then minutes of all 13 feeds are
applied to each, in turn, one transaction a minute, up to 1,000 rows a feed: half of them new, half of them newer
versions of rows chosen from all over the mirror. The figure is the median of the minutes' CPU seconds (all threads; for
PostgreSQL those of the server too), and the ratio of both.

    .venv/bin/python bench/sync_large.py [--rows 10000000] [--minutes 8] [--mirror postgresql]
"""

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from halfopen.config.urls import database_url
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.sinks.base import Answer, Sink
from halfopen.sync.mirror import open_sink
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from many_product import HEADERS, LINES
from processes import cpu_of
from support import postgresql

START = datetime(2026, 6, 1, tzinfo=UTC)
BUSY = ("transactions", "wallets", "game_activity", "sports_bets", "sports_odds")
PIECE = 500_000
SMALL = 100_000
MINUTE_ROWS = 1000
SEED = 1


def write(path: Path, feed: Feed, keys: Iterator[str] | list[str], at: datetime) -> None:
    """A body of rows with these keys."""
    line, stamp = LINES[feed.path], f"{at:%Y-%m-%d %H:%M:%S}"
    with path.open("w", encoding="utf-8", newline="") as body:
        body.write(HEADERS[feed.path])
        body.writelines(line(key=key, at=stamp) for key in keys)


def answer(sink: Sink, feed: Feed, body: Path, window: Window) -> Answer:
    """As `sync` would hand it over."""
    return Answer(
        product="bench",
        feed=feed,
        window=window,
        rung=0,
        seq=sink.next_seq(),
        body=body,
        format=Format.CSV,
        columns={},
        asked_at=window.end,
        fetched_at=window.end,
        server_date=None,
        digest="",
        attempts=1,
    )


def fill(sink: Sink, rows: int, folder: Path) -> None:
    """The past of the mirror."""
    at, body = START - timedelta(days=30), folder / "past.csv"
    for name in BUSY:
        for first in range(0, rows // len(BUSY), PIECE):
            last = min(first + PIECE, rows // len(BUSY))
            write(body, feeds()[name], (f"{number:09}" for number in range(first, last)), at)
            window = Window(at + timedelta(seconds=first // PIECE), at + timedelta(seconds=first // PIECE + 1))
            sink.apply([answer(sink, feeds()[name], body, window)])


def minute(sink: Sink, number: int, rows: int, folder: Path) -> float:
    """Apply one minute; its CPU seconds."""
    chance = random.Random(SEED + number)
    window = Window(START + timedelta(minutes=number), START + timedelta(minutes=number + 1))
    answers = []
    for name, feed in feeds().items():
        count = MINUTE_ROWS if name in BUSY else chance.randrange(MINUTE_ROWS // 10)
        old = chance.sample(range(rows // len(BUSY)), count // 2) if name in BUSY else []
        keys = [f"{key:09}" for key in old] + [f"n{number}-{new}" for new in range(count - len(old))]
        body = folder / f"{name}.csv"
        write(body, feed, keys, window.start + timedelta(seconds=30))
        answers.append(answer(sink, feed, body, window))
    before = cpu()
    sink.apply(answers)
    return cpu() - before


def cpu() -> float:
    """Of this process; of PostgreSQL's servers too, where there are any."""
    return time.process_time() + sum(map(cpu_of, SERVERS))


SERVERS: list[int] = []
BACKENDS = """
select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


def main() -> None:
    """Fill both, let them take turns, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--minutes", type=int, default=8)
    parser.add_argument("--mirror", choices=("duckdb", "postgresql"), default="duckdb")
    words = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="halfopen-bench-")))
        sinks = {}
        for rows in (SMALL, words.rows):
            url = f"duckdb:///{folder}/{rows}.duckdb"
            if words.mirror == "postgresql":
                url = stack.enter_context(postgresql.database())
            sinks[rows] = open_sink(database_url(url, Path()))
            sinks[rows].open()
            stack.callback(sinks[rows].close)
            began = time.perf_counter()
            fill(sinks[rows], rows, folder)
            print(f"{rows:,} rows stored in {time.perf_counter() - began:.0f} s", flush=True)
            if words.mirror == "postgresql":
                SERVERS.extend(pid for (pid,) in postgresql.ask(url, BACKENDS))
        seconds = {rows: [minute(sink, 0, rows, folder)] for rows, sink in sinks.items()}
        for number in range(1, words.minutes + 1):
            for rows, sink in sinks.items():
                seconds[rows].append(minute(sink, number, rows, folder))
        medians = {rows: statistics.median(found[1:]) for rows, found in seconds.items()}
        for rows, found in medians.items():
            print(f"{rows:>12,} rows: a minute of up to {MINUTE_ROWS:,} rows a feed costs {found:.3f} CPU s")
        print(f"ratio {medians[words.rows] / medians[SMALL]:.2f}")


if __name__ == "__main__":
    main()
