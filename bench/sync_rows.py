"""Rows a second that sync stores: one CSV body through the mirror, against the same body loaded without judging.

Ours is staged, judged, merged by the version rule and committed with its ledger line. The plain alternative is one
INSERT of DuckDB's `read_csv`, cast to the same types, into the same table with the same primary key. Both run in turn,
each in a new process and a new file, so that neither profits from the other's memory. Printed are the medians of
all pairs, the ratio of the times pair by pair, how far the pairs lie apart, and the peak memory of either. CPU
seconds count all threads: on a machine that has other work to do they say more than the clock.

With `--mirror postgresql` the same body also goes into a mirror in PostgreSQL, in the same turns: a database of a
server that is started for it, or of the one that HALFOPEN_TEST_POSTGRESQL_URL names. Its CPU seconds are ours alone,
without the server's.

    python bench/sync_rows.py [--rows 1000000] [--pairs 5] [--threads 2] [--mirror postgresql]
"""

import argparse
import csv
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from halfopen.contract.load import feed
from halfopen.sinks.base import Answer, Sink
from halfopen.sinks.duckdb.identity import identity
from halfopen.sinks.duckdb.schema import connect, feed_columns
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sinks.postgresql.sink import PostgreSQLSink
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support import postgresql

SEED = 1
START = datetime(2026, 1, 1, tzinfo=UTC)
FEED = feed("transactions")
COMMENTS = ("", "", "", "ok", "paid, at last", 'the "second" try', "first line\nsecond line", "пополнение 中文")


def write_body(path: Path, rows: int) -> None:
    """Write transactions as halfopen serves them: RFC 4180, a few texts with commas, quotes and line ends."""
    chance = random.Random(SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FEED.fields)
        for number in range(rows):
            created = START + timedelta(seconds=2 * number)
            updated = created + timedelta(seconds=chance.randrange(90))
            row = {
                "id": f"{chance.getrandbits(128):032x}",
                "player_id": f"p-{chance.randrange(50_000)}",
                "amount": f"{chance.randrange(10**9) / 100:.2f}",
                "currency": chance.choice(("EUR", "USD", "KES", "BTC")),
                "dir": chance.choice(("IN", "OUT")),
                "type": chance.choice(("Real", "Prize", "Cashback")),
                "status": chance.choice(("Success", "Fail", "")),
                "payment_system": "visa",
                "created_at": f"{created:%Y-%m-%d %H:%M:%S}",
                "updated_at": f"{updated:%Y-%m-%d %H:%M:%S}",
                "wallet_id": f"w-{chance.randrange(60_000)}",
                "requisite": "4916-****-****-8",
                "comment": chance.choice(COMMENTS),
                "utm_source": "google",
            }
            writer.writerow([row.get(name, "") for name in FEED.fields])


def load_ours(body: Path, folder: Path, rows: int, threads: int) -> float:
    """Seconds to apply the body to a new mirror in a DuckDB file."""
    return load_into(DuckDBSink(folder / "ours.duckdb", threads=threads), body, rows)


def load_postgresql(body: Path, _folder: Path, rows: int, threads: int) -> float:
    """Seconds to apply the body to a new mirror in PostgreSQL."""
    with postgresql.database() as url:
        return load_into(PostgreSQLSink(url, url, threads=threads), body, rows)


def answer_of(sink: Sink, body: Path, format_: Format = Format.CSV) -> Answer:
    """The body as the first answer of a window of a year."""
    now = datetime.now(UTC)
    return Answer(
        product="bench",
        feed=FEED,
        window=Window(START, START + timedelta(days=365)),
        rung=0,
        seq=sink.next_seq(),
        body=body,
        format=format_,
        columns={},
        asked_at=now,
        fetched_at=now,
        server_date=None,
        digest="",
        attempts=1,
    )


def load_into(sink: Sink, body: Path, rows: int) -> float:
    """Seconds to apply the body to this mirror."""
    sink.open()
    answer = answer_of(sink, body)
    began = time.perf_counter()
    [applied] = sink.apply([answer])
    seconds = time.perf_counter() - began
    sink.close()
    if (applied.rows, applied.changed) != (rows, rows):
        sys.exit(f"the mirror stored {applied.changed} of {rows} rows")
    return seconds


def load_plain(body: Path, folder: Path, rows: int, threads: int) -> float:
    """Seconds for read_csv and INSERT into the same table."""
    connection = connect(folder / "plain.duckdb", body.parent, threads=threads, memory_limit=None)
    kinds = feed_columns(FEED)
    casts = ", ".join(f'"{name}"::{kinds[name]}' for name in FEED.fields)
    names = ", ".join(f'"{name}"' for name in FEED.fields)
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in FEED.fields)
    key = identity("'bench'", "id")
    began = time.perf_counter()
    connection.execute("BEGIN")
    connection.execute(
        f"INSERT INTO transactions (product, {names}, _window_start, _window_end, _fetched_at, _seq, _id)"
        f" SELECT 'bench', {casts}, now()::TIMESTAMP, now()::TIMESTAMP, now()::TIMESTAMP, 1, {key}"
        f" FROM read_csv('{body}', columns = {{{types}}}, header = true, nullstr = '', allow_quoted_nulls = false,"
        " delim = ',', quote = '\"', escape = '\"')"
    )
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    stored = connection.execute("SELECT count(*) FROM transactions").fetchone()
    connection.close()
    if stored != (rows,):
        sys.exit(f"the plain load stored {stored} of {rows} rows")
    return seconds


LOADS = {"ours": load_ours, "plain": load_plain, "postgresql": load_postgresql}
TITLES = {
    "ours": "halfopen (judged, merged, accounted for)",
    "plain": "read_csv + INSERT",
    "postgresql": "halfopen into PostgreSQL",
}


def measure(name: str, body: Path, rows: int, threads: int) -> dict[str, float]:
    """Seconds, CPU seconds and peak MiB of one load in a process of its own."""
    command = [sys.executable, __file__, "--rows", str(rows), "--threads", str(threads), "--load", name, str(body)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def report(rows: int, threads: int, pairs: list[dict[str, dict[str, float]]]) -> None:
    """Print what was measured."""
    print(f"{rows:,} transactions, {threads} threads, {len(pairs)} pairs, seed {SEED}")
    for name in pairs[0]:
        title = TITLES[name]
        seconds, cpu = (statistics.median(pair[name][of] for pair in pairs) for of in ("seconds", "cpu"))
        peak = max(pair[name]["mebibytes"] for pair in pairs)
        print(f"{title:40} {seconds:6.2f} s {rows / seconds:>9,.0f} rows/s  cpu {cpu:6.2f} s  peak {peak:,.0f} MiB")
    for of, title in (("seconds", "time"), ("cpu", "cpu")):
        ratios = sorted(pair["ours"][of] / pair["plain"][of] for pair in pairs)
        print(f"ratio of {title} {statistics.median(ratios):.2f} (pairs from {ratios[0]:.2f} to {ratios[-1]:.2f})")


def main() -> None:
    """Read the arguments and run the pairs."""
    parser = argparse.ArgumentParser(description="rows a second into the mirror, against a plain load")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mirror", choices=("duckdb", "postgresql"), default="duckdb")
    parser.add_argument("--load", nargs=2, metavar=("NAME", "BODY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="halfopen-bench-") as folder:
        if arguments.load:
            name, body = arguments.load
            before = time.process_time()
            seconds = LOADS[name](Path(body), Path(folder), arguments.rows, arguments.threads)
            cpu = time.process_time() - before
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps({"seconds": seconds, "cpu": cpu, "mebibytes": peak}))
            return
        body = Path(folder) / "body.csv"
        write_body(body, arguments.rows)
        names = [name for name in LOADS if name != "postgresql" or arguments.mirror == "postgresql"]
        if "postgresql" in names:
            os.environ.setdefault(postgresql.VARIABLE, postgresql.server_url())
        orders = [names, list(reversed(names))]
        pairs = [
            {name: measure(name, body, arguments.rows, arguments.threads) for name in orders[pair % 2]}
            for pair in range(arguments.pairs)
        ]
        report(arguments.rows, arguments.threads, pairs)


if __name__ == "__main__":
    main()
