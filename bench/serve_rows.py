"""How many rows a second does serve answer with, against an endpoint that a good engineer writes by hand?

Both serve the same players (20 fields) of the same SQLite file as CSV over HTTP on the loopback address, each in a
process of its own on uvicorn with httptools and uvloop, to curl, which throws the body away. The other endpoint is
Starlette's StreamingResponse over fetchmany and csv.writer, its stamps formatted by strftime in SQL. They take turns;
the figure is the median of the pairs' ratios, with the spread of the pairs as the noise.

    .venv/bin/python bench/serve_rows.py [--rows 1000000] [--pairs 7]
"""

import argparse
import base64
import csv
import io
import os
import random
import secrets
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

TEXTS = "id first_name last_name gender country city ip locale timezone birthday"
FIELDS = f"{TEXTS} registered_at ref_code user_agent modified_at is_blocked status self_excluded".split()
FIELDS += ["utm_source", "utm_medium", "utm_campaign"]
STAMPS = {"registered_at", "modified_at"}
TRUTHS = {"is_blocked", "self_excluded"}
START = datetime(2024, 1, 1, tzinfo=UTC)
USER, PASSWORD = "bench", "bench-password"
AGENTS = (
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.0; Trident/5.1)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)


def main() -> None:
    """Builds the file, starts both servers, lets them take turns, prints the figures."""
    words = argparse.ArgumentParser(description="serve CSV rows a second, against a hand-written endpoint")
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--pairs", type=int, default=7)
    words.add_argument("--plain", nargs=2, metavar=("FILE", "PORT"), help=argparse.SUPPRESS)
    chosen = words.parse_args()
    if chosen.plain:
        serve_plainly(Path(chosen.plain[0]), int(chosen.plain[1]))
        return
    with tempfile.TemporaryDirectory(prefix="halfopen-bench-") as name:
        folder = Path(name)
        fill(folder / "operator.sqlite", chosen.rows)
        compare(folder, chosen.rows, chosen.pairs)


def compare(folder: Path, rows: int, pairs: int) -> None:
    """One warm-up each, then pairs in turn, whoever begins changing from pair to pair."""
    with halfopen(folder) as ours, plain(folder) as theirs:
        window = f"from=2024-01-01%2000:00:00&to={START + timedelta(days=400):%Y-%m-%d}%2000:00:00"
        urls = {"halfopen": f"{ours}/api/players?{window}", "plain": f"{theirs}/players?{window}"}
        for url in urls.values():
            fetch(url, rows)
        seconds: dict[str, list[float]] = {name: [] for name in urls}
        for pair in range(pairs):
            for name in list(urls)[:: 1 if pair % 2 == 0 else -1]:
                seconds[name].append(timed(urls[name]))
    ratios = [theirs / ours for ours, theirs in zip(seconds["halfopen"], seconds["plain"], strict=True)]
    for name, times in seconds.items():
        rates = [rows / each for each in times]
        print(f"{name:9} {statistics.median(rates):10,.0f} rows/s  ({min(rates):,.0f} to {max(rates):,.0f})")
    print(
        f"ratio     {statistics.median(ratios):.2f}  (median of {pairs} pairs of {rows:,} rows, "
        f"{min(ratios):.2f} to {max(ratios):.2f})"
    )


def fill(path: Path, rows: int) -> None:
    """Players four a second, some texts with commas and quotes, some null or empty, stamps with milliseconds."""
    chance = random.Random(1)
    kinds = [f"{name} {'integer' if name in TRUTHS else 'text'}" for name in FIELDS]

    def players() -> Iterator[tuple[object, ...]]:
        for n in range(rows):
            moment = START + timedelta(milliseconds=n * 250 + chance.randrange(250))
            yield (
                f"{chance.getrandbits(128):032x}", "Aniyah", "O'Brien" if n % 7 else 'Smith, "Jr"', "male", "LV",
                "North Angusland", f"203.0.113.{n % 256}", "ro_MD", "Europe/London", "1974-10-17",
                f"{START:%Y-%m-%d %H:%M:%S}", None if n % 2 else "praesentium", AGENTS[n % 3],
                moment.replace(tzinfo=None).isoformat(" ", "milliseconds"), n % 50 == 0, "Normal", n % 2, "google",
                None, "" if n % 50 == 0 else "holiday_special",
            )  # fmt: skip

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"create table players ({', '.join(kinds)})")
        connection.executemany(f"insert into players values ({', '.join('?' * len(FIELDS))})", players())
        connection.execute("create index players_by_modified_at on players (modified_at)")
        connection.commit()


@contextmanager
def halfopen(folder: Path) -> Iterator[str]:
    """Our server on the file; its URL."""
    port = free_port()
    (folder / "halfopen.toml").write_text(
        f'[serve]\ndatabase = "sqlite:///operator.sqlite"\nlate_rows = "plain"\nlisten = "127.0.0.1:{port}"\n'
        f'[[serve.auth]]\nscheme = "basic"\nuser = "{USER}"\npassword = "{PASSWORD}"\n'
        '[serve.feeds.players]\ntable = "players"\n'
    )
    command = [sys.executable, "-m", "halfopen", "serve", "--config", str(folder / "halfopen.toml")]
    with process(command, port) as url:
        yield url


@contextmanager
def plain(folder: Path) -> Iterator[str]:
    """The hand-written endpoint on the file; its URL."""
    port = free_port()
    with process([sys.executable, __file__, "--plain", str(folder / "operator.sqlite"), str(port)], port) as url:
        yield url


@contextmanager
def process(command: list[str], port: int) -> Iterator[str]:
    """A server in a process of its own, from its first answer on."""
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    urlopen(f"{url}/healthz", timeout=1).close()  # noqa: S310 - our own loopback address
                    break
                except OSError:
                    time.sleep(0.05)
            yield url
        finally:
            server.terminate()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def timed(url: str) -> float:
    """Seconds until curl has the whole body; anything but a clean end is an error."""
    command = ["curl", "-sSf", "-u", f"{USER}:{PASSWORD}", "-o", os.devnull, "-w", "%{time_total}", url]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def fetch(url: str, rows: int) -> None:
    """A warm-up that also checks that all rows come."""
    command = ["curl", "-sSf", "-u", f"{USER}:{PASSWORD}", url]
    body = subprocess.run(command, check=True, capture_output=True).stdout
    found = sum(1 for _ in csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""))) - 1
    if found != rows:
        raise SystemExit(f"{url} answered {found} rows instead of {rows}")


def serve_plainly(file: Path, port: int) -> None:
    """The endpoint that we are measured against: Starlette, sqlite3, csv.writer, streaming in blocks of 1,000 rows."""
    import uvicorn  # noqa: PLC0415 - the measuring process needs none of these
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import PlainTextResponse, Response, StreamingResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    columns = ", ".join(f"strftime('%Y-%m-%d %H:%M:%S', {f})" if f in STAMPS else f for f in FIELDS)
    credentials = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def blocks(start: str, end: str) -> Iterator[bytes]:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, check_same_thread=False)) as connection:
            buffer = io.StringIO()
            writer = csv.writer(buffer)
            writer.writerow(FIELDS)
            cursor = connection.execute(
                f"select {columns} from players where modified_at >= ? and modified_at < ?", (start, end)
            )
            while rows := cursor.fetchmany(1000):
                writer.writerows(rows)
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
            yield buffer.getvalue().encode()

    def players(request: Request) -> Response:
        if not secrets.compare_digest(request.headers.get("authorization", ""), credentials):
            return PlainTextResponse("sign in", 401)
        window = request.query_params
        return StreamingResponse(blocks(window["from"], window["to"]), media_type="text/csv")

    def alive(_: Request) -> Response:
        return PlainTextResponse("alive")

    app = Starlette(routes=[Route("/players", players), Route("/healthz", alive)])
    uvicorn.run(app, host="127.0.0.1", port=port, http="httptools", loop="uvloop", log_level="critical")


if __name__ == "__main__":
    main()
