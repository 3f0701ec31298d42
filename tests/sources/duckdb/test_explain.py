"""Whether zone maps serve a window: the same answer whatever the number of rows, through views, subselects, unions."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, QueryPlan, Selection, Sessions
from halfopen.sources.duckdb import DuckdbSource
from halfopen.sources.duckdb.cut import cut
from halfopen.sources.duckdb.explain import ZONE_MAPS
from halfopen.sources.duckdb.types import types_of
from halfopen.window.window import Window

AT = datetime(2024, 4, 1, tzinfo=UTC)
MINUTE = Window(AT + timedelta(minutes=1), AT + timedelta(minutes=2))
STAMPS = {
    "zoned": "timestamptz",
    "plain": "timestamp",
    "nanos": "timestamp_ns",
    "millis": "timestamp_ms",
    "seconds": "timestamp_s",
    "whole": "integer",
    "long": "bigint",
    "exact": "decimal(20,6)",
    "day": "date",
}
UNION = "select * from t where id < '9' union all select * from t where id > '2'"


@pytest.fixture(params=[0, 1, 50, 400_000], scope="module")
def path(request, tmp_path_factory):
    """One row a second from the window's start on, in every type, and a view; the last row's cursors are null."""
    path = tmp_path_factory.mktemp("zones") / "t.duckdb"
    stamp, number = "(timestamp '2024-04-01' + to_seconds(n))", "(1711929600 + n)"
    numbers = ("whole", "long", "exact")
    told = [f"{number if name in numbers else stamp}::{type_} as {name}" for name, type_ in STAMPS.items()]
    with closing(duckdb.connect(path)) as writer:
        writer.execute("set timezone = 'UTC'")
        writer.execute(
            f"create table t as select n::varchar as id, n % 3 as brand, {', '.join(told)}, "
            f"{stamp}::varchar as told from range({request.param}) as numbers(n)"
        )
        if request.param:
            writer.execute("insert into t (id) values ('none')")
        writer.execute("create table o as select id, brand as grade from t")
        writer.execute("create view v as select t.*, o.grade from t left join o using (id) where t.id <> ''")
    return path


def chosen(relation: str, cursor: str | None, **more) -> Selection:
    columns = (Column(name="id", kind=Kind.STRING, sql='"id"'),)
    return Selection(feed="f", relation=relation, columns=columns, cursor=cursor, **more)


async def explained(path, relation: str, cursor: str | None, window: Window = MINUTE, **more) -> QueryPlan:
    source = DuckdbSource(path, 1)
    try:
        return await source.explain(chosen(relation, cursor, **more), window)
    finally:
        source.close()


@pytest.mark.parametrize("relation", ["t", "v", "(select * from v where brand = 1) as source", f"({UNION}) as source"])
@pytest.mark.parametrize("column", STAMPS)
async def test_zone_maps_serve_every_type_that_sorts_as_moments(path, relation, column):
    later = Window(AT + timedelta(days=900), AT + timedelta(days=901))
    for window in (MINUTE, later):
        plan = await explained(path, relation, f'"{column}"', window, where="id <> 'x' or brand = 2")
        assert (plan.index, plan.mend) == (ZONE_MAPS, ""), plan


@pytest.mark.parametrize("column", STAMPS)
def test_a_window_reaches_the_scan_as_a_comparison_of_the_column_itself(path, column):
    """Where it is compared as another type no zone map is asked."""
    with closing(duckdb.connect(path, read_only=True)) as connection:
        if not connection.execute("select count(*) > 1000 from t").fetchall()[0][0]:
            return
        type_ = types_of(connection, "t", [column])[0]
        condition = cut(column, type_, "UTC", Window(MINUTE.start, MINUTE.end + timedelta(days=1)))
        told = connection.execute(f"explain (format json) select id from t where {condition}").fetchall()[0][1]
    scan = json.loads(told)[0]
    while scan["children"]:
        assert scan["name"].strip() != "FILTER"
        scan = scan["children"][0]
    filters = str(scan["extra_info"]["Filters"])
    assert f"({column} >= " in filters
    assert "CAST" not in filters


async def test_what_is_computed_or_put_together_is_told(path):
    assert "holds texts, which no index sorts" in (await explained(path, "t", '"told"')).mend
    computed = await explained(path, "t", "greatest(plain, plain + interval 1 second)")
    assert computed.index is None
    assert "is computed for every row" in computed.mend
    catalogue = await explained(path, "t", None)
    assert (catalogue.index, catalogue.mend) == (None, "")
    sessions = Sessions(session_id="id", kind="told", bet="'b'", win="'w'", amount="brand", created_at='"plain"')
    assert (await explained(path, "t", None, sessions=sessions)).index == ZONE_MAPS
