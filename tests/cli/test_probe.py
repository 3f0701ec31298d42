"""The probe against products of the zoo: its section is read back, and says what the product is."""

import tomllib
from pathlib import Path

import pytest

from halfopen.cli.main import run
from halfopen.config.load import load
from halfopen.demo import faults
from halfopen.demo.faults.product import PASSWORD
from halfopen.sync.probe.ask import MOST_REQUESTS

AUTH = "basic:crm:${ZOO}"


def section(name: str, folder: Path, auth: str = AUTH) -> tuple[str, dict[str, object]]:
    out = folder / "found.toml"
    with faults.serving(name) as served:
        assert run(["probe", served.url, "--auth", auth, "--name", "zoo", "--out", str(out)]) == 0
        assert served.product.asked <= MOST_REQUESTS
    text = out.read_text(encoding="utf-8")
    assert PASSWORD not in text
    assert load(out, {"ZOO": "x", "ZOO_PASSWORD": "x", "ZOO_TOKEN": "x"}).products["zoo"].name == "zoo"
    return text, tomllib.loads(text)["products"]["zoo"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO", PASSWORD)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", {"format": "csv", "catalogues": ["sports_tournaments"]}),
        ("envelope", {"format": "json", "dialect": {"rows": "data.items"}}),
        ("json_only", {"format": "json"}),
        ("bonus_catalogue", {"catalogues": ["bonus_list", "sports_tournaments"]}),
    ],
)
def test_what_is_found(name: str, expected: dict[str, object], tmp_path: Path) -> None:
    _, found = section(name, tmp_path)
    assert {key: found.get(key) for key in expected} == expected
    assert found["space"] == "%20"


def test_names_of_columns(tmp_path: Path) -> None:
    text, found = section("other_columns", tmp_path)
    assert found["columns"]["players"] == {"id": "uid", "modified_at": "last_modified"}
    assert found["columns"]["wallets"] == {"id": "wallet", "modified_at": "updated_at"}
    assert '# dir = "direction"  # a guess' in text


def test_feeds_that_are_not_there(tmp_path: Path) -> None:
    text, found = section("no_sportsbook", tmp_path)
    assert not any(feed.startswith("sports_") for feed in found["feeds"])
    assert "sports_bets 404" in text


def test_a_secret_that_was_typed_is_not_written(tmp_path: Path) -> None:
    text, found = section("plain", tmp_path, f"basic:crm:{PASSWORD}")
    assert found["auth"]["password"] == "${ZOO_PASSWORD}"
    assert "${ZOO_PASSWORD}" in text


def test_nobody_lets_us_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "found.toml"
    with faults.serving("plain") as served:
        assert run(["probe", served.url, "--auth", "basic:crm:wrong-secret", "--out", str(out)]) == 3
        assert served.product.asked == 1
    assert not out.exists()
    shown = capsys.readouterr().err
    assert "401" in shown
    assert "wrong-secret" not in shown


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "halfopen.toml"
    out.write_text("# mine\n")
    assert run(["probe", "http://127.0.0.1:1", "--out", str(out)]) == 2
    assert out.read_text() == "# mine\n"
