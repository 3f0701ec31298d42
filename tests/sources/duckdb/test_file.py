"""The file: read only, held while it is read and no longer, never a gap without an error."""

import asyncio
import contextlib
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.errors import ConfigError, SourceError
from halfopen.sources.base import Busy, Column, Selection, Unavailable
from halfopen.sources.crlf import crlf
from halfopen.sources.duckdb import DuckdbSource
from halfopen.sources.duckdb.copied import Rows
from halfopen.sources.opening import open_source
from halfopen.window.window import Window
from halfopen.wire import csv as wire_csv
from halfopen.wire.negotiate import Format

WRITER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
connection.execute("insert into t values ('new')")
connection.close()
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "operator.duckdb"
    with closing(duckdb.connect(path)) as writer:
        writer.execute("create table t (x varchar); insert into t values ('old')")
    return path


def selection(relation: str = "t") -> Selection:
    return Selection(feed="f", relation=relation, columns=(Column(name="x", kind=Kind.STRING, sql="x"),))


async def read(source, chosen: Selection) -> bytes:
    async with source.stream(chosen, None, Format.CSV) as stream:
        return b"".join([block async for block in stream])


async def test_a_file_that_is_written_is_busy_and_comes_back_with_what_was_written(path):
    source = DuckdbSource(path, 1)
    assert await read(source, selection()) == b'"old"\r\n'
    with subprocess.Popen(  # noqa: ASYNC220 - nothing else is to happen meanwhile
        [sys.executable, "-c", WRITER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "held\n"
        with pytest.raises(Busy, match="another process writes the file"):
            await read(source, selection())
        with pytest.raises(Busy):
            await source.ping()
        writer.communicate("\n")
    assert await read(source, selection()) == b'"old"\r\n"new"\r\n'
    source.close()


def test_what_is_no_database_is_named(tmp_path):
    path = tmp_path / "notes.duckdb"
    path.write_text("not a database" * 1000)
    with pytest.raises(Unavailable):
        DuckdbSource(path, 1).tables()
    with pytest.raises(ConfigError, match=r"serve\.database: .*notes\.duckdb.* cannot be read as duckdb") as caught:
        open_source("duckdb", path, connections=1, timeout=timedelta(seconds=5))
    assert "\n" not in str(caught.value)


async def test_memory_and_files_come_back_when_readers_go(path):
    source = DuckdbSource(path, 2)
    endless = selection("(select repeat('x', 1000) as x from range(1000000000)) as source")
    for _ in range(20):
        async with source.stream(endless, None, Format.CSV) as stream:
            async for _ in stream:
                break
    assert await read(source, selection()) == b'"old"\r\n'
    source.close()
    assert source._file._root is None


async def test_an_error_of_the_plan_is_told_in_one_line(path):
    source = DuckdbSource(path, 1)
    with pytest.raises(SourceError, match="nowhere") as caught:
        await read(source, selection("nowhere"))
    assert "\n" not in str(caught.value)
    source.close()


async def test_closing_ends_what_runs(path):
    source = DuckdbSource(path, 1)
    running = asyncio.create_task(
        read(source, selection("(select 'x' as x from range(1000000000000) where range < 0) s"))
    )
    await asyncio.sleep(0.3)
    source.close()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError, SourceError, OSError):
        await running


AT = datetime(2024, 10, 27, 1, tzinfo=UTC)


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(minutes=st.tuples(*[st.integers(-200, 200)] * 3), micros=st.sampled_from([0, 1, 500_000]))
def test_local_stamps_near_a_change_of_clocks_are_in_the_window_that_prints_them(tmp_path_factory, minutes, micros):
    path = tmp_path_factory.mktemp("zones") / "local.duckdb"
    true = [AT + timedelta(minutes=n, microseconds=n % 3) for n in range(-200, 200, 7)]
    # Clocks went back: of two moments with one local stamp it is read as the later.
    true = [moment for moment in true if not timedelta(hours=-1) <= moment - AT < timedelta(0)]
    with closing(duckdb.connect(path)) as writer:
        writer.execute("set timezone = 'Europe/Riga'; create table t (t timestamp, x varchar)")
        stamps = [f"timestamptz '{moment.isoformat()}'::timestamp" for moment in true]
        writer.execute("insert into t values " + ", ".join(f"({stamp}, '{n}')" for n, stamp in enumerate(stamps)))
    a, b, c = (AT + timedelta(minutes=n, microseconds=micros) for n in sorted(minutes))
    columns = (Column(name="x", kind=Kind.STRING, sql="x"),)
    chosen = Selection(feed="f", relation="t", columns=columns, cursor="t", zone="Europe/Riga")

    async def found() -> list[set[int]]:
        source = DuckdbSource(path, 1)
        sets = []
        for window in (Window(a, b), Window(b, c), Window(a, c)):
            async with source.stream(chosen, window, Format.CSV) as stream:
                body = b"".join([block async for block in stream])
            sets.append({int(row[0]) for row in list(wire_csv.read([b"x\r\n" + body]))[1:]})
        source.close()
        return sets

    left, right, whole = asyncio.run(found())
    assert left == {n for n, moment in enumerate(true) if a <= moment < b}
    assert right == {n for n, moment in enumerate(true) if b <= moment < c}
    assert left | right == whole


fields = st.text(st.sampled_from('a,"\n\r é'), max_size=6)


@given(
    rows=st.lists(st.lists(fields, min_size=2, max_size=2), max_size=8), sizes=st.lists(st.integers(1, 9), max_size=60)
)
def test_rows_survive_however_the_pipe_cuts_them(rows, sizes):
    sent = b"".join(b",".join(b'"' + field.replace('"', '""').encode() + b'"' for field in row) + b"\n" for row in rows)
    made, blocks, seen = Rows(Format.CSV), [], 0
    for size in [*sizes, len(sent) + 1]:
        block, count = made.feed(sent[:size])
        sent = sent[size:]
        blocks.append(block)
        seen += count
        assert len(list(wire_csv.read([b"a,b\r\n" + block]))) == 1 + count
    assert seen == len(rows)
    assert list(wire_csv.read([b"a,b\r\n", *blocks]))[1:] == rows
    assert crlf(b"".join(blocks).replace(b"\r\n", b"\n"))[1] >= 0
