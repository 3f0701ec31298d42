"""Columns that come and go are findings, and so is a share of held rows that jumps."""

from datetime import timedelta

import pytest

from halfopen.sinks.base import Sink
from halfopen.sinks.drift import jump
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, player, table, transaction

COLUMNS = "SELECT name, field, vanished_at IS NOT NULL AS gone FROM halfopen.columns ORDER BY name"


def drifts(sink: Sink) -> list[tuple[str, str, int]]:
    rows = table(
        sink,
        "SELECT code, sample, count FROM halfopen.findings WHERE code LIKE 'column%' ORDER BY 1, CAST(sample AS text)",
    )
    return [(row["code"], row["sample"].split('"')[3], row["count"]) for row in rows]


def test_the_first_answer_is_what_all_others_are_compared_with(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("u1", vip="1")], columns={"id": "id"})])
    assert drifts(sink) == []
    assert {"name": "vip", "field": None, "gone": False} in table(sink, COLUMNS)
    sink.apply([answer("players", [player("u2", vip="2")])])
    sink.apply([answer("players", [player("u3")]), answer("players", [player("u4")])])
    assert drifts(sink) == [("column_vanished", "vip", 1)]
    assert {"name": "vip", "field": None, "gone": True} in table(sink, COLUMNS)


@pytest.mark.parametrize("together", [1, 3])
def test_a_new_column_is_told_once_also_when_it_comes_back(sink: Sink, answer: Answers, together: int) -> None:
    def apply(**more: str) -> None:
        answers = []
        for number in range(together):
            answer.product = f"p{number}"
            answers.append(answer("players", [player("u1", **more)]))
        sink.apply(answers)

    for more in ({}, {}, {"vip": "1"}, {"vip": "2"}, {}, {}, {"vip": "3"}):
        apply(**more)
    assert drifts(sink) == [("column_appeared", "vip", 2)] * together + [("column_vanished", "vip", 1)] * together


def test_a_null_that_json_leaves_out_is_no_column_gone(sink: Sink, answer: Answers) -> None:
    full = [player("u1", city="Riga")]
    sink.apply([answer("players", full, format=Format.NDJSON)])
    few, many = [player("u2")], [player(f"u{n}") for n in range(20)]
    sink.apply([answer("players", few, format=Format.NDJSON)])
    assert drifts(sink) == []
    sink.apply([answer("players", many, format=Format.NDJSON)])
    assert drifts(sink) == [("column_vanished", "city", 1)]


def test_what_was_learned_in_a_transaction_that_failed_is_not_known(
    sink: Sink, answer: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.apply([answer("players", [player("u1")])])

    def fall(*_: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr("halfopen.sinks.drift.Watch._jump", fall)
        with pytest.raises(RuntimeError, match="power"):
            sink.apply([answer("players", [player("u2", vip="1"), player("u3", "soon")])])
    assert drifts(sink) == []
    sink.apply([answer("players", [player("u2", vip="1")])])
    assert drifts(sink) == [("column_appeared", "vip", 1)]


def test_a_jump_of_the_held_rows_is_told_once_an_hour(sink: Sink, answer: Answers) -> None:
    def ask(minute: int, good: int, bad: int) -> str:
        rows = [transaction(f"{minute}-{n}", amount="1" if n >= bad else "much") for n in range(good + bad)]
        moment = NOON + timedelta(minutes=minute)
        window = (f"{moment:%Y-%m-%d %H:%M:%S}", f"{moment + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}")
        [applied] = sink.apply([answer("transactions", rows, window=window, fetched_at=moment + timedelta(minutes=1))])
        return applied.remark

    assert ask(0, 300, 1) == ""
    assert ask(90, 50, 19) == ""
    assert "are held, 0.33% of those in the 7 days before" in ask(91, 0, 10)
    assert ask(92, 0, 30) == ask(93, 0, 30) == ""
    found = table(sink, "SELECT count, sample FROM halfopen.findings WHERE code = 'quarantine_jump'")
    assert [row["count"] for row in found] == [1]
    assert "held" in found[0]["sample"]


@pytest.mark.parametrize(
    ("counts", "is_jump"),
    [
        ((100, 19, 1000, 0), False),
        ((100, 20, 1000, 0), True),
        ((1000, 100, 1000, 10), False),
        ((1000, 101, 1000, 10), True),
        ((100, 100, 0, 0), True),
        ((1000, 100, 0, 0), False),
        ((20, 20, 19, 19), True),
        ((20, 20, 20, 20), False),
    ],
)
def test_a_jump_is_ten_times_the_share_of_the_days_before(counts: tuple[int, int, int, int], is_jump: object) -> None:
    assert (jump(*counts) is not None) is is_jump


def test_a_feed_that_looks_like_a_catalogue_is_told_of_once(sink: Sink, answer: Answers) -> None:
    rows = [{"id": "t1", "name": "Derby", "start_date": "2026-03-01 00:00:00"}]
    first, second = (sink.apply([answer("sports_tournaments", rows)])[0].remark for _ in range(2))
    assert 'catalogues = ["sports_tournaments"] in [products.vegas]' in first
    assert second == ""
    assert table(sink, "SELECT code, count FROM halfopen.findings") == [{"code": "no_cursor", "count": 1}]


def test_a_catalogue_that_is_one_and_a_feed_with_a_cursor_are_not_told_of(sink: Sink, answer: Answers) -> None:
    row = {"id": "t1", "name": "Derby", "start_date": "2026-03-01 00:00:00"}
    stamped = {**row, "modified_at": "2026-03-01 12:00:10"}
    assert sink.apply([answer("sports_tournaments", [row], whole=True)])[0].remark == ""
    assert sink.apply([answer("sports_tournaments", [stamped])])[0].remark == ""
    assert sink.apply([answer("sports_tournaments", b"id,name\r\n")])[0].remark == ""
