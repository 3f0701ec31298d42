"""What rows outside of their windows tell, where two explanations are near."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.window.window import Window, floor
from halfopen.wire.moment import plain
from support.seen import Asked, at, csv, window

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
COLUMNS = ("id", "player_id", "created_at")
STAMPS = ["10:20:00", "10:59:59", "11:00:00", "11:05:17", "11:09:59", "11:10:00", "11:20:59", "11:21:00", "11:40:31",
          "12:00:00", "12:10:10"]  # fmt: skip
ASKED = [
    ("hour", window("11:00:00", "12:00:00")),
    ("cut", window("11:05:00", "11:10:00")),
    ("cut", window("11:10:00", "11:21:00")),
    ("edge", window("11:09:59", "11:10:00")),
    ("edge", window("11:10:00", "11:10:01")),
    ("cut", window("11:30:00", "12:11:00")),
    ("day", window("09:30:00", "12:30:00")),
    ("repeat", window("11:00:00", "12:00:00")),
]
Filter = Callable[[datetime, Window], bool]


def logins(accepts: Filter, printed: Callable[[datetime], datetime] = lambda t: t) -> FeedCase:
    asked = Asked("logins")
    for probe, one in ASKED:
        rows = [(f"l{n}", "p", plain(printed(at(t)))) for n, t in enumerate(STAMPS) if accepts(at(t), one)]
        asked.ask(one, csv(COLUMNS, rows), probe=probe)
    return asked.seen()


def hours_down(moment: datetime, asked: Window) -> bool:
    return floor(asked.start, HOUR) <= moment < floor(asked.end, HOUR)


@pytest.mark.parametrize(
    ("code", "accepts"),
    [
        ("window_upper_bound_inclusive", lambda t, w: w.start < t <= w.end),
        ("row_outside_window", lambda t, w: w.start - SECOND <= t < w.end),
        ("window_rounded_to_minutes", hours_down),
    ],
    ids=["(from, to]", "a second early", "hours rounded down"],
)
def test_each_wrong_condition_has_its_name_and_no_other(code: str, accepts: Filter) -> None:
    assert {cause.code for cause in causes_of(logins(accepts)).all()} == {code}


def test_stamps_that_are_rounded_when_they_are_written_are_in_both_windows_of_a_bound() -> None:
    rounded = {at("11:09:59"): at("11:10:00"), at("11:20:59"): at("11:21:00")}
    feed = logins(lambda t, w: w.start <= t < w.end, lambda t: rounded.get(t, t))
    assert {cause.code for cause in causes_of(feed).all()} == {"row_outside_window"}


def test_where_a_window_has_a_row_that_was_created_before_it_the_time_of_creation_is_not_what_counts() -> None:
    columns = ("id", "player_id", "created_at", "modified_at")

    def asked(created: str) -> FeedCase:
        found = Asked("bonus_assignments")
        found.ask(
            window("11:00:00", "12:00:00"), csv(columns, [("b1", "p", plain(at(created)), plain(at("11:30:00")))])
        )
        row = ("b2", "p", plain(at("11:40:59")), plain(at("11:45:00")))
        return found.ask(window("11:40:59", "11:41:00"), csv(columns, [row]), probe="edge").seen()

    assert causes_of(asked("11:20:00")).of_extras.code == "window_filters_creation_time"
    assert causes_of(asked("10:20:00")).of_extras.code != "window_filters_creation_time"


def off_by_two_hours(asked: Asked, feed: str, windows: list[tuple[str, Window]], stamps: list[datetime]) -> None:
    columns = ("id", "name", "modified_at") if feed == "bonus_list" else COLUMNS
    for probe, one in windows:
        rows = [(f"x{t}", "p", plain(t + 2 * HOUR)) for t in stamps if one.contains(t)]
        asked.ask(one, csv(columns, rows), probe=probe, feed=feed)


def test_of_a_few_rows_that_look_like_days_other_feeds_tell_that_they_are_off_by_hours() -> None:
    few = [at("00:40:00") - n * 7 * HOUR for n in range(1, 8)] + [at("03:40:00") - 2 * HOUR]
    last = at("03:40:00")
    month = Window(at("12:00:00") - 30 * DAY, at("12:00:00"))
    quiet = [("day", month), ("cut", Window(month.start, last)), ("cut", Window(last, last + HOUR)), ("repeat", month)]
    shown = few[3] + 2 * HOUR
    quiet += [("edge", Window(shown - SECOND, shown)), ("edge", Window(shown, shown + SECOND))]
    alone = Asked("bonus_list")
    off_by_two_hours(alone, "bonus_list", quiet, few)
    assert causes_of(alone.seen()).of_extras.code == "window_date_only"
    busy = Asked("bonus_list")
    off_by_two_hours(busy, "bonus_list", quiet, few)
    off_by_two_hours(busy, "logins", ASKED, [at(text) for text in STAMPS])
    found = causes_of(busy.seen()).of_extras
    assert found is not None
    assert (found.code, "+2:00" in found.text) == ("timestamps_not_utc", True)


def test_a_row_of_the_second_before_a_window_tells_of_no_minutes() -> None:
    stamps = [at("11:10:16"), at("11:10:17"), at("11:40:31")]
    asked = Asked("logins")
    for probe, one in (("hour", window("11:00:00", "12:00:00")), ("edge", window("11:10:17", "11:10:18"))):
        rows = [(f"l{t}", "p", plain(t)) for t in stamps if one.start - SECOND <= t < one.end]
        asked.ask(one, csv(COLUMNS, rows), probe=probe)
    found = causes_of(asked.seen()).of_extras
    assert found is not None
    assert found.code == "row_outside_window"
