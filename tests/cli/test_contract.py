import json

import duckdb
import pytest

from halfopen.cli.main import run
from halfopen.contract.load import NAMES


def test_feeds_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "--feed", "wallets"]) == 0
    out = capsys.readouterr().out
    assert "/api/wallets" in out
    assert "is_primary" in out
    assert "Players" not in out.split("\n", maxsplit=1)[0]


def test_feeds_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "feeds", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert tuple(found) == NAMES
    assert found["contacts"]["key"] == "player_id"
    assert found["transactions"]["fields"]["type"]["values"]["Real"] == ["Normal"]


def test_ddl_of_duckdb_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "ddl"]) == 0
    with duckdb.connect() as database:
        database.execute(capsys.readouterr().out)
        tables = database.execute("SELECT table_name FROM information_schema.tables").fetchall()
    assert {name for (name,) in tables} == {*NAMES, *(f"{name}_canonical" for name in NAMES)}


def test_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contract", "jsonschema"]) == 0
    assert tuple(json.loads(capsys.readouterr().out)) == NAMES
    assert run(["contract", "jsonschema", "--feed", "logins"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Logins"
    assert run(["contract", "openapi"]) == 0
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ddl", "--dialect", "oracle"], "no dialect 'oracle'; choose from duckdb, postgresql"),
        (["feeds", "--feed", "wallet"], "no feed 'wallet'; choose from players"),
    ],
)
def test_a_wrong_word_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    assert run(["contract", *words]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out
