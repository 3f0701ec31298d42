"""`halfopen demo` as people run it: a process, from opening to comparison."""

import asyncio
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import duckdb
import pytest

from halfopen.config.load import load
from halfopen.demo import config
from halfopen.serve.server import running
from support.spacevegas import START, build

LINE = re.compile(r"^13 feeds, (\d+) rows: 0 missing, 0 differing, 0 extra$", re.MULTILINE)


def halfopen(*words: str, cwd: Path, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "halfopen", *words],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def ended(process: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def until_line(process: subprocess.Popen[str], part: str) -> list[str]:
    seen: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        seen.append(line)
        if part in line:
            return seen
    raise AssertionError(f"{part!r} never came: {seen} {process.stderr and process.stderr.read()}")


def demo(cwd: Path, *words: str) -> subprocess.Popen[str]:
    return halfopen("demo", "--port", "0", "--speed", "60", "--players", "40", *words, cwd=cwd)


def test_a_short_demo_ends_with_a_mirror_that_equals_the_casino(tmp_path):
    code, out, err = ended(demo(tmp_path, "--seconds", "8"))
    assert (code, err) == (0, ""), out
    found = LINE.search(out)
    assert found, out
    assert int(found[1]) > 500
    with duckdb.connect(tmp_path / "spacevegas" / "mirror.duckdb", read_only=True) as mirror:
        assert mirror.execute("select count(*) from players").fetchone()[0] >= 40
        assert mirror.execute("select count(*) from halfopen.quarantine").fetchone() == (0,)
        # A row that changes twice within a second is legal, and seen twice with one stamp.
        codes = mirror.execute("select distinct code from halfopen.findings").fetchall()
        assert set(codes) <= {("changed_without_cursor",)}


def test_the_mirror_can_be_queried_and_the_feeds_asked_while_it_runs(tmp_path):
    process = demo(tmp_path)
    try:
        seen = "".join(until_line(process, "rows in the mirror"))
        asked = subprocess.run(  # the very line that people copy
            shlex.split(re.search(r"curl .*", seen)[0]), capture_output=True, text=True, timeout=30, check=True
        )
        assert asked.stdout.startswith("id,first_name,")
        query = halfopen(
            "query", "--config", "spacevegas/halfopen.toml", "select count(*) as n from players", cwd=tmp_path
        )
        code, out, err = ended(query, 60)
        assert (code, err) == (0, "")
        assert int(out.split()[-1]) > 0
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    finally:
        process.kill()
    assert (code, err) == (0, "")
    assert LINE.search(out), out


def test_a_second_interrupt_ends_it_at_once(tmp_path):
    process = demo(tmp_path)
    try:
        until_line(process, "rows in the mirror")
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert ended(process)[0] == 130
    finally:
        process.kill()


def test_a_folder_is_used_again_and_begun_afresh(tmp_path):
    for _ in range(2):
        code, out, err = ended(demo(tmp_path, "--seconds", "1"))
        assert (code, err) == (0, ""), out
        assert LINE.search(out)


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    code, _, err = ended(demo(tmp_path, "--dir", "."))
    assert code == 2
    assert "no demo made" in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_port_in_use_is_told_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = ended(halfopen("demo", "--port", port, "--seconds", "1", cwd=tmp_path))
    assert code == 2
    assert port in err
    assert "--port" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--speed", "7"), "--speed 7"),
        (("--speed", "120"), "--speed 120"),
        (("--seconds", "0"), "--seconds 0"),
        (("--seconds", "nan"), "--seconds nan"),
        (("--seconds", "inf"), "--seconds inf"),
        (("--players", "0"), "--players 0"),
    ],
)
def test_words_that_do_not_fit_are_told_in_one_line(tmp_path, words, part):
    code, _, err = ended(halfopen("demo", *words, cwd=tmp_path))
    assert code == 2
    assert part in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


async def test_the_date_of_an_answer_is_never_of_an_earlier_second(tmp_path):
    """A puller takes a Date from before the window's end for a slow clock, and asks again."""
    settings = load(config.write(build(tmp_path, players=5, hours=1).parent, 8400, 12, START)).needed_serve()
    async with running(settings, port=0) as server, aiohttp.ClientSession() as session:
        for _ in range(30):
            asked = datetime.now(UTC).replace(microsecond=0)
            async with session.get(f"{server.url}/healthz") as answer:
                assert parsedate_to_datetime(answer.headers["Date"]) >= asked
            await asyncio.sleep(0.1)
