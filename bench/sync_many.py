"""Many products in one process: how long after its due time each window is asked, and what that costs.

So many products, each with 13 feeds at a minute's cadence in real time, are pulled live by one process into one new
mirror, from a fast product on the same machine (`bench/many_product.py`: one process for all, another for those that
make trouble). Each live window is due when it ends; where products are spread, their windows end at different seconds.
After a warm-up of a minute, every first ask of what began after it counts: from the end of its window to the request.
CPU seconds are those of the pulling process with all its threads, and of the product, apart.

`--trouble` lets one product hang on every request, and another one do a month of backfill at the same time; both are
left out of the figures, which are of the others. With `--both` both runs are made and their p99 compared.

    .venv/bin/python bench/sync_many.py [--products 500] [--seconds 120] [--trouble | --both] [--mirror postgresql]
"""

import argparse
import asyncio
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from halfopen.config.product import ProductConfig
from halfopen.config.urls import database_url
from halfopen.sync.events import Asked, Committed, Event, Failed
from halfopen.sync.mirror import open_sink
from halfopen.sync.puller import Puller
from halfopen.window.window import Window, floor
from processes import cpu_of, until_listening
from support import postgresql
from support.servers import free_port

MINUTE = timedelta(minutes=1)
WARM_UP = 60
SLOW_SECONDS = 5
"""What is asked later than this is named on stderr."""
HANGING, BACKFILLING = 1, 2
MONTH = timedelta(days=30)


class Ear:
    """Hears when windows of the measured products are asked and committed."""

    def __init__(self, out: set[str]) -> None:
        self.out = out
        self.began: datetime | None = None
        self.asked: list[float] = []
        self.committed: list[float] = []
        self.counts: dict[str, int] = defaultdict(int)
        self.windows: dict[tuple[str, str], int] = defaultdict(int)

    def hear(self, event: Event) -> None:
        """Count what happens after the warm-up."""
        if self.began is None:
            return
        self.counts[type(event).__name__] += 1
        if event.product in self.out:
            return
        if isinstance(event, Failed):
            self.counts["failed of the measured"] += 1
        if event.rung or event.start < self.began:
            return
        due = min(event.end, event.start + MINUTE)
        if isinstance(event, Asked):
            self.asked.append((event.at - due).total_seconds())
            if self.asked[-1] > SLOW_SECONDS:
                where = f"{event.product} {event.feed}"
                print(f"{where}: [{event.start}, {event.end}) asked at {event.at}", file=sys.stderr)
            self.windows[event.product, event.feed] += 1
        if isinstance(event, Committed):
            self.counts["rows"] += event.rows
            self.committed.append((event.at - due).total_seconds())


def percentile(values: list[float], part: float) -> float:
    """Of unsorted values; 0 where there are none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


def host(number: int) -> str:
    """A loopback address of its own for every product."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


@contextlib.contextmanager
def product_process(hang: str = "") -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Port and process of a fast product."""
    port = free_port()
    command = [sys.executable, str(Path(__file__).with_name("many_product.py")), str(port), "--hang", hang]
    process = subprocess.Popen(command)
    try:
        until_listening(port, lambda: process.poll() is None)
        yield port, process
    finally:
        process.terminate()
        process.wait()


async def measure(words: argparse.Namespace, url: str) -> dict[str, float]:
    """One run; its figures."""
    with product_process() as (port, product), product_process(host(HANGING)) as (trouble_port, _):
        odd = {HANGING, BACKFILLING} if words.trouble else set()
        products = {
            f"p{number}": ProductConfig(
                name=f"p{number}", url=f"http://{host(number)}:{trouble_port if number in odd else port}", format="csv"
            )
            for number in range(words.products)
        }
        ear = Ear({f"p{number}" for number in (HANGING, BACKFILLING)})
        async with Puller(products, open_sink(database_url(url, Path()))) as puller:
            puller.events.listen(ear.hear)
            began = time.perf_counter()
            running = asyncio.ensure_future(puller.run())
            backfill = asyncio.ensure_future(asyncio.sleep(0))
            await asyncio.sleep(WARM_UP)
            warm = time.perf_counter()
            ear.began = datetime.now(UTC)
            before, product_before = time.process_time(), cpu_of(product.pid)
            if words.trouble:
                end = floor(datetime.now(UTC), timedelta(hours=1))
                backfill.cancel()
                backfill = asyncio.ensure_future(puller.backfill(f"p{BACKFILLING}", Window(end - MONTH, end)))
            await asyncio.wait({running}, timeout=words.seconds)
            seconds = time.perf_counter() - warm
            cpu, product_cpu = time.process_time() - before, cpu_of(product.pid) - product_before
            done = backfill.done()
            puller.stop()
            await running
            with contextlib.suppress(asyncio.CancelledError):
                await backfill
        asked = len(ear.windows)
        return {
            "products": words.products,
            "trouble": int(words.trouble),
            "seconds": round(seconds, 1),
            "feeds asked": asked,
            "first asks a minute": round(len(ear.asked) / seconds * 60),
            "all asks a minute": round(ear.counts["Asked"] / seconds * 60),
            "rows a minute": round(ear.counts["rows"] / seconds * 60),
            "fewest windows of a feed": min(ear.windows.values(), default=0),
            "failed": ear.counts["failed of the measured"],
            "asked p50": round(percentile(ear.asked, 0.5), 3),
            "asked p99": round(percentile(ear.asked, 0.99), 3),
            "asked max": round(max(ear.asked, default=0), 3),
            "committed p50": round(percentile(ear.committed, 0.5), 3),
            "committed p99": round(percentile(ear.committed, 0.99), 3),
            "committed max": round(max(ear.committed, default=0), 3),
            "cpu cores": round(cpu / seconds, 2),
            "product cpu cores": round(product_cpu / seconds, 2),
            "peak MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "ready after seconds": round(warm - began - WARM_UP, 1),
            "backfill done": int(done),
        }


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--mirror", choices=("duckdb", "postgresql"), default="duckdb")
    parser.add_argument("--trouble", action="store_true", help="one product hangs, one does a month of backfill")
    parser.add_argument("--both", action="store_true", help="without trouble and with it")
    words = parser.parse_args()
    if words.both:
        quiet, troubled = (again(words, trouble) for trouble in ((), ("--trouble",)))
        print(f"p99 with trouble / without: {troubled['asked p99'] / quiet['asked p99']:.2f}")
        return
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="halfopen-bench-"))
        postgres = words.mirror == "postgresql"
        url = stack.enter_context(postgresql.database()) if postgres else f"duckdb:///{folder}/mirror.duckdb"
        print(json.dumps(uvloop.run(measure(words, url)), indent=1))


def again(words: argparse.Namespace, more: tuple[str, ...]) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--products", str(words.products), "--seconds", str(words.seconds)]
    done = subprocess.run([*command, "--mirror", words.mirror, *more], check=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
