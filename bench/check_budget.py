"""`halfopen check` against a huge product, a slow one and a usual one: requests, seconds, megabytes of memory.

    .venv/bin/python bench/check_budget.py [huge|slow|usual|watched]...

huge: 4.3 million logins a day and as many players. slow: all 13 feeds, a second for each answer. usual: all 13 feeds,
50 ms for each answer, without watching; watched: the same, with a minute of watching. Exit code 1 when a budget is
broken: 300 requests, 200 MB; 30 s for the usual product, 120 s for the watched and the slow one. The seconds are those
of an idle machine.
"""

import argparse
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs

from halfopen.demo.faults import app, caller
from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.product import Product
from halfopen.window.clock import utc_now

MOST_REQUESTS, MOST_MB = 300, 200
# Its own peak: what wait4 tells begins with the peak of whoever started the process.
_AND_TELL = """
import pathlib, sys
from halfopen.cli.main import run
code = run(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_bytes(pathlib.Path("/proc/self/status").read_bytes())
sys.exit(code)
"""
HEADERS = {"players": "id,registered_at,modified_at", "logins": "id,player_id,created_at"}
_BLOCK = 2000


@dataclass(frozen=True)
class Huge:
    """How many rows a second it has, and for how many days."""

    rows_a_second: float = 50
    days: float = 30


@dataclass(frozen=True)
class Run:
    """A product, with how it is checked and how many seconds that may take. `served`: gives the words of its caller."""

    served: Callable[[], AbstractContextManager[Sequence[str]]]
    watch: str = "0s"
    most_seconds: float = 120


@dataclass(frozen=True)
class Measured:
    """What a check took. `code`: its exit code."""

    requests: int
    seconds: float
    megabytes: float
    code: int
    report: dict


def rows(product: Huge, feed: str, start: float, end: float) -> Iterator[bytes]:
    """CSV of [start, end), seconds since the epoch, a block of rows at a time."""
    yield f"{HEADERS[feed]}\r\n".encode()
    now = time.time()
    first = -int(-max(start, now - product.days * 86400) * product.rows_a_second // 1)
    last = -int(-min(end, now) * product.rows_a_second // 1)
    for begin in range(first, last, _BLOCK):
        lines = []
        for n in range(begin, min(begin + _BLOCK, last)):
            at = f"{datetime.fromtimestamp(n / product.rows_a_second, UTC):%Y-%m-%d %H:%M:%S}"
            lines.append(f"p{n},{at},{at}\r\n" if feed == "players" else f"l{n},p{n},{at}\r\n")
        yield "".join(lines).encode()


@contextmanager
def huge(product: Huge = Huge()) -> Iterator[Sequence[str]]:
    """Serve the huge product; the words of its caller."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            feed = path.removeprefix("/api/")
            if feed not in HEADERS:
                self.send_error(404)
                return
            try:
                asked = parse_qs(query)
                start, end = (datetime.fromisoformat(f"{asked[name][0]}+00:00").timestamp() for name in ("from", "to"))
            except (KeyError, ValueError):
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/csv; charset=utf-8")
            self.end_headers()
            try:
                for block in rows(product, feed, start, end):
                    self.wfile.write(block)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the check has read enough

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield (f"http://127.0.0.1:{server.server_port}", "--auth", "none")
        finally:
            server.shutdown()


@contextmanager
def waiting(seconds: float) -> Iterator[Sequence[str]]:
    """Serve all feeds of the zoo's plain product, so many seconds an answer; the words of its caller."""

    class Waiting(Product):
        def answer(self, request: Request) -> Response:
            return super().answer(request).but(delay=seconds)

    with app.serving(Waiting(1, utc_now)) as served:
        yield caller.arguments(Waiting, served.url, Path())


RUNS = {
    "huge": Run(huge),
    "slow": Run(lambda: waiting(1.0)),
    "usual": Run(lambda: waiting(0.05), most_seconds=30),
    "watched": Run(lambda: waiting(0.05), watch="60s"),
}


def measured(run: Run, *words: str) -> Measured:
    """Check the product in a process of its own; `words`: further options."""
    with run.served() as known, TemporaryDirectory() as folder:
        report, used = Path(folder) / "report.json", Path(folder) / "status"
        line = [sys.executable, "-c", _AND_TELL, str(used), "check", *known, "--watch", run.watch]
        line += ["--json", str(report), *words]
        began = time.monotonic()
        code = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        seconds = time.monotonic() - began
        found = json.loads(report.read_text(encoding="utf-8"))
        [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", used.read_text(encoding="utf-8"), re.MULTILINE)
        return Measured(found["requests"], seconds, int(peak) / 1024, code, found)


def broken(run: Run, one: Measured) -> list[str]:
    """What was not kept."""
    told = []
    if one.requests > MOST_REQUESTS or one.report["ended"]:
        told.append(f"more than {MOST_REQUESTS} requests {one.report['ended']}".strip())
    if one.megabytes > MOST_MB:
        told.append(f"more than {MOST_MB} MB")
    if one.seconds > run.most_seconds:
        told.append(f"more than {run.most_seconds:.0f} s")
    if one.code != 0:
        told.append(f"exit code {one.code}")
    return told


def main() -> int:
    """Read the words, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="|".join(RUNS), help="all unless given")
    given = parser.parse_args()
    if unknown := set(given.runs) - RUNS.keys():
        parser.error(f"no run {', '.join(sorted(unknown))}")
    good = True
    for name in given.runs or RUNS:
        one = measured(RUNS[name])
        told = broken(RUNS[name], one)
        good &= not told
        told += sorted({f"{f['code']}@{f['feed']}" for f in one.report["findings"] if f["severity"] != "INFO"})
        print(f"{name:8} {one.requests:4} requests {one.seconds:6.1f} s {one.megabytes:6.0f} MB  {' '.join(told)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
