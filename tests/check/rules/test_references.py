"""Rows that point at nothing: only where the parents were read to their last."""

import pytest

from halfopen.check.case import Case
from halfopen.check.finding import Status
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
