"""What pulling costs against dlt: CPU seconds for a million transactions in one window, and for a minute of 13 feeds.

A small server on the loopback address has the bodies ready, as CSV and JSON. Ours fetches a window with the client of
`sync` and applies it to a mirror in a DuckDB file: judged, merged by key and version, with its ledger line. dlt loads
the same rows into a DuckDB file and merges them by key, without judging: by the arrow road (CSV through pyarrow) and by
its REST source (JSON). Every load is a process of its own; CPU seconds are of all threads and children, without the
start of the interpreter and its imports. The plain load is `read_csv` and INSERT into our keyed table, from the disk,
without judging (as in `bench/sync_rows.py`). A cycle is 13 feeds of 50 rows, new ones each time; the first is left out.

    python -m venv /tmp/dlt && /tmp/dlt/bin/pip install -r bench/requirements.txt
    .venv/bin/python bench/sync_dlt.py --dlt-python /tmp/dlt/bin/python [--rows 1000000] [--cycles 5] [--skip rest_api]
"""

import argparse
import asyncio
import contextlib
import csv
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feed, feeds
from halfopen.contract.model import Feed, Kind
from halfopen.sinks.base import Answer
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync.client import ProductClient
from halfopen.window.window import Window
from many_product import FEEDS as PATHS
from many_product import HEADERS, LINES
from processes import until_listening
from support.servers import free_port
from sync_rows import load_plain, write_body

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {
    Kind.DATETIME: "moment",
    Kind.DATE: "day",
    Kind.DECIMAL: "decimal",
    Kind.INTEGER: "integer",
    Kind.BOOLEAN: "boolean",
}
ROWS = 50
THREADS = 2


def serve(port: int, million: str) -> None:
    """Bodies: of `transactions` the big one where there is one, else 50 rows a feed that are new in each cycle."""
    ready: dict[str, bytes] = {}
    if million:
        text = Path(million).read_text(encoding="utf-8")
        ready["csv"] = text.encode()
        ready["json"] = json.dumps(list(csv.DictReader(text.splitlines(keepends=True)))).encode()

    async def answer(request: web.Request) -> web.Response:
        wanted = "json" if request.query.get("format") == "json" else "csv"
        body = ready.get(wanted) or small(request.path, number_of(request), wanted)
        return web.Response(body=body, content_type="application/json" if wanted == "json" else "text/csv")

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    web.run_app(app, host="127.0.0.1", port=port, print=None)


def number_of(request: web.Request) -> int:
    """Which cycle is asked for."""
    if "cycle" in request.query:
        return int(request.query["cycle"])
    return (datetime.fromisoformat(request.query["from"]).replace(tzinfo=UTC) - START) // timedelta(minutes=1)


def small(path: str, cycle: int, wanted: str) -> bytes:
    """50 rows."""
    at = f"{START + timedelta(minutes=cycle):%Y-%m-%d %H:%M:30}"
    text = HEADERS[path] + "".join(LINES[path](key=f"{cycle}-{number}", at=at) for number in range(ROWS))
    return text.encode() if wanted == "csv" else json.dumps(list(csv.DictReader(text.splitlines()))).encode()


@contextlib.contextmanager
def server(million: str = "") -> Iterator[str]:
    """Its address."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(port, million))
    process.start()
    try:
        until_listening(port, process.is_alive)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


async def ours(url: str, folder: Path, cycles: int, names: list[str], length: timedelta) -> dict[str, Any]:
    """Fetch and apply; CPU seconds of each cycle."""
    product = ProductConfig(name="bench", url=url, format="csv")
    sink = DuckDBSink(folder / "ours.duckdb", threads=THREADS)
    sink.open()
    seconds = []
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        client = ProductClient(product, session, lambda: datetime.now(UTC))
        for cycle in range(cycles):
            before = time.process_time()
            window = Window(START + cycle * length, START + (cycle + 1) * length)
            found = await asyncio.gather(*(fetched(client, feed(name), window, folder, sink) for name in names))
            await asyncio.to_thread(sink.apply, found)
            seconds.append(time.process_time() - before)
    stored = {name: sink.query(f'SELECT count(*) FROM "{name}"')[1][0][0] for name in names}
    sink.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "mebibytes": peak, "stored": stored}


async def fetched(client: ProductClient, of: Feed, window: Window, folder: Path, sink: DuckDBSink) -> Answer:
    """One answer."""
    got = await client.fetch(of.name, window, folder / f"{of.name}.body")
    return Answer(
        product="bench",
        feed=of,
        window=window,
        rung=0,
        seq=sink.next_seq(),
        body=got.body,
        format=got.format,
        columns={},
        asked_at=got.asked_at,
        fetched_at=got.fetched_at,
        server_date=None,  # the rows are of another time
        digest=got.digest,
        attempts=1,
    )


def plain(rows: int, body: Path, folder: Path) -> dict[str, Any]:
    """The load without judging."""
    before = time.process_time()
    load_plain(body, folder, rows, THREADS)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": [time.process_time() - before], "mebibytes": peak, "stored": {"transactions": rows}}


def load(  # noqa: PLR0917 - what a run is
    words: argparse.Namespace, name: str, url: str, folder: Path, cycles: int, names: list[str]
) -> dict[str, Any]:
    """One load in a process of its own; its figures."""
    (folder / name).mkdir(exist_ok=True)
    if name in {"ours", "plain"}:
        given = json.dumps([name, url, str(folder / name), cycles, names])
        command = [sys.executable, __file__, "--load", given, "--rows", str(words.rows)]
    else:
        told = [
            {
                "name": each.name,
                "path": each.path,
                "key": each.key,
                "kinds": {field: KINDS.get(kept.kind, "text") for field, kept in each.fields.items()},
            }
            for each in map(feed, names)
        ]
        script = str(Path(__file__).with_name("dlt_loads.py"))
        command = [words.dlt_python, script, name, url, str(folder / name), str(cycles), json.dumps(told)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def report(title: str, found: dict[str, dict[str, Any]], first: int) -> None:
    """Print CPU seconds and their ratios to ours."""
    print(title)
    mean = {name: statistics.mean(figures["seconds"][first:]) for name, figures in found.items()}
    for name, figures in found.items():
        ratio = "" if name == "ours" else f"  ours is {mean['ours'] / mean[name]:.3f} of it"
        rows = sum(figures["stored"].values())
        print(f"  {name:9} cpu {mean[name]:8.3f} s  peak {figures['mebibytes']:6,.0f} MiB  {rows:,} rows stored{ratio}")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--cycles", type=int, default=5)
    parser.add_argument("--dlt-python", default=sys.executable)
    parser.add_argument("--skip", action="append", default=[])
    parser.add_argument("--load", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.load:
        name, url, folder, cycles, names = json.loads(words.load)
        if name == "plain":
            print(json.dumps(plain(words.rows, Path(url), Path(folder))))
        else:
            length = timedelta(minutes=1) if len(names) > 1 else timedelta(days=365)
            print(json.dumps(uvloop.run(ours(url, Path(folder), cycles, names, length))))
        return
    roads = [name for name in ("ours", "arrow", "rest_api") if name not in words.skip]
    with tempfile.TemporaryDirectory(prefix="halfopen-bench-") as name:
        folder = Path(name)
        with server() as url:
            found = {road: load(words, road, url, folder, words.cycles, list(feeds())) for road in roads}
        report(f"a cycle of {len(PATHS)} feeds of {ROWS} rows, mean of {words.cycles - 1}", found, 1)
        body = folder / "body.csv"
        write_body(body, words.rows)
        (folder / "million").mkdir()
        with server(str(body)) as url:
            found = {
                road: load(words, road, str(body) if road == "plain" else url, folder / "million", 1, ["transactions"])
                for road in (roads[0], "plain", *roads[1:])
            }
        report(f"{words.rows:,} transactions in one window", found, 0)


if __name__ == "__main__":
    main()
