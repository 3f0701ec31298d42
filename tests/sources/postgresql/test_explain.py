"""Which plans look a window up, and which only look as if they did."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Selection
from halfopen.sources.postgresql import PostgresqlSource
from halfopen.window.window import Window
from support.postgresql import ask, database

AT = datetime(2024, 5, 1, tzinfo=UTC)
TABLES = """
create table one (id int, brand int, t timestamptz, deleted_at timestamptz);
insert into one select n, n % 3, timestamptz '2024-05-01Z' + n * interval '1 s' from generate_series(1, 3000) n;
create table other as table one; create table soft as table one;
create index one_t on one (t); create index other_brand_t on other (brand, t);
create index soft_t on soft (t) where deleted_at is null; analyze
"""
BOTH = "(select id, t from one union all select id, t from other) as source"


@pytest.fixture(scope="module")
def url():
    with database() as made:
        ask(made, TABLES)
        yield made


@pytest.mark.parametrize(
    ("relation", "where", "index"),
    [
        ("one", None, "one_t"),
        ("one", "brand = 1", "one_t"),
        ("other", None, None),
        ("other", "brand = 1", "other_brand_t"),
        ("soft", "deleted_at is null", "soft_t"),
        ("soft", None, None),
        (BOTH, None, None),
        (BOTH.replace("other", "one"), None, "one_t"),
    ],
)
async def test_an_index_counts_where_it_narrows_every_part_to_the_window(url, relation, where, index):
    source = PostgresqlSource(url, 1)
    column = Column(name="id", kind=Kind.STRING, sql="id")
    chosen = Selection(feed="f", relation=relation, columns=(column,), cursor="t", where=where)
    plan = await source.explain(chosen, Window(AT, AT + timedelta(minutes=1)))
    source.close()
    assert plan.index == index
    assert bool(plan.mend) == (index is None)
