"""How near to MariaDB's, SQLite's and DuckDB's own exports does serve answer?

Each engine holds the same players (20 fields). serve gives them as CSV over HTTP on the loopback address to curl, which
throws the body away; the engine's own client exports the same table to /dev/null: `mariadb --batch --quick`,
`sqlite3 -csv`, and DuckDB's COPY TO in a process of its own (its shell is no Debian package; the library is the same).
They take turns; a figure is the median of the pairs' ratios, with the spread of the pairs as the noise.

    .venv/bin/python bench/serve_engines.py [--rows 1000000] [--pairs 5] [--engine mysql]... [--json]

MariaDB is started as for the tests, or named by HALFOPEN_TEST_MYSQL_URL. An engine whose client is missing is left out.
"""

import argparse
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import duckdb
from _pytest.outcomes import OutcomeException

from support.mysql import ask, database

USER, PASSWORD = "bench", "bench-password"
WINDOW = "from=2024-01-01%2000:00:00&to=2034-01-01%2000:00:00"
TEXTS = "id first_name last_name gender country city ip locale timezone birthday"
NAMES = f"{TEXTS} registered_at ref_code user_agent modified_at is_blocked status self_excluded".split()
NAMES += ["utm_source", "utm_medium", "utm_campaign"]
AGENT = "'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'"


@dataclass(frozen=True)
class Engine:
    """A database full of players: its address, and its client's command."""

    name: str
    address: str
    export: list[str]


def main() -> None:
    """Fills each engine, lets serve and its client take turns, prints the figures."""
    words = argparse.ArgumentParser(description="serve from MariaDB, SQLite and DuckDB, against their own clients")
    words.add_argument("--rows", type=int, default=1_000_000)
    words.add_argument("--pairs", type=int, default=5)
    words.add_argument("--engine", action="append", choices=list(ENGINES), help="default: all three")
    words.add_argument("--json", action="store_true", help="JSON from serve, against the same export")
    chosen = words.parse_args()
    for name in chosen.engine or ENGINES:
        with tempfile.TemporaryDirectory(prefix="halfopen-bench-") as folder:
            try:
                with ENGINES[name](Path(folder), chosen.rows) as engine:
                    compare(engine, Path(folder), chosen.rows, chosen.pairs, "json" if chosen.json else "csv")
            except (OutcomeException, FileNotFoundError) as error:
                print(f"{name:8} left out: {error}")


def compare(engine: Engine, folder: Path, rows: int, pairs: int, format_: str) -> None:
    """One warm-up each, then pairs in turn, whoever begins changing from pair to pair."""
    with halfopen(engine, folder) as url:
        runs: dict[str, Callable[[], object]] = {
            "serve": lambda: run(curl(f"{url}/api/players?{WINDOW}&format={format_}")),
            "client": lambda: run(engine.export),
        }
        check(f"{url}/api/players?{WINDOW}&format=ndjson", rows)
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for pair in range(-1, pairs):
            for name in list(runs)[:: 1 if pair % 2 == 0 else -1]:
                began = time.perf_counter()
                runs[name]()
                if pair >= 0:
                    seconds[name].append(time.perf_counter() - began)
    ratios = [client / serve for serve, client in zip(seconds["serve"], seconds["client"], strict=True)]
    median = statistics.median(seconds["serve"])
    print(
        f"{engine.name:8} {format_} {median:6.2f} s by serve, {statistics.median(seconds['client']):6.2f} s by its "
        f"client: {statistics.median(ratios):.2f} of its speed (median of {pairs} pairs of {rows:,} rows, "
        f"{min(ratios):.2f} to {max(ratios):.2f}), {rows / median:,.0f} rows/s",
        flush=True,
    )


@contextmanager
def mysql(_folder: Path, rows: int) -> Iterator[Engine]:
    """A database on a server; the password goes by the environment."""
    os.environ.setdefault("HALFOPEN_TEST_MYSQL_BUFFERS", "1G")
    program = needed("mariadb", "mysql")
    n = "(i.d + 10 * j.d + 100 * k.d + 1000 * l.d + 10000 * m.d + 100000 * o.d + 1000000 * p.d)"
    digits = "(" + " union all ".join(f"select {d} as d" for d in range(10)) + ")"
    numbers = ", ".join(f"{digits} {name}" for name in "ijklmop")
    with database() as url:
        ask(
            url,
            "create table players (id char(36), first_name varchar(50), last_name varchar(50), gender varchar(9),"
            " country char(2), city varchar(50), ip varchar(45), locale varchar(9), timezone varchar(50),"
            " birthday date, registered_at datetime(6), ref_code varchar(50), user_agent varchar(250),"
            " modified_at datetime(6),"
            " is_blocked tinyint(1), status varchar(20), self_excluded tinyint(1), utm_source varchar(50),"
            " utm_medium varchar(50), utm_campaign varchar(50)) character set utf8mb4",
            f"""insert into players select md5(n), concat('First', n % 997), concat('Last', n % 1999),
                  case when n % 3 = 0 then null when n % 2 = 0 then 'male' else 'female' end, 'LV',
                  concat('City "of" ', n % 500), concat('10.1.', n % 250, '.', n % 97), 'en_US', 'Europe/Riga',
                  date'1960-01-01' + interval n % 15000 day, timestamp'2023-01-01 00:00:00' + interval n * 17 second,
                  case when n % 4 = 0 then null else concat('ref', n % 10000) end, {AGENT},
                  timestamp'2024-01-01 00:00:00' + interval n * 250123 microsecond, n % 50 = 0,
                  elt(1 + n % 3, 'Normal', 'VIP', ''), n % 200 = 0, 'google', 'organic', 'holiday_special'
                from (select {n} as n from {numbers}) as numbers where n < {rows}""",
            "create index by_modified_at on players (modified_at)",
            "analyze table players",
        )
        parts = urlsplit(url)
        os.environ["MYSQL_PWD"] = parts.password or ""
        words = ["--no-defaults", "--batch", "--quick", "--skip-column-names", "--default-character-set=utf8mb4"]
        words += [
            f"--host={parts.hostname}",
            f"--port={parts.port or 3306}",
            f"--user={parts.username}",
            parts.path[1:],
        ]
        yield Engine("mysql", url, [program, *words, "--execute=select * from players"])


@contextmanager
def sqlite(folder: Path, rows: int) -> Iterator[Engine]:
    """A file."""
    program = needed("sqlite3")
    path = folder / "operator.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        truths = {"is_blocked", "self_excluded"}
        columns = ", ".join(f"{name} {'integer' if name in truths else 'text'}" for name in NAMES)
        connection.execute(f"create table players ({columns})")
        connection.execute(
            f"""insert into players
                with recursive n(n) as (select 0 union all select n + 1 from n where n < {rows} - 1)
                select lower(hex(randomblob(16))), 'First' || n % 997, 'Last' || n % 1999,
                  case when n % 3 = 0 then null when n % 2 = 0 then 'male' else 'female' end, 'LV',
                  'City "of" ' || n % 500, '10.1.' || n % 250 || '.' || n % 97, 'en_US', 'Europe/Riga',
                  date('1960-01-01', (n % 15000) || ' days'), datetime(1672531200 + n * 17, 'unixepoch'),
                  case when n % 4 = 0 then null else 'ref' || n % 10000 end, {AGENT},
                  strftime('%Y-%m-%d %H:%M:%f', 1704067200 + n * 0.250123, 'unixepoch'), n % 50 = 0,
                  case n % 3 when 0 then 'Normal' when 1 then 'VIP' else '' end, n % 200 = 0, 'google', 'organic',
                  'holiday_special' from n"""
        )
        connection.execute("create index by_modified_at on players (modified_at)")
        connection.commit()
    yield Engine("sqlite", f"sqlite:///{path}", [program, "-csv", str(path), "select * from players"])


@contextmanager
def duck(folder: Path, rows: int) -> Iterator[Engine]:
    """A file."""
    path = folder / "operator.duckdb"
    with closing(duckdb.connect(path)) as connection:
        connection.execute(
            f"""create table players as select md5(n::varchar)::uuid as id, 'First' || n % 997 as first_name,
                  'Last' || n % 1999 as last_name,
                  case when n % 3 = 0 then null when n % 2 = 0 then 'male' else 'female' end as gender,
                  'LV' as country, 'City "of" ' || n % 500 as city, '10.1.' || n % 250 || '.' || n % 97 as ip,
                  'en_US' as locale, 'Europe/Riga' as timezone, date '1960-01-01' + (n % 15000)::int as birthday,
                  timestamp '2023-01-01' + to_seconds(n * 17) as registered_at,
                  case when n % 4 = 0 then null else 'ref' || n % 10000 end as ref_code, {AGENT} as user_agent,
                  timestamp '2024-01-01' + to_microseconds(n * 250123) as modified_at, n % 50 = 0 as is_blocked,
                  ['Normal', 'VIP', ''][1 + n % 3] as status, n % 200 = 0 as self_excluded, 'google' as utm_source,
                  'organic' as utm_medium, 'holiday_special' as utm_campaign from range({rows}) as numbers(n)"""
        )
    copy = "import sys, duckdb; duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2])"
    export = [sys.executable, "-c", copy, str(path), "copy players to '/dev/null' (format csv, header)"]
    yield Engine("duckdb", f"duckdb:///{path}", export)


ENGINES = {"mysql": mysql, "sqlite": sqlite, "duckdb": duck}


@contextmanager
def halfopen(engine: Engine, folder: Path) -> Iterator[str]:
    """Our server on the engine; its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "halfopen.toml").write_text(
        f'[serve]\ndatabase = "{engine.address}"\nlate_rows = "plain"\nlisten = "127.0.0.1:{port}"\n'
        f'[[serve.auth]]\nscheme = "basic"\nuser = "{USER}"\npassword = "{PASSWORD}"\n'
        '[serve.feeds.players]\ntable = "players"\n'
    )
    log = (folder / "serve.log").open("wb")
    command = [sys.executable, "-m", "halfopen", "serve", "--config", str(folder / "halfopen.toml")]
    with log, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            wait(url, server, folder / "serve.log")
            yield url
        finally:
            server.terminate()


def wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server answers."""
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            with urlopen(f"{url}/healthz"):  # noqa: S310 - an address made above
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    sys.exit(f"serve did not start: {log.read_text()[-2000:]}")


def curl(url: str) -> list[str]:
    """The command that takes an answer and throws it away."""
    return ["curl", "--silent", "--show-error", "--fail", "--user", f"{USER}:{PASSWORD}", "--output", "/dev/null", url]


def check(url: str, rows: int) -> None:
    """Every row came; one line of NDJSON is one row."""
    words = [word for word in curl(url) if word not in ("--output", "/dev/null")]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        seen = sum(block.count(b"\n") for block in iter(lambda: process.stdout.read(1 << 20), b""))
    if seen != rows:
        sys.exit(f"serve answered {seen:,} rows of {rows:,}")


def run(command: list[str]) -> None:
    """A client's export, thrown away."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def needed(*names: str) -> str:
    """The first of the programs that there is."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(f"no {' or '.join(names)} on PATH")


if __name__ == "__main__":
    main()
