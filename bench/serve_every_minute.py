"""The every-minute case: 13 feeds of 50 rows a minute, 64 pollers at once, against an endpoint written by hand.

Both answer the same windows of the same database as CSV over HTTP on the loopback address, each in one process on
uvicorn with httptools and uvloop, to 64 connections that are kept open; every poller asks one feed after the other.
They take turns; the figure is the median of the pairs' ratios. The bodies are counted: each must have its 50 rows.

    .venv/bin/python bench/serve_every_minute.py [--seconds 5] [--pairs 3] [--url postgresql://...]
        [--plain-python PYTHON]

Without --url the rows are in an SQLite file; with it in that (empty) database. PYTHON has bench/requirements.txt.
"""

import argparse
import asyncio
import base64
import os
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

import uvloop

from halfopen.contract.ddl import column_type
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Field, Kind

POLLERS = 64
ROWS = 50
MINUTES = 200
START = datetime(2024, 5, 1, tzinfo=UTC)
USER, PASSWORD = "bench", "bench-password"
CURSORS = {name: feed.cursor or "start_date" for name, feed in feeds().items()}
TEXTS = {Kind.CURRENCY: "EUR", Kind.COUNTRY: "LV", Kind.LOCALE: "lv_LV", Kind.TIMEZONE: "Europe/Riga"} | {
    Kind.IP: "10.11.12.13", Kind.EMAIL: "somebody@example.com", Kind.PHONE: "+37120000000"
}  # fmt: skip


def main() -> None:
    """Fills a database, starts both servers, lets them take turns, prints the figures."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=float, default=5)
    words.add_argument("--pairs", type=int, default=3)
    words.add_argument("--url", help="an empty PostgreSQL database")
    words.add_argument("--plain-python", default=sys.executable)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="halfopen-bench-") as name:
        folder = Path(name)
        url = chosen.url or f"sqlite:///{folder / 'bench.sqlite'}"
        fill(url)
        with halfopen(folder, url) as ours, plain(url, chosen.plain_python) as theirs:
            uvloop.run(take_turns(ours, theirs, chosen.seconds, chosen.pairs))


async def take_turns(ours: int, theirs: int, seconds: float, pairs: int) -> None:
    """Prints requests a second and the 50th and 99th percentile of each turn, and the medians of the pairs' ratios."""
    ratios = []
    slowest = []
    for pair in range(pairs + 1):
        figures = {}
        tails = {}
        for name, port in (("halfopen", ours), ("by hand", theirs)):
            times = await polled(port, seconds if pair else 1.0)
            figures[name] = len(times) / (seconds if pair else 1.0)
            if pair:
                hundredths = statistics.quantiles(times, n=100)
                tails[name] = hundredths[98]
                p50, p99 = hundredths[49] * 1000, hundredths[98] * 1000
                print(f"{name:9}  {figures[name]:7,.0f} requests/s  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms", flush=True)
        if pair:
            ratios.append(figures["halfopen"] / figures["by hand"])
            slowest.append(tails["halfopen"] / tails["by hand"])
    for name, found in (("requests/s", ratios), ("p99", slowest)):
        spread = f"({min(found):.2f} to {max(found):.2f})"
        print(f"{name:10}  halfopen / by hand: median {statistics.median(found):.2f} of {len(found)} pairs {spread}")


async def polled(port: int, seconds: float) -> list[float]:
    """Seconds of each answer to `POLLERS` at once."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*[poller(port, number, until, times) for number in range(POLLERS)])
    return times


async def poller(port: int, number: int, until: float, times: list[float]) -> None:
    """Asks for a minute of one feed after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    tail = f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {pair}\r\nAccept-Encoding: identity\r\n\r\n"
    paths = [f"/api/{name.replace('_', '-')}" for name in feeds()]
    turn = number
    while time.perf_counter() < until:
        turn += 1
        minute = START + timedelta(minutes=turn % MINUTES)
        query = f"from={text(minute)}&to={text(minute + timedelta(minutes=1))}".replace(" ", "%20")
        began = time.perf_counter()
        writer.write(f"GET {paths[turn % len(paths)]}?{query}{tail}".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise SystemExit(f"port {port} answered {head[:60]!r}")
        size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(size)
        times.append(time.perf_counter() - began)
        if body.count(b"\r\n") != ROWS + 1:
            raise SystemExit(f"port {port} sent other than {ROWS} rows of {paths[turn % len(paths)]}")
    writer.close()


def text(moment: datetime) -> str:
    """As both take it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def value(feed: Feed, name: str, field: Field, number: int) -> object:
    """A value of the field in the row of that number."""
    stamp = START + timedelta(seconds=number * 60 / ROWS)
    if name in feed.key:
        return f"{number:012d}"
    if name == CURSORS[feed.name] or field.kind is Kind.DATETIME:
        return text(stamp)
    if field.kind is Kind.CHOICE:
        return next(iter(field.values))
    kinds = {Kind.INTEGER: number % 97, Kind.DECIMAL: f"{number % 1000}.50", Kind.BOOLEAN: number % 2 == 0}
    return kinds.get(field.kind, TEXTS.get(field.kind, "1985-07-10" if field.kind is Kind.DATE else f"{name} {number}"))


def fill(url: str) -> None:
    """A table a feed, of `MINUTES` minutes, with an index on its cursor."""
    dialect = "postgresql" if url.startswith("postgresql") else "sqlite"
    for name, feed in feeds().items():
        types = {
            field: column_type(found, dialect) if dialect == "postgresql" else "text"
            for field, found in feed.fields.items()
        }
        types = {field: "timestamptz" if kind == "timestamp" else kind for field, kind in types.items()}
        columns = ", ".join(f"{field} {kind}" for field, kind in types.items())
        rows = [[value(feed, n, f, number) for n, f in feed.fields.items()] for number in range(ROWS * MINUTES)]
        statements = [f"create table {name} ({columns})", f"create index by_{name} on {name} ({CURSORS[name]})"]
        (fill_sqlite if dialect == "sqlite" else fill_postgresql)(url, name, statements, rows)


def fill_sqlite(url: str, name: str, statements: list[str], rows: list[list[object]]) -> None:
    """Into the file."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("pragma journal_mode = wal")
        for statement in statements:
            connection.execute(statement)
        connection.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()


def fill_postgresql(url: str, name: str, statements: list[str], rows: list[list[object]]) -> None:
    """By statements of many rows; every value is ours, so that quoting it is enough."""
    import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415 - only for PostgreSQL; it ships no types

    async def run() -> None:
        connection = await asyncpg.connect(url)
        for statement in (f"drop table if exists {name}", *statements):
            await connection.execute(statement)
        for at in range(0, len(rows), 1000):
            lines = ", ".join("(" + ", ".join(f"'{cell}'" for cell in row) + ")" for row in rows[at : at + 1000])
            await connection.execute(f"insert into {name} values {lines}")
        await connection.execute(f"analyze {name}")
        await connection.close()

    asyncio.run(run())


@contextmanager
def halfopen(folder: Path, url: str) -> Iterator[int]:
    """`halfopen serve`; its port."""
    port = free_port()
    mapped = "\n".join(
        f"[serve.feeds.{name}]\n"
        + (f'rollup = {{ table = "{name}" }}' if name == "game_activity" else f'table = "{name}"\n')
        + (f'cursor = "{CURSORS[name]}"' if feed.cursor is None else "")
        for name, feed in feeds().items()
    )
    (folder / "halfopen.toml").write_text(
        f'[serve]\ndatabase = "{url}"\nlate_rows = "plain"\nlisten = "127.0.0.1:{port}"\n'
        f"[serve.limits]\nwindows_per_caller = {POLLERS}\n"
        f'[[serve.auth]]\nscheme = "basic"\nuser = "{USER}"\npassword = "{PASSWORD}"\n{mapped}\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "halfopen", "serve", "--config", str(folder / "halfopen.toml")]
    with running(command, port, {}):
        yield port


@contextmanager
def plain(url: str, python: str) -> Iterator[int]:
    """The endpoint written by hand; its port."""
    port = free_port()
    environ = {
        "BENCH_URL": url,
        "BENCH_PORT": str(port),
        "BENCH_USER": f"{USER}:{PASSWORD}",
        "BENCH_CURSORS": ",".join(f"{name}={cursor}" for name, cursor in CURSORS.items()),
    }
    with running([python, str(Path(__file__).with_name("plain_every_minute.py"))], port, environ):
        yield port


@contextmanager
def running(command: list[str], port: int, environ: dict[str, str]) -> Iterator[None]:
    """A process, once it answers."""
    process = subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{command[0]} {command[1]} did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
