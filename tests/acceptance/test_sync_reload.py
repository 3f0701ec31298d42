"""SIGHUP and SIGINT to a running sync, as a process: a new file is taken, a broken one named in one line."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acceptance.test_sync_commands import SECOND, appears, truths
from halfopen.window.window import floor
from support.faulty import FaultyProduct
from support.guard import ends_with_us
from support.halfopen_process import ended, run, running

PRODUCT = """
    [products.{name}]
    url = "{url}"
    auth = {{ scheme = "basic", user = "intarget", password = "{password}" }}
    feeds = ["players", "wallets"]
    cadence = "1s"
"""


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    async with FaultyProduct(truths(floor(datetime.now(UTC), SECOND) - timedelta(minutes=1), 10)) as running_product:
        yield running_product


def write(folder: Path, *products: str, mirror: str = "mirror.duckdb", more: str = "") -> None:
    head = f'[mirror]\ndatabase = "duckdb:///{mirror}"\n{more}\n'
    (folder / "halfopen.toml").write_text(head + "\n".join(products), encoding="utf-8")


def section(product: FaultyProduct, name: str = "casino", word: str = "first-word") -> str:
    return PRODUCT.format(name=name, url=product.url, password=word)


async def until(done: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not done():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.05)


def secrets(product: FaultyProduct) -> set[str]:
    return {headers["authorization"] for headers in product.seen_headers}


async def test_a_new_file_is_taken_and_a_wrong_one_refused(tmp_path: Path, product: FaultyProduct) -> None:
    write(tmp_path, section(product), section(product, "other", "other-word"))
    async with running("sync", "--product", "casino", folder=tmp_path) as sync:
        await appears(tmp_path / "mirror.duckdb.sock")
        await until(lambda: len(secrets(product)) == 1)
        write(tmp_path, section(product, word="second-word"), section(product, "other", "changed-word"))
        sync.send_signal(signal.SIGHUP)
        await until(lambda: len(secrets(product)) == 2)
        for wrong in (
            lambda: write(tmp_path, section(product) + 'cadense = "1s"'),
            lambda: write(tmp_path, section(product, "other")),
            lambda: write(tmp_path, section(product), mirror="elsewhere.duckdb"),
        ):
            wrong()
            sync.send_signal(signal.SIGHUP)
            await asyncio.sleep(1)
        write(tmp_path, section(product, word="third-word"), more='log = "json"')
        sync.send_signal(signal.SIGHUP)
        await until(lambda: len(secrets(product)) == 3)
        sync.send_signal(signal.SIGTERM)
        done = await ended(sync)
    said = [line for line in done.err.splitlines() if "reloaded" in line]
    assert done.code == 0, done.err
    assert len(said) == 5, done.err
    assert said[0] == "halfopen: reloaded"
    assert (
        "not reloaded, the old configuration goes on: halfopen.toml: products.casino: unknown key 'cadense'" in said[1]
    )
    assert "casino" in said[2]
    assert said[3].endswith("mirror.database and mirror.secret_key change with the next start only")
    assert said[4] == "halfopen: reloaded; mirror.listen, mirror.log and mirror.alerts change with the next start only"
    assert "Traceback" not in done.err
    assert "word" not in done.err
    assert product.most_in_flight == 1


async def test_a_single_pass_is_not_ended_by_a_sighup(tmp_path: Path, product: FaultyProduct) -> None:
    product.delay = 2
    write(tmp_path, section(product))
    async with running("sync", "--once", folder=tmp_path) as sync:
        await until(lambda: bool(product.seen_headers))
        sync.send_signal(signal.SIGHUP)
        assert (await ended(sync)).code == 0


async def test_sigint_ends_what_was_started_to_ignore_it(tmp_path: Path, product: FaultyProduct) -> None:
    """As a script's shell starts what it puts into the background."""
    write(tmp_path, section(product))
    command = f"trap '' INT; exec {sys.executable} -m halfopen sync"
    sync = await asyncio.create_subprocess_exec(
        "sh", "-c", command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    ends_with_us(sync.pid)
    try:
        await appears(tmp_path / "mirror.duckdb.sock")
        await until(lambda: bool(product.seen_headers))
        sync.send_signal(signal.SIGINT)
        assert (await ended(sync, 20)).code == 130
    finally:
        if sync.returncode is None:
            sync.kill()
    assert (await run("status", folder=tmp_path)).code == 0
