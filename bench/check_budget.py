"""`halfopen check` against a huge product and a slow one: requests, seconds, megabytes of memory.

    .venv/bin/python bench/check_budget.py [huge|slow]... [--watch 0]

huge: 4.3 million logins a day and as many players; slow: a second for each answer. Exit code 1 when a budget is broken:
300 requests, 200 MB.
"""

import argparse
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs

MOST_REQUESTS, MOST_MB = 300, 200
# Its own peak: what wait4 tells begins with the peak of whoever started the process.
_AND_TELL = """
import pathlib, sys
from halfopen.cli.main import run
code = run(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_bytes(pathlib.Path("/proc/self/status").read_bytes())
sys.exit(code)
"""
ROWS_A_SECOND = 50
HEADERS = {"players": "id,registered_at,modified_at", "logins": "id,player_id,created_at"}
_BLOCK = 2000


@dataclass(frozen=True)
class Product:
    """How many rows a second it has, for how many days, and how long an answer takes, in seconds."""

    rows_a_second: float
    days: float
    wait: float = 0.0


PRODUCTS = {"huge": Product(ROWS_A_SECOND, 30), "slow": Product(0.2, 1, wait=1.0)}


@dataclass(frozen=True)
class Measured:
    """What a check took. `code`: its exit code."""

    requests: int
    seconds: float
    megabytes: float
    code: int
    report: dict


def rows(product: Product, feed: str, start: float, end: float) -> Iterator[bytes]:
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
def served(product: Product) -> Iterator[str]:
    """The product's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            feed = path.removeprefix("/api/")
            time.sleep(product.wait)
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
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def measured(product: Product, *words: str) -> Measured:
    """Check the product in a process of its own."""
    with served(product) as url, TemporaryDirectory() as folder:
        report, used = Path(folder) / "report.json", Path(folder) / "status"
        line = [
            sys.executable,
            "-c",
            _AND_TELL,
            str(used),
            "check",
            url,
            "--auth",
            "none",
            "--json",
            str(report),
            *words,
        ]
        began = time.monotonic()
        code = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        seconds = time.monotonic() - began
        found = json.loads(report.read_text(encoding="utf-8"))
        [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", used.read_text(encoding="utf-8"), re.MULTILINE)
        return Measured(found["requests"], seconds, int(peak) / 1024, code, found)


def is_good(one: Measured) -> bool:
    """Whether the budgets were kept."""
    return one.requests <= MOST_REQUESTS and one.megabytes <= MOST_MB and one.code in {0, 1}


def main() -> int:
    """Read the words, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("products", nargs="*", metavar="|".join(PRODUCTS), help="all unless given")
    parser.add_argument("--watch", default="0s")
    given = parser.parse_args()
    if unknown := set(given.products) - PRODUCTS.keys():
        parser.error(f"no product {', '.join(sorted(unknown))}")
    good = True
    for name in given.products or PRODUCTS:
        one = measured(PRODUCTS[name], "--watch", given.watch)
        good &= is_good(one)
        grave = sorted({f"{f['code']}@{f['feed']}" for f in one.report["findings"] if f["severity"] != "INFO"})
        print(f"{name:6} {one.requests:4} requests {one.seconds:6.1f} s {one.megabytes:6.0f} MB  {' '.join(grave)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
