"""Actions that come late: of a session of the casino, seen before or not, in its last second or in an earlier one."""

import pytest

from halfopen.check.causes import causes_of
from halfopen.check.judging import judge
from halfopen.check.latecomers import Latecomer
from halfopen.check.watch import lateness
from halfopen.wire.moment import plain
from support.seen import Asked, at, csv, window

COLUMNS = ("player_id", "session_id", "created_at", "updated_at", "bet_count", "win_count", "bet_amount")
FIRST, SECOND, THIRD = (window(f"11:5{n}:00", f"12:00:{end}") for n, end in ((5, "10"), (6, "25"), (7, "40")))


def session(last: str, bets: int, wins: int = 0, *, key: str = "s", first: str = "11:58:00") -> tuple[str, ...]:
    return "p", key, plain(at(first)), plain(at(last)), str(bets), str(wins), f"{bets}.00"


def late(*answers: tuple[str, list[tuple[str, ...]]]) -> list[Latecomer]:
    """What is late where the youngest seconds are answered so, at these moments."""
    asked = Asked("game_activity")
    for (moment, rows), asked_for in zip(answers, (FIRST, SECOND, THIRD), strict=False):
        asked.ask(asked_for, csv(COLUMNS, rows), probe="watch", started=at(moment))
    return causes_of(asked.seen()).story.latecomers


def test_totals_that_grow_at_a_closed_stamp_are_a_late_action() -> None:
    (one,) = late(("12:00:12", [session("11:59:30", 3)]), ("12:00:27", [session("11:59:30", 4)]))
    assert (one.row.key, one.moment) == ("s", at("11:59:30"))
    assert one.is_certain


def test_its_evidence_says_how_the_first_answer_had_it() -> None:
    asked = Asked("game_activity")
    asked.ask(FIRST, csv(COLUMNS, [session("11:59:30", 3)]), probe="watch", started=at("12:00:12"))
    asked.ask(SECOND, csv(COLUMNS, [session("11:59:30", 3, 1)]), probe="watch", started=at("12:00:27"))
    case = asked.case(watched=60)
    (found,) = [finding for finding in judge(case)[1] if finding.code == "closed_window_grew"]
    assert "with smaller totals in" in str(found.samples[0])
    assert len(lateness(case)) == 1


@pytest.mark.parametrize("last", ["12:00:08", "12:00:09"])
def test_the_second_that_is_still_open_may_have_another_action(last: str) -> None:
    """Stamps are floored: the first answer may have come between two actions of one second."""
    assert not late(("12:00:10.5", [session(last, 3)]), ("12:00:27", [session(last, 4)]))


@pytest.mark.parametrize(("last", "is_late"), [("12:00:08", False), ("12:00:08.4", True), ("12:00:07", True)])
def test_an_action_of_the_second_that_is_still_open_is_not_late(last: str, *, is_late: bool) -> None:
    """Stamps before 12:00:08.5 were closed; one of a whole second may have been taken at the end of it."""
    acted = (*session("11:59:30", 3)[:3], f"2026-01-01 {last}", "4", "0", "4.00")
    found = late(("12:00:10.5", [session("11:59:30", 3)]), ("12:00:27", [acted]))
    assert bool(found) is is_late


def test_its_evidence_says_which_action_was_the_last_then() -> None:
    """The window need not hold the new action: a row tells all of its session, whatever it is answered for."""
    asked = Asked("game_activity")
    asked.ask(window("11:00:00", "11:59:00"), csv(COLUMNS, [session("11:58:30", 3)]), started=at("12:00:12"))
    asked.ask(SECOND, csv(COLUMNS, [session("11:59:30", 4)]), probe="watch", started=at("12:00:27"))
    (found,) = [finding for finding in judge(asked.case(watched=60))[1] if finding.code == "closed_window_grew"]
    assert "without this action in [2026-01-01 11:00:00, 2026-01-01 11:59:00)" in str(found.samples[0])
    assert "where the last is of 2026-01-01 11:58:30" in str(found.samples[0])


def test_a_session_that_moves_has_a_later_stamp() -> None:
    assert not late(("12:00:12", [session("11:59:30", 3)]), ("12:00:27", [session("12:00:20", 5)]))


def test_what_was_taken_back_and_comes_again_is_not_late() -> None:
    rows = [session("11:59:30", 4), session("11:59:30", 3), session("11:59:30", 4)]
    assert not late(*zip(("12:00:12", "12:00:27", "12:00:42"), ([row] for row in rows), strict=True))


def test_a_total_that_falls_while_another_grows_is_no_late_action() -> None:
    """A win that turns out to have been a loss is a correction: nothing came."""
    assert not late(("12:00:12", [session("11:59:30", 3, 2)]), ("12:00:27", [session("11:59:30", 4, 1)]))


@pytest.mark.parametrize("first", ["11:58:00", "11:59:10"])
def test_a_window_that_sums_up_its_own_part_is_not_late(first: str) -> None:
    """The narrow one bears the session's first stamp, or that of its own first action."""
    asked = Asked("game_activity")
    asked.ask(window("11:59:00", "12:00:00"), csv(COLUMNS, [session("11:59:30", 2, first=first)]))
    asked.ask(window("11:57:00", "12:00:00"), csv(COLUMNS, [session("11:59:30", 3)]))
    assert not causes_of(asked.seen()).story.latecomers


def test_rows_of_one_session_are_not_compared_with_each_other() -> None:
    rows = [session("11:59:30", 2), session("11:59:30", 1)]
    assert not late(("12:00:12", rows[1:]), ("12:00:27", rows))


def test_an_action_of_a_session_that_is_known_from_before_is_late() -> None:
    """Its closed second was answered without the session, which had rested for so long that no window held it."""
    before, after = session("11:20:00", 3, first="11:10:00"), session("12:00:05", 4, first="11:10:00")
    asked = Asked("game_activity").ask(window("11:00:00", "12:00:00"), csv(COLUMNS, [before]), started=at("12:00:01"))
    asked.ask(FIRST, csv(COLUMNS, []), probe="watch", started=at("12:00:12"))
    asked.ask(SECOND, csv(COLUMNS, [after]), probe="watch", started=at("12:00:27"))
    (one,) = causes_of(asked.seen()).story.latecomers
    assert (one.moment, one.missing.window, one.is_certain) == (at("12:00:05"), FIRST, True)


def test_a_session_whose_last_action_is_taken_back_has_no_late_one() -> None:
    asked = Asked("game_activity").ask(THIRD, csv(COLUMNS, [session("12:00:30", 4)]), started=at("12:00:40"))
    asked.ask(window("11:59:00", "12:00:00"), csv(COLUMNS, []), started=at("12:00:41"))
    asked.ask(THIRD, csv(COLUMNS, [session("11:59:30", 3)]), started=at("12:00:42"))
    assert not causes_of(asked.seen()).story.latecomers
