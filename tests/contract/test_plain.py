"""The look in Python acquits nobody whom the judge would not: on any texts, alone and in whole rows."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract.test_judge import GOOD, good, stage
from contract.test_judge_agrees import FEED, FIELDS, SCRAPS, TEXTS
from halfopen.contract.ddl import column_type
from halfopen.contract.judge import typed, violations
from halfopen.contract.load import NAMES, feed
from halfopen.contract.model import Kind
from halfopen.contract.plain import Plain
from halfopen.contract.sql import quote

ODD = st.one_of(st.none(), st.sampled_from(["", " ", "0", "1", "-1", "x", "2023-07-20 17:15:39", *SCRAPS]), TEXTS)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def cast(feed_fields: dict[str, str], table: str) -> str:
    values = ", ".join(f"{quote(name)}::{kind} AS {quote(name)}" for name, kind in feed_fields.items())
    return f"SELECT _n, {values} FROM {table}"


@pytest.mark.parametrize("name", NAMES)
def test_good_rows_are_acquitted(name: str) -> None:
    row = good(name)
    row[feed(name).key] = "k"
    nulls = {column: None for column, field in feed(name).fields.items() if not field.required}
    columns = {column: [text, {**row, **nulls}[column]] for column, text in row.items()}
    assert Plain(feed(name)).accepts(columns)
    for needed in feed(name).required:
        assert not Plain(feed(name)).accepts({key: texts for key, texts in columns.items() if key != needed})


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(TEXTS, min_size=1, max_size=40))
@example(SCRAPS)
@example(list(GOOD.values()))
@example([a + b for a in SCRAPS[:16] for b in SCRAPS[:16]])
@example([a + b for a in SCRAPS[16:44] for b in SCRAPS[16:44]])
@example(["1901-01-01 00:00:00", "9999-12-31 23:59:59", "0001-01-02 00:00:00", "-0", "-0.0", "000000000000000000001"])
def test_an_acquitted_text_is_one_the_judge_and_a_cast_accept(
    database: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    look = Plain(FEED)
    for name, field in FIELDS.items():
        acquitted = [text for text in texts if look.accepts({"id": ["k"], name: [text]})]
        if not acquitted:
            continue
        stage(database, ["id", name], [{"id": f"k{n}", name: text} for n, text in enumerate(acquitted)])
        assert database.execute(violations(FEED, "texts", ["id", name])).fetchall() == []
        read = database.execute(f"{typed(FEED, 'texts', ['id', name])} ORDER BY _n").fetchall()
        bare = database.execute(f"{cast({'id': 'VARCHAR', name: column_type(field)}, 'texts')} ORDER BY _n").fetchall()
        assert read == bare


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, dict[str, str | None]]:
    """A good row of some feed with a few texts put in."""
    name = draw(st.sampled_from(NAMES))
    fields = draw(st.lists(st.sampled_from(list(feed(name).fields)), min_size=1, max_size=3, unique=True))
    return name, good(name) | {column: draw(ODD) for column in fields}


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows())
@example(("players", good("players") | {"registered_at": "2023-07-20 17:15:39"}))
@example(("transactions", good("transactions") | {"requisite": "4916 1553 9365 8000"}))
@example(("sports_odds", good("sports_odds") | {"ratio": "0.99"}))
@example(("game_activity", good("game_activity") | {"bet_count": "0"}))
@example(("game_activity", good("game_activity") | {"win_count": "0", "win_amount": ".5"}))
@example(("game_activity", good("game_activity") | {"win_count": "3", "win_amount": "0.00"}))
@example(("wallets", good("wallets") | {"balance": "0.30000000000000004"}))
@example(("wallets", good("wallets") | {"player_id": "7 "}))
def test_an_acquitted_row_is_one_the_judge_accepts(
    database: duckdb.DuckDBPyConnection, told: tuple[str, dict[str, str | None]]
) -> None:
    name, row = told
    if not Plain(feed(name)).accepts({column: [text] for column, text in row.items()}):
        return
    stage(database, list(row), [row])
    assert database.execute(violations(feed(name), "texts", list(row))).fetchall() == []
    fields = {column: column_type(field) for column, field in feed(name).fields.items()}
    read = database.execute(typed(feed(name), "texts", list(row))).fetchall()
    assert read == database.execute(cast(fields, "texts")).fetchall()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.STRING])
def test_a_text_of_no_kind_goes_to_the_judge(kind: Kind) -> None:
    assert not Plain(FEED).accepts({"id": ["k"], kind.value: ["?"]})
    assert not Plain(FEED).accepts({"id": ["k"], kind.value: [""]})
