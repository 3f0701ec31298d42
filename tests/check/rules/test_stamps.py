"""A feed that is whole half hours behind, though rows come: local time, or asleep."""

from datetime import datetime, timedelta

import pytest

from halfopen.check.behind import half_hours_old
from halfopen.check.finding import Severity, Status
from halfopen.check.rule import rules
from halfopen.window.window import Window
from halfopen.wire.moment import plain
from support.seen import NOW, Asked, csv

COLUMNS = ("id", "player_id", "created_at")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def asked(age: timedelta, moves: timedelta = 20 * SECOND) -> Asked:
    """Logins every five seconds, the last so old; and once more, when newer ones have come, or not. Bets are fresh."""
    found = Asked("logins")
    for begun, shift in ((NOW, timedelta(0)), (NOW + 20 * SECOND, moves)):
        last = NOW - age + shift
        stamps = [last - 5 * SECOND * n for n in range(40)]
        rows = [(f"l{at}", "p", plain(at)) for at in stamps]
        found.ask(Window(NOW - 24 * HOUR, begun), csv(COLUMNS, rows), probe="day", started=begun)
    fresh: list[datetime] = [NOW - SECOND * n for n in range(20)]
    bets = [(f"b{at}", "p", plain(at)) for at in fresh]
    return found.ask(Window(NOW - HOUR, NOW), csv(("id", "player_id", "modified_at"), bets), feed="sports_bets")


@pytest.mark.parametrize(
    ("ended", "age", "moves"),
    [
        (Status.FAIL, 3 * HOUR, 20 * SECOND),
        (Status.FAIL, HOUR / 2, 20 * SECOND),
        (Status.PASS, 3 * HOUR, 0 * SECOND),
        (Status.PASS, 3 * HOUR, 3 * HOUR),
        (Status.PASS, 2.8 * HOUR, 20 * SECOND),
    ],
    ids=["3 h behind", "half an hour", "asleep", "awake again", "a lag"],
)
def test_a_feed_that_stays_half_hours_behind_is_in_local_time(ended: Status, age: timedelta, moves: timedelta) -> None:
    feed = asked(age, moves).seen()
    outcome = rules()["timestamps_not_utc"].of_feed(feed)
    assert outcome.status is ended
    assert ended is Status.PASS or outcome.severity is Severity.SHOULD


def test_what_is_declared_is_no_local_time() -> None:
    feed = asked(HOUR).case(offset="1h").feeds["logins"]
    assert rules()["timestamps_not_utc"].of_feed(feed).status is Status.PASS


def test_a_second_look_is_taken_where_it_may_tell_something() -> None:
    assert half_hours_old(asked(3 * HOUR, 0 * SECOND).seen()) == NOW - 3 * HOUR
    assert half_hours_old(asked(2.8 * HOUR).seen()) is None
    assert half_hours_old(asked(5 * SECOND).seen()) is None


@pytest.mark.parametrize(
    ("ended", "stamps"),
    [
        (Status.PASS, [NOW - 5 * HOUR + SECOND * n for n in range(40)]),
        (Status.FAIL, [NOW - 5 * HOUR - 600 * SECOND * n for n in range(40, 0, -1)] +
                      [NOW - 5 * HOUR + SECOND * n for n in range(60)]),
    ],
    ids=["all written at once", "busy for hours before"],
)  # fmt: skip
def test_what_was_written_at_once_is_not_stale(ended: Status, stamps: list[datetime]) -> None:
    rows = [(f"l{at}", "p", plain(at)) for at in stamps]
    feed = Asked("logins").ask(Window(NOW - 24 * HOUR, NOW), csv(COLUMNS, rows), probe="day", started=NOW).seen()
    assert rules()["feed_stale"].of_feed(feed).status is ended


def quietly(age: timedelta, pause: timedelta, late: timedelta) -> Asked:
    """Logins that come rarely, the last so old; the next one comes within a minute, and is stamped so late."""
    found = Asked("logins")
    rows = [(f"l{n}", "p", plain(NOW - age - pause * n)) for n in range(12)]
    found.ask(Window(NOW - 24 * HOUR, NOW), csv(COLUMNS, rows), probe="day", started=NOW)
    came = NOW + 60 * SECOND
    rows.append(("new", "p", plain(came - 10 * SECOND - late)))
    return found.ask(Window(NOW - 24 * HOUR, NOW), csv(COLUMNS, rows), probe="repeat", started=came)


@pytest.mark.parametrize(
    ("ended", "age", "late"),
    [
        (Status.FAIL, 5 * HOUR + 300 * SECOND, 5 * HOUR),
        (Status.PASS, 300 * SECOND, 5 * HOUR),
        (Status.PASS, 5 * HOUR + 300 * SECOND, 4.75 * HOUR),
    ],
    ids=["5 h behind", "a late row among fresh ones", "late by no half hours"],
)
def test_a_quiet_feed_whose_rows_come_half_hours_after_their_stamps_is_in_local_time(
    ended: Status, age: timedelta, late: timedelta
) -> None:
    feed = quietly(age, 300 * SECOND, late).seen()
    assert rules()["timestamps_not_utc"].of_feed(feed).status is ended


@pytest.mark.parametrize(
    ("ended", "ahead", "pause"),
    [
        (Status.FAIL, 5.75 * HOUR - 90 * SECOND, 90 * SECOND),
        (Status.FAIL, 2 * HOUR + 90 * SECOND, 20 * SECOND),
        (Status.FAIL, 2 * HOUR - 1200 * SECOND, 500 * SECOND),
        (Status.PASS, 2 * HOUR - 1200 * SECOND, 20 * SECOND),
        (Status.PASS, HOUR / 6, 20 * SECOND),
    ],
    ids=["Nepal", "a clock that is fast there", "a quiet feed", "a busy feed by no zone", "a clock that is fast"],
)
def test_a_feed_that_is_ahead_by_a_zone_is_in_local_time(ended: Status, ahead: timedelta, pause: timedelta) -> None:
    stamps = [NOW + ahead - pause * n for n in range(60)]
    found = Asked("logins")
    for probe, start, end in (("hour", NOW - HOUR, NOW), ("future", NOW, NOW + 24 * HOUR)):
        rows = [(f"l{at}", "p", plain(at)) for at in stamps if start <= at < end]
        found.ask(Window(start, end), csv(COLUMNS, rows), probe=probe, started=NOW)
    assert rules()["timestamps_not_utc"].of_feed(found.seen()).status is ended
