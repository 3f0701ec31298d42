"""The pace of the past: never more than is allowed, and never a window of today held up; on a virtual clock."""

import itertools
from datetime import UTC, datetime, timedelta

from halfopen.config.backfill import Pacing
from halfopen.sinks.base import Progress
from halfopen.sync.pace import Pace
from halfopen.sync.planner import NOTHING, Ask, Reason, Rhythm, Scope, plan
from halfopen.sync.progress import after_answer
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def test_requests_keep_their_distance_whoever_asks() -> None:
    pace = Pace(Pacing(requests_per_second=2))
    now, asked = NOON, []
    while len(asked) < 20:
        now = max(now, pace.ready_at(now))
        pace.began(now)
        asked.append(now)
    assert asked[-1] - asked[0] == timedelta(seconds=9.5)


def test_bytes_are_paid_for_before_the_next_request() -> None:
    pace = Pace(Pacing(bytes_per_second=1000))
    pace.began(NOON)
    pace.brought(NOON, 5000)
    pace.brought(NOON, 1000)
    assert pace.ready_at(NOON + SECOND) == NOON + 6 * SECOND
    assert pace.ready_at(NOON + 7 * SECOND) == NOON + 7 * SECOND
    pace.brought(NOON + 7 * SECOND, 500)
    assert pace.ready_at(NOON + 7 * SECOND) == NOON + timedelta(seconds=7.5)


def test_a_rate_that_ends_after_hours_waits_for_the_next_ones() -> None:
    pace = Pace(Pacing(requests_per_second=0.001, hours="11:00-12:01"))
    pace.began(NOON)
    assert pace.ready_at(NOON) == NOON + DAY - HOUR


def test_what_is_past_and_what_is_never_held() -> None:
    wanted = [Window(NOON - 6 * HOUR, NOON)]
    pace = Pace(Pacing(requests_per_second=1))
    assert pace.held(wanted, NOON, MINUTE) == NOTHING
    pace.began(NOON)
    held = pace.held(wanted, NOON, MINUTE)
    assert held.covers(Window(NOON - 6 * HOUR, NOON - 2 * MINUTE))
    assert held.covers(Window(NOON - 100 * DAY, NOON - DAY))
    for free in (Window(NOON - 2 * MINUTE, NOON), Window(NOON - 20 * HOUR, NOON - 7 * HOUR)):
        assert not held.intersection(free)
    assert Pace(Pacing()).past(wanted, NOON, MINUTE) == NOTHING


def test_live_windows_go_on_while_a_backfill_waits() -> None:
    """The real planner over six hours: a backfill of a month at one request in ten seconds, and a window a minute."""
    pace = Pace(Pacing(requests_per_second=0.1, hours="13:00-17:00"))
    rhythm = Rhythm(cadence=MINUTE)
    span = Window(NOON - 30 * DAY, NOON - MINUTE)
    scope = Scope(wanted=(span,))
    progress = Progress(committed=Coverage.of([Window(NOON - MINUTE, NOON)]), reread={}, holes=(), started=NOON)
    now, history, late = NOON, [], []
    while now < NOON + 6 * HOUR:
        held = pace.held(scope.wanted, now, MINUTE)
        limited = Scope(wanted=scope.wanted, spent={0: held})
        ask = plan(progress, rhythm, now, timedelta(minutes=30), limited)
        if ask is None:
            now += SECOND
            continue
        if pace.past(scope.wanted, now, MINUTE).intersection(ask.window):
            assert ask.reason is Reason.BACKLOG
            pace.began(now)
            history.append(now)
        elif ask.window.end > NOON:
            late.append(now - ask.window.end)
        progress = after_answer(progress, Ask(window=ask.window, rung=0, reason=ask.reason))
    assert max(late) <= SECOND
    assert len(late) == 6 * 60 - 1
    assert all(13 <= moment.hour < 17 for moment in history)
    assert len(history) == 4 * 360
    assert all(second - first >= 10 * SECOND for first, second in itertools.pairwise(history))
