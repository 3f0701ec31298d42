"""A recording says all that the rules need: it gives the same findings without the file that it was made with."""

import json
from pathlib import Path

import pytest

from halfopen.cli.main import run
from halfopen.demo import faults
from halfopen.demo.faults import caller

FAST = ("--watch", "0s", "--rate", "500")


def judged(report: Path) -> dict[str, object]:
    found = json.loads(report.read_text())
    for changing in ("started", "seconds"):
        found.pop(changing)
    return found


@pytest.mark.parametrize("name", ["other_columns", "oauth2", "late_as_declared", "login_in_query", "ghost_wallets"])
def test_a_recording_alone_gives_the_same_report(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, first, again, file = (tmp_path / word for word in ("recording", "first", "again", "halfopen.toml"))
    with faults.serving(name) as served:
        file.write_text(caller.toml(type(served.product), served.url), encoding="utf-8")
        words = ["check", "--config", str(file), "--product", caller.NAME, *FAST]
        code = run([*words, "--record", str(recording), "--json", str(first)])
    file.unlink()
    assert run(["check", "--replay", str(recording), "--json", str(again)]) == code
    assert judged(again) == judged(first)
    capsys.readouterr()


def test_of_a_recording_some_feeds_alone_can_be_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, report = tmp_path / "recording", tmp_path / "report"
    with faults.serving("plain") as served:
        user = caller.arguments(type(served.product), served.url, tmp_path)
        run(["check", *user, *FAST, "--feed", "players,logins", "--record", str(recording), "--max-requests", "20"])
    assert run(["check", "--replay", str(recording), "--feed", "players,wallets", "--json", str(report)]) == 0
    found = json.loads(report.read_text())
    assert list(found["feeds"]) == ["players"]
    assert found["partial"]
    assert found["ended"] == "the budget of 20 requests is used up"
    capsys.readouterr()
