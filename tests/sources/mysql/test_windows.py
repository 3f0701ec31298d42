"""Windows cut on the raw cursor: by its index, also through views and subqueries, and exact where clocks change."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection
from halfopen.sources.mysql import MysqlSource
from halfopen.sources.mysql.cut import cut
from halfopen.sources.mysql.types import Shape, Type
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format
from support.mysql import ask, database, process_database

AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
MINUTE = Window(AT, AT + timedelta(minutes=1))
ODD = Window(AT + timedelta(microseconds=1), AT + timedelta(seconds=1.5))
SHAPES = {
    "datetime": "datetime(6)",
    "timestamp": "timestamp(6)",
    "whole": "datetime",
    "day": "date",
    "seconds": "bigint",
    "exact": "decimal(20,3)",
    "real": "double",
}
DIGITS = "(" + " union all ".join(f"select {n} as d" for n in range(10)) + ")"


@pytest.fixture(scope="module")
def many():
    """A table with an index for each type of cursor, and a view over it."""
    with database() as url:
        columns = ", ".join(f"`{name}` {type_}, key `by_{name}` (`{name}`)" for name, type_ in SHAPES.items())
        stamp, epoch = "timestamp'2024-03-01 00:00:00' + interval n * 13 second", "1709251200 + n * 13"
        values = ", ".join(
            [stamp] * 3 + ["date(timestamp'2000-01-01 00:00:00' + interval n day)"] + [epoch, f"{epoch}", f"{epoch}"]
        )
        ask(
            url,
            "set time_zone = '+00:00'",
            f"create table t (id int primary key, {columns})",
            f"""insert into t select n, {values}
                  from (select a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d as n
                        from {DIGITS} a, {DIGITS} b, {DIGITS} c, {DIGITS} e, {DIGITS} f where f.d < 3) as numbers""",
            "create table other (id int primary key, grade int) as select id, id % 5 as grade from t",
            "create view v as select t.*, o.grade from t left join other o using (id) where t.id > 0",
            "analyze table t, other",
        )
        yield url


async def plan(url: str, relation: str, column: str, window: Window, zone: str = "UTC") -> str:
    source = MysqlSource(url, 1)
    columns = (Column(name="id", kind=Kind.STRING, sql="`id`"),)
    chosen = Selection(
        feed="f", relation=relation, columns=columns, cursor=source.quote(column), where="id <> 7", zone=zone
    )
    with source._connections.transaction() as connection:
        select = source._planner.plan(connection, chosen, window, Format.CSV)
        rows = connection.fetch(f"explain {select}")
    source.close()
    return "\n".join(" ".join(str(cell) for cell in row) for row in rows)


@pytest.mark.parametrize(
    "relation",
    ["t", "v", "(select * from v where id > 2) as source", "(select t.* from t join other using (id)) as source"],
)
@pytest.mark.parametrize("column", SHAPES)
async def test_a_window_is_read_by_the_index_on_its_cursor(many, relation, column):
    for window in (MINUTE, ODD):
        told = await plan(many, relation, column, window)
        assert re.search(rf"range \S+ by_{column} ", told) or "Impossible WHERE" in told, told


@pytest.mark.parametrize("moment", [AT, datetime(2024, 3, 31, 1, tzinfo=UTC)], ids=["calm", "clocks change"])
async def test_a_local_cursor_is_read_by_its_index_in_any_zone(many, moment):
    told = await plan(many, "v", "datetime", Window(moment, moment + timedelta(minutes=1)), "Europe/Riga")
    assert re.search(r"range \S+ by_datetime ", told), told


CHANGES = [
    ("Europe/Riga", datetime(2024, 10, 27, 1, tzinfo=UTC)),
    ("Europe/Riga", datetime(2024, 3, 31, 1, tzinfo=UTC)),
    ("Europe/Dublin", datetime(2024, 10, 27, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 11, 3, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2024, 4, 6, 15, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2024, 4, 6, 15, tzinfo=UTC)),
]


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
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
    plain = Type(Shape.STAMP, 6)
    conditions = [cut("x", plain, name, Window(*pair)) for pair in ((a, b), (b, c), (a, c))]
    told = ", ".join(f"({condition}) as c{at}" for at, condition in enumerate(conditions))
    origin = " union all ".join(f"select cast('{stamp}' as datetime(6)) as x" for stamp in true)
    rows = ask(process_database(), f"select x, {told} from ({origin}) as stamps order by x")
    left, right, whole = ([row[0] for row in rows if row[1 + at]] for at in range(3))
    assert left == sorted(stamp for stamp in true if a <= true[stamp] < b)
    assert right == sorted(stamp for stamp in true if b <= true[stamp] < c)
    assert sorted(left + right) == whole


@pytest.mark.parametrize(
    ("declared", "literal"),
    [("datetime", "0"), ("datetime", "null"), ("timestamp", "0"), ("text", "'never'"), ("bigint", "null")],
)
async def test_cursors_that_are_no_moment_lie_in_no_window(declared, literal):
    ask(
        process_database(),
        "set sql_mode = ''",
        "drop table if exists c",
        f"create table c (x {declared} null)",
        f"insert into c values ({literal})",
    )
    source = MysqlSource(process_database(), 1)
    columns = (Column(name="x", kind=Kind.DATETIME, sql="`x`"),)
    chosen = Selection(feed="f", relation="c", columns=columns, cursor="`x`")
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
    with pytest.raises((AttributeError, TypeError)):
        cut("x", Type(Shape.ZONED, 6), "UTC", Forged())
    assert cut("x", Type(Shape.ZONED, 6), "UTC", MINUTE) == (
        "x >= timestamp'2024-03-01 12:00:00' and x < timestamp'2024-03-01 12:01:00'"
    )
