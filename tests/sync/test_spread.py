"""Many products take turns; a few close with the minute."""

from datetime import UTC, datetime, timedelta

from halfopen.sinks.base import Progress
from halfopen.sync import planner, spread
from halfopen.sync.planner import Reason, Rhythm
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import Rung
from halfopen.window.window import Window

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTHING = Progress(committed=Coverage(), reread={}, holes=(), started=None)


def at(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_few_products_are_asked_as_the_minute_ends() -> None:
    assert {spread.phase(f"p{n}", 260, MINUTE) for n in range(20)} == {timedelta(0)}
    assert len({spread.phase(f"p{n}", 273, MINUTE) for n in range(21)}) > 1


def test_hundreds_use_the_whole_minute_evenly() -> None:
    phases = [spread.phase(f"p{n}", 6500, MINUTE) // timedelta(seconds=1) for n in range(500)]
    assert min(phases) >= 0
    assert max(phases) < 60
    assert max(phases.count(second) for second in range(60)) < 25
    assert phases[:5] == [4, 27, 16, 1, 38], "not the same at every start"


def test_a_phase_moves_where_windows_end() -> None:
    rhythm = Rhythm(cadence=MINUTE, phase=timedelta(seconds=17))
    asked = planner.plan(NOTHING, rhythm, at(16), timedelta(hours=1))
    assert asked is not None
    assert asked.window == Window(at(-103), at(-43))
    progress = Progress(committed=Coverage.of([asked.window]), reread={}, holes=(), started=asked.window.start)
    assert planner.plan(progress, rhythm, at(16), timedelta(hours=1)) is None
    assert planner.wake(progress, rhythm, at(16)) == at(17)
    asked = planner.plan(progress, rhythm, at(17), timedelta(hours=1))
    assert asked is not None
    assert (asked.window, asked.reason) == (Window(at(-43), at(17)), Reason.LIVE)


def test_a_phase_that_changes_asks_nothing_twice_and_leaves_nothing_out() -> None:
    progress = Progress(committed=Coverage.of([Window(at(-120), at(-43))]), reread={}, holes=(), started=at(-120))
    asked = planner.plan(progress, Rhythm(cadence=MINUTE, phase=timedelta(seconds=40)), at(0), timedelta(hours=1))
    assert asked is not None
    assert asked.window == Window(at(-43), at(-20))


def test_rereads_of_hundreds_take_turns_over_the_minutes_and_those_of_a_few_do_not_wait() -> None:
    feeds = [(f"p{n}", f"f{m}") for n in range(500) for m in range(13)]
    lags = [spread.lag(*feed, 6500, MINUTE) // MINUTE for feed in feeds]
    assert set(lags) == set(range(spread.TURNS))
    assert max(lags.count(turn) for turn in range(spread.TURNS)) < 1.1 * len(lags) / spread.TURNS
    assert lags[:5] == [3, 1, 2, 1, 3], "not the same at every start"
    assert {spread.lag(*feed, 260, MINUTE) for feed in feeds} == {timedelta(0)}


def test_a_lag_delays_rereads_and_nothing_else() -> None:
    rhythm = Rhythm(cadence=MINUTE, ladder=(Rung(5 * MINUTE, MINUTE),), lag=3 * MINUTE)
    owed = Window(NOON - 5 * MINUTE, NOON)
    progress = Progress(committed=Coverage.of([owed]), reread={}, holes=(), started=owed.start)
    live = planner.plan(progress, rhythm, at(60), timedelta(hours=1))
    assert live is not None
    assert (live.window, live.reason) == (Window(NOON, at(60)), Reason.LIVE)
    progress = Progress(committed=Coverage.of([Window(owed.start, at(240))]), reread={}, holes=(), started=owed.start)
    assert planner.plan(progress, rhythm, at(239), timedelta(hours=1)) is None
    again = planner.plan(progress, rhythm, at(240), timedelta(hours=1))
    assert again is not None
    assert (again.window, again.reason) == (owed, Reason.REREAD)
