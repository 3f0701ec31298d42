"""Many products in one process: how long after its due time each window is asked, and what that costs.

So many products, each with 13 feeds at a minute's cadence in real time, are pulled live by one process into one new
mirror, from a fast product on the same machine (`bench/many_product.py`: one process for all, another for those that
make trouble). Each live window is due when it ends; where products are spread, their windows end at different seconds.
After a warm-up of a minute every first ask counts: from the end of its window to the request. A window that is asked
later than 5 s is named on stderr, one that is never asked is counted as missing. CPU seconds are those of the pulling
process with all its threads, and of the product, apart.

`--trouble` makes phases of a minute in turn, with trouble and without, in one process, with a pause between them that
does not count. Trouble is one product that hangs on every request all the while, and another one that does a month of
backfill, a further month in each phase; both are left out of the figures, which are of the others, and their process
is nice, for in life it would have a machine of its own. A window belongs to the phase in which it is due, whenever it
is asked. Four phases make a block, quiet trouble trouble quiet or the other way round, so that what changes with time
(a growing mirror, the machine) is on both sides; the p99 of both sides are compared within each block, and over all
windows. A month does not fill a minute: what was due while it was under way is also compared by itself, with the
windows of the same products, so of the same seconds, in the phases without trouble.

    .venv/bin/python bench/sync_many.py [--products 500] [--seconds 120] [--mirror postgresql]
    .venv/bin/python bench/sync_many.py [--products 500] --trouble [--blocks 4] [--mirror postgresql]
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from halfopen.config.product import ProductConfig
from halfopen.config.urls import database_url
from halfopen.sync.mirror import open_sink
from halfopen.sync.puller import Puller
from halfopen.window.window import Window, floor
from many_phases import BLOCK, Ear, Phase, figures, hardest, of, ratios
from processes import cpu_of, until_listening
from support import postgresql
from support.servers import free_port

WARM_UP = 60.0
PHASE = 60.0
"""Seconds of a phase with `--trouble`: each feed has one window in it."""
PAUSE = 20.0
"""Seconds between two phases, and after the last: what is late is still heard, and trouble passes."""
HANGING, BACKFILLING = 1, 2
MONTH = timedelta(days=30)


class Run:
    """One process that pulls, and the products that it pulls from."""

    def __init__(self, puller: Puller, ear: Ear, product: int, troubled: int) -> None:
        self.puller, self.ear = puller, ear
        self.product, self.troubled = product, troubled
        self.past = floor(datetime.now(UTC), timedelta(hours=1))

    async def phase(self, seconds: float, *, trouble: bool) -> None:
        """One phase, and the pause after it."""
        forget_peak()
        now = datetime.now(UTC)
        phase = Phase(trouble=trouble, start=now, end=now + timedelta(seconds=seconds))
        self.ear.phases.append(phase)
        began, cpu, product_cpu = time.perf_counter(), time.process_time(), cpu_of(self.product)
        async with self._trouble(phase) if trouble else contextlib.nullcontext():
            await asyncio.sleep(seconds)
            phase.seconds = time.perf_counter() - began
            phase.cpu, phase.product_cpu = time.process_time() - cpu, cpu_of(self.product) - product_cpu
            phase.peak = peak_of_memory()
        await asyncio.sleep(PAUSE)

    @contextlib.asynccontextmanager
    async def _trouble(self, phase: Phase) -> AsyncIterator[None]:
        os.kill(self.troubled, signal.SIGUSR1)
        backfill = asyncio.ensure_future(self._backfill(phase))
        try:
            yield
        finally:
            os.kill(self.troubled, signal.SIGUSR2)
            backfill.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await backfill

    async def _backfill(self, phase: Phase) -> None:
        month = Window(self.past - MONTH, self.past)
        self.past = month.start
        if not await self.puller.backfill(f"p{BACKFILLING}", month):
            phase.months = 1
        phase.backfill_end = datetime.now(UTC)


def forget_peak() -> None:
    """The peak of this process's memory counts from here on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_of_memory() -> int:
    """MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def host(number: int) -> str:
    """A loopback address of its own for every product."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


@contextlib.contextmanager
def product_process(hang: str = "") -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Port and process of a fast product."""
    port = free_port()
    command = [sys.executable, str(Path(__file__).with_name("many_product.py")), str(port), "--hang", hang]
    # A month of rows is work, which a product does on a machine of its own.
    process = subprocess.Popen(["nice", "-n", "19", *command] if hang else command)
    try:
        until_listening(port, lambda: process.poll() is None)
        yield port, process
    finally:
        process.terminate()
        process.wait()


async def measure(words: argparse.Namespace, url: str) -> list[Phase]:
    """All phases of a run."""
    with product_process() as (port, product), product_process(host(HANGING)) as (trouble_port, troubled):
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
            running = asyncio.ensure_future(puller.run())
            await asyncio.wait({running}, timeout=WARM_UP)
            run = Run(puller, ear, product.pid, troubled.pid)
            turns = [turn != (block % 2 == 1) for block in range(words.blocks) for turn in BLOCK]
            for trouble in turns if words.trouble else [False]:
                await run.phase(PHASE if words.trouble else words.seconds, trouble=trouble)
                if running.done():
                    raise SystemExit("pulling has ended by itself")
            puller.stop()
            await running
    return ear.phases


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--mirror", choices=("duckdb", "postgresql"), default="duckdb")
    parser.add_argument("--trouble", action="store_true", help="one product hangs, one does a month of backfill")
    parser.add_argument("--blocks", type=int, default=4, help="of four phases each, with --trouble")
    words = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="halfopen-bench-"))
        postgres = words.mirror == "postgresql"
        url = stack.enter_context(postgresql.database()) if postgres else f"duckdb:///{folder}/mirror.duckdb"
        phases = uvloop.run(measure(words, url))
    measured = words.products - len({HANGING, BACKFILLING})
    if not words.trouble:
        print(json.dumps(figures(phases, measured), indent=1))
        return
    for phase in phases:
        print(json.dumps({"trouble": phase.trouble, **figures([phase], measured)}))
    for trouble, word in ((False, "without"), (True, "with")):
        print(f"{word} trouble: {json.dumps(figures(of(phases, trouble), measured), indent=1)}")
    print(ratios(phases, "asked"), hardest(phases), ratios(phases, "committed"), sep="\n")


if __name__ == "__main__":
    main()
