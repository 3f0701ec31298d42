"""Few rows come in one step, many row by row; nobody can tell from the bytes."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection
from halfopen.sources.sqlite import SqliteSource, reader
from halfopen.sources.sqlite.reader import BRIEF_ROWS
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from sources.engines.sqlite import ENGINES

AT = datetime(2024, 1, 1, 12, tzinfo=UTC)
COLUMNS = (Column(name="id", kind=Kind.STRING, sql='"id"'), Column(name="at", kind=Kind.DATETIME, sql='"at"'))
CHOSEN = Selection(feed="f", relation='"t"', columns=COLUMNS, cursor='"at"')
HOUR = Window(AT, AT + timedelta(hours=1))


async def body(made: SqliteSource, format_: Format, window: Window = HOUR) -> tuple[bytes, int]:
    async with made.stream(CHOSEN, window, format_) as stream:
        blocks = [block async for block in stream]
    return b"".join(blocks), stream.rows


@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("rows", [0, 1, BRIEF_ROWS, BRIEF_ROWS + 1, 3 * BRIEF_ROWS])
async def test_both_ways_give_the_same_bytes(tmp_path, monkeypatch, rows, format_):
    texts = ['a, "b"\r\n', "", None, "ç,\n", "x"]
    path = ENGINES[0].make(
        tmp_path, {"id": "text", "at": "stamp"}, [(texts[n % 5], AT + timedelta(seconds=n)) for n in range(rows)]
    )
    made = SqliteSource(path, 1)
    once = await body(made, format_)
    monkeypatch.setattr(reader, "_in_one_step", lambda *_: False)
    assert await body(made, format_) == once
    assert once[1] == rows
    made.close()


async def test_long_lines_are_not_joined_in_memory(tmp_path):
    path = ENGINES[0].make(tmp_path, {"id": "text", "at": "stamp"}, [("x" * 100_000, AT) for _ in range(200)])
    made = SqliteSource(path, 1)
    async with made.stream(CHOSEN, HOUR, Format.CSV) as stream:
        sizes = [len(block) async for block in stream]
    assert stream.rows == 200
    assert sum(sizes) > 20_000_000
    assert len(sizes) > 1
    made.close()


async def test_a_window_that_was_long_is_not_read_twice_again(tmp_path, monkeypatch):
    path = ENGINES[0].make(
        tmp_path, {"id": "text", "at": "stamp"}, [(str(n), AT + timedelta(seconds=n)) for n in range(1000)]
    )
    tried = []
    real = reader._in_one_step
    monkeypatch.setattr(reader, "_in_one_step", lambda *words: tried.append(1) or real(*words))
    made = SqliteSource(path, 1)
    for _ in range(3):
        assert (await body(made, Format.CSV))[1] == 1000
    assert len(tried) == 1
    minute = Window(AT, AT + timedelta(minutes=1))
    assert (await body(made, Format.CSV, minute))[1] == 60
    assert len(tried) == 2, "shorter ones are still expected to be brief"
    made.close()
