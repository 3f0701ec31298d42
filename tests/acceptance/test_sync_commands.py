"""The commands of sync as processes: exit codes, one-line errors, and questions while it runs."""

import asyncio
import csv
import io
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from halfopen.window.window import floor
from halfopen.wire import moment
from support.faulty import Fault, FaultyProduct, Truth
from support.halfopen_process import Ended, ended, run, running

SECOND = timedelta(seconds=1)
PASSWORD = "s3cret-word"
FEEDS = ("wallets", "players")


def now() -> datetime:
    return datetime.now(UTC)


def write_config(folder: Path, url: str, more: str = "") -> None:
    text = f"""
        [mirror]
        database = "duckdb:///mirror.duckdb"
        [products.casino]
        url = "{url}"
        auth = {{ scheme = "basic", user = "intarget", password = "${{CASINO_PASSWORD}}" }}
        feeds = ["players", "wallets"]
        cadence = "1s"
        {more}
    """
    (folder / "halfopen.toml").write_text(text, encoding="utf-8")


def wallet(number: int) -> dict[str, str | None]:
    return {
        "id": f"-wallet {number}",
        "player_id": "p",
        "type": "Real",
        "balance": f"12345678901234567890.{number:018}",
        "currency": "EUR",
        "created_at": "2026-01-01 00:00:00",
    }


def player(number: int) -> dict[str, str | None]:
    return {"id": f"player {number}", "registered_at": "2026-01-01 00:00:00", "first_name": 'Zoë, "Z"\n張'}


def truths(start: datetime, count: int, step: timedelta = SECOND) -> list[Truth]:
    wallets, players = Truth("wallets"), Truth("players")
    for number in range(count):
        wallets.put(wallet(number), start + number * step)
        players.put(player(number), start + number * step)
    return [wallets, players]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASINO_PASSWORD", PASSWORD)
    return tmp_path


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    async with FaultyProduct(truths(floor(now(), SECOND) - timedelta(hours=1), 1000)) as running_product:
        yield running_product


def said_in_one_line(done: Ended) -> str:
    assert done.err.startswith("halfopen: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    assert PASSWORD not in done.err
    return done.err


async def query(folder: Path, sql: str) -> list[dict[str, object]]:
    done = await run("query", "--json", sql, folder=folder)
    assert done.code == 0, done.err
    found: list[dict[str, object]] = done.json()
    return found


async def backfilled(folder: Path, *more: str) -> Ended:
    span = ("--from", moment.plain(now() - timedelta(hours=2)), "--to", moment.plain(now()))
    return await run("backfill", "--product", "casino", *span, *more, folder=folder)


async def test_backfill_then_read_to_the_last_digit(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url)
    done = await backfilled(folder)
    assert done.code == 0, done.err
    assert "nothing is owed" in done.out
    rows = await query(folder, "select id, balance, modified_at from wallets order by balance")
    assert len(rows) == 1000
    assert rows[7]["balance"] == "12345678901234567890.000000000000000007"
    assert rows[7]["id"] == "-wallet 7"
    assert (
        moment.plain(datetime.fromisoformat(str(rows[7]["modified_at"])).replace(tzinfo=UTC)) == rows[7]["modified_at"]
    )
    found = (await run("status", "--json", folder=folder)).json()
    feed = found["products"]["casino"]["feeds"]["wallets"]
    assert list(feed) == ["watermark", "frontier", "lag_seconds", "holes", "quarantined", "late", "rows"]
    assert (feed["rows"], feed["holes"], feed["quarantined"], feed["late"]) == (1000, 0, 0, 0)
    assert feed["watermark"] == feed["frontier"]
    assert 0 <= feed["lag_seconds"] < 600
    told = (await run("status", "--json", "--proof", folder=folder)).json()["proof"]
    assert told["owed"] == []
    assert [(span["feed"], span["rows"]) for span in told["spans"]] == [
        ("players", 1000),
        ("wallets", 1000),
    ]
    assert all(len(span["digest"]) == 64 and span["from"] < span["to"] for span in told["spans"])
    again = len(product.asked)
    assert (await backfilled(folder)).code == 0
    assert len(product.asked) <= again + 2, "only the seconds since then are asked"


async def test_query_speaks_csv_and_tables(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url)
    await backfilled(folder)
    done = await run("query", "--csv", "select id, first_name, city from players order by id limit 2", folder=folder)
    assert list(csv.reader(io.StringIO(done.out, newline=""))) == [
        ["id", "first_name", "city"],
        ["player 0", 'Zoë, "Z"\n張', ""],
        ["player 1", 'Zoë, "Z"\n張', ""],
    ]
    assert "player 0" in (await run("query", "select id from players", folder=folder)).out
    refused = await run("query", "delete from players", folder=folder)
    assert refused.code == 2
    said_in_one_line(refused)


async def test_once_tells_holes_by_its_exit_code(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url, f'since = "{moment.plain(now() - timedelta(hours=2))}"')
    product.faults = lambda number, _feed: Fault.ERROR_500 if number == 3 else Fault.NONE
    first = await run("sync", "--once", folder=folder)
    assert first.code == 1, first.err
    assert PASSWORD not in first.err
    product.faults = lambda _number, _feed: Fault.NONE
    second = await run("sync", "--once", folder=folder)
    assert second.code == 0, second.err
    assert (await query(folder, "select count(*) as n from wallets")) == [{"n": 1000}]
    assert (await query(folder, "select count(*) as n from halfopen.holes")) == [{"n": 0}]


async def test_nobody_there_is_one_line_and_three(folder: Path) -> None:
    write_config(folder, "http://127.0.0.1:1")
    done = await run("sync", "--once", folder=folder)
    assert done.code == 3
    last = done.err.splitlines()[-1]
    assert last.startswith("halfopen: casino ")
    assert "cannot connect to 127.0.0.1:1" in last
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("sync", "--product", "nope"), "nope"),
        (("sync", "--feed", "nope"), "nope"),
        (("sync", "--once", "--for", "3"), "--for"),
        (("sync", "--for", "soon"), "soon"),
        (("backfill", "--product", "casino", "--from", "yesterday", "--to", "2026-01-01 00:00:00"), "yesterday"),
        (("backfill", "--product", "casino", "--from", "2026-01-02", "--to", "2026-01-01 00:00:00"), "2026-01-02"),
        (("status", "--max-lag", "long"), "long"),
        (("query", "--json", "--csv", "select 1"), "--csv"),
        (("status", "--config", "missing.toml"), "missing.toml"),
    ],
)
async def test_bad_usage_is_one_line_and_two(folder: Path, words: tuple[str, ...], named: str) -> None:
    write_config(folder, "http://127.0.0.1:1")
    done = await run(*words, folder=folder)
    assert done.code == 2, done.err
    assert named in said_in_one_line(done)


async def test_a_span_that_reaches_into_the_future_is_pulled_up_to_now(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url)
    begin = (product.now() - timedelta(minutes=2)).strftime("%Y-%m-%d %H:%M:%S")
    words = ("backfill", "--product", "casino", "--from", begin, "--to", "2999-01-01", "--feed", "players")
    done = await run(*words, folder=folder)
    assert done.code == 0, done.err
    assert "'2999-01-01' lies in the future; pulling up to now" in done.err
    assert "nothing is owed" in done.out


async def test_questions_while_sync_runs(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url)
    async with running("sync", folder=folder) as sync:
        await appears(folder / "mirror.duckdb.sock")
        assert os.stat(folder / "mirror.duckdb.sock").st_mode & 0o777 == 0o600  # noqa: PTH116 - in a coroutine
        second = await run("sync", folder=folder)
        assert second.code == 2
        assert "another halfopen owns this mirror" in said_in_one_line(second)
        done = await backfilled(folder)
        assert done.code == 0, done.err
        assert (await query(folder, "select count(*) as n from wallets")) == [{"n": 1000}]
        found = (await run("status", "--json", folder=folder)).json()
        assert found["products"]["casino"]["feeds"]["players"]["rows"] == 1000
        assert (await run("status", "--max-lag", "1h", folder=folder)).code == 0
        assert (await run("status", "--max-lag", "0.001s", folder=folder)).code == 1
        sync.send_signal(signal.SIGTERM)
        assert (await ended(sync)).code == 0
    assert product.most_in_flight == 1
    assert sorted(os.listdir(folder)) == ["halfopen.toml", "mirror.duckdb"]  # noqa: PTH208 - in a coroutine
    assert (await query(folder, "select count(*) as n from players")) == [{"n": 1000}]


async def test_ctrl_c_is_130_and_for_ends_by_itself(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url)
    async with running("sync", folder=folder) as sync:
        await appears(folder / "mirror.duckdb.sock")
        sync.send_signal(signal.SIGINT)
        done = await ended(sync)
    assert done.code == 130
    assert "Traceback" not in done.err
    short = await run("sync", "--for", "2", folder=folder)
    assert short.code == 0, short.err


async def test_a_dead_process_leaves_a_socket_that_is_taken_over(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url)
    async with running("sync", folder=folder) as sync:
        await appears(folder / "mirror.duckdb.sock")
        sync.kill()
        await sync.wait()
    assert (folder / "mirror.duckdb.sock").exists()
    assert (await run("status", folder=folder)).code == 0
    assert (await run("sync", "--for", "1", folder=folder)).code == 0


async def appears(path: Path) -> None:
    async with asyncio.timeout(20):
        while not os.path.exists(path):  # noqa: ASYNC110, ASYNC240, PTH110 - another process makes it, in a coroutine
            await asyncio.sleep(0.05)


async def test_an_offset_on_a_hot_feed_is_warned_of(folder: Path, product: FaultyProduct) -> None:
    write_config(folder, product.url, 'offsets = { wallets = "2s" }')
    done = await run("sync", "--for", "1", folder=folder)
    assert done.code == 0
    assert "warning: products.casino: an offset on wallets:" in done.err
