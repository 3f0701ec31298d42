"""What every source promises, engine by engine; a new engine is one harness in `engines/` and a line in its list."""

import asyncio
import csv
import io
import json
import tempfile
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.sources.base import ROW_END, Column, Selection, UnknownRelation
from halfopen.window.window import Window
from halfopen.wire import csv as wire_csv
from halfopen.wire.negotiate import Format
from sources.engines.all import ENGINES, ONE_EACH, Engine

AT = datetime(2024, 3, 31, 23, 59, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
COLUMNS = {"id": "text", "note": "text", "amount": "number", "flag": "boolean", "born": "text", "at": "stamp"}
KINDS = dict(
    zip(COLUMNS, [Kind.STRING, Kind.STRING, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME], strict=True)
)

few = settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
awkward = st.text(st.sampled_from("abc ,;\"'\r\n\t\\-=+@|%éшあ👩\u200d\U0001f3b0\x7f\x01\ufeff") | st.characters(
    exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)  # fmt: skip
extremes = [Decimal("12345678901234567890.123456789012345678"), Decimal("0.000000000000000001"), Decimal(0)]
decimals = st.decimals(-(10**20) + 1, 10**20 - 1, places=18, allow_nan=False) | st.sampled_from(extremes)
rows_of_all_kinds = st.lists(
    st.tuples(
        awkward,
        st.none() | awkward,
        st.none() | decimals.map(lambda value: format(value, "f")),
        st.none() | st.booleans(),
        st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(str),
        st.integers(0, 10 * 10**6 - 1).map(lambda n: AT + timedelta(microseconds=n)),
    ),
    max_size=12,
)


named = partial(pytest.mark.parametrize, "engine", ids=lambda engine: engine.name)
one_each = named(ONE_EACH)
every_way = named(ENGINES)


def selection(source, **changes) -> Selection:
    columns = tuple(Column(name=name, kind=kind, sql=source.quote(name)) for name, kind in KINDS.items())
    told = {"feed": "f", "relation": source.relation("t", None), "columns": columns, "cursor": source.quote("at")}
    return Selection(**told | changes)


async def body(source, chosen: Selection, window: Window | None, format_: Format = Format.CSV, limit=None) -> bytes:
    async with source.stream(chosen, window, format_, limit) as stream:
        blocks = [block async for block in stream]
    return b"".join(blocks)


async def read(engine: Engine, path: Path, window: Window | None, format_: Format = Format.CSV, **changes) -> bytes:
    source = engine.source(path)
    try:
        return await body(source, selection(source, **changes), window, format_)
    finally:
        source.close()


def as_csv(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


def as_json(text: bytes) -> list[dict]:
    return json.loads(b"[" + text[: -len(ROW_END[Format.JSON])] + b"]", parse_float=Decimal, parse_int=Decimal)


def shown(engine: Engine, row) -> list[str | None]:
    """The wire text of a row, from the values that went in."""
    id_, note, amount, flag, born, at = row
    cut = at - timedelta(microseconds=at.microsecond)
    if amount is not None and engine.places is not None:
        amount = format(Decimal(amount).copy_abs() if not Decimal(amount) else Decimal(amount), f".{engine.places}f")
    return [id_, note, amount, flag if flag is None else str(flag).lower(), born, f"{cut:%Y-%m-%d %H:%M:%S}"]


@every_way
@few
@given(rows=rows_of_all_kinds)
def test_csv_json_and_ndjson_tell_the_same_rows(engine, rows):
    with tempfile.TemporaryDirectory() as folder:
        path = engine.make(Path(folder), COLUMNS, rows)
        everything = Window(AT, AT + 10 * SECOND)
        made = {format_: asyncio.run(read(engine, path, everything, format_)) for format_ in Format}
    expected = [shown(engine, row) for row in rows]
    assert list(wire_csv.read([b"a,b,c,d,e,f\r\n" + made[Format.CSV]]))[1:] == expected
    assert as_csv(made[Format.CSV]) == [[cell or "" for cell in row] for row in expected]
    told = [dict(zip(COLUMNS, row, strict=True)) for row in expected]
    for row in told:
        row["amount"] = row["amount"] and Decimal(row["amount"])
        row["flag"] = row["flag"] and row["flag"] == "true"
    assert (as_json(made[Format.JSON]) if rows else []) == told
    lines = [line for line in made[Format.NDJSON].split(b"\n") if line]
    assert [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines] == told


@every_way
@few
@given(
    offsets=st.lists(st.integers(-4, 24).map(lambda n: n * 500_000) | st.integers(-2_000_000, 12_000_000), max_size=30),
    cuts=st.tuples(*[st.integers(0, 10)] * 3),
    fraction=st.sampled_from([0, 0, 0, 500_000, 999_000]),
)
def test_neighbouring_windows_make_the_whole_and_hold_what_lies_in_them(engine, offsets, cuts, fraction):
    stamps = [AT + timedelta(microseconds=n - n % engine.resolution) for n in offsets]
    rows = [(str(n), None, None, None, None, stamp) for n, stamp in enumerate(stamps)]
    a, b, c = (AT + timedelta(seconds=n, microseconds=fraction) for n in sorted(cuts))
    with tempfile.TemporaryDirectory() as folder:
        path = engine.make(Path(folder), COLUMNS, rows, index="at")

        def ids(window: Window) -> Counter:
            return Counter(row[0] for row in as_csv(asyncio.run(read(engine, path, window))))

        left, right, whole = ids(Window(a, b)), ids(Window(b, c)), ids(Window(a, c))
    assert left + right == whole
    assert whole == Counter(row[0] for row in rows if a <= row[-1] < c)
    assert left == Counter(row[0] for row in rows if a <= row[-1] < b)


@every_way
async def test_a_snapshot_feed_answers_every_window_with_all_rows(engine, tmp_path):
    path = engine.make(tmp_path, COLUMNS, [("1", None, None, None, None, AT), ("2", None, None, None, None, None)])
    far = Window(AT + 90 * SECOND, AT + 91 * SECOND)
    assert len(as_csv(await read(engine, path, far, cursor=None))) == 2
    assert as_csv(await read(engine, path, far)) == []


@every_way
async def test_a_row_filter_goes_with_the_window(engine, tmp_path):
    rows = [(str(n), "x" if n % 2 else None, None, None, None, AT + n * SECOND) for n in range(6)]
    path = engine.make(tmp_path, COLUMNS, rows)
    got = await read(engine, path, Window(AT, AT + 4 * SECOND), where="note is null or id = '5'")
    assert [row[0] for row in as_csv(got)] == ["0", "2"]


@every_way
async def test_a_free_select_is_as_good_as_a_table(engine, tmp_path):
    rows = [(str(n), None, str(n), None, None, AT + n * SECOND) for n in range(6)]
    path = engine.make(tmp_path, COLUMNS, rows)
    source = engine.source(path)
    relation = source.relation(None, "select * from t where id < '3' union all select * from t where id > '4';")
    assert list(source.columns(relation)) == list(COLUMNS)
    got = await body(source, selection(source, relation=relation), Window(AT + SECOND, AT + 9 * SECOND))
    assert [row[0] for row in as_csv(got)] == ["1", "2", "5"]
    source.close()


@one_each
async def test_no_row_is_written_while_an_answer_is_read(engine, tmp_path):
    """The answer is one state of the database; a writer does not wait for it, nor it for the writer."""
    rows = [(str(n), "x" * 100, None, None, None, AT + SECOND) for n in range(20_000)]
    path = engine.make(tmp_path, COLUMNS, rows)
    source = engine.source(path)
    async with source.stream(selection(source), Window(AT, AT + 9 * SECOND), Format.CSV) as stream:
        blocks = aiter(stream)
        first = await anext(blocks)
        late = [("late", None, None, None, None, AT + 2 * SECOND)] * 100
        with pytest.raises(engine.refused) if engine.refused else nullcontext():
            engine.insert(path, COLUMNS, late)
        rest = [block async for block in blocks]
    if engine.refused:
        await asyncio.sleep(0.1)
        engine.insert(path, COLUMNS, late)
    assert stream.rows == 20_000
    assert b"late" not in first + b"".join(rest)
    assert b"late" in await body(source, selection(source), Window(AT, AT + 9 * SECOND))
    source.close()


@one_each
async def test_blocks_are_whole_rows_and_counted(engine, tmp_path):
    rows = [(str(n), "line\r\n" * 5, None, None, None, AT) for n in range(30_000)]
    path = engine.make(tmp_path, COLUMNS, rows)
    source = engine.source(path)
    async with source.stream(selection(source), None, Format.CSV) as stream:
        seen, sizes = 0, []
        async for block in stream:
            seen += len(as_csv(block))
            sizes.append(len(block))
            assert stream.rows == seen
    assert seen == 30_000
    assert max(sizes) < 300_000
    source.close()


@one_each
async def test_at_most_as_many_rows_as_wanted(engine, tmp_path):
    path = engine.make(tmp_path, COLUMNS, [(str(n), None, None, None, None, AT) for n in range(50)])
    source = engine.source(path)
    assert len(as_csv(await body(source, selection(source), None, limit=7))) == 7
    source.close()


def endless(engine: Engine, where: str = "true") -> str:
    """A query that works for ever."""
    return f"select t.* from {engine.endless} as endless cross join t where {where}"


SILENT = "i < 0"


@one_each
@pytest.mark.parametrize("where", ["true", SILENT], ids=["while rows come", "while none comes"])
async def test_leaving_early_ends_the_query(engine, tmp_path, where):
    path = engine.make(tmp_path, COLUMNS, [("1", None, None, None, None, AT)])
    source = engine.source(path, connections=1)
    loop = asyncio.get_running_loop()
    chosen = selection(source, relation=source.relation(None, endless(engine, where)), cursor=None)
    planned = selection(source)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(body(source, chosen, None), 0.5)
    began = loop.time()
    # The only connection is free again, so the query has ended.
    assert len(as_csv(await body(source, planned, None))) == 1
    assert loop.time() - began < 1
    source.close()


@one_each
async def test_a_query_that_fails_midway_raises_after_its_rows(engine, tmp_path):
    rows = [(str(n), "x" * 100, None, None, None, AT) for n in range(engine.many)]
    path = engine.make(tmp_path, COLUMNS, [*rows, ("bad", None, None, None, None, AT)])
    source = engine.source(path)
    fails, words = engine.failing
    columns = (*selection(source).columns, Column(name="b", kind=Kind.STRING, sql=fails))
    got = []

    async def take() -> None:
        async with source.stream(selection(source, columns=columns), None, Format.CSV) as stream:
            async for block in stream:
                got.append(block)  # noqa: PERF401 - a comprehension would lose what came before the failure

    with pytest.raises(SourceError, match=words):
        await take()
    assert got
    assert len(as_csv(await body(source, selection(source), None))) == engine.many + 1
    source.close()


@one_each
async def test_a_query_that_runs_too_long_is_ended(engine, tmp_path):
    path = engine.make(tmp_path, COLUMNS, [("1", None, None, None, None, AT)])
    source = engine.source(path, timeout=timedelta(seconds=0.3))
    chosen = selection(source, relation=source.relation(None, endless(engine, SILENT)), cursor=None)
    with pytest.raises(SourceError, match=r"longer than 0\.3 s"):
        await body(source, chosen, None)
    source.close()


@one_each
async def test_a_slow_reader_does_not_use_up_the_time_of_the_query(engine, tmp_path):
    rows = [(str(n), "x" * 1000, None, None, None, AT) for n in range(2000)]
    path = engine.make(tmp_path, COLUMNS, rows)
    source = engine.source(path, timeout=timedelta(seconds=0.5))
    async with source.stream(selection(source), None, Format.CSV) as stream:
        async for _ in stream:
            await asyncio.sleep(0.05)
    assert stream.rows == 2000
    source.close()


@every_way
async def test_tables_columns_and_expressions_are_looked_up(engine, tmp_path):
    path = engine.make(tmp_path, COLUMNS, [])
    source = engine.source(path)
    assert "t" in source.tables()
    relation = source.relation("T", None)
    assert list(source.columns(relation)) == list(COLUMNS)
    source.try_expression(relation, "id || 'x'")
    with pytest.raises(SourceError, match="nowhere"):
        source.try_expression(relation, "id || nowhere")
    with pytest.raises(UnknownRelation, match="'u'"):
        source.relation("u", None)
    await source.ping()
    source.close()


@one_each
async def test_a_source_cannot_write(engine, tmp_path):
    path = engine.make(tmp_path, COLUMNS, [])
    source = engine.source(path)
    with pytest.raises(SourceError):
        source.columns("t; delete from t")
    with pytest.raises(SourceError):
        source._ask("insert into t (id) values ('x')")
    source.close()
