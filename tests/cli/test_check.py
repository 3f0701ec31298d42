"""The command as a person meets it, on one faulty and one correct product over real HTTP."""

import json
from pathlib import Path

import pytest

from halfopen.check.engine import Options
from halfopen.cli.main import run
from halfopen.demo import faults
from halfopen.demo.faults.product import PASSWORD, USER
from halfopen.errors import UsageError

AUTH = f"basic:{USER}:{PASSWORD}"
FAST = ("--watch", "0s", "--rate", "500", "--feed", "wallets", "--feed", "players")


def checked(url: str, *words: str) -> int:
    return run(["check", url, "--auth", AUTH, *FAST, *words])


def test_a_correct_product_passes_and_its_recording_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, report = tmp_path / "recording", tmp_path / "report.json"
    with faults.serving("plain") as served:
        assert checked(served.url, "--record", str(recording), "--json", str(report)) == 0
    first = json.loads(report.read_text())
    assert first["schema"] == 1
    assert first["feeds"]["wallets"]["offered"]
    assert not [one for one in first["findings"] if one["severity"] == "MUST"]
    assert {one["status"] for one in first["rules"]} <= {"pass", "fail", "not_applicable", "not_verified"}
    assert all(one["reason"] for one in first["rules"] if one["status"].startswith("not_"))
    assert run(["check", "--replay", str(recording), *FAST, "--json", str(report)]) == 0
    again = json.loads(report.read_text())
    assert again["feeds"] == first["feeds"]
    assert [one["code"] for one in again["findings"]] == [one["code"] for one in first["findings"]]
    capsys.readouterr()


def test_a_fault_is_told_with_its_evidence_and_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, recording = tmp_path / "report.json", tmp_path / "recording"
    with faults.serving("upper_inclusive") as served:
        assert checked(served.url, "--json", str(report), "--record", str(recording)) == 1
        out = capsys.readouterr().out
        assert checked(served.url, "--baseline", str(report)) == 0, "what is known is no news"
        assert checked(served.url, "--fail-on", "never") == 0
        assert (
            checked(served.url, "--skip", "window_upper_bound_inclusive,row_outside_window,equal_window_not_empty") == 0
        )
        assert checked(served.url, "--only", "duplicate_id") == 0
    assert "window_upper_bound_inclusive" in out
    assert f'-u {USER}:"$PASSWORD"' in out
    assert "fix: " in out
    assert PASSWORD not in out + report.read_text()
    assert PASSWORD.encode() not in recording.read_bytes()
    (root,) = [one for one in json.loads(report.read_text())["findings"] if one["root"] and one["severity"] == "MUST"]
    assert (root["code"], root["feed"]) == ("window_upper_bound_inclusive", "players")
    assert "row_outside_window" in root["follows"]


def test_redact_shows_no_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    with faults.serving("upper_inclusive") as served:
        checked(served.url, "--redact", "--json", str(report))
    capsys.readouterr()
    found = json.loads(report.read_text())["findings"]
    samples = [one["samples"] for one in found if one["code"] == "window_upper_bound_inclusive"]
    assert samples
    assert all(sample.startswith("#") for sample in samples[0])


def test_a_closed_door(capsys: pytest.CaptureFixture[str]) -> None:
    with faults.serving("plain") as served:
        assert run(["check", served.url, "--auth", f"basic:{USER}:wrong", *FAST]) == 3
        assert "check --auth" in capsys.readouterr().out
    assert run(["check", "http://127.0.0.1:1", *FAST]) == 3
    assert "cannot connect" in capsys.readouterr().out


def test_the_budget_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    with faults.serving("plain") as served:
        assert checked(served.url, "--max-requests", "20", "--json", str(report)) == 0
        assert served.product.asked == 20
    capsys.readouterr()
    found = json.loads(report.read_text())
    assert found["partial"]
    assert found["requests"] == 20
    assert any(one["status"] == "not_verified" for one in found["rules"])


def test_explain_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "explain", "rows_capped"]) == 0
    assert "fix" in capsys.readouterr().out
    assert run(["check", "rules"]) == 0
    assert "session_partial_aggregate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check"], "nothing to check"),
        (["check", "explain", "rows_cap"], "did you mean 'rows_capped'"),
        (["check", "http://x", "--auth", "digest:a:b"], "--auth: write basic:USER:PASSWORD"),
        (["check", "http://x", "--auth", "basic:a:${NOT_SET_HERE}"], "NOT_SET_HERE"),
        (["check", "http://x", "--path", "player=/p"], "--path: found 'player=/p'"),
        (["check", "http://x", "--only", "nonsense"], "--only: no rule 'nonsense'"),
        (["check", "http://x", "--watch", "soon"], "--watch: found 'soon"),
        (["check", "http://x", "--rate", "0"], "--rate: found 0"),
        (["check", "http://x", "--baseline", "/nowhere"], "--baseline /nowhere"),
        (["check", "--replay", "/nowhere"], "/nowhere: is no recording"),
        (["check", "ftp://x"], "needs an address"),
    ],
)
def test_bad_words_are_told_in_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    found = capsys.readouterr().err
    assert told in found
    assert found.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "requests"),
    [
        ([], 300),
        (["--watch", "0s"], 300),
        (["--watch", "10m"], 300 + 13 * 36),
        (["--watch", "2m", "--feed", "players,wallets"], 300 + 2 * 4),
        (["--watch", "2m", "--deep"], 1200 + 13 * 4),
        (["--watch", "10m", "--max-requests", "40"], 40),
    ],
)
def test_a_longer_watch_has_more_requests(
    words: list[str], requests: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Options] = []

    def look(_: object, options: Options, __: object) -> None:
        seen.append(options)
        raise UsageError("enough")

    monkeypatch.setattr("halfopen.cli.check._report", look)
    assert run(["check", "http://127.0.0.1:9", *words]) == 2
    assert "enough" in capsys.readouterr().err
    assert seen[0].limits.requests == requests
