"""A month of SpaceVegas: built, served by `halfopen serve`, pulled by `halfopen backfill`, compared field by field.

    python bench/month.py [--players 900] [--days 30] [--seed 1] [--dir DIR]

Prints the server's memory (sampled all along), rows a second, and the comparison; exit 1 when the mirror differs.
"""

import argparse
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from halfopen.demo import config
from halfopen.demo.casino import Casino
from halfopen.demo.compare import compare
from halfopen.demo.world import World

PACE = 0.25
"""Calmer lives than in the demo: 2,000,000 rows of a month then belong to about a thousand players."""
HALFOPEN = [sys.executable, "-m", "halfopen"]
SAMPLE_SECONDS = 0.1
MIB = 1024


def main() -> int:
    """Run it; the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--players", type=int, default=900)
    words.add_argument("--days", type=float, default=30)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--dir", type=Path, help="a new folder that is kept; a temporary one if not given")
    options = words.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text stream, as scripts have it
    with contextlib.ExitStack() as stack:
        folder = options.dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="halfopen-month-")))
        folder.mkdir(exist_ok=True)
        until = datetime.now(UTC).replace(second=0, microsecond=0)
        since = until - timedelta(days=options.days)
        casino = _build(folder, World(options.seed, options.players, since, PACE), until)
        config.write(folder, _free_port(), 1, since)
        with _serving(folder) as server:
            _backfill(folder, server, since, until)
        return _judge(casino, folder / config.MIRROR)


def _build(folder: Path, world: World, until: datetime) -> Path:
    began = time.perf_counter()
    casino = Casino(folder / config.CASINO, world)
    casino.create()
    changes = casino.history(until)
    casino.close()
    seconds = time.perf_counter() - began
    size = casino.database.stat().st_size / 1e6
    print(f"built: {changes:,} changes in {seconds:.0f} s ({changes / seconds:,.0f}/s), {size:,.0f} MB of SQLite")
    return casino.database


class Memory:
    """Resident memory of a process, in KiB, sampled until the end."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.samples: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            with contextlib.suppress(OSError, TypeError):
                self.samples.append(int(re.search(r"VmRSS:\s+(\d+)", self._status.read_text())[1]))  # type: ignore[index]  # a dead process has none: TypeError

    def stop(self) -> None:
        """No more samples."""
        self._over.set()
        self._thread.join()


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[Memory]:
    """`halfopen serve` as a process, ready."""
    command = [*HALFOPEN, "serve", "--config", str(folder / config.FILE)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    memory = Memory(process.pid)
    try:
        _wait_for(_url(folder), process)
        yield memory
    finally:
        memory.stop()
        process.terminate()
        process.wait(30)


def _url(folder: Path) -> str:
    found = re.search(r'^url = "(.*)"', (folder / config.FILE).read_text(), re.MULTILINE)
    return found[1] if found else ""


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit(f"halfopen serve ended with {process.returncode}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 - our own server
            return
        time.sleep(0.1)
    raise SystemExit("halfopen serve does not answer")


def _backfill(folder: Path, memory: Memory, since: datetime, until: datetime) -> None:
    time.sleep(1)
    first = len(memory.samples)
    before = memory.samples[-1]
    began = time.perf_counter()
    done = subprocess.run(
        [
            *(*HALFOPEN, "backfill", "--config", str(folder / config.FILE), "--product", config.PRODUCT),
            *("--from", f"{since:%Y-%m-%d %H:%M:%S}", "--to", f"{until:%Y-%m-%d %H:%M:%S}"),
        ],
        env={**os.environ, "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"halfopen backfill ended with {done.returncode}: {done.stderr[-2000:]}")
    print(done.stdout.strip())
    rows = int(re.search(r"([\d,]+) rows", done.stdout)[1].replace(",", ""))  # type: ignore[index]  # backfill says so
    peak, after = max(memory.samples), memory.samples[-1]
    print(f"pulled: {rows:,} rows in {seconds:.0f} s ({rows / seconds:,.0f} rows/s)")
    print(
        f"server memory: {before / MIB:.0f} MiB before, {peak / MIB:.0f} MiB at most, {after / MIB:.0f} MiB after:"
        f" it grew by {(peak - before) / MIB:.0f} MiB"
    )
    pulled = memory.samples[first:]
    series = [max(pulled[at : at + len(pulled) // 10 + 1]) / MIB for at in range(0, len(pulled), len(pulled) // 10 + 1)]
    print("server memory over the pull, MiB:", " ".join(f"{sample:.0f}" for sample in series))


def _judge(casino: Path, mirror: Path) -> int:
    began = time.perf_counter()
    found = compare(casino, mirror)
    print(f"compared in {time.perf_counter() - began:.0f} s:", ", ".join(f"{f.feed} {f.rows:,}" for f in found.feeds))
    for sample in found.samples:
        print(sample)
    print(found.line)
    return 0 if found.equal else 1


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
