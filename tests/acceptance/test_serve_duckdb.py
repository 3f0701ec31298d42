"""serve over real HTTP on a DuckDB file: windows, memory, and a file that somebody writes."""

import asyncio
import json
import re
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import duckdb

from halfopen.config.load import load
from support.serving import AT, PLAIN, asked, served
from support.serving_process import serving

SECOND = timedelta(seconds=1)
ROWS = 500_000
CONFIG = """
[serve]
database = "duckdb:///operator.duckdb"
late_rows = "plain"
[[serve.auth]]
scheme = "basic"
user = "crm"
password = "s3cret"
[serve.feeds.players]
table = "players"
columns = {{ city = {city} }}
"""
HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.readline()"


def filled(folder: Path, offsets: str, city: str = '"city"') -> Path:
    """Players whose `modified_at` are so many microseconds after AT; the configuration that serves them."""
    with closing(duckdb.connect(folder / "operator.duckdb")) as writer:
        writer.execute(
            "create table players as select n::varchar as id, timestamp '2024-05-01' as registered_at, "
            "timestamp '2024-05-01' + to_microseconds(n) as modified_at, 'Rīga, \"old\" ' || n as city, "
            f"repeat('x', 100) as user_agent from ({offsets}) as offsets(n)"
        )
    path = folder / "halfopen.toml"
    path.write_text(CONFIG.format(city=city), encoding="utf-8")
    return path


async def told(client, target: str) -> tuple:
    """Status, headers and the whole body."""
    async with client.get(target) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_windows_are_half_open_to_the_microsecond(tmp_path):
    config = filled(tmp_path, "values (-1000000), (-1), (0), (1), (999999), (1000000)")
    async with served(load(config, {}).needed_serve()) as (_, client):
        found = []
        for start, end in ((AT - SECOND, AT), (AT, AT + SECOND), (AT - SECOND, AT + SECOND)):
            _, _, body = await told(client, asked(start, end, more="&format=ndjson"))
            found.append(sorted(int(json.loads(line)["id"]) for line in body.splitlines()))
    assert found == [[-1_000_000, -1], [0, 1, 999_999], [-1_000_000, -1, 0, 1, 999_999]]


async def test_an_error_tells_no_sql(tmp_path):
    config = filled(tmp_path, "values (1)", "\"error('secret ' || city)\"")
    async with served(load(config, {}).needed_serve()) as (_, client):
        status, _, body = await told(client, asked(AT, AT + SECOND))
    assert (status, json.loads(body)["code"]) == (500, "query_failed")
    assert not any(word in body.lower() for word in (b"secret", b"select", b"copy", b"traceback"))


async def test_a_file_that_somebody_writes_is_told_as_503_and_comes_back_by_itself(tmp_path):
    config = filled(tmp_path, "values (1)")
    async with served(load(config, {}).needed_serve()) as (_, client):
        target = asked(AT, AT + SECOND)
        assert (await told(client, target))[0] == 200
        with subprocess.Popen(  # noqa: ASYNC220 - nothing else is to happen meanwhile
            [sys.executable, "-c", HOLD, tmp_path / "operator.duckdb"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout.readline() == b"held\n"
            status, headers, _ = await told(client, target)
            assert status == 503
            assert int(headers["Retry-After"]) > 0
            writer.communicate(b"\n")
        assert (await told(client, target))[0] == 200


def peak(process: int) -> int:
    """The most memory that a process has held, in MiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) // 1024


async def test_memory_stays_flat_however_many_rows_and_however_slow_their_reader(tmp_path):
    config = filled(tmp_path, f"select range * 1000 from range({ROWS})")
    async with serving(config) as (url, process):
        header = f"Authorization: {PLAIN['Authorization']}"
        words = ["curl", "-sS", "-f", "-H", header, "-o", "/dev/null", "-w", "%{size_download}"]
        before = 0
        for end, more in ((SECOND, []), (timedelta(days=1), []), (timedelta(days=1), ["--limit-rate", "60M"])):
            target = url + asked(AT, AT + end)
            curl = await asyncio.create_subprocess_exec(*words, *more, target, stdout=asyncio.subprocess.PIPE)
            size, _ = await curl.communicate()
            assert curl.returncode == 0
            before = before or peak(process.pid)
        assert int(size) > 150 * ROWS
        assert peak(process.pid) - before < 60
