"""What the last look asks for."""

from halfopen.check.closing import seconds_after
from halfopen.check.story import Story
from support.seen import Asked, csv, window

COLUMNS = ("id", "player_id", "created_at")
HOUR, SECOND = window("10:00:00", "11:00:00"), window("11:00:00", "11:00:01")


def test_the_second_after_a_window_that_holds_its_end_is_asked_once() -> None:
    asked = Asked("logins").ask(HOUR, csv(COLUMNS, [("l1", "p", "2026-01-01 10:59:59")]))
    assert seconds_after(Story(asked.seen())) == []
    asked.ask(HOUR, csv(COLUMNS, [("l1", "p", "2026-01-01 11:00:00"), ("l2", "p", "2026-01-01 11:00:05")]))
    assert seconds_after(Story(asked.seen())) == [SECOND]
    asked.ask(SECOND, csv(COLUMNS, []), probe="confirm")
    assert seconds_after(Story(asked.seen())) == []


def test_a_session_may_be_in_both() -> None:
    columns = ("session_id", "player_id", "created_at", "updated_at")
    row = ("s1", "p", "2026-01-01 11:00:00", "2026-01-01 11:00:00")
    asked = Asked("game_activity").ask(HOUR, csv(columns, [row]))
    assert Story(asked.seen()).extras
    assert seconds_after(Story(asked.seen())) == []
