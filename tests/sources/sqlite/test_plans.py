"""Indexes are used, and what was learnt about a column is learnt again when it changes."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.sources.base import Busy, Column, Selection
from halfopen.sources.sqlite import SqliteSource, source
from halfopen.sources.sqlite.connections import Connections
from halfopen.sources.sqlite.plans import Planner
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from sources.engines.sqlite import ENGINES

AT = datetime(2024, 1, 1, 12, tzinfo=UTC)
MINUTE = Window(AT, AT + timedelta(minutes=1))
COLUMNS = (Column(name="id", kind=Kind.STRING, sql='"id"'), Column(name="at", kind=Kind.DATETIME, sql='"at"'))
CHOSEN = Selection(feed="f", relation='"t"', columns=COLUMNS, cursor='"at"')
SHAPE = {"id": "text", "at": "stamp"}


def explained(path, selection: Selection, window: Window = MINUTE) -> list[str]:
    with Connections(path).taken() as connection:
        plan = Planner().plan(connection, selection, window, Format.CSV)
        steps = connection.execute(f"explain query plan {plan.sql}", plan.parameters).fetchall()
        connection.close()
    return [step[3] for step in steps]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga"])
@pytest.mark.parametrize("engine", [e for e in ENGINES if "offsets" not in e.name], ids=lambda engine: engine.name)
def test_a_window_is_read_by_the_index_on_its_cursor(engine, tmp_path, zone):
    rows = [(str(n), AT + timedelta(seconds=n - 250)) for n in range(500)]
    path = engine.make(tmp_path, SHAPE, rows, index="at")
    selection = Selection(feed="f", relation='"t"', columns=COLUMNS, cursor='"at"', zone=zone)
    assert explained(path, selection) == ["SEARCH t USING INDEX by_cursor (at>? AND at<?)"]
    odd = Window(AT + timedelta(microseconds=1500), AT + timedelta(seconds=1.5))
    assert explained(path, selection, odd) == ["SEARCH t USING INDEX by_cursor (at>? AND at<?)"]


async def ids(made: SqliteSource, window: Window | None = MINUTE) -> list[str]:
    async with made.stream(CHOSEN, window, Format.CSV) as stream:
        return [line.split(b",")[0].strip(b'"').decode() async for block in stream for line in block.splitlines()]


async def test_a_table_that_was_empty_is_looked_at_again(tmp_path):
    path = ENGINES[0].make(tmp_path, SHAPE, [])
    made = SqliteSource(path, 1)
    assert await ids(made) == []
    for number, text in enumerate(["2024-01-01T12:00:00Z", "2024-01-01T12:00:59.999Z", "2024-01-01T12:01:00Z"]):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("insert into t values (?, ?)", (str(number), text))
            connection.commit()
        assert await ids(made) == ["0", "1"][: number + 1]
    made.close()


async def test_stamps_of_several_kinds_in_one_column_are_all_found(tmp_path):
    texts = [
        "2024-01-01T12:00:00Z",
        "2024-01-01 12:00:01",
        "2024-01-01 14:00:02+02:00",
        1704110403,
        1704110404500,
        "x",
        None,
    ]
    path = ENGINES[0].make(tmp_path, SHAPE, [])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("alter table t rename to old")
        connection.execute("create table t (id, at)")
        connection.executemany("insert into t values (?, ?)", enumerate(texts))
        connection.commit()
    made = SqliteSource(path, 1)
    assert await ids(made) == ["0", "1", "2", "3", "4"]
    assert len(await ids(made, None)) == 7
    made.close()


async def test_callers_beyond_the_connections_are_told_to_come_again(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "WAIT_SECONDS", 0.2)
    path = ENGINES[0].make(tmp_path, SHAPE, [("x" * 5000, AT) for _ in range(500)])
    made = SqliteSource(path, 2)
    async with made.stream(CHOSEN, None, Format.CSV), made.stream(CHOSEN, None, Format.CSV):
        with pytest.raises(Busy, match="taken"):
            await ids(made)
    assert len(await asyncio.wait_for(ids(made), 1)) == 500
    made.close()


async def test_a_database_that_a_writer_has_locked_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr("halfopen.sources.sqlite.connections._LOCK_SECONDS", 0.1)
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("create table t (id, at)")
        made = SqliteSource(path, 1)
        writer.execute("begin exclusive")
        with pytest.raises(Busy, match="locked"):
            await ids(made)
        writer.execute("rollback")
        assert await ids(made) == []
    made.close()


async def test_the_time_of_a_query_is_counted_over_all_its_blocks(tmp_path):
    path = ENGINES[0].make(tmp_path, SHAPE, [("x" * 1000, AT)])
    made = SqliteSource(path, 1, timedelta(seconds=0.3))
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select t.* from n cross join t"
    chosen = Selection(feed="f", relation=made.relation(None, endless), columns=COLUMNS)
    stream = None

    async def take() -> None:
        nonlocal stream
        async with made.stream(chosen, None, Format.CSV) as stream:
            async for _ in stream:
                pass

    with pytest.raises(SourceError, match="longer than"):
        await asyncio.wait_for(take(), 10)
    assert stream is not None
    assert stream.rows > 1000
    made.close()


async def test_of_an_empty_table_nothing_is_said_about_how_its_stamps_are_written(tmp_path):
    path = ENGINES[0].make(tmp_path, SHAPE, [], index="at")
    made = SqliteSource(path, 1)
    plan = await made.explain(CHOSEN, Window(AT, AT + timedelta(minutes=1)))
    assert plan.index is None
    assert "none yet" in plan.mend
    made.close()
