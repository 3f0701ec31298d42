"""The whole road into PostgreSQL: SpaceVegas, serve over HTTP, `halfopen sync` as a process, a mirror that is equal."""

import asyncio
import json
import signal
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from halfopen.config.load import load
from halfopen.demo import config
from halfopen.demo.compare import compare
from halfopen.serve.server import running as serving
from halfopen.wire import moment
from support import postgresql
from support.halfopen_process import ended, run, running
from support.mirror_copy import as_duckdb
from support.spacevegas import START, build

HOURS = 6
END = START + timedelta(hours=HOURS, minutes=10)


@pytest.fixture
def casino(tmp_path: Path) -> Path:
    return build(tmp_path, players=40, hours=HOURS)


def write_config(folder: Path, product_url: str, mirror_url: str) -> None:
    path = config.write(folder, urlsplit(product_url).port or 0, 1, START)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("duckdb:///mirror.duckdb", mirror_url), encoding="utf-8")


async def test_sync_backfill_query_and_status_work_on_postgresql(tmp_path: Path, casino: Path) -> None:
    settings = load(config.write(tmp_path, 8400, 1, START)).needed_serve()
    with postgresql.database() as url:
        async with serving(settings, port=0) as server:
            write_config(tmp_path, server.url, url)
            none = await run("status", folder=tmp_path)
            assert none.code == 3
            assert "no mirror in it yet" in none.err
            span = ("--from", moment.plain(START - timedelta(hours=1)), "--to", moment.plain(END))
            done = await run("backfill", "--product", config.PRODUCT, *span, folder=tmp_path, seconds=120)
            assert done.code == 0, done.err
            async with running("sync", folder=tmp_path) as live:
                rows = await asked_while(tmp_path)
                live.send_signal(signal.SIGINT)
                stopped = await ended(live)
                assert stopped.code in {0, 130}, stopped.err
        assert rows > 100
        comparison = await asyncio.to_thread(compare, casino, as_duckdb(url, tmp_path / "copy.duckdb"))
        assert comparison.equal, [comparison.line, *comparison.samples]
        assert comparison.rows > 500
        told = (await run("status", "--json", "--proof", folder=tmp_path)).json()
        assert told["products"][config.PRODUCT]["feeds"]["players"]["rows"] >= 40
        assert all(len(one["digest"]) == 64 for one in told["proof"]["spans"])
        refused = await run("query", "delete from players", folder=tmp_path)
        assert refused.code == 2
        assert refused.err.count("\n") == 1


async def asked_while(folder: Path) -> int:
    """Rows of transactions, asked by a process of its own while sync runs."""
    await asyncio.sleep(3)  # sync owns the mirror by then, and has its own transactions open
    done = await run("query", "--json", "select count(*) as n from transactions", folder=folder)
    assert done.code == 0, done.err
    found: list[dict[str, int]] = json.loads(done.out)
    return found[0]["n"]
