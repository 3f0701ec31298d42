"""What a large window takes in memory when the mirror is PostgreSQL: judged in pieces, against judged whole.

One body of transactions, as CSV and as JSON, is applied to an empty mirror, in a new process and a new database each
time, in turns; `whole` is the same sink with pieces larger than any body. Idle is what the process has in memory when
the mirror is open and nothing was asked yet, peak is the most that it ever had (VmRSS and VmHWM of /proc/self/status).
Seconds are of `apply`; CPU seconds are of our process with all its threads, and of the server's that stores. Printed
are the medians, and the ratios of the two ways pair by pair, which is what counts on a machine that has other work.

    .venv/bin/python bench/sync_postgresql_memory.py [--rows 1000000] [--pairs 3] [--piece-mib 4] [--format csv]
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from halfopen.sinks.postgresql.judged import PIECE_BYTES
from halfopen.sinks.postgresql.sink import PostgreSQLSink
from halfopen.wire.json import text_lines
from halfopen.wire.negotiate import Format
from processes import cpu_of
from support import postgresql
from sync_rows import answer_of, write_body

LIMIT_MIB = 100
WHOLE = 1 << 60
BACKENDS = """
select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
Figures = dict[str, float]


def write_lines(csv_body: Path, path: Path) -> None:
    """The same rows as sync hands them over when a product sends JSON."""

    def array() -> Iterator[bytes]:
        with csv_body.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                kept = {name: value or None for name, value in row.items()}
                yield (b"," if number else b"[") + json.dumps(kept).encode()
        yield b"]"

    with path.open("wb") as file:
        file.writelines(text_lines(array()))


def load(body: Path, rows: int, piece_bytes: int) -> Figures:
    """Apply the body once, in this process."""
    with postgresql.database() as url:
        sink = PostgreSQLSink(url, url, piece_bytes=piece_bytes)
        sink.open()
        answer = answer_of(sink, body, Format.CSV if body.suffix == ".csv" else Format.NDJSON)
        backends = [pid for (pid,) in postgresql.ask(url, BACKENDS)]
        idle, cpu, began = mebibytes("VmRSS"), cpu_seconds(backends), time.perf_counter()
        [applied] = sink.apply([answer])
        seconds, used = time.perf_counter() - began, [b - a for a, b in zip(cpu, cpu_seconds(backends), strict=True)]
        peak = mebibytes("VmHWM")
        sink.close()
    if (applied.rows, applied.changed) != (rows, rows):
        sys.exit(f"the mirror stored {applied.changed} of {rows} rows")
    return {"idle": idle, "peak": peak, "over": peak - idle, "seconds": seconds, "ours": used[0], "server": used[1]}


def cpu_seconds(backends: list[int]) -> list[float]:
    """Of this process, and of the server's."""
    return [time.process_time(), sum(map(cpu_of, backends))]


def mebibytes(name: str) -> float:
    """A figure of /proc/self/status."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) / 1024


def measure(body: Path, rows: int, piece_bytes: int) -> Figures:
    """One load in a process of its own."""
    command = [sys.executable, __file__, "--rows", str(rows), "--load", str(body), str(piece_bytes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def report(title: str, rows: int, pairs: list[dict[str, Figures]]) -> None:
    """Print medians, and ratios pair by pair."""
    print(title)
    for way in ("pieces", "whole"):
        m = {of: statistics.median(pair[way][of] for pair in pairs) for of in pairs[0][way]}
        worst = max(pair[way]["over"] for pair in pairs)
        print(
            f"  {way:7} idle {m['idle']:4.0f} MiB  peak {m['peak']:4.0f} MiB  over idle {m['over']:4.0f} MiB"
            f" (worst {worst:.0f})  {m['seconds']:6.2f} s  {rows / m['seconds']:8,.0f} rows/s"
            f"  cpu {m['ours']:.2f} s and {m['server']:.2f} s of the server"
        )
    for of, name in (("over", "memory over idle"), ("seconds", "time"), ("ours", "our cpu")):
        print(f"  ratio of {name} {_ratio([pair['pieces'][of] / pair['whole'][of] for pair in pairs])}")
    both = [(p["pieces"]["ours"] + p["pieces"]["server"]) / (p["whole"]["ours"] + p["whole"]["server"]) for p in pairs]
    print(f"  ratio of all cpu {_ratio(both)}")
    over = statistics.median(pair["pieces"]["over"] for pair in pairs)
    print(f"  {'under' if over < LIMIT_MIB else 'NOT under'} {LIMIT_MIB} MiB over idle")


def _ratio(found: list[float]) -> str:
    return f"{statistics.median(found):.2f} (pairs from {min(found):.2f} to {max(found):.2f})"


def main() -> None:
    """Read the arguments and run the pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--piece-mib", type=float, default=PIECE_BYTES / (1 << 20))
    parser.add_argument("--format", choices=("csv", "json"), action="append")
    parser.add_argument("--load", nargs=2, metavar=("BODY", "PIECE_BYTES"), help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.load:
        body, piece_bytes = words.load
        print(json.dumps(load(Path(body), words.rows, int(piece_bytes))))
        return
    os.environ.setdefault(postgresql.VARIABLE, postgresql.server_url())
    sizes = {"pieces": int(words.piece_mib * (1 << 20)), "whole": WHOLE}
    with tempfile.TemporaryDirectory(prefix="halfopen-bench-") as name:
        bodies = {"csv": Path(name) / "body.csv", "json": Path(name) / "body.ndjson"}
        write_body(bodies["csv"], words.rows)
        for format_ in words.format or ["csv", "json"]:
            if format_ == "json":
                write_lines(bodies["csv"], bodies["json"])
            pairs = [
                {way: measure(bodies[format_], words.rows, sizes[way]) for way in sorted(sizes, reverse=pair % 2 == 1)}
                for pair in range(words.pairs)
            ]
            mib = bodies[format_].stat().st_size / (1 << 20)
            title = f"{words.rows:,} transactions as {format_}, {mib:,.0f} MiB, pieces of {words.piece_mib:g} MiB"
            report(f"{title}, {words.pairs} pairs", words.rows, pairs)


if __name__ == "__main__":
    main()
