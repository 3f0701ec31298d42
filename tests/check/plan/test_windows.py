"""Windows are planned so that real stamps lie on their edges."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest

from halfopen.check.observe import Observation
from halfopen.check.plan.windows import cuts, edges, focus, overtaken, session_edges, strays, youngest
from halfopen.window.window import Window
from halfopen.wire.moment import plain
from support.seen import Asked, at, csv, window

SECOND = timedelta(seconds=1)
HOUR = window("11:00:00", "12:00:00")


def observed(stamps: list[str], asked: Window = HOUR) -> Observation:
    rows = [(f"l{number}", "p", f"2026-01-01 {stamp}") for number, stamp in enumerate(stamps)]
    return Asked("logins").ask(asked, csv(("id", "player_id", "created_at"), rows)).seen().answers[0]


@pytest.mark.parametrize("seed", range(20))
def test_cuts_are_a_partition_with_stamps_at_both_kinds_of_edge(seed: int) -> None:
    chosen = random.Random(seed)
    seconds = sorted(chosen.sample(range(1, 3600), 40))
    rows = observed([plain(at("11:00:00") + second * SECOND)[11:] for second in seconds]).rows
    found = cuts(rows, HOUR)
    assert (found[0].start, found[-1].end) == (HOUR.start, HOUR.end)
    assert all(one.end == other.start for one, other in pairwise(found))
    stamps = {row.at for row in rows}
    assert found[0].end - SECOND in stamps, "its last second holds a row"
    assert found[-1].start in stamps, "it begins at a row"


def test_a_short_part_lies_where_most_rows_are() -> None:
    """A product that loses a few rows of long windows is told by those that a short one has: they must be many."""
    few = [f"11:{minute:02}:{second}" for minute in range(40) for second in ("00", "30", "59")]
    many = [f"11:{minute}:{second:02}" for minute in (52, 53, 54, 55) for second in range(0, 58, 2)]
    rows = observed(few + many).rows
    short = min(cuts(rows, HOUR), key=lambda part: part.length)
    assert short.length <= HOUR.length / 8
    assert sum(short.contains(row.at) for row in rows if row.at) >= len(many) // 3


def test_edges_prefer_whole_minutes_and_single_rows() -> None:
    rows = observed(["11:10:07", "11:20:00", "11:20:00", "11:30:00", "11:40:59", "11:50:30"]).rows
    found = edges(rows, HOUR)
    assert found[:2] == [window("11:19:59", "11:20:00"), window("11:20:00", "11:20:01")]
    assert window("11:40:59", "11:41:00") in found


def test_a_long_window_ends_at_a_stamp_too() -> None:
    stamps = ["11:10:07", "11:20:00", "11:20:00", "11:30:00", "11:40:59", "11:50:30"]
    assert window("10:30:00", "11:30:00") in edges(observed(stamps).rows, HOUR)
    assert edges(observed(stamps[:3]).rows, HOUR) == [
        window("11:19:59", "11:20:00"), window("11:20:00", "11:20:01"), window("11:10:07", "11:10:08")
    ]  # fmt: skip


def test_the_first_window_with_enough_rows_is_looked_at() -> None:
    few = observed(["11:10:00"])
    day = observed([f"{hour:02}:10:00" for hour in range(10)], Window(at("00:00:00"), at("12:00:00")))
    assert focus([few, day]) == day.window
    assert focus([few]) == few.window
    assert focus([observed([])]) is None


def test_rows_that_are_in_no_window_of_theirs_have_one() -> None:
    stray = observed(["09:10:20", "09:50:59"])
    assert focus([stray]) is None
    assert strays([stray]) == window("09:10:00", "09:51:00")
    assert strays([observed([])]) is None


def test_of_a_dense_window_a_part_is_looked_at() -> None:
    dense = observed([f"11:{second // 60:02}:{second % 60:02}" for second in range(3600)])
    found = focus([dense])
    assert found is not None
    assert HOUR.covers(found)
    assert 300 <= found.length / SECOND <= 600


def test_sessions_are_asked_for_by_their_first_and_last_action() -> None:
    columns = ("player_id", "session_id", "created_at", "updated_at")
    rows = [
        ("p", "s", "2026-01-01 11:10:05", "2026-01-01 11:40:06"),
        ("p", "t", "2026-01-01 11:50:00", "2026-01-01 11:50:00"),
    ]
    asked = Asked("game_activity").ask(HOUR, csv(columns, rows)).seen().answers[0]
    found = session_edges(asked.rows, at("13:00:00"))
    assert window("11:10:05", "11:10:06") in found
    assert window("11:40:06", "11:40:07") in found
    assert window("11:10:04", "11:10:05") in found


def test_a_session_that_went_on_is_asked_for_in_its_midst() -> None:
    columns = ("player_id", "session_id", "created_at", "updated_at")
    asked = Asked("game_activity")
    for last in ("11:50:06", "11:50:06", "11:50:21"):
        rows = [
            ("p", "s", "2026-01-01 11:10:05", f"2026-01-01 {last}"),
            ("p", "began", f"2026-01-01 {last}", f"2026-01-01 {last}"),
            ("p", "over", "2026-01-01 11:00:00", "2026-01-01 11:40:00"),
        ]
        asked.ask(HOUR, csv(columns, rows))
    answers = asked.seen().answers
    assert overtaken(answers) == window("11:50:06", "11:50:07")
    assert overtaken(answers[:2]) is None


def test_the_youngest_closed_seconds_keep_off_the_clock() -> None:
    now = at("12:00:00") + timedelta(milliseconds=700)
    assert youngest(now, timedelta(0), 60 * SECOND) == window("11:58:58", "11:59:58")
    assert youngest(now, timedelta(minutes=1), 60 * SECOND) == window("11:57:58", "11:58:58")
