"""Whether a window is looked up in an index, engine by engine, and what is advised where it is not."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.contract.model import Kind
from halfopen.sources.base import Column, Explains, Selection
from halfopen.window.window import Window
from sources.engines.all import ENGINES

AT = datetime(2024, 4, 1, tzinfo=UTC)
MINUTE = Window(AT, AT + timedelta(minutes=1))
COLUMNS = {"id": "text", "at": "stamp"}
# No index sorts these as moments.
UNSORTED = ("offsets", "postgresql: text", "mysql: text", "duckdb: text")


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request):
    return request.param


def selection(source, relation: str, **changes) -> Selection:
    column = Column(name="id", kind=Kind.STRING, sql=source.quote("id"))
    told = {"feed": "players", "relation": relation, "columns": (column,), "cursor": source.quote("at")}
    return Selection(**told | changes)


def rows() -> list[tuple[object, ...]]:
    return [(str(n), AT + timedelta(seconds=n)) for n in range(50)]


@pytest.mark.parametrize("sql", [None, "select * from t where id <> ''"])
async def test_an_index_on_the_cursor_is_found_and_a_missing_one_named(engine, tmp_path, sql):
    for index in ("at", ""):
        place = engine.make(tmp_path, COLUMNS, rows(), index=index)
        source = engine.source(place)
        try:
            assert isinstance(source, Explains)
            plan = await source.explain(selection(source, source.relation(None if sql else "t", sql)), MINUTE)
        finally:
            source.close()
        assert plan.text
        assert "\n" not in plan.text
        if engine.name.endswith(UNSORTED):
            assert plan.index is None
            assert "no index sorts" in plan.mend
        elif engine.unindexed:
            assert (plan.index, plan.mend) == (engine.unindexed, "")
        elif index:
            assert (plan.index, plan.mend) == ("by_cursor", "")
        else:
            assert plan.index is None
            found = "an index on the column behind" if sql else "CREATE INDEX"
            assert plan.mend.startswith(found), plan
