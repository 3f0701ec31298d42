"""Replay, forget, the report on self-exclusions and masked tokens as a person uses them, beside sync and without it."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from acceptance.test_sync_commands import SECOND, now, query, said_in_one_line
from halfopen.window.window import floor
from halfopen.wire import moment
from support.faulty import FaultyProduct, Truth
from support.halfopen_process import Ended, run, running

KEY = "a key of more than sixteen characters"


def write_config(folder: Path, url: str, more: str = "", mirror: str = "") -> None:
    text = f"""
        [mirror]
        database = "duckdb:///mirror.duckdb"
        {mirror}
        [products.casino]
        url = "{url}"
        auth = {{ scheme = "basic", user = "intarget", password = "s3cret-word" }}
        feeds = ["players", "transactions", "auto_logins"]
        cadence = "1s"
        {more}
    """
    (folder / "halfopen.toml").write_text(text, encoding="utf-8")


@pytest.fixture
async def product() -> AsyncIterator[FaultyProduct]:
    """A past of a minute; half of the transactions name their player otherwise."""
    start = floor(now(), SECOND) - timedelta(hours=1)
    players, transactions, logins = Truth("players"), Truth("transactions"), Truth("auto_logins")
    for number in range(20):
        stamp = start + number * SECOND
        flag = "true" if number % 10 == 0 else "false"
        players.put({"id": f"player-{number}", "registered_at": moment.plain(start), "self_excluded": flag}, stamp)
        money = {"amount": "1", "currency": "EUR", "dir": "IN", "created_at": moment.plain(start)}
        transactions.put({"id": f"t-{number}", "comment": f"player-{number}", **money}, stamp)
        logins.put({"player_id": f"player-{number}", "login_token": f"t0ken-{number}"}, stamp)
    async with FaultyProduct([players, transactions, logins]) as running_product:
        yield running_product


async def backfilled(folder: Path) -> None:
    span = ("--from", moment.plain(now() - timedelta(hours=2)), "--to", moment.plain(now() - timedelta(minutes=30)))
    done = await run("backfill", "--product", "casino", *span, folder=folder)
    assert done.code == 0, done.err


async def counts(folder: Path) -> list[dict[str, object]]:
    return await query(folder, "select state, count(*) as n from halfopen.quarantine group by state order by state")


MAPPED = '[products.casino.columns.transactions]\nplayer_id = "comment"\ncomment = "note"'


async def replayed(folder: Path, *words: str) -> Ended:
    return await run("replay", "--product", "casino", *words, folder=folder)


async def test_replay_after_a_fix_of_the_mapping(tmp_path: Path, product: FaultyProduct) -> None:
    write_config(tmp_path, product.url)
    await backfilled(tmp_path)
    assert await counts(tmp_path) == [{"state": "held", "n": 20}]
    assert (await replayed(tmp_path)).code == 1
    write_config(tmp_path, product.url, MAPPED)
    assert (await replayed(tmp_path, "--code", "invalid_number")).out == "nothing is held\n"
    done = await replayed(tmp_path, "--feed", "transactions")
    assert done.code == 0, done.err
    assert done.out.split()[-5:] == ["casino", "transactions", "20", "0", "0"]
    assert await counts(tmp_path) == [{"state": "replayed", "n": 20}]
    assert len(await query(tmp_path, "select id from transactions where player_id like 'player-%'")) == 20
    assert (await replayed(tmp_path)).out == "nothing is held\n"
    refused = await replayed(tmp_path, "--feed", "nothing")
    assert refused.code == 2
    said_in_one_line(refused)


async def test_all_of_it_beside_a_running_sync(tmp_path: Path, product: FaultyProduct) -> None:
    write_config(tmp_path, product.url)
    await backfilled(tmp_path)
    async with running("sync", "--feed", "auto_logins", folder=tmp_path) as process:
        assert process.stderr is not None
        await process.stderr.readline()
        write_config(tmp_path, product.url, MAPPED)
        done = await replayed(tmp_path)
        assert done.code == 0, done.err
        assert len(await query(tmp_path, "select id from transactions where player_id is not null")) == 20

        gone = await run("forget", "--product", "casino", "--player", "player-7", folder=tmp_path)
        assert gone.code == 0, gone.err
        assert set(gone.out.splitlines()) == {"players: 1", "transactions: 1", "auto_logins: 1", "quarantine: 1"}
        assert len(await query(tmp_path, "select id from players")) == 19
        again = await run("forget", "--product", "casino", "--player", "player-7", folder=tmp_path)
        assert "nothing was found" in again.out
        report = await run("report", "self-exclusion", "--json", folder=tmp_path)
        assert [line["player"] for line in report.json()["lines"]] == ["player-0", "player-10"]
        assert process.returncode is None


async def test_the_report_has_lines_figures_and_a_span(tmp_path: Path, product: FaultyProduct) -> None:
    write_config(tmp_path, product.url)
    await backfilled(tmp_path)
    told = await run("report", "self-exclusion", folder=tmp_path)
    assert told.code == 0, told.err
    assert told.out.endswith("no self-exclusion, 2 older than this mirror\n")
    sheet = await run("report", "self-exclusion", "--product", "casino", "--csv", folder=tmp_path)
    rows = list(csv.DictReader(io.StringIO(sheet.out, newline="")))
    assert [(row["player"], row["initial"]) for row in rows] == [("player-0", "true"), ("player-10", "true")]
    assert 3000 < float(rows[0]["seconds"]) < 7200
    later = await run("report", "self-exclusion", "--from", "2100-01-01", "--json", folder=tmp_path)
    assert later.json() == {"lines": [], "seconds": {"counted": 0, "initial": 0, "p50": None, "p99": None, "max": None}}
    refused = await run("report", "self-exclusion", "--from", "soon", folder=tmp_path)
    assert refused.code == 2
    said_in_one_line(refused)


async def test_who_is_in_the_mirror_can_be_forgotten_and_told_of_when_the_product_is_pulled_no_more(
    tmp_path: Path, product: FaultyProduct
) -> None:
    write_config(tmp_path, product.url)
    await backfilled(tmp_path)
    (tmp_path / "halfopen.toml").write_text('[mirror]\ndatabase = "duckdb:///mirror.duckdb"\n', encoding="utf-8")
    for words in ((), ("--product", "casino")):
        report = await run("report", "self-exclusion", "--json", *words, folder=tmp_path)
        assert len(report.json()["lines"]) == 2, report.err
    gone = await run("forget", "--product", "casino", "--player", "player-7", folder=tmp_path)
    assert gone.code == 0, gone.err
    assert "players: 1" in gone.out
    for command in (("forget", "--player", "player-8"), ("report", "self-exclusion")):
        refused = await run(*command, "--product", "casin", folder=tmp_path)
        assert refused.code == 2
        assert "unknown product 'casin'; did you mean 'casino'?" in said_in_one_line(refused)
    assert (await run("status", "--max-lag", "1s", folder=tmp_path)).code == 0
    (tmp_path / "mirror.duckdb").write_bytes(b"not a database " * 1000)
    unread = await run("report", "self-exclusion", "--product", "casino", folder=tmp_path)
    assert unread.code == 3, "nobody knows what is in it"
    assert "not a DuckDB file" in said_in_one_line(unread)


async def test_tokens_are_sealed_in_the_file_and_masked_on_the_screen(tmp_path: Path, product: FaultyProduct) -> None:
    write_config(tmp_path, product.url, mirror=f'secret_key = "{KEY}"')
    await backfilled(tmp_path)
    rows = await query(tmp_path, "select login_token, substr(login_token, 1, 8) as start from auto_logins")
    assert rows == [{"login_token": "***", "start": "aes-siv:"}] * 20
    for file in tmp_path.rglob("*"):  # noqa: ASYNC240 - a handful of small files, in a test
        assert not file.is_file() or b"t0ken-" not in file.read_bytes(), file
    write_config(tmp_path, product.url, mirror='secret_key = "short"')
    refused = await run("query", "select 1", folder=tmp_path)
    assert refused.code == 2
    assert "short" not in said_in_one_line(refused).replace("halfopen", "")
