"""`halfopen check --deep --watch` of our own `serve`, in front of each engine: nothing to find, and no row late.

The same database behind plain windows shows late rows. Short forms; bench/late_rows.py proves more.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from yarl import URL

from halfopen.check import engine as checking
from halfopen.check import watch
from halfopen.check.client import Limits
from halfopen.check.finding import Report, Severity
from halfopen.config.load import load
from halfopen.config.product import read_product
from halfopen.contract.load import feeds
from halfopen.serve.server import running
from halfopen.window.window import Window
from halfopen.wire.moment import query_of
from support.alone import alone
from support.checked_casino import ENGINES, keep_late, place

HEAD = """[serve]
database = "{url}"
late_rows = "{late}"
allowed_lateness = "60s"
state = "sqlite:///{late}.sqlite"
[[serve.auth]]
scheme = "basic"
user = "crm"
password = "s3cret-of-the-test"
"""
LATE = {"late_writes", "closed_window_grew"}
SOME = ("players", "logins", "game_activity")


@pytest.fixture(autouse=True)
def machine():
    with alone():
        yield


async def checked(folder, found, late: str, *, deep: bool = False, names=SOME) -> Report:
    path = folder / f"{late}.toml"
    path.write_text(HEAD.format(url=found.url, late=late) + found.sections, encoding="utf-8")
    async with running(load(path, {}).needed_serve(), port=0) as server:
        await begin(server.url, names)
        auth = {"scheme": "basic", "user": "crm", "password": "s3cret-of-the-test"}
        product = read_product("own", {"url": server.url, "auth": auth}, "own")
        limits = Limits(rate=300, requests=1200 if deep else 300)
        return await checking.check(product, checking.Options(feeds=names, watch=4, deep=deep, limits=limits))


async def begin(url: str, names) -> None:
    """Seals begin with the first window that is asked for."""
    end = datetime.now(UTC)
    auth = {"Authorization": aiohttp.encode_basic_auth("crm", "s3cret-of-the-test")}
    async with aiohttp.ClientSession(url, headers=auth) as client:
        for name in names:
            query = query_of(Window(end - timedelta(minutes=1), end))
            async with client.get(URL(f"{feeds()[name].path}?{query}", encoded=True)) as answer:
                assert answer.status == 200


def grave(report: Report) -> list[tuple[str, str | None, str]]:
    return [
        (one.code, one.feed, f"{one.text}: {one.samples[:2]}")
        for one in report.findings
        if one.severity is not Severity.INFO
    ]


@pytest.mark.parametrize("engine", ENGINES)
async def test_our_own_server_keeps_the_contract_and_loses_no_late_row(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "EVERY", watch.EVERY / 15)
    with place(engine, tmp_path) as found:
        if engine == "duckdb":
            # A file has one writer, and a server that reads it has none beside it.
            assert grave(await checked(tmp_path, found, "lift", deep=True)) == []
            return
        over = asyncio.Event()
        writing = asyncio.create_task(keep_late(engine, found, over))
        try:
            sealed = await checked(tmp_path, found, "lift", deep=True)
            plain = await checked(tmp_path, found, "plain", names=("logins",))
        finally:
            over.set()
            written = await writing
    assert written > 5
    assert not grave(sealed), "\n".join(map(str, grave(sealed)))
    assert sealed.lateness == ()
    assert {feed for _, feed, _ in grave(plain)} == {"logins"}
    assert {code for code, *_ in grave(plain)} >= LATE
    assert plain.lateness


async def test_all_thirteen_feeds_of_our_own_server_are_right(tmp_path):
    with place("sqlite", tmp_path) as found:
        report = await checked(tmp_path, found, "lift", names=tuple(feeds()))
    assert not grave(report), "\n".join(map(str, grave(report)))
    assert all(seen.offered and seen.rows for seen in report.feeds.values())
