"""How near to PostgreSQL's own speed does serve answer, and how far from an endpoint that a good engineer writes?

All give the same players (20 fields): serve as CSV over HTTP on the loopback address to curl, which throws the body
away; psql by COPY of the very same SELECT to /dev/null; the hand-written endpoint (FastAPI, SQLAlchemy's pool,
yield_per, csv.writer) to curl. They take turns; a figure is the median of the pairs' ratios. The ratio of psql to
psql, from two runs of every pair, is the noise. JSON is compared with psql making the same JSON.

    .venv/bin/python bench/serve_postgresql.py [--rows 1000000] [--pairs 7] [--url postgresql://...]

Without --url a server of its own is started, as for the tests. The endpoint's libraries: bench/requirements.txt.
"""

import argparse
import asyncio
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from _pytest.outcomes import OutcomeException

from halfopen.contract.load import feed
from halfopen.sources.base import Column, Selection
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from processes import cpu_of
from support.postgresql import ask, database

USER, PASSWORD = "bench", "bench-password"
START = datetime(2024, 1, 1, tzinfo=UTC)
WIDEST = Window(START, START + timedelta(days=4000))
MINUTE = Window(START + timedelta(hours=1), START + timedelta(hours=1, minutes=1))
SETTINGS = "-c timezone=UTC -c datestyle=ISO,YMD -c jit=off"
"""What serve sets too, so that psql makes the same bytes at the same cost."""

FILL = """
create table players as select
  md5(i::text)::uuid as id, 'First' || i % 997 as first_name, 'Last' || i % 1999 as last_name,
  case when i % 3 = 0 then null when i % 2 = 0 then 'male' else 'female' end as gender,
  (array['GB', 'DE', 'LV', 'BR', 'US'])[1 + i % 5] as country, 'City "of" ' || i % 500 as city,
  ('10.' || i % 250 || '.' || i % 199 || '.' || i % 97)::inet as ip, 'en_US' as locale, 'Europe/Riga' as timezone,
  date '1960-01-01' + i % 15000 as birthday, timestamptz '2023-01-01Z' + i * interval '17.123 s' as registered_at,
  case when i % 4 = 0 then null else 'ref' || i % 10000 end as ref_code,
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || i % 100 || '.0 Safari/537.36'
    as user_agent,
  timestamptz '2024-01-01Z' + i * interval '0.250123 s' as modified_at, i % 50 = 0 as is_blocked,
  (array['Normal', 'VIP', ''])[1 + i % 3] as status, i % 200 = 0 as self_excluded, 'google' as utm_source,
  'organic' as utm_medium, 'holiday_special' as utm_campaign
from generate_series(1, {rows}) i;
create index on players (modified_at);
vacuum (freeze, analyze) players
"""


@dataclass
class Runner:
    """One way to get all rows; `run` gives its wall seconds, `cpu` what it has used of the processor so far."""

    name: str
    run: Callable[[], float]
    cpu: Callable[[], float]
    seconds: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)

    def turn(self) -> float:
        """One run, noted."""
        before = self.cpu()
        self.seconds.append(self.run())
        self.used.append(self.cpu() - before)
        return self.seconds[-1]


def main() -> None:
    """Fills a database, starts the servers, lets them take turns, prints the figures."""
    words = argparse.ArgumentParser(description="serve from PostgreSQL, against psql and a hand-written endpoint")
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--pairs", type=int, default=7)
    words.add_argument("--url", help="a PostgreSQL server to make a database in; without it one is started")
    words.add_argument("--plain-python", default=sys.executable, help="has what bench/requirements.txt names")
    chosen = words.parse_args()
    if chosen.url:
        os.environ["HALFOPEN_TEST_POSTGRESQL_URL"] = chosen.url
    os.environ.setdefault("HALFOPEN_TEST_POSTGRESQL_BUFFERS", "512MB")
    with database() as url, tempfile.TemporaryDirectory(prefix="halfopen-bench-") as folder:
        for statement in FILL.format(rows=chosen.rows).split(";\n"):
            ask(url, statement)
        with halfopen(url, Path(folder)) as ours:
            compare(url, ours, chosen.rows, chosen.pairs, chosen.plain_python)


def compare(url: str, ours: "Process", rows: int, pairs: int, python: str) -> None:
    """CSV against psql and the hand-written endpoint, JSON against psql, then what one minute costs."""
    plain_python = python if can_import(python) else None
    with plain(url, python) if plain_python else nullcontext() as theirs:
        for format_ in (Format.CSV, Format.JSON):
            select = statement(url, format_)
            serve = Runner("halfopen", lambda f=format_: curl(ours.url, WIDEST, f), ours.cpu)
            psql = Runner("psql", lambda s=select, f=format_: copy(url, s, f), children_cpu)
            again = Runner("psql again", psql.run, children_cpu)
            runners = [serve, psql, again]
            if theirs is not None and format_ is Format.CSV:
                runners.append(Runner("by hand", lambda: curl(theirs.url, WIDEST, Format.CSV), theirs.cpu))
            with ours.watched() as growth:
                for runner in runners:
                    runner.run()
                for pair in range(pairs):
                    for runner in runners[:: 1 if pair % 2 == 0 else -1]:
                        runner.turn()
            report(format_, rows, runners, growth[0])
    if plain_python is None:
        print("by hand     left out: fastapi, sqlalchemy or psycopg is missing (bench/requirements.txt)")
    firsts = [curl(ours.url, WIDEST, Format.CSV, "%{time_starttransfer}", stop=2 << 20) * 1000 for _ in range(15)]
    minutes = [curl(ours.url, MINUTE, Format.CSV) * 1000 for _ in range(50)]
    print(f"first byte  {statistics.median(firsts):.0f} ms of all rows (at most {max(firsts):.0f})")
    print(
        f"one minute  {statistics.median(minutes):.1f} ms for {rows_of_a_minute(url)} rows (at most {max(minutes):.1f})"
    )


def report(format_: Format, rows: int, runners: list[Runner], growth_bytes: int) -> None:
    """Seconds of each, and the ratios of the pairs."""
    print(f"{format_}, {rows:,} rows, {len(runners[0].seconds)} pairs")
    for runner in runners:
        median = statistics.median(runner.seconds)
        print(
            f"  {runner.name:10} {median:7.2f} s  ({min(runner.seconds):.2f} to {max(runner.seconds):.2f})"
            f"  {statistics.median(runner.used):.2f} s CPU beside the database  {rows / median:,.0f} rows/s"
        )
    serve, psql, again, *others = runners
    ratio("psql/psql", psql, again)
    ratio("psql/halfopen", psql, serve)
    for other in others:
        ratio("by hand/halfopen", other, serve)
    print(f"  the server's memory grew by {growth_bytes / 1e6:.1f} MB")


def ratio(name: str, one: Runner, other: Runner) -> None:
    """The median of the pairs' ratios of wall time and their spread."""
    ratios = [a / b for a, b in zip(one.seconds, other.seconds, strict=True)]
    print(f"  {name:17} {statistics.median(ratios):.3f}  ({min(ratios):.3f} to {max(ratios):.3f})")


def statement(url: str, format_: Format) -> str:
    """The SELECT that serve runs for the widest window."""
    source = PostgresqlSource(url, 1)
    fields = feed("players").fields
    columns = tuple(
        Column(name=name, kind=described.kind, sql=source.quote(name)) for name, described in fields.items()
    )
    chosen = Selection(
        feed="players", relation=source.relation("players", None), columns=columns, cursor='"modified_at"'
    )

    async def plan() -> str:
        async with source._pool.transaction() as connection:  # noqa: SLF001 - the very statement is wanted
            return await source._planner.plan(connection, chosen, WIDEST, format_)  # noqa: SLF001

    try:
        return asyncio.run(plan())
    finally:
        source.close()


def copy(url: str, select: str, format_: Format) -> float:
    """Wall seconds of psql."""
    options = "csv" if format_ is Format.CSV else "(format csv, quote e'\\x01', delimiter e'\\x02')"
    environment = {**os.environ, "PGOPTIONS": SETTINGS}
    command = ["psql", "-qX", url, "-c", f"copy ({select}) to stdout {options}"]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - began


def curl(base: str, window: Window, format_: Format, told: str = "%{time_total}", stop: int | None = None) -> float:
    """Seconds until curl has the whole body, or its first byte; anything but a clean end is an error."""
    edges = "&".join(
        f"{name}={edge:%Y-%m-%d}%20{edge:%H:%M:%S}" for name, edge in (("from", window.start), ("to", window.end))
    )
    command = ["curl", "-sSf", "-u", f"{USER}:{PASSWORD}", "-o", os.devnull, "-w", told]
    if stop is not None:
        command += ["--max-time", "0.7"]
    done = subprocess.run(
        [*command, f"{base}/api/players?{edges}&format={format_}"], check=stop is None, capture_output=True, text=True
    )
    return float(done.stdout)


def rows_of_a_minute(url: str) -> int:
    """How many rows the minute holds that is asked."""
    sql = "select count(*) from players where modified_at >= $1 and modified_at < $2"
    return int(ask(url, sql, MINUTE.start, MINUTE.end)[0][0])


@dataclass
class Process:
    """A server in a process of its own."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of the processor so far."""
        return cpu_of(self.pid)

    def memory(self) -> int:
        """Resident bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @contextmanager
    def watched(self) -> Iterator[list[int]]:
        """The first item becomes by how many bytes the memory grew at most."""
        growth, begin, over = [0], self.memory(), threading.Event()

        def look() -> None:
            while not over.wait(0.02):
                growth[0] = max(growth[0], self.memory() - begin)

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield growth
        finally:
            over.set()
            watcher.join()


@contextmanager
def halfopen(url: str, folder: Path) -> Iterator[Process]:
    """Our server on the database."""
    (folder / "halfopen.toml").write_text(
        f'[serve]\ndatabase = "{url}"\nlate_rows = "plain"\nlisten = "127.0.0.1:0"\n'
        f'[[serve.auth]]\nscheme = "basic"\nuser = "{USER}"\npassword = "{PASSWORD}"\n'
        '[serve.feeds.players]\ntable = "players"\n'
    )
    port = free_port()
    words = ["serve", "--config", str(folder / "halfopen.toml"), "--port", str(port)]
    with process([sys.executable, "-m", "halfopen", *words], port) as server:
        yield server


@contextmanager
def plain(url: str, python: str) -> Iterator[Process]:
    """The hand-written endpoint on the database."""
    port = free_port()
    environment = {**os.environ, "BENCH_URL": url, "BENCH_PORT": str(port), "BENCH_USER": f"{USER}:{PASSWORD}"}
    with process([python, str(Path(__file__).parent / "plain_postgresql.py")], port, environment) as server:
        yield server


def can_import(python: str) -> bool:
    """Whether the interpreter has what the hand-written endpoint needs."""
    words = "import fastapi, httptools, psycopg, sqlalchemy, uvicorn, uvloop"
    return subprocess.run([python, "-c", words], check=False, capture_output=True).returncode == 0


@contextmanager
def process(command: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[Process]:
    """A server from its first answer on."""
    url = f"http://127.0.0.1:{port}"
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment) as server:
        try:
            for _ in range(200):
                try:
                    urlopen(f"{url}/healthz", timeout=1).close()  # noqa: S310 - our own loopback address
                    break
                except OSError:
                    time.sleep(0.05)
            yield Process(url, server.pid)
        finally:
            server.terminate()


def children_cpu() -> float:
    """Seconds of the processor that ended child processes used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    try:
        main()
    except OutcomeException as reason:
        raise SystemExit(f"left out: {reason}") from None
