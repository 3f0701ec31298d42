"""What words of `halfopen check` are refused for before anybody is asked; and how it goes on with closed outputs."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from halfopen.check import engine
from halfopen.check.report.files import demand_writable
from halfopen.cli.leaving import politely
from halfopen.cli.main import run
from halfopen.config.product import ProductConfig
from halfopen.demo import faults
from halfopen.demo.faults.product import PASSWORD, USER
from halfopen.errors import UsageError

FAST = ("--auth", f"basic:{USER}:{PASSWORD}", "--watch", "0s", "--rate", "500", "--feed", "wallets")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["http://x", "--json", "/nonexistent/x"], "--json /nonexistent/x: there is no folder /nonexistent"),
        (["http://x", "--record", "/nonexistent/x.rec"], "--record /nonexistent/x.rec: there is no folder"),
        (["http://x", "--html", "/usr"], "--html /usr: is a folder"),
        (["http://x", "--html", "a", "--json", "a"], "--json and --html both name a"),
        (["http://x", "--json", "--html"], "is an option and no file"),
        (["http://x/api?key=1"], "give the address alone, http://x/api, and what every request needs with --path"),
        (["http://x/#top"], "give the address alone, http://x/"),
        (["http://x", "--feed", "player"], "did you mean 'players'"),
        (["http://x", "--feed", "players,wallet"], "did you mean 'wallets'"),
        (["http://x", "--path", "player=/p"], "did you mean 'players'"),
        (["http://x", "--config", "f.toml"], "give an address, or --config and --product, not both"),
        (["http://x", "--product", "p"], "give an address, or --config and --product, not both"),
        (["--product", "p", "--offset", "2m"], "--offset: such options belong to an address"),
        (["http://x", "--replay", "r"], "--replay has its address in the recording; leave out http://x"),
        (["--replay", "r", "--auth", "none", "--path", "players=/p"], "--auth and --path: nothing is asked"),
        (["--replay", "r", "--record", "r2"], "--record: nothing is asked with --replay"),
    ],
)
def test_what_cannot_be_done_is_said_first(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", *words]) == 2
    found = capsys.readouterr().err
    assert told in found
    assert found.count("\n") == 1


def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(UsageError, match="may not be written here"):
        demand_writable({"json": tmp_path / "report"})


def test_an_offset_counts_for_a_recording(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Replayed(Exception):  # noqa: N818 - how the test gets out again
        pass

    def replayed(_path: Path, _options: engine.Options, change=lambda p: p):  # type: ignore[no-untyped-def]
        raise Replayed(change(ProductConfig(name="p", url="http://x")).offset.total_seconds())

    monkeypatch.setattr(engine, "replayed", replayed)
    with pytest.raises(Replayed, match="120"):
        run(["check", "--replay", str(tmp_path), "--offset", "2m"])


def test_the_report_goes_to_standard_output_where_it_is_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    with faults.serving("plain") as served:
        assert run(["check", served.url, *FAST, "--json", "-"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["schema"] == 1
    assert "verdicts are good" in told.err


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "halfopen.cli.main", "check", *words]


def test_a_reader_that_has_gone_changes_neither_files_nor_exit_code(tmp_path: Path) -> None:
    report = tmp_path / "report"
    with faults.serving("upper_inclusive") as served:
        words = [*FAST, "--feed", "players", "--json", str(report)]
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            command(served.url, *words), stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
        os.close(writer)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert json.loads(report.read_text())["findings"]


def test_a_terminal_without_accents_gets_the_report_too(tmp_path: Path) -> None:
    with faults.serving("plain") as served:
        run(["check", served.url, *FAST, "--record", str(tmp_path / "kept")])
    lines = gzip.decompress((tmp_path / "kept").read_bytes()).splitlines()
    head = {**json.loads(lines[0]), "target": "http://caf\u00e9"}
    (tmp_path / "kept").write_bytes(gzip.compress(b"\n".join([json.dumps(head).encode(), *lines[1:]])))
    done = subprocess.run(
        command("--replay", str(tmp_path / "kept"), "--json", "-"),
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"caf\\xe9" in done.stderr
    assert json.loads(done.stdout)["target"] == "http://caf\u00e9"


def test_ctrl_c_tells_what_was_found_however_often_it_is_pressed(tmp_path: Path) -> None:
    report = tmp_path / "report"
    with faults.serving("plain") as served:
        words = ["--auth", f"basic:{USER}:{PASSWORD}", "--rate", "500", "--json", str(report)]
        asked = subprocess.Popen(command(served.url, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while served.product.asked < 10 and time.monotonic() < until:
            time.sleep(0.05)
        asked.send_signal(signal.SIGINT)
        asked.send_signal(signal.SIGINT)
        assert asked.wait(60) == 130
    found = json.loads(report.read_text())
    assert found["partial"]
    assert found["ended"] == "interrupted"


def test_the_second_says_what_is_waited_for_and_the_third_is_believed(capsys: pytest.CaptureFixture[str]) -> None:
    def pressed_twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert "is being written" in capsys.readouterr().err
        os.kill(os.getpid(), signal.SIGINT)

    with politely(), pytest.raises(KeyboardInterrupt):
        pressed_twice()


def test_the_rules_fit_a_terminal_of_80_columns(capfd: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["check", "rules"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert any("rows_capped" in line for line in lines)
    assert max(len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) for line in lines) <= 80
