import sqlite3
from contextlib import closing
from decimal import Context, Decimal

import duckdb
import pytest

from halfopen.contract.ddl import column_type
from halfopen.contract.judge import violations
from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.demo import truth
from support.spacevegas import build

WIDE = Context(prec=100)


@pytest.fixture(scope="module")
def casino(tmp_path_factory):
    return build(tmp_path_factory.mktemp("truth"), players=80, hours=20)


@pytest.fixture(scope="module")
def db(casino, tmp_path_factory):
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        truth.load(connection, casino, tmp_path_factory.mktemp("lines"))
        yield connection


@pytest.mark.parametrize("feed", feeds().values(), ids=lambda feed: feed.name)
def test_every_field_of_the_contract_is_there_in_its_mirror_type(db, feed):
    found = {row[0]: row[1] for row in db.execute(f"describe truth.{feed.name}").fetchall()}
    custom = set(truth.CUSTOM) if feed.custom else set()
    assert {name: kind for name, kind in found.items() if name not in custom} == {
        name: column_type(field) for name, field in feed.fields.items()
    }
    assert db.execute(f"select count(*) from truth.{feed.name}").fetchone()[0] > 0


@pytest.mark.parametrize("feed", feeds().values(), ids=lambda feed: feed.name)
def test_the_judge_finds_nothing_wrong_with_ordinary_rows(db, feed):
    columns = ", ".join(f"{_text(name, field.kind)} as {name}" for name, field in feed.fields.items())
    db.execute(
        f"create or replace temp table sent as select row_number() over () as _n, {columns} from truth.{feed.name}"
    )
    found = db.execute(
        f"select code, field, min(value), count(*) from ({violations(feed, 'sent', list(feed.fields))}) group by all"
    ).fetchall()
    assert found == []


def _text(name: str, kind: Kind) -> str:
    if kind is Kind.DATETIME:
        return f"strftime({name}, '%Y-%m-%d %H:%M:%S')"
    if kind is Kind.DECIMAL:
        return f"rtrim(rtrim({name}::VARCHAR, '0'), '.')"
    return f"{name}::VARCHAR"


def test_sums_of_sessions_are_exact_to_the_last_digit(casino, db):
    with closing(sqlite3.connect(casino)) as connection:
        actions = connection.execute("select session, kind, amount from game_actions").fetchall()
    bets: dict[str, Decimal] = {}
    for session, kind, amount in actions:
        if kind != "win":
            sign = 1 if kind == "bet" else -1
            bets[session] = WIDE.add(bets.get(session, Decimal(0)), WIDE.multiply(sign, Decimal(amount)))
    found = dict(db.execute("select session_id, bet_amount from truth.game_activity").fetchall())
    assert found == bets
    assert max(len(f"{value:f}".partition(".")[0]) for value in found.values()) >= 19


def test_whales_sums_need_all_38_digits(db):
    (top,) = db.execute("select max(win_amount) from truth.game_activity where currency = 'SHIB'").fetchone()
    assert float(top) != top or len(top.as_tuple().digits) > 30


def test_stamps_are_floored_never_rounded(casino, db):
    with closing(sqlite3.connect(casino)) as connection:
        raw = dict(connection.execute("select id, changed from purses").fetchall())
    for key, found in db.execute("select id, modified_at from truth.wallets").fetchall():
        assert str(found) == raw[key][:19]


@pytest.mark.parametrize(("text", "right"), [("0.125", "0.12"), ("0.135", "0.14"), ("7", "7.00"), (None, None)])
def test_fractional_fields_round_half_to_even(text, right):
    assert truth._half_even(text) == right
