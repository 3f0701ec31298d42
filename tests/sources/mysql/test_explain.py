"""Which index finds a window: the same answer whatever the number of rows, through views, subselects and unions."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, QueryPlan, Selection, Sessions
from halfopen.sources.mysql import MysqlSource
from halfopen.window.window import Window
from support.mysql import ask, process_database

AT = datetime(2024, 4, 1, tzinfo=UTC)
MINUTE = Window(AT, AT + timedelta(minutes=1))
TABLE = """create table few (id int, brand int, at datetime(6), made timestamp(6) null, told text, day date, s text,
    key by_at (at), key by_brand (brand, at), key by_day (day), key by_id (id))"""
BARE = "create table bare (id int, brand int, at datetime(6), made timestamp(6) null, s text, key by_id (id))"
VIEW = (
    "create or replace view seen as select few.*, bare.s as other from few left join bare using (id) where few.id > 0"
)
DIGITS = "(" + " union all ".join(f"select {n} as d" for n in range(10)) + ")"
UNION = "select id, at from few where id < 9 union all select id, at from {} where id > 2"


@pytest.fixture(params=[0, 1, 50, 3000], scope="module")
def rows(request):
    """Two tables of so many rows, one a second, and a view."""
    many = request.param
    tables = ", ".join(f"{DIGITS} as {name}" for name in "ijkl")
    numbers = f"select i.d + 10 * j.d + 100 * k.d + 1000 * l.d as n from {tables}"
    stamp = "timestamp'2024-04-01 00:00:00' + interval n second"
    ask(
        process_database(),
        "drop table if exists few, bare",
        TABLE,
        BARE,
        VIEW,
        f"insert into few select n, n % 3, {stamp}, {stamp}, n, {stamp}, n from ({numbers}) x where n < {many}",
        "insert into bare select id, brand, at, made, s from few",
        "analyze table few, bare",
    )
    return many


async def explained(relation: str, cursor: str | None = "`at`", **more) -> QueryPlan:
    source = MysqlSource(process_database(), 1)
    columns = (Column(name="id", kind=Kind.STRING, sql="`id`"),)
    bare = relation.strip("`").isidentifier()
    told = source.relation(relation if bare else None, None if bare else relation)
    try:
        return await source.explain(Selection(feed="f", relation=told, columns=columns, cursor=cursor, **more), MINUTE)
    finally:
        source.close()


@pytest.mark.parametrize(
    ("relation", "more", "index"),
    [
        ("few", {}, "by_at"),
        ("few", {"where": "id > 1"}, "by_at"),
        ("few", {"where": "told <> 'a\"\\\\d'"}, "by_at"),
        ("few", {"zone": "Europe/Riga"}, "by_at"),
        ("few", {"cursor": "`day`"}, "by_day"),
        ("seen", {}, "by_at"),
        ("select f.id, f.at from few f join bare b on b.id = f.id", {}, "by_at"),
        (UNION.format("few"), {}, "by_at"),
        (UNION.format("bare"), {}, None),
        ("bare", {}, None),
        ("bare", {"where": "id = 7"}, None),
        ("few", {"cursor": "coalesce(`at`, `made`)"}, None),
        ("select id, at + interval 1 second as at from few", {}, None),
        ("select id, max(at) as at from few group by id", {}, None),
    ],
)
async def test_the_answer_does_not_depend_on_the_number_of_rows(rows, relation, more, index):
    plan = await explained(relation, **more)
    assert plan.index == index, plan
    assert bool(plan.mend) == (index is None), plan


async def test_a_filter_on_the_first_column_of_an_index_lets_its_second_serve(rows):
    ask(process_database(), "alter table few drop key by_at")
    try:
        assert (await explained("few", where="brand = 1")).index == "by_brand"
        assert (await explained("few", where="id = 1")).index is None
        assert (await explained("few")).index is None
    finally:
        ask(process_database(), "alter table few add key by_at (at)")


async def test_sessions_are_looked_up_by_the_stamps_of_their_actions(rows):
    sessions = Sessions(session_id="`s`", kind="`told`", bet="'b'", win="'w'", amount="`id`", created_at="`at`")
    assert (await explained("few", None, sessions=sessions)).index == "by_at"
    assert (await explained("bare", None, sessions=sessions)).index is None


async def test_what_would_help_is_a_statement_that_does(rows):
    plan = await explained("bare")
    assert plan.mend == "CREATE INDEX halfopen_f ON `bare` (`at`) ALGORITHM=INPLACE LOCK=NONE;"
    ask(process_database(), plan.mend)
    assert (await explained("bare")).index == "halfopen_f"
    ask(process_database(), "drop index halfopen_f on bare")
    for cursor in ("coalesce(`at`, `at`)", "coalesce(`made`, `made`)"):
        statement, _, rest = (await explained("bare", cursor)).mend.partition(";")
        assert rest == ' and cursor = "halfopen_cursor"'
        ask(process_database(), statement)
        assert (await explained("bare", "`halfopen_cursor`")).index == "halfopen_f"
        ask(process_database(), "alter table bare drop column halfopen_cursor")


async def test_what_no_index_helps_is_told():
    assert "holds texts, which no index sorts" in (await explained("few", "`told`")).mend
    assert "before `at` is compared" in (await explained("select id, max(at) as at from few group by id")).mend
    view = await explained("select id, at + interval 1 second as at from few")
    assert view.mend == "an index on the column behind `at`, in the table that the rows come from"
    catalogue = await explained("few", None)
    assert (catalogue.index, catalogue.mend) == (None, "")
