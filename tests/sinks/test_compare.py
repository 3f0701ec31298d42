"""What a product serves against what a mirror has, on every engine."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from halfopen.sinks.base import Answer, Sink
from halfopen.sinks.compare import Comparison
from halfopen.wire.negotiate import Format
from support.answers import NOON, Answers, at, player, session, stored, transaction

CLAIMED = NOON + timedelta(hours=1)


def compared(sink: Sink, answer: Answer, claimed: datetime = CLAIMED, sought: tuple[str, ...] = ()) -> Comparison:
    """Compared as if it had been asked much later."""
    later = replace(answer, asked_at=NOON + timedelta(days=1), fetched_at=NOON + timedelta(days=1))
    return sink.compare(later, claimed=claimed, sought=sought)


def counts(found: Comparison) -> tuple[int, int, int, int]:
    return (
        sum(day.rows for day in found.days),
        sum(day.missing for day in found.days),
        sum(day.stale for day in found.days),
        found.extra,
    )


def test_equal_rows_are_no_difference(sink: Sink, answer: Answers) -> None:
    rows = [transaction("a", comment="x"), transaction("b", requisite=""), transaction("c", note="extra", amount="1")]
    columns = [*rows[2], "comment", "requisite"]
    sink.apply([answer("transactions", [{**dict.fromkeys(columns), **row} for row in rows])])
    again = answer("transactions", [{**dict.fromkeys(columns), **row} for row in reversed(rows)])
    found = compared(sink, again)
    assert counts(found) == (3, 0, 0, 0)
    assert not found.differs
    assert found.samples == ()


def test_missing_stale_and_extra_rows_are_told_apart(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("same"), transaction("stale"), transaction("extra")])])
    other = transaction("stale", amount="11", wallet_id="w")
    found = compared(
        sink, answer("transactions", [{**transaction("same"), "wallet_id": None}, other, transaction("new")])
    )
    assert counts(found) == (3, 1, 1, 1)
    assert [one.key for one in found.extras] == ["extra"]
    assert found.extras[0].cursor == at("00:10")
    assert found.samples == (("missing", "new"), ("stale", "stale: amount, wallet_id"))
    assert [day.day for day in found.days] == [date(2026, 3, 1)]
    assert stored(sink, "transactions").keys() == {"same", "stale", "extra"}, "comparing writes nothing"


def test_a_frozen_row_is_stale_and_is_overruled(sink: Sink, answer: Answers) -> None:
    frozen = transaction("t", "2099-01-01 00:00:00", amount="1")
    sink.apply([answer("transactions", [frozen])])
    good = [transaction("t", amount="2")]
    assert sink.apply([answer("transactions", good)])[0].changed == 0, "the version rule keeps it"
    assert counts(compared(sink, answer("transactions", good))) == (1, 0, 1, 0)
    [applied] = sink.apply([answer("transactions", good, rung=-1, overrules=True)])
    assert (applied.changed, applied.late) == (1, 0)
    assert counts(compared(sink, answer("transactions", good))) == (1, 0, 0, 0)
    assert str(stored(sink, "transactions")["t"]["updated_at"]) == "2026-03-01 12:00:10"
    newer = [transaction("t", "2026-03-01 12:00:20", amount="3")]
    assert sink.apply([answer("transactions", newer)])[0].changed == 1, "it is a row like any other again"


def test_rows_that_the_mirror_has_newer_are_left_alone(sink: Sink, answer: Answers) -> None:
    early = answer("transactions", [transaction("t", amount="1")], fetched_at=NOON + timedelta(minutes=1))
    late = answer(
        "transactions", [transaction("t", amount="2"), transaction("u")], fetched_at=NOON + timedelta(minutes=2)
    )
    sink.apply([late])
    assert counts(sink.compare(early, claimed=CLAIMED)) == (1, 0, 0, 0)


def test_sticky_absent_and_unusable_values_are_no_difference(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("p", self_excluded="true", city="Riga", vip="1")])])
    found = compared(sink, answer("players", [player("p", self_excluded=None), player("q", self_excluded=None)]))
    assert counts(found) == (2, 1, 0, 0)
    broken = [player("p", self_excluded="true"), player("bad", "never", self_excluded="true")]
    found = compared(sink, answer("players", broken))
    assert counts(found) == (1, 0, 0, 0)
    assert found.unusable == 1


def test_custom_columns_compare_by_value(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("players", [player("p", zeta="1", a="2", Ä="3", birthday="0000-00-00")])])
    assert counts(compared(sink, answer("players", [player("p", zeta="1", a="2", Ä="3", birthday="0000-00-00")]))) == (
        1, 0, 0, 0,
    )  # fmt: skip
    found = compared(sink, answer("players", [player("p", zeta="1", a="9", Ä="3", birthday="0000-00-00")]))
    assert found.samples == (("stale", "p: custom"),)


def test_a_session_that_went_on_is_owed_and_not_stale(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("game_activity", [session("s"), session("t")])])
    on = session("s", "2026-03-01 12:30:00", bet_count="9")
    changed = session("t", win_amount="3")
    found = compared(sink, answer("game_activity", [on, changed]), claimed=at("10:00"))
    assert counts(found) == (2, 0, 1, 0)
    assert counts(compared(sink, answer("game_activity", [on, changed]), claimed=at("40:00"))) == (2, 0, 2, 0)


def test_digests_know_neither_order_nor_cuts(sink: Sink, answer: Answers) -> None:
    rows = [transaction(key, f"2026-03-01 12:00:{place:02}") for place, key in enumerate("abcd")]
    [whole] = compared(sink, answer("transactions", rows)).days
    [turned] = compared(sink, answer("transactions", rows[::-1], format=Format.NDJSON)).days
    [first] = compared(sink, answer("transactions", rows[:1])).days
    [rest] = compared(sink, answer("transactions", rows[1:])).days
    assert whole == turned == first.plus(rest)
    assert whole.digest != first.digest


def test_sought_keys_and_empty_answers(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("a"), transaction("b")])])
    found = compared(sink, answer("transactions", [transaction("a")]), sought=("a", "b", "c"))
    assert found.found == {"a"}
    none = compared(sink, answer("transactions", b"id,player_id\r\n"), sought=("a",))
    assert (counts(none), none.found) == ((0, 0, 0, 2), frozenset())
    assert counts(compared(sink, answer("transactions", [transaction("x")], window=("10:00", "11:00")))) == (1, 1, 0, 0)


def test_what_is_marked_is_extra_no_more(sink: Sink, answer: Answers) -> None:
    sink.apply([answer("transactions", [transaction("a"), transaction("b")])])
    assert sink.vanish("vegas", "transactions", ["b", "nobody"], NOON) == 1
    assert sink.vanish("vegas", "transactions", ["b"], NOON + timedelta(days=1)) == 0
    assert counts(compared(sink, answer("transactions", [transaction("a")]))) == (1, 0, 0, 0)
    rows = stored(sink, "transactions")
    assert rows["a"]["_vanished_at"] is None
    assert str(rows["b"]["_vanished_at"]) == "2026-03-01 12:00:00"


def test_texts_that_engines_store_otherwise(sink: Sink, answer: Answers) -> None:
    """U+0000 is no text of PostgreSQL; each engine compares as it stores."""
    rows: list[dict[str, Any]] = [transaction("a", comment='x\u0000y, "z"\n', Note='{"a": 1}')]
    sink.apply([answer("transactions", rows, format=Format.NDJSON)])
    assert counts(compared(sink, answer("transactions", rows, format=Format.NDJSON))) == (1, 0, 0, 0)
