"""Rows that point at nothing: only where the parents were read to their last."""

import pytest

from halfopen.check.case import Case
from halfopen.check.finding import Status, Verdict
from halfopen.check.judging import judge
from halfopen.window.window import Window
from support.seen import Asked, at, csv, window

EVENTS, ODDS = ("id", "title", "updated_at"), ("id", "bet_id", "event_id", "updated_at")
ALL = Window(at("00:00:00").replace(year=2000), at("12:01:02"))


def bookmaker(*, ahead: str = "") -> Case:
    """Odds of an event that the feed of events lacks; another is stamped `ahead`, which a window of then shows."""
    asked = Asked("sports_odds")
    odds = [(f"o{n}", "b", f"e{n}", "2026-01-01 11:30:00") for n in (1, 2)]
    asked.ask(window("11:00:00", "12:00:00"), csv(ODDS, odds))
    future = [("e3", "C - D", f"2026-01-01 {ahead}")] if ahead else []
    if ahead:
        asked.ask(Window(at(ahead), at("18:06:00")), csv(EVENTS, future), probe="future", feed="sports_events")
    whole = [("e1", "A - B", "2026-01-01 11:00:00"), *(row for row in future if at(ahead) < ALL.end)]
    asked.ask(ALL, csv(EVENTS, whole), probe="all", feed="sports_events")
    return asked.case()


@pytest.mark.parametrize(
    ("ahead", "status"), [("", Status.FAIL), ("12:00:30", Status.FAIL), ("12:40:00", Status.NOT_VERIFIED)]
)
def test_a_parent_that_is_stamped_ahead_may_lie_beyond_all_that_was_read(ahead: str, status: Status) -> None:
    verdicts = {(one.code, one.feed): one for one in judge(bookmaker(ahead=ahead))[0]}
    found = verdicts["foreign_key_violation", "sports_odds"]
    assert found.status is status
    if status is Status.NOT_VERIFIED:
        assert "sports_events could not be read whole" in found.reason


PLAYERS, LOGINS = ("id", "registered_at", "modified_at"), ("id", "player_id", "created_at")
NOW = at("12:10:00")


def casino(stamps: list[str], *, offset: str = "0s", players: int = 1, late: bool = False) -> Verdict:
    """Logins at these moments, each of a player who is nowhere at ten past twelve; players change each minute."""
    asked = Asked("players")
    rows = [(f"p{n}", "2026-01-01 10:00:00", f"2026-01-01 12:0{n}:30") for n in range(players)]
    for shown in (rows[:-1], rows) if late else (rows,):
        minute = window("12:00:00", "12:05:00")
        asked.ask(minute, csv(PLAYERS, shown), started=at("12:09:00") if shown is rows else at("12:08:30"))
    logins = [(f"l{n}", f"ghost{n}", f"2026-01-01 {stamp}") for n, stamp in enumerate(stamps)]
    asked.ask(window("11:00:00", "12:10:00"), csv(LOGINS, logins), feed="logins", started=at("12:09:40"))
    asked.ask(Window(ALL.start, NOW), csv(PLAYERS, rows), probe="all", started=NOW)
    verdicts = {(one.code, one.feed): one for one in judge(asked.case(offset=offset))[0]}
    return verdicts["foreign_key_violation", "logins"]


@pytest.mark.parametrize(
    ("stamps", "offset", "status"),
    [
        (["12:09:30"], "0s", Status.NOT_VERIFIED),
        (["12:06:00"], "0s", Status.NOT_VERIFIED),
        (["12:04:00"], "0s", Status.FAIL),
        (["12:09:30", "11:30:00"], "0s", Status.FAIL),
        (["12:04:00"], "2m", Status.NOT_VERIFIED),
    ],
)
def test_a_row_may_come_before_what_it_points_at(stamps: list[str], offset: str, status: Status) -> None:
    found = casino(stamps, offset=offset)
    assert found.status is status
    if status is Status.NOT_VERIFIED:
        assert found.reason == "player_id: 1 row points at nothing yet, but only just came: players may follow"


def test_a_parent_that_has_just_changed_may_be_hidden_for_as_long_as_is_declared() -> None:
    old = [f"11:3{n}:00" for n in range(5)]
    found = casino(old, offset="2m")
    assert (found.status, "what has just changed" in found.reason) == (Status.NOT_VERIFIED, True)
    many = [f"11:{n}:00" for n in range(10, 40)]
    assert casino(many, offset="2m").status is Status.FAIL


def test_parents_that_come_late_prove_nothing() -> None:
    assert casino(["11:30:00"], players=3).status is Status.FAIL
    found = casino(["11:30:00"], players=3, late=True)
    assert (found.status, "could not be read whole" in found.reason) == (Status.NOT_VERIFIED, True)
