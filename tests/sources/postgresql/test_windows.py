"""Windows cut on the raw cursor: by its index, also through views and subqueries, and exact where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.sources.postgresql.cut import cut
from halfopen.sources.postgresql.types import Shape, Type
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.postgresql import ask, database, process_database

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
MINUTE = Window(AT, AT + timedelta(minutes=1))
ODD = Window(AT + timedelta(microseconds=1), AT + timedelta(seconds=1.5))
SHAPES = {
    "timestamptz": "a",
    "timestamp": "a at time zone 'UTC'",
    "date": "a::date",
    "bigint": "extract(epoch from a)::bigint",
    "numeric": "extract(epoch from a) * 1000",
    "double precision": "(extract(epoch from a) * 1000000)::float8",
}


@pytest.fixture(scope="module")
def many():
    """A table with an index for each type of cursor, and views over it."""
    with database() as url:
        columns = ", ".join(f'{sql} as "{name}"' for name, sql in SHAPES.items())
        indexes = "; ".join(f'create index on t ("{name}")' for name in SHAPES)
        ask(
            url,
            f"""create table t as select n as id, {columns}
                  from (select n, timestamptz '2024-03-01Z' + n * interval '13 seconds' as a
                        from generate_series(1, 50000) n) s;
                {indexes};
                create table other as select n as id, n % 5 as grade from generate_series(1, 50000) n;
                create unique index on other (id);
                create view v as select t.*, o.grade from t left join other o using (id) where t.id > 0;
                analyze""",
        )
        yield url


async def plan(url: str, relation: str, column: str, window: Window, zone: str = "UTC") -> str:
    source = PostgresqlSource(url, 1)
    columns = (Column(name="id", kind=Kind.STRING, sql='"id"'),)
    chosen = Selection(
        feed="f", relation=relation, columns=columns, cursor=source.quote(column), where="id <> 7", zone=zone
    )
    async with source._pool.transaction() as connection:
        select = await source._planner.plan(connection, chosen, window, Format.CSV)
        rows = await connection.fetch(f"explain {select}")
    source.close()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    "relation",
    ["t", "v", "(select * from v where id > 2) as source", "(select t.* from t join other using (id)) as source"],
)
@pytest.mark.parametrize("column", SHAPES)
async def test_a_window_is_read_by_the_index_on_its_cursor(many, relation, column):
    for window in (MINUTE, ODD):
        told = await plan(many, relation, column, window)
        assert f"t_{column.replace(' ', '_')}_idx" in told.replace('"', "").replace(" precision", "_precision"), told
        assert "Seq Scan on t" not in told, told


@pytest.mark.parametrize("moment", [AT, datetime(2024, 3, 31, 1, tzinfo=UTC)], ids=["calm", "clocks change"])
async def test_a_local_cursor_is_read_by_its_index_in_any_zone(many, moment):
    told = await plan(many, "v", "timestamp", Window(moment, moment + timedelta(minutes=1)), "Europe/Riga")
    assert "t_timestamp_idx" in told, told


CHANGES = [
    ("Europe/Riga", datetime(2024, 10, 27, 1, tzinfo=UTC)),
    ("Europe/Riga", datetime(2024, 3, 31, 1, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2024, 10, 27, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 11, 3, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2024, 4, 6, 15, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2024, 4, 6, 15, tzinfo=UTC)),
]


@settings(max_examples=40, deadline=None)
@given(
    change=st.sampled_from(CHANGES),
    minutes=st.tuples(*[st.integers(-200, 200)] * 3),
    micros=st.sampled_from([0, 0, 1, 500_000]),
)
def test_local_stamps_near_a_change_of_clocks_are_in_the_window_that_prints_them(change, minutes, micros):
    """Each stored stamp lies in exactly the window that holds the moment it is printed as."""
    name, moment = change
    zone = ZoneInfo(name)
    # Stamps that clocks skip are left out: there is no right answer for them.
    local = [
        aware.astimezone(zone).replace(tzinfo=None)
        for n in range(-200, 200, 7)
        for aware in [moment + timedelta(minutes=n, microseconds=n % 3)]
    ]
    true = {stamp: stamp.replace(tzinfo=zone, fold=1).astimezone(UTC) for stamp in local}
    a, b, c = (moment + timedelta(minutes=n, microseconds=micros) for n in sorted(minutes))
    stamps = ", ".join(f"timestamp '{stamp}'" for stamp in true)
    plain = Type("timestamp", Shape.STAMP)
    conditions = [cut("x", plain, name, Window(*pair)) for pair in ((a, b), (b, c), (a, c))]
    told = ", ".join(f"array_agg(x order by x) filter (where {condition})" for condition in conditions)
    row = ask(process_database(), f"select {told} from unnest(array[{stamps}]) as x")[0]
    left, right, whole = (list(found or []) for found in row)
    assert left == sorted(stamp for stamp in true if a <= true[stamp] < b)
    assert right == sorted(stamp for stamp in true if b <= true[stamp] < c)
    assert sorted(left + right) == whole


@pytest.mark.parametrize(
    ("declared", "literal"),
    [("timestamptz", "'-infinity'"), ("timestamptz", "'infinity'"), ("timestamptz", "null"), ("numeric", "'NaN'"),
     ("text", "'never'"), ("bigint", "null"), ("double precision", "'Infinity'")],
)  # fmt: skip
async def test_cursors_that_are_no_moment_lie_in_no_window(declared, literal):
    ask(process_database(), f"drop table if exists c; create table c (x {declared}); insert into c values ({literal})")
    source = PostgresqlSource(process_database(), 1)
    columns = (Column(name="x", kind=Kind.DATETIME, sql='"x"'),)
    chosen = Selection(feed="f", relation="c", columns=columns, cursor='"x"')
    widest = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    for window, rows in ((widest, 0), (None, 1)):
        async with source.stream(chosen, window, Format.CSV) as stream:
            assert [block async for block in stream] or not rows
            assert stream.rows == rows
    source.close()


class Forged:
    """A window whose edges are texts, as no Window's can be."""

    start = end = "2024-01-01'; drop table t; --"


def test_nothing_but_a_moment_becomes_sql():
    with pytest.raises(AttributeError):
        cut("x", Type("timestamptz", Shape.ZONED), "UTC", Forged())
    assert cut("x", Type("timestamptz", Shape.ZONED), "UTC", MINUTE) == (
        "x >= timestamptz '2024-03-01 12:00:00.000000+00:00' and x < timestamptz '2024-03-01 12:01:00.000000+00:00'"
    )
