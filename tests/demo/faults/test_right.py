"""Every dialect keeps the requirements: the contract's judge passes its rows, its windows are half-open and add up."""

import sys
from datetime import timedelta
from itertools import pairwise

import pytest

from halfopen.contract.load import feeds
from halfopen.demo.faults import zoo
from support.zoo import HOUR, OPENED, Caller, Clock, judged, plain

RIGHT = [each for each in zoo().values() if each.code is None]
NOW = OPENED.replace(microsecond=0)


def caller(fault, seed=1):
    product = fault.product(seed, Clock())
    if fault.name == "paced":
        product.most = sys.maxsize  # on a clock that stands still, all is asked in one second
    return Caller(product)


def test_there_are_dialects_enough():
    assert len(RIGHT) >= 15


@pytest.mark.parametrize("dialect", RIGHT, ids=lambda dialect: dialect.name)
def test_the_judge_of_the_contract_passes_every_row(dialect, tmp_path):
    asked = caller(dialect)
    for name in feeds():
        if dialect.name in {"no_sportsbook", "not_implemented_yet"} and name.startswith("sports_"):
            assert asked.window(name, NOW - HOUR, NOW).status in {404, 501}
            continue
        rows, again = (asked.rows(name, NOW - 7 * HOUR, NOW, kind) for kind in ("text/csv", "application/json"))
        assert sorted(map(str, rows)) == sorted(map(str, again))
        assert judged(name, rows, tmp_path) <= set(dialect.also), name


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_plain_product_has_rows_of_every_feed_and_references_that_hold(seed, tmp_path):
    asked = caller(zoo()["plain"], seed)
    # Beyond now, or who changed this very second were missing.
    rows = {name: asked.rows(name, NOW - 27 * HOUR, NOW + HOUR) for name in feeds()}
    for name, contract in feeds().items():
        assert len(rows[name]) >= 15, name
        assert judged(name, rows[name], tmp_path) == set(), name
        keys = [row[contract.key] for row in rows[name]]
        assert len(keys) == len(set(keys)), name
        for column, field in contract.fields.items():
            if field.refers_to:
                parent, key = field.refers_to.split(".")
                known = {row[key] for row in rows[parent]}
                assert {row[column] for row in rows[name]} <= known | {None}, (name, column)


@pytest.mark.parametrize("dialect", RIGHT, ids=lambda dialect: dialect.name)
def test_windows_are_half_open_and_add_up(dialect):
    asked = caller(dialect)
    edge = NOW.replace(second=0, minute=0) - timedelta(minutes=10)
    start, end = edge - timedelta(minutes=25), edge + timedelta(minutes=5)
    for name, contract in feeds().items():
        if asked.window(name, start, end).status in {404, 501}:
            continue
        whole = asked.rows(name, start, end)
        if not whole or contract.cursor not in whole[0]:
            continue
        cuts = [start, edge - timedelta(seconds=1), edge, edge + timedelta(seconds=1), end]
        parts = [asked.rows(name, *span) for span in pairwise(cuts)]
        united = {row[contract.key] for part in parts for row in part}
        assert united == {row[contract.key] for row in whole}, name
        if name != "game_activity":
            assert sum(map(len, parts)) == len(whole), name
            for span, part in zip(pairwise(cuts), parts, strict=True):
                for row in part:
                    stamp = row[contract.cursor].replace("T", " ")[:19]
                    assert plain(span[0]) <= stamp < plain(span[1]), name


@pytest.mark.parametrize("dialect", RIGHT, ids=lambda dialect: dialect.name)
def test_a_session_is_the_same_in_every_window_that_holds_one_of_its_actions(dialect):
    asked = caller(dialect)
    whole = {row["session_id"]: row for row in asked.rows("game_activity", NOW - HOUR, NOW)}
    long = [row for row in whole.values() if row["created_at"] != row["updated_at"]][:5]
    for row in long:
        for column in ("created_at", "updated_at"):
            at = NOW.fromisoformat(row[column][:19].replace("T", " ")).replace(tzinfo=NOW.tzinfo)
            second = {r["session_id"]: r for r in asked.rows("game_activity", at, at + timedelta(seconds=1))}
            assert second[row["session_id"]] == row


@pytest.mark.parametrize("dialect", RIGHT, ids=lambda dialect: dialect.name)
def test_who_has_not_signed_in_gets_no_row(dialect):
    asked = caller(dialect)
    query = f"from={plain(NOW - HOUR)}&to={plain(NOW)}".replace(" ", "%20")
    for name in feeds():
        response = asked.ask(name, query, signed=False)
        assert response.status in {401, 403, 404, 501}, name
        assert len(response.body) < 100


def test_rows_appear_as_time_passes():
    clock = Clock()
    asked = Caller(zoo()["plain"].product(1, clock))
    before = {row["id"] for row in asked.rows("logins", NOW - HOUR, NOW + HOUR)}
    clock.now += timedelta(minutes=2)
    after = {row["id"] for row in asked.rows("logins", NOW - HOUR, NOW + HOUR)}
    assert len(after - before) > 5
    assert not before - after


@pytest.mark.parametrize("name", ["plain", "late_as_declared", "hot_wallets"])
def test_no_closed_window_gains_a_row_but_where_that_is_declared(name):
    clock = Clock()
    asked = Caller(zoo()[name].product(2, clock))
    start = OPENED - timedelta(minutes=5)
    seen = {feed: asked.rows(feed, start, NOW) for feed in feeds()}
    clock.now += timedelta(minutes=3)
    grown = set()
    for feed, contract in feeds().items():
        before = {row[contract.key] for row in seen[feed]}
        if feed != "sports_tournaments" and {row[contract.key] for row in asked.rows(feed, start, NOW)} - before:
            grown.add(feed)
    assert bool(grown) == (name == "late_as_declared")
