"""What every mirror keeps account of: windows, holes, late rows, progress; and that state moves with the rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halfopen.errors import SinkError
from halfopen.sinks.base import Hole, Sink
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from sinks.conftest import Engine
from support.answers import NOON, Answers, at, session, stored, table, transaction

LATER = NOON + timedelta(minutes=12)


def hole(start: str, end: str, rung: int = 0, since: datetime = NOON + timedelta(minutes=5), attempts: int = 1) -> Hole:
    return Hole(
        product="vegas",
        feed="transactions",
        window=Window(at(start), at(end)),
        rung=rung,
        since=since,
        attempts=attempts,
        last_error="503",
        next_try=since + timedelta(seconds=30),
    )


def ledger(sink: Sink) -> list[dict[str, Any]]:
    return table(sink, "SELECT * FROM halfopen.ledger ORDER BY window_start, pass")


def test_a_line_tells_what_an_answer_did(sink: Sink, answer: Answers) -> None:
    rows = [transaction("1"), transaction("2"), transaction("3", amount="x")]
    asked = answer("transactions", rows, attempts=3)
    sink.apply([asked])
    [line] = ledger(sink)
    assert (line["product"], line["feed"], line["pass"], line["state"]) == ("vegas", "transactions", 0, "committed")
    assert (line["rows"], line["changed"], line["late"], line["quarantined"], line["attempts"]) == (3, 2, 0, 1, 3)
    assert (line["window_start"].replace(tzinfo=UTC), line["window_end"].replace(tzinfo=UTC)) == (
        asked.window.start,
        asked.window.end,
    )
    assert line["digest"] == asked.digest
    assert line["asked_at"].replace(tzinfo=UTC) == asked.asked_at
    assert line["committed_at"].replace(tzinfo=UTC) == asked.fetched_at


def test_asking_a_window_again_replaces_its_line_in_that_pass(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1")])])
    sink.apply([answer("transactions", [transaction("1"), transaction("2")])])
    sink.apply([answer("transactions", [transaction("1")], rung=2)])
    assert [(line["pass"], line["rows"], line["changed"]) for line in ledger(sink)] == [(0, 2, 1), (2, 1, 0)]


def test_several_answers_move_in_one_transaction(sink: Sink, answer: Answers) -> None:
    asked = [
        answer("transactions", [transaction("1")]),
        answer("game_activity", [session("s")]),
        answer("transactions", [transaction("1", "2026-03-01 12:01:10")], window=("01:00", "02:00")),
    ]
    assert [applied.changed for applied in sink.apply(asked)] == [1, 1, 1]
    assert stored(sink, "transactions")["1"]["updated_at"].minute == 1
    assert len(ledger(sink)) == 3


def test_products_do_not_meet(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1", comment="vegas")])])
    sink.apply([answer("transactions", [transaction("1", comment="monaco")], product="monaco")])
    assert stored(sink, "transactions")["1"]["comment"] == "vegas"
    assert stored(sink, "transactions", "monaco")["1"]["comment"] == "monaco"
    assert sink.progress("monaco", "players").committed == Coverage()


def test_what_a_reread_finds_in_a_committed_span_is_late(sink: Sink, answer: Answers) -> None:
    first = answer("transactions", [transaction("1"), transaction("2")])
    sink.apply([first])
    again = [
        transaction("1", comment=None),
        transaction("2", comment="equal stamp, other content"),
        transaction("3", "2026-03-01 12:00:59"),
        transaction("4", "2026-03-01 12:01:00"),
        transaction("5", amount="x"),
    ]
    reread = answer("transactions", again, window=("00:00", "05:00"), rung=1, fetched_at=LATER)
    [applied] = sink.apply([reread])
    assert (applied.changed, applied.late) == (3, 2)
    found = table(sink, "SELECT * FROM halfopen.late_rows ORDER BY key")
    assert [row["key"] for row in found] == ["2", "3"]
    assert {row["window_start"].replace(tzinfo=UTC) for row in found} == {NOON}
    assert {row["first_asked_at"].replace(tzinfo=UTC) for row in found} == {first.asked_at}
    assert {row["found_at"].replace(tzinfo=UTC) for row in found} == {LATER}
    assert ledger(sink)[1]["late"] == 2


def test_a_first_ask_finds_nothing_late(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1")])])
    [applied] = sink.apply([answer("transactions", [transaction("2")], window=("00:00", "02:00"))])
    assert applied.late == 0


def test_a_session_is_late_only_if_nothing_happened_since_it_was_fetched(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("game_activity", [session("a"), session("b")])])
    sink.apply([answer("game_activity", b"", window=("01:00", "09:00"))])
    again = [
        session("a", "2026-03-01 12:00:40", bet_amount="20"),
        session("b", "2026-03-01 12:05:00", bet_amount="20"),
        session("c", "2026-03-01 12:00:30"),
    ]
    [applied] = sink.apply([answer("game_activity", again, rung=1, fetched_at=LATER)])
    assert (applied.changed, applied.late) == (3, 2)
    assert table(sink, "SELECT key FROM halfopen.late_rows ORDER BY key") == [{"key": "a"}, {"key": "c"}]
    assert stored(sink, "game_activity")["b"]["bet_amount"] == Decimal(20)


def test_a_failure_is_a_line_and_a_hole(sink: Sink) -> None:
    sink.fail(hole("00:00", "01:00"))
    sink.fail(replace(hole("00:00", "01:00"), attempts=2, last_error="timeout"))
    [line] = ledger(sink)
    assert (line["state"], line["attempts"], line["committed_at"]) == ("failed", 2, None)
    progress = sink.progress("vegas", "transactions")
    assert progress.holes == (replace(hole("00:00", "01:00"), attempts=2, last_error="timeout"),)
    assert progress.committed == Coverage()
    assert progress.started is None


def test_a_committed_answer_fills_its_hole(sink: Sink, answer: Answers) -> None:
    sink.fail(hole("00:00", "01:00"))
    sink.fail(hole("03:00", "04:00"))
    sink.apply([answer("transactions", [transaction("1")], fetched_at=LATER)])
    assert [(line["state"], line["attempts"]) for line in ledger(sink)] == [("committed", 1), ("failed", 1)]
    assert sink.progress("vegas", "transactions").holes == (hole("03:00", "04:00"),)


def test_a_hole_is_filled_by_windows_that_cover_it_together(sink: Sink, answer: Answers) -> None:
    sink.fail(hole("00:00", "03:00"))
    for start, end, owed in (("00:00", "01:00", 1), ("02:00", "04:00", 1), ("01:00", "02:00", 0)):
        sink.apply([answer("transactions", b"", window=(start, end), fetched_at=LATER)])
        assert len(sink.progress("vegas", "transactions").holes) == owed


def test_a_reread_that_failed_is_filled_only_by_a_later_look(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", b"", window=("00:00", "05:00"))])
    failed = hole("00:00", "05:00", rung=1, since=LATER)
    sink.fail(failed)
    sink.apply([answer("transactions", b"", window=("05:00", "06:00"), fetched_at=LATER)])
    assert sink.progress("vegas", "transactions").holes == (failed,)
    sink.apply(
        [answer("transactions", b"", window=("00:00", "10:00"), rung=2, fetched_at=LATER + timedelta(minutes=1))]
    )
    assert sink.progress("vegas", "transactions").holes == ()


def test_a_failure_never_takes_a_commitment_back(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1")])])
    sink.fail(hole("00:00", "01:00"))
    assert [line["state"] for line in ledger(sink)] == ["committed"]
    assert len(sink.progress("vegas", "transactions").committed) == 1


@given(spans=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.integers(0, 2)), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_progress_is_the_union_of_the_committed_windows(
    engine: Engine, sink: Sink, answer: Answers, spans: list[tuple[int, int, int]]
) -> None:
    answer.product += "x"
    expected: dict[int, Coverage] = {}
    answers = []
    for start, length, rung in spans:
        window = Window(NOON + timedelta(minutes=start), NOON + timedelta(minutes=start + length))
        answers.append(answer("wallets", b"", rung=rung))
        answers[-1] = replace(answers[-1], window=window)
        expected[rung] = expected.get(rung, Coverage()).add(window)
    sink.progress(answer.product, "wallets")
    if answers:
        sink.apply(answers)

    def check(progress: Any) -> None:
        committed = expected.get(0, Coverage())
        assert progress.committed == committed
        assert {rung: c for rung, c in progress.reread.items() if c} == {r: c for r, c in expected.items() if r and c}
        assert progress.started == next((window.start for window in committed), None)

    check(sink.progress(answer.product, "wallets"))
    sink.close()
    sink.open()
    check(sink.progress(answer.product, "wallets"))


def test_status_sums_up_each_feed(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("1"), transaction("2", amount="x")])])
    sink.apply([answer("transactions", [transaction("3")], window=("02:00", "03:00"))])
    sink.apply([answer("transactions", [transaction("1"), transaction("4")], rung=1)])
    sink.fail(hole("01:00", "02:00"))
    expected = {
        "watermark": at("01:00"),
        "frontier": at("03:00"),
        "holes": 1,
        "quarantined": 1,
        "late": 1,
        "rows": 3,
    }
    assert sink.status() == {"products": {"vegas": {"feeds": {"transactions": expected}}}}
    sink.close()
    sink.open()
    assert sink.status() == {"products": {"vegas": {"feeds": {"transactions": expected}}}}


def test_sequences_go_on_after_reopening(sink: Sink, answer: Answers) -> None:
    asked = [answer("transactions", [transaction("1")]) for _ in range(5)]
    sink.apply(asked)
    sink.close()
    sink.open()
    assert sink.next_seq() > asked[-1].seq
    assert sink.next_seq() > asked[-1].seq + 1


def test_a_closed_mirror_says_so(sink: Sink, answer: Answers) -> None:
    asked = answer("transactions", [transaction("1")])
    sink.close()
    sink.close()
    for use in (lambda: sink.apply([asked]), lambda: sink.query("SELECT 1"), sink.status):
        with pytest.raises(SinkError, match="not open"):
            use()
