"""What the edges of windows tell: logins are the simplest feed, wallets move on, sessions stay."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.rule import rules
from halfopen.window.window import Window, ceil, floor
from halfopen.wire.moment import plain
from support.seen import Asked, at, csv, window

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
COLUMNS = ("id", "player_id", "created_at")
STAMPS = [
    "10:59:30", "11:00:00", "11:05:17", "11:09:59", "11:10:00", "11:10:00.5", "11:10:40",
    "11:20:59.7", "11:21:00", "11:30:00",
    "11:40:31", "11:59:59.9", "12:00:00", "12:10:10",
]  # fmt: skip
HOUR = window("11:00:00", "12:00:00")
PARTS = [
    window("11:00:00", "11:10:00"),
    window("11:10:00", "11:21:00"),
    window("11:21:00", "12:00:00"),
    window("11:09:59", "11:10:00"),
    window("11:10:00", "11:10:01"),
    window("11:20:59", "11:21:00"),
]
YEARS_AGO = window("00:00:00", "00:01:00").start.replace(year=2000)
ELSEWHERE = [Window(YEARS_AGO, YEARS_AGO + timedelta(minutes=1))]
Filter = Callable[[datetime, Window], bool]


def logins(accepts: Filter, most: int | None = None) -> FeedCase:
    """A product with these logins, whose windows hold what `accepts` says: wide ones, parts, the wide one again."""
    asked = Asked("logins")
    for probe, windows in (("hour", [HOUR]), ("cut", PARTS), ("empty", ELSEWHERE), ("repeat", [HOUR])):
        for one in windows:
            asked.ask(one, body(accepts, one, most), probe=probe)
    return asked.seen()


def body(accepts: Filter, asked: Window, most: int | None) -> bytes:
    found = [(f"l{number}", "p", at(text)) for number, text in enumerate(STAMPS) if accepts(at(text), asked)]
    return csv(COLUMNS, [(key, player, plain(moment)) for key, player, moment in found[:most]])


def rounded(edge: datetime) -> datetime:
    return floor(edge, MINUTE)


@pytest.mark.parametrize(
    ("code", "accepts"),
    [
        (None, lambda t, w: w.start <= t < w.end),
        ("window_upper_bound_inclusive", lambda t, w: w.start <= t <= w.end),
        ("window_lower_bound_exclusive", lambda t, w: w.start < t < w.end),
        ("window_drops_fraction", lambda t, w: w.start <= t <= w.end - SECOND),
        ("window_rounded_to_minutes", lambda t, w: rounded(w.start) <= t < ceil(w.end, MINUTE)),
        ("window_date_only", lambda t, w: floor(w.start, DAY) <= t < floor(w.end, DAY) + DAY),
        ("window_lower_bound_ignored", lambda t, w: t < w.end),
        ("window_upper_bound_ignored", lambda t, w: w.start <= t),
        ("parameters_not_supported", lambda _t, _w: True),
    ],
)
def test_each_wrong_condition_has_its_name(code: str | None, accepts: Filter) -> None:
    found = {cause.code for cause in causes_of(logins(accepts)).all()}
    assert found == ({code} if code else set())


def test_a_cap_is_seen_where_parts_have_more_than_the_whole() -> None:
    found = causes_of(logins(lambda t, w: w.start <= t < w.end, most=2)).of_losses
    assert found is not None
    assert found.code == "window_not_additive"  # two rows are too few for a cap to be proven


def test_a_row_lost_within_is_not_lost_to_rounding() -> None:
    asked = Asked("logins")
    rows = [(f"l{n}", "p", plain(at(t))) for n, t in enumerate(STAMPS) if HOUR.contains(at(t))]
    odd = window("11:09:59", "11:25:30")
    inside = [row for row in rows if odd.contains(at(row[2][11:]))]
    asked.ask(HOUR, csv(COLUMNS, rows)).ask(odd, csv(COLUMNS, [row for row in inside if row[2][11:] != "11:10:40"]))
    found = causes_of(asked.seen()).of_losses
    assert found is not None
    assert found.code == "window_not_additive"


def test_local_time_is_told_from_lost_bounds() -> None:
    shift = timedelta(hours=3)
    asked = Asked("logins")
    for probe, windows in (("hour", [HOUR]), ("cut", PARTS)):
        for one in windows:
            rows = [(f"l{n}", "p", plain(at(t) + shift)) for n, t in enumerate(STAMPS) if one.contains(at(t))]
            asked.ask(one, csv(COLUMNS, rows), probe=probe)
    found = causes_of(asked.seen()).of_extras
    assert found is not None
    assert found.code == "timestamps_not_utc"
    assert "+3:00" in found.text


def test_days_without_the_last_are_told_from_a_shifted_clock() -> None:
    """A day up to nine o'clock that is answered with the day before: so would a clock do that is nine hours behind."""
    nine = at("09:00:00")
    stamps = [nine - timedelta(hours=hours) for hours in range(10, 32, 2)]  # all of the day before
    asked = Asked("logins")
    for probe, hours in (("hour", (1, 0)), ("day", (24, 0)), ("cut", (24, 15)), ("cut", (15, 0))):
        one = Window(*(nine - timedelta(hours=n) for n in hours))
        days = Window(floor(one.start, DAY), floor(one.end, DAY))
        asked.ask(one, csv(COLUMNS, [(f"l{t}", "p", plain(t)) for t in stamps if days.contains(t)]), probe=probe)
    found = causes_of(asked.seen()).of_extras
    assert found is not None
    assert found.code == "window_date_only"


def test_a_window_that_ends_at_midnight_touches_the_day_that_begins_there() -> None:
    """Just after midnight the last hours end in it, and whoever reads days sends all of both."""
    night = at("00:00:00")
    stamps = [night + timedelta(minutes=n) - timedelta(hours=20) for n in range(0, 1202, 20)] + [night + MINUTE / 2]
    asked = Asked("logins")
    asked.ask(ELSEWHERE[0], csv(COLUMNS, []), probe="empty")
    for probe, hours in (("burst", (1, 0)), ("day", (24, 0)), ("hour", (3, 2)), ("cut", (6, 5)), ("cut", (5, 3))):
        one = Window(*(night - timedelta(hours=n) for n in hours))
        days = Window(floor(one.start, DAY), floor(one.end, DAY) + DAY)
        asked.ask(one, csv(COLUMNS, [(f"l{t}", "p", plain(t)) for t in stamps if days.contains(t)]), probe=probe)
    found = causes_of(asked.seen()).of_extras
    assert found is not None
    assert found.code == "window_date_only"


def test_a_row_that_moved_on_into_a_day_that_is_left_out_does_not_hide_that_days_are_read() -> None:
    night = at("00:00:00")
    stamps = [night - timedelta(minutes=n) for n in range(1, 1200, 2)]
    asked, moved = Asked("wallets"), f"w{stamps[0]}"
    asked.ask(ELSEWHERE[0], csv(WALLETS, []), probe="empty")
    probes = (("burst", (0.1, 0)), ("hour", (2, 1)), ("cut", (5, 3)), ("tail", (5, -0.1)), ("tail", (4, -0.1)))
    for n, (probe, hours) in enumerate(probes):
        one = Window(*(night - timedelta(hours=n) for n in hours))
        days = Window(floor(one.start, DAY), floor(one.end, DAY))
        rows = [(f"w{t}", "p", plain(t)) for t in stamps if days.contains(t)]
        there = [row for row in rows if probe != "tail" or row[0] != moved]
        asked.ask(one, csv(WALLETS, there), probe=probe, started=night + n * SECOND)
    causes = causes_of(asked.seen())
    assert any(loss.row.key == moved and loss.observation.probe == "tail" for loss in causes.story.losses)
    assert [cause.code for cause in causes.all()] == ["window_date_only"]


def test_an_hour_more_on_both_sides_is_no_day() -> None:
    hour = timedelta(hours=1)
    stamps = [at("07:00:00") + timedelta(minutes=20) * n for n in range(15)]
    asked = Asked("logins")
    for probe, one in (("day", Window(HOUR.end - DAY, HOUR.end)), ("hour", HOUR), *(("cut", part) for part in PARTS)):
        wide = Window(one.start - hour, one.end + hour)
        asked.ask(one, csv(COLUMNS, [(f"l{t}", "p", plain(t)) for t in stamps if wide.contains(t)]), probe=probe)
    found = causes_of(asked.seen()).of_extras
    assert found is not None
    assert found.code == "row_outside_window"


def wallet(key: str, stamp: str) -> tuple[str, str, str]:
    return key, "p", plain(at(stamp))


WALLETS = ("id", "player_id", "modified_at")


def test_a_row_that_moved_on_is_excused() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00"), wallet("v", "11:31:00")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("v", "11:31:00")]), probe="repeat")
    story = causes_of(asked.seen()).story
    assert len(story.doubts) == 1
    assert not story.losses
    asked.ask(window("12:00:00", "12:01:30"), csv(WALLETS, [wallet("w", "12:00:01")]), probe="tail")
    story = causes_of(asked.seen()).story
    assert not story.doubts
    assert not story.losses


def test_a_row_whose_stamp_fell_is_not_lost() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00"), wallet("v", "11:31:00")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("v", "11:31:00")]), probe="repeat")
    asked.ask(window("12:00:00", "12:01:30"), csv(WALLETS, []), probe="tail")
    asked.ask(window("10:00:00", "12:01:30"), csv(WALLETS, [wallet("w", "10:40:00"), wallet("v", "11:31:00")]))
    assert not causes_of(asked.seen()).story.losses
    (fallen,) = rules()["modified_at_decreased"].of_feed(asked.seen()).samples
    assert fallen.startswith("w: ")


def test_where_stamps_fall_a_missing_row_may_have_fallen_too() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00"), wallet("v", "11:31:00")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("v", "11:02:00")]), probe="repeat")
    beyond = window("12:00:00", "12:01:30")
    asked.ask(beyond, csv(WALLETS, []), probe="tail")
    assert not causes_of(asked.seen()).story.losses
    whole = Window(HOUR.start - 2 * DAY, beyond.end)
    asked.ask(whole, csv(WALLETS, [wallet("v", "11:02:00")]), probe="all")
    assert [loss.row.key for loss in causes_of(asked.seen()).story.losses] == ["w"]


def test_a_row_that_is_nowhere_is_lost() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00"), wallet("v", "11:31:00")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("v", "11:31:00")]), probe="repeat")
    asked.ask(window("12:00:00", "12:01:30"), csv(WALLETS, []), probe="tail")
    cause = causes_of(asked.seen()).of_losses
    assert cause is not None
    assert cause.code == "window_not_deterministic"


CAPPED = [(f"w{number:02}", f"11:{number:02}:00") for number in range(40)]


def capped(asked: Window, moved: int) -> bytes:
    """No more than ten wallets, the oldest first; `moved` of them have moved on to now, beyond every window."""
    found = [wallet(key, stamp) for key, stamp in CAPPED[moved:] if asked.contains(at(stamp))]
    late = [wallet(key, f"12:00:{number:02}") for number, (key, _) in enumerate(CAPPED[:moved])]
    return csv(WALLETS, [*found, *(row for row in late if asked.contains(at(row[2][11:])))][:10])


def test_what_is_cut_off_hides_what_has_moved_on() -> None:
    asked = Asked("wallets")
    for one in (HOUR, window("11:02:00", "12:00:00"), window("11:12:00", "12:00:00")):
        asked.ask(one, capped(one, 0))
    beyond = window("11:05:00", "12:01:30")
    asked.ask(HOUR, capped(HOUR, 5), probe="repeat").ask(beyond, capped(beyond, 5), probe="tail")
    story = causes_of(asked.seen()).story
    assert story.are_cut_off
    assert not story.losses, "what moved on is not seen, since the answer that should hold it is cut off too"
    assert not story.latecomers, "what comes in their place was cut off before"
    cause = causes_of(asked.seen()).of_losses
    assert cause is not None
    assert cause.code == "rows_capped"


@pytest.mark.parametrize(("rows", "losses"), [(20, 0), (21, 1)])
def test_what_is_perhaps_cut_off_proves_no_row_missing(rows: int, losses: int) -> None:
    """A single answer with as many rows as products like to stop at: what has moved on may be beyond them."""
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00"), wallet("v", "11:31:00")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("v", "11:31:00")]), probe="repeat")
    oldest = [wallet(f"o{n}", f"10:00:{n:02}") for n in range(rows - 1)]
    whole = [*oldest, wallet("v", "11:31:00")]
    asked.ask(Window(YEARS_AGO, at("12:01:00")), csv(WALLETS, whole), probe="all")
    story = causes_of(asked.seen()).story
    assert [loss.observation.probe for loss in story.losses] == ["repeat"] * losses


def test_equal_counts_by_chance_are_no_cap() -> None:
    rows = [wallet(key, stamp) for key, stamp in CAPPED[:12]]
    asked = Asked("wallets")
    for probe, one in (("hour", HOUR), ("cut", window("11:00:00", "11:30:00")), ("repeat", HOUR)):
        asked.ask(one, csv(WALLETS, rows), probe=probe)
    assert not causes_of(asked.seen()).story.full, "they are the same rows"
    assert causes_of(asked.seen()).of_losses is None


def test_a_new_row_in_a_closed_window_is_late() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, []))
    asked.ask(HOUR, csv(WALLETS, [wallet("w", "11:59:50")]), probe="repeat")
    (late,) = causes_of(asked.seen()).story.latecomers
    assert late.repeated
    assert (late.row.key, late.missing.probe, late.found.probe) == ("w", "hour", "repeat")


def test_a_change_that_shows_itself_late_is_late_though_its_row_was_there() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("w", "11:59:40")]), probe="repeat")
    (late,) = causes_of(asked.seen()).story.latecomers
    assert (late.row.key, late.moment, late.repeated) == ("w", at("11:59:40"), True)


def test_a_row_that_was_there_with_a_later_stamp_is_not_late() -> None:
    asked = Asked("wallets").ask(HOUR, csv(WALLETS, [wallet("w", "11:59:40")]))
    asked.ask(HOUR, csv(WALLETS, [wallet("w", "11:30:00")]), probe="repeat")
    assert not causes_of(asked.seen()).story.latecomers


def test_a_window_that_was_not_closed_yet_may_grow() -> None:
    young = window("11:59:00", "12:00:00")
    asked = Asked("wallets").ask(young, csv(WALLETS, []), started=at("12:00:00"))
    asked.ask(young, csv(WALLETS, [wallet("w", "11:59:59")]), started=at("12:00:01"), probe="repeat")
    assert not causes_of(asked.seen()).story.latecomers


@pytest.mark.parametrize(("stamp", "is_late"), [("11:59:59", False), ("11:59:59.2", True), ("11:59:58", True)])
def test_a_whole_second_that_had_not_ended_may_grow(stamp: str, *, is_late: bool) -> None:
    """Stamps before 11:59:59.5 were closed; one of a whole second may have been taken at the end of it."""
    young = window("11:59:00", "12:00:00")
    asked = Asked("wallets").ask(young, csv(WALLETS, []), started=at("12:00:01.5"))
    asked.ask(young, csv(WALLETS, [("w", "p", f"2026-01-01 {stamp}")]), started=at("12:00:03"), probe="repeat")
    assert bool(causes_of(asked.seen()).story.latecomers) is is_late


SESSIONS = ("player_id", "session_id", "created_at", "updated_at", "bet_count")


def session(key: str, first: str, last: str, bets: int = 3) -> tuple[str, str, str, str, str]:
    return "p", key, plain(at(first)), plain(at(last)), str(bets)


def test_a_session_may_be_stamped_beyond_its_window() -> None:
    asked = Asked("game_activity").ask(HOUR, csv(SESSIONS, [session("s", "10:00:00", "12:30:00")]))
    assert not causes_of(asked.seen()).story.extras
    asked.ask(HOUR, csv(SESSIONS, [session("t", "12:00:00", "12:30:00")]))
    (extra,) = causes_of(asked.seen()).story.extras
    assert extra.row.key == "t"


def test_a_session_belongs_to_the_window_of_its_first_action() -> None:
    asked = Asked("game_activity").ask(HOUR, csv(SESSIONS, [session("s", "11:10:00", "11:40:00")]))
    asked.ask(window("11:10:00", "11:10:01"), csv(SESSIONS, []), probe="edge")
    asked.ask(window("11:40:00", "11:40:01"), csv(SESSIONS, [session("s", "11:10:00", "11:40:00")]), probe="edge")
    cause = causes_of(asked.seen()).of_losses
    assert cause is not None
    assert cause.code == "session_missing_from_action_window"


def test_a_session_that_is_in_windows_of_all_its_actions_alone_is_missing_from_the_others() -> None:
    whole = session("s", "11:10:00", "11:40:00")
    asked = Asked("game_activity").ask(HOUR, csv(SESSIONS, [whole]))
    asked.ask(window("11:00:00", "11:20:00"), csv(SESSIONS, []), probe="cut")
    asked.ask(window("11:20:00", "12:00:00"), csv(SESSIONS, []), probe="cut")
    cause = causes_of(asked.seen()).of_losses
    assert cause is not None
    assert (cause.code, "only some of the actions" in cause.text) == ("session_missing_from_action_window", True)
