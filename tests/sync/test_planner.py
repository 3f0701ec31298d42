"""Following the plan covers every second of a feed exactly as due, whatever fails on the way."""

import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from halfopen.sinks.base import Hole, Progress
from halfopen.sync import backoff
from halfopen.sync.planner import Ask, Reason, Rhythm, Scope, plan, settles, start, wake
from halfopen.sync.progress import after_answer, after_failure
from halfopen.sync.spread import TURNS
from halfopen.window.coverage import Coverage
from halfopen.window.due import horizon
from halfopen.window.ladder import DEFAULT, scaled
from halfopen.window.window import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
RHYTHM = Rhythm(cadence=MINUTE)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def span(first: float, last: float) -> Window:
    return Window(at(first), at(last))


def having(*windows: Window, holes: tuple[Hole, ...] = ()) -> Progress:
    covered = Coverage.of(windows)
    return Progress(committed=covered, reread={}, holes=holes, started=min((w.start for w in windows), default=None))


def hole(window: Window, next_try: datetime, *, rung: int = 0, attempts: int = 1) -> Hole:
    return Hole(
        product="p",
        feed="players",
        window=window,
        rung=rung,
        since=NOON,
        attempts=attempts,
        last_error="500",
        next_try=next_try,
    )


EMPTY = having()


def test_without_a_ledger_the_last_closed_window_comes_first() -> None:
    ask = plan(EMPTY, RHYTHM, at(0.5), HOUR)
    assert ask == Ask(window=span(-1, 0), rung=0, reason=Reason.LIVE)


def test_since_makes_a_backlog_behind_the_newest_window() -> None:
    rhythm = replace(RHYTHM, since=at(-180))
    first = plan(EMPTY, rhythm, at(0.5), HOUR)
    assert first is not None
    assert first.window == span(-1, 0)
    second = plan(replace(having(span(-1, 0)), started=at(-180)), rhythm, at(0.5), HOUR)
    assert second == Ask(window=span(-180, -120), rung=0, reason=Reason.BACKLOG)


def test_a_window_is_asked_at_the_very_end_and_not_before() -> None:
    progress = having(span(-1, 0))
    before = at(1) - timedelta(microseconds=1)
    assert plan(progress, RHYTHM, before, HOUR) is None
    assert wake(progress, RHYTHM, before) == at(1)
    ask = plan(progress, RHYTHM, at(1), HOUR)
    assert ask is not None
    assert ask.window == span(0, 1)


def test_an_offset_delays_the_first_ask() -> None:
    rhythm = replace(RHYTHM, offset=timedelta(minutes=2))
    progress = having(span(-1, 0))
    assert plan(progress, rhythm, at(2.9), HOUR) is None
    assert wake(progress, rhythm, at(2.9)) == at(3)
    ask = plan(progress, rhythm, at(3), HOUR)
    assert ask is not None
    assert ask.window == span(0, 1)


def test_holes_wait_for_their_time_while_newer_windows_go_on() -> None:
    progress = having(span(-10, -5), span(-4, 0), holes=(hole(span(-5, -4), at(0.5)),))
    assert plan(progress, RHYTHM, at(0.2), HOUR) is None
    assert wake(progress, RHYTHM, at(0.2)) == at(0.5)
    ask = plan(progress, RHYTHM, at(0.5), HOUR)
    assert ask is not None
    assert (ask.window, ask.reason, ask.attempts) == (span(-5, -4), Reason.RETRY, 2)
    newer = plan(progress, RHYTHM, at(1), HOUR)
    assert newer is not None
    assert newer.reason is Reason.LIVE


def test_neighbouring_holes_are_retried_together_up_to_the_width() -> None:
    holes = tuple(hole(span(-n, 1 - n), at(0)) for n in (1, 2, 3, 4))
    progress = having(span(-9, -4), holes=holes)
    ask = plan(progress, RHYTHM, at(0), HOUR)
    assert ask is not None
    assert ask.window == span(-4, 0)
    assert len(ask.holes) == 4
    narrow = plan(progress, RHYTHM, at(0), 2 * MINUTE)
    assert narrow is not None
    assert narrow.window == span(-4, -2)
    assert {h.window for h in narrow.holes} == {span(-4, -3), span(-3, -2)}


def test_a_part_of_a_hole_that_was_filled_is_not_asked_again() -> None:
    progress = having(span(-60, -50), holes=(hole(span(-60, 0), at(0)),))
    ask = plan(progress, RHYTHM, at(0), timedelta(minutes=30))
    assert ask is not None
    assert ask.window == span(-50, -20)


def test_a_narrow_width_cuts_even_a_live_window() -> None:
    ask = plan(having(span(-1, 0)), RHYTHM, at(1), timedelta(seconds=20))
    assert ask is not None
    assert ask.window == Window(at(0), at(0) + timedelta(seconds=20))


def test_after_trouble_only_the_newest_window_is_asked() -> None:
    progress = having(span(-60, -30), holes=(hole(span(-20, -10), at(-5)),))
    calm = Scope(calm=True)
    newest = plan(progress, RHYTHM, at(0), HOUR, calm)
    assert newest is not None
    assert newest.window == span(-1, 0)
    assert plan(after_answer(progress, newest), RHYTHM, at(0), HOUR, calm) is None


def test_backfill_asks_only_what_is_missing() -> None:
    scope = Scope(live=False, rereads=False, wanted=(span(-300, 0),))
    progress = having(span(-300, -200), span(-100, 0))
    ask = plan(progress, RHYTHM, at(0), 24 * HOUR, scope)
    assert ask == Ask(window=span(-200, -100), rung=0, reason=Reason.BACKLOG)
    assert plan(after_answer(progress, ask), RHYTHM, at(0), HOUR, scope) is None


def test_a_stop_covers_up_to_its_last_second_and_rereads_the_tail() -> None:
    rhythm = replace(RHYTHM, ladder=DEFAULT)
    until = at(10) + timedelta(seconds=7)
    scope = Scope(until=until, closing=True)
    progress, now, asked = having(span(0, 1)), at(9.5), []
    while now < at(12):
        while (ask := plan(progress, rhythm, now, HOUR, scope)) is not None:
            asked.append(ask)
            progress = after_answer(progress, ask)
        now = wake(progress, rhythm, now, scope)
    assert progress.committed == Coverage.of([Window(at(0), until)])
    assert progress.reread[1] == progress.committed
    assert progress.reread[2] == progress.committed
    assert set(progress.reread) == {1, 2}


def test_an_ask_as_late_as_a_rung_does_for_it() -> None:
    window = span(-60, -50)
    assert settles(window, 0, DEFAULT, at(-54.5)) == ()
    assert settles(window, 0, DEFAULT, at(-54)) == ((1, span(-60, -55)),)
    assert settles(window, 1, DEFAULT, at(-30)) == ((2, span(-60, -50)),)
    assert settles(window, 0, DEFAULT, at(3 * 24 * 60)) == tuple((rung, window) for rung in (1, 2, 3, 4, 5))


@pytest.mark.parametrize("_round", range(12))
def test_following_the_plan_covers_every_second_as_due(_round: int) -> None:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    dice = random.Random(seed)
    cadence = timedelta(seconds=dice.choice([1, 5, 60, 900]))
    rhythm = Rhythm(
        cadence=cadence,
        offset=timedelta(seconds=dice.choice([0, 0, 7, 120])),
        ladder=scaled(DEFAULT, cadence),
        since=NOON - dice.randrange(200) * cadence - timedelta(seconds=dice.randrange(3)),
        lag=dice.randrange(TURNS) * cadence,
    )
    world = World(dice, rhythm)
    world.run(NOON + 400 * cadence, trouble=0.3)
    world.run(world.now + 200 * cadence, trouble=0.0)
    world.judge()


class World:
    """A product that fails now and then, and a puller that follows the plan, on a simulated clock."""

    def __init__(self, dice: random.Random, rhythm: Rhythm) -> None:
        self.dice = dice
        self.rhythm = rhythm
        self.now = NOON + timedelta(seconds=dice.random() * 3)
        self.progress = EMPTY
        self.begin = start(EMPTY, rhythm, self.now)
        self.progress = replace(EMPTY, started=self.begin)
        self.width = timedelta(hours=1)
        self.asked: list[tuple[Ask, bool, datetime]] = []
        self.settled: list[tuple[int, Window]] = []
        self.turn = 0

    def run(self, end: datetime, *, trouble: float) -> None:
        while self.now < end:
            self.turn += 1
            ask = plan(self.progress, self.rhythm, self.now, self.width, reverse=self.turn % 4 == 0)
            if ask is None:
                self.now = max(self.now, wake(self.progress, self.rhythm, self.now))
                continue
            self.answer(ask, failed=self.dice.random() < trouble)

    def answer(self, ask: Ask, *, failed: bool) -> None:
        assert ask.window.end <= self.now - self.rhythm.offset, "asked before it was due"
        assert not ask.window.is_empty
        took = timedelta(seconds=self.dice.random() * self.rhythm.cadence.total_seconds() / 3)
        settled = settles(ask.window, ask.rung, self.rhythm.ladder, self.now)
        self.asked.append((ask, failed, self.now))
        self.now += took
        if not failed:
            self.progress = after_answer(self.progress, ask, settled)
            self.settled += settled
            self.width = min(self.width * 2, timedelta(days=1))
            return
        self.width = max(self.width / 2, timedelta(seconds=1))
        again = self.now + backoff.delay(ask.attempts, self.dice.random())
        failed_holes = tuple(replace(h, attempts=h.attempts + 1, next_try=again) for h in ask.holes)
        new = (hole(ask.window, again, rung=ask.rung),)
        self.progress = after_failure(self.progress, failed_holes or new)

    def judge(self) -> None:
        """Each second up to the horizon is committed once; each rung re-read each owed second once, or need not."""
        while (ask := plan(self.progress, self.rhythm, self.now, self.width)) is not None:
            self.answer(ask, failed=False)
        first = self.committed(0)
        end = horizon(self.now, self.rhythm.offset, self.rhythm.cadence)
        assert self.progress.committed.gaps(Window(self.begin, end)) == [], "a second was skipped"
        assert not self.progress.holes
        assert once(first), "a second was committed twice"
        live = [ask.window for ask, failed, _ in self.asked if ask.reason is Reason.LIVE and not failed]
        assert all(window.length <= self.rhythm.cadence for window in live)
        for number, rung in enumerate(self.rhythm.ladder, start=1):
            again = self.committed(number)
            assert once(again), f"rung {number} re-read a second twice"
            covered = Coverage.of([*again, *(window for rung_, window in self.settled if rung_ == number)])
            ended = self.now - self.rhythm.lag - rung.after - rung.span - 2 * self.rhythm.cadence
            assert all(not covered.gaps(w) for w in self.progress.committed.intersection(before(ended)))
            assert not covered.difference(self.progress.committed)

    def committed(self, rung: int) -> list[Window]:
        return [ask.window for ask, failed, _ in self.asked if ask.rung == rung and not failed]


def before(moment: datetime) -> Window:
    return Window(datetime(2020, 1, 1, tzinfo=UTC), moment)


def once(windows: list[Window]) -> bool:
    total = sum((window.length for window in windows), timedelta(0))
    return total == sum((window.length for window in Coverage.of(windows)), timedelta(0))
