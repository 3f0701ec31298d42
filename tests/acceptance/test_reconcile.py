"""`halfopen reconcile` as a process: a mirror with one row of each kind of difference, on every engine."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.window.window import floor
from halfopen.wire import moment
from sinks.conftest import ENGINES, Engine
from support.faulty import FaultyProduct, Truth
from support.halfopen_process import Ended, ended, run, running
from support.truth import Row

START = floor(datetime.now(UTC), timedelta(hours=1)) - timedelta(hours=30)
END = START + timedelta(hours=28)
ROWS = 56


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    engine = request.param(tmp_path)
    yield engine
    engine.close()


def wallet(key: str, balance: str = "1.50") -> dict[str, str | None]:
    return {
        "id": key,
        "player_id": "p",
        "type": "Real",
        "balance": balance,
        "currency": "EUR",
        "created_at": "2026-01-01 00:00:00",
    }


def session(key: str) -> dict[str, str | None]:
    return {
        "session_id": key,
        "player_id": "p",
        "game_name": "Starfall",
        "currency": "EUR",
        "bet_count": "3",
        "win_count": "1",
        "bet_amount": "9",
        "win_amount": "4",
        "created_at": moment.plain(START),
    }


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    wallets, sessions, bonuses = Truth("wallets"), Truth("game_activity"), Truth("bonus_list")
    for number in range(ROWS):
        at = START + timedelta(minutes=30 * number)
        wallets.put(wallet(f"w{number}"), at)
        sessions.put(session(f"s{number}"), at)
    for key in ("b1", "b2"):
        bonuses.put({"id": key, "name": key, "created_at": "2026-01-01 00:00:00"}, START)
    async with FaultyProduct([wallets, sessions, bonuses]) as running_product:
        yield running_product


@pytest.fixture
def folder(tmp_path: Path, engine: Engine, product: FaultyProduct) -> Path:
    (tmp_path / "halfopen.toml").write_text(
        f"""
        [mirror]
        database = "{engine.address}"
        [products.casino]
        url = "{product.url}"
        feeds = ["wallets", "game_activity", "bonus_list"]
        catalogues = ["bonus_list"]
        """,
        encoding="utf-8",
    )
    return tmp_path


SPAN = ("--from", moment.plain(START), "--to", moment.plain(END))


async def reconciled(folder: Path, *more: str) -> tuple[Ended, dict[str, dict[str, int]]]:
    """The command's end, and by feed the sums of its counts."""
    done = await run("reconcile", "--product", "casino", "--json", *SPAN, *more, folder=folder)
    sums: dict[str, dict[str, int]] = {}
    for proof in json.loads(done.out) if done.out else []:
        sums[proof["feed"]] = {
            name: sum(day[name] for day in proof["days"]) for name in ("rows", "missing", "stale", "extra")
        }
    return done, sums


async def query(folder: Path, sql: str) -> list[dict[str, Any]]:
    done = await run("query", "--json", sql, folder=folder)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = done.json()
    return found


NONE = {"missing": 0, "stale": 0, "extra": 0}


async def test_each_difference_is_found_and_repaired(folder: Path, product: FaultyProduct) -> None:
    wallets = product.truths["/api/wallets"]
    whole = list(wallets.waiting)
    spoilt = [row for row in whole if row.values["id"] != "w3"]
    wallets.waiting = spoilt
    # What the product says at first: a row with a stamp of 2099, one with another balance, one that it takes back.
    frozen = {**wallet("w9", "7"), "modified_at": "2099-01-01 00:00:00"}
    wallets.rows["w9"] = next(row for row in whole if row.values["id"] == "w9")
    wallets.waiting = [row for row in spoilt if row.values["id"] != "w9"]
    wallets.rows["w9"] = Row(values=frozen, cursor=whole[9].cursor, visible=whole[9].visible)
    wallets.put(wallet("gone"), START + timedelta(hours=1))
    wallets.put(wallet("w20", "99"), START + timedelta(hours=10))
    done = await run("backfill", "--product", "casino", *SPAN, folder=folder)
    assert done.code == 0, done.err
    # And what it says from now on.
    del wallets.rows["gone"]
    for key in ("w3", "w9", "w20"):
        wallets.rows[key] = next(row for row in whole if row.values["id"] == key)
    del product.truths["/api/bonus-list"].rows["b2"]

    first, sums = await reconciled(folder)
    assert first.code == 1, first.err
    assert sums["wallets"] == {"rows": ROWS, "missing": 1, "stale": 2, "extra": 1}
    assert sums["game_activity"] == {"rows": ROWS, **NONE}
    assert sums["bonus_list"] == {"rows": 1, "missing": 0, "stale": 0, "extra": 1}
    for sample in ("missing: w3", "stale: w9: balance, modified_at", "stale: w20: balance", "extra: gone", "extra: b2"):
        assert sample in first.err

    repaired, _ = await reconciled(folder, "--repair")
    assert repaired.code == 0, repaired.err
    assert "5 differences" in repaired.err
    assert "3 rows written, 2 marked as vanished" in repaired.err

    again, sums = await reconciled(folder)
    assert again.code == 0, again.err
    assert sums == {
        "wallets": {"rows": ROWS, **NONE},
        "game_activity": {"rows": ROWS, **NONE},
        "bonus_list": {"rows": 1, **NONE},
    }
    rows = await query(folder, "select id, balance, modified_at::varchar as at from wallets where id in ('w9', 'w20')")
    assert all(row["balance"].startswith("1.5") and not row["at"].startswith("2099") for row in rows)
    marked = await query(
        folder,
        "select id from wallets where _vanished_at is not null"
        " union all select id from bonus_list where _vanished_at is not null"
        " union all select key from halfopen.late_rows order by 1",
    )
    assert [row["id"] for row in marked] == ["b2", "gone"], (
        "extra rows are marked and kept; what is repaired is not late"
    )

    told = await run("reconcile", "--product", "casino", "--feed", "wallets", folder=folder)
    assert told.code == 0, told.err
    assert [line.split()[:7] for line in told.out.splitlines()[1:3]] == [
        ["wallets", f"{day}", rows_of(day), rows_of(day), "0", "0", "0"]
        for day in (START.date(), (START + timedelta(days=1)).date())
    ]


def rows_of(day: date) -> str:
    """How many of the product's rows are stamped on a day, as the table prints it."""
    return str(sum((START + timedelta(minutes=30 * number)).date() == day for number in range(ROWS)))


async def test_it_works_beside_a_running_sync(folder: Path, product: FaultyProduct) -> None:
    assert (await run("backfill", "--product", "casino", *SPAN, folder=folder)).code == 0
    wallets = product.truths["/api/wallets"]
    wallets.put(wallet("w5", "6"), datetime.now(UTC) - timedelta(seconds=2))
    done, sums = await reconciled(folder, "--feed", "wallets")
    assert (done.code, sums["wallets"]) == (0, {"rows": ROWS - 1, **NONE}), "a row that has moved on is no difference"
    del wallets.rows["w7"]
    async with running("sync", folder=folder) as live:
        await asks(product, live)
        done, sums = await reconciled(folder, "--feed", "wallets")
        assert done.code == 1, done.err
        assert sums == {"wallets": {"rows": ROWS - 2, "missing": 0, "stale": 0, "extra": 1}}
        live.terminate()
        assert (await ended(live)).code == 0
    assert product.most_in_flight == 1, "one request in flight for each feed, whoever asks"


async def asks(product: FaultyProduct, live: asyncio.subprocess.Process) -> None:
    """Wait until the process has asked something: by then it answers others too."""
    before = len(product.asked)
    async with asyncio.timeout(60):
        while len(product.asked) == before:
            assert live.returncode is None
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("engine", ENGINES[:1], ids=["duckdb"], indirect=True)
async def test_bad_usage_and_nothing_to_compare(folder: Path) -> None:
    for words, code, named in (
        (("--from", "2026-01-01"), 2, "--from and --to go together"),
        (("--feed", "players"), 2, "has no feed 'players'"),
        ((), 1, "nothing of it is in the mirror"),
    ):
        done = await run("reconcile", "--product", "casino", *words, folder=folder)
        assert (done.code, named in done.err) == (code, True), done.err
        assert "Traceback" not in done.err


@pytest.mark.parametrize("engine", ENGINES[:1], ids=["duckdb"], indirect=True)
async def test_what_a_product_echoes_of_a_secret_is_in_no_proof(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASINO_PASSWORD", "s3cretPassw0rd")
    monkeypatch.setattr("support.faulty.csv_of", lambda _feed, _rows: b"player_id,s3cretPassw0rd\r\np,1\r\n")
    with (folder / "halfopen.toml").open("a", encoding="utf-8") as file:
        file.write('auth = { scheme = "basic", user = "crm", password = "${CASINO_PASSWORD}" }\n')
    done = await run("reconcile", "--product", "casino", "--json", "--feed", "wallets", *SPAN, folder=folder)
    assert done.code in {1, 3}, done.err
    assert "player_id, ***" in done.out + done.err
    assert "s3cret" not in done.out + done.err
