"""What a sync tells while it runs, over real HTTP."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from halfopen.config.alerts import AlertsConfig
from halfopen.config.mirror import MirrorConfig
from halfopen.config.product import ProductConfig
from halfopen.config.urls import database_url
from halfopen.errors import UsageError
from halfopen.sinks.duckdb.sink import DuckDBSink
from halfopen.sync.puller import Puller
from halfopen.sync.watch import watching

HEADER = b"id,player_id,amount,currency,dir,created_at,updated_at\r\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def mirror_config(**more: Any) -> MirrorConfig:
    url = "duckdb:///mirror.duckdb"
    return MirrorConfig(database=url, sink=database_url(url, Path()), **more)


@asynccontextmanager
async def serving(handler: Any) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.route("*", "/{tail:.*}", handler)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def answer(request: web.Request) -> web.Response:
    """A transaction that cannot be used in every window."""
    row = f"{request.query['from']},p,none,EUR,IN,2026-01-01 00:00:00,{request.query['from']}\r\n"
    return web.Response(body=HEADER + row.encode(), content_type="text/csv")


def puller_of(url: str, folder: Path) -> Puller:
    product = ProductConfig(name="vegas", url=url, cadence=timedelta(seconds=1), feeds=("transactions",), ladder=())
    return Puller({"vegas": product}, DuckDBSink(folder / "mirror.duckdb"))


async def until(found: Any) -> None:
    for _ in range(600):
        if found():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("waited 60 s")


async def test_metrics_health_alerts_and_log(tmp_path: Path) -> None:
    posted: list[dict[str, Any]] = []
    refused: list[int] = []
    said: list[str] = []
    log = io.BytesIO()

    async def hook(request: web.Request) -> web.Response:
        if not refused:
            refused.append(1)
            return web.Response(status=500)
        posted.append(await request.json())
        return web.Response()

    async with serving(answer) as product, serving(hook) as webhook, puller_of(product, tmp_path) as puller:
        alerts = AlertsConfig(
            webhook=f"{webhook}/s3cret", max_lag=timedelta(milliseconds=1), max_hole_age=timedelta(hours=9)
        )
        port = free_port()
        config = mirror_config(listen=f"127.0.0.1:{port}", log="json", alerts=alerts)
        async with (
            watching(puller, config, lambda: datetime.now(UTC), said.append, log=log, check_seconds=0.1),
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        ):
            running = asyncio.ensure_future(puller.run())
            await until(lambda: posted and b"committed" in log.getvalue())
            async with session.get("/metrics") as got:
                text = await got.text()
                assert got.headers["Content-Type"].startswith("text/plain")
            async with session.get("/healthz") as got:
                assert (got.status, (await got.json())["status"]) == (200, "ok")
            puller.stop()
            await running
            await puller._writer.close()
            async with session.get("/healthz") as got:
                assert (got.status, (await got.json())["trouble"]) == (503, "the mirror is closed")
    names = 'feed="transactions",product="vegas"'
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert {f"halfopen_sync_lag_seconds{{{names}}}", f"halfopen_sync_holes{{{names}}}"} <= set(lines)
    assert float(lines[f"halfopen_sync_rows_total{{{names}}}"]) >= 1
    assert float(lines[f"halfopen_sync_quarantined_total{{{names}}}"]) >= 1
    assert float(lines['halfopen_sync_requests_total{outcome="answered",product="vegas"}']) >= 1
    assert lines['halfopen_sync_product_down{product="vegas"}'] == "0.0"
    assert float(lines["halfopen_sync_commit_delay_seconds_count"]) >= 1
    assert (posted[0]["status"], posted[0]["alert"], posted[0]["product"]) == ("firing", "lag", "vegas")
    assert len(said) == 1
    assert "it answered 500" in said[0]
    assert "s3cret" not in said[0]
    first = json.loads(log.getvalue().splitlines()[0])
    assert (first["event"], first["product"], first["feed"]) == ("committed", "vegas", "transactions")


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        async with puller_of("http://127.0.0.1:1", tmp_path) as puller:
            with pytest.raises(UsageError, match=f"cannot listen on {place}"):
                async with watching(puller, mirror_config(listen=place), lambda: datetime.now(UTC), print):
                    pass
