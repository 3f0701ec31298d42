"""Commands that ask a mirror, on every engine: one that is not there, and answers that JSON cannot hold as they are."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from halfopen.cli.main import run
from halfopen.config.urls import database_url
from halfopen.sync.mirror import open_sink
from support import postgresql

QUESTIONS = [
    ("query", "select 1 as n"),
    ("status",),
    ("status", "--json", "--max-lag", "1h"),
    ("snapshot", "copy.duckdb"),
    ("snapshot", "--parquet", "copies"),
    ("report", "self-exclusion"),
]
UNREACHABLE = "http://127.0.0.1:1"


@pytest.fixture(params=["duckdb", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a mirror that nobody has made yet; the folder we are in has a configuration that names it."""
    monkeypatch.chdir(tmp_path)
    if request.param == "duckdb":
        yield from configured(tmp_path, "duckdb:///mirror.duckdb")
    else:
        with postgresql.database() as url:
            yield from configured(tmp_path, url)


def configured(folder: Path, url: str) -> Iterator[str]:
    words = f'[mirror]\ndatabase = "{url}"\n[products.vegas]\nurl = "{UNREACHABLE}"\n'
    (folder / "halfopen.toml").write_text(words, encoding="utf-8")
    yield url


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_a_mirror_that_is_not_there_is_not_made(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert run(words) == 3
    told = capsys.readouterr()
    assert "no mirror in it yet; halfopen sync makes one" in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert {file.name for file in tmp_path.iterdir()} <= {"halfopen.toml", "copies"}


def test_a_person_is_forgotten_before_anything_was_pulled(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forget", "--product", "vegas", "--player", "p"]) == 0
    capsys.readouterr()
    assert run(["query", "--csv", "select count(*) as n from players"]) == 0
    assert capsys.readouterr().out == "n\r\n0\r\n"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select 1 as a, 2 as a", {"a": 1, "a_1": 2}),
        ("select 1 as a, 2 as a, 3 as a_1, 4 as a", {"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}),
        ('select 1 as a, 2 as "A"', {"a": 1, "A": 2}),
    ],
)
def test_columns_of_one_name_are_all_in_the_json(
    address: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], sql: str, found: dict[str, int]
) -> None:
    sink = open_sink(database_url(address, tmp_path))
    sink.open()
    sink.close()
    assert run(["query", "--json", sql]) == 0
    assert json.loads(capfdbinary.readouterr().out) == [found]
    assert run(["query", "--csv", sql]) == 0
    values = capfdbinary.readouterr().out.split(b"\r\n")[1]
    assert values == ",".join(map(str, found.values())).encode()


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_login_tokens_are_masked_within_lists_and_objects_too(
    address: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], form: str
) -> None:
    sink = open_sink(database_url(address, tmp_path))
    sink.open()
    sink.close()
    kept = f"'sha256:{64 * '0'}'"
    nested = f"array[{kept}]" if address.startswith("postgresql") else f"{{'a': [{kept}], {kept}: 1}}"
    assert run(["query", form, f"select {nested} as found"]) == 0
    out = capfdbinary.readouterr().out
    assert b"***" in out
    assert b"sha256" not in out
