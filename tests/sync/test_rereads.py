"""A rung has read what was asked as late as it asks, whatever rung that was; in every mirror."""

import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from halfopen.errors import SinkError
from halfopen.sinks.base import Hole, Progress, Sink
from halfopen.sync.planner import Rhythm, plan, settles
from halfopen.sync.progress import after_answer
from halfopen.sync.rereads import Ladder, Rereads
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT, Rung, owed, scaled
from halfopen.window.window import Window
from support.answers import Answers

NAME = ("vegas", "wallets")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORT, LONG = Rung(5 * MINUTE, MINUTE), Rung(HOUR, 10 * MINUTE)


class Mirror:
    """One feed, followed by the plan of a ladder, or put in by hand; each ask of the mirror is counted."""

    def __init__(self, sink: Sink, folder: Path) -> None:
        self.sink = sink
        self.answer = Answers(sink, folder)
        self.asked = 0

    async def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.asked += 1
        return self.sink.query(sql)

    def put(self, window: Window, rung: int, asked_at: datetime, ladder: Ladder = ()) -> None:
        made = self.answer("wallets", b"", rung=rung, fetched_at=asked_at + SECOND / 10)
        found = settles(window, rung, ladder, asked_at)
        self.sink.apply([replace(made, window=window, asked_at=asked_at, settles=found)])

    def follow(self, ladder: Ladder, begin: datetime, end: datetime, cadence: timedelta = MINUTE) -> None:
        """Ask as a lane would, each request a second after it was planned."""
        rhythm = Rhythm(cadence=cadence, ladder=ladder, since=begin)
        known = Progress(committed=Coverage(), reread={}, holes=(), started=begin)
        answers, now = [], begin
        while now < end:
            now += cadence
            while (ask := plan(known, rhythm, now, DAY)) is not None:
                found = settles(ask.window, ask.rung, ladder, now + SECOND)
                made = self.answer("wallets", b"", rung=ask.rung, fetched_at=now + 2 * SECOND)
                answers.append(replace(made, window=ask.window, asked_at=now + SECOND, settles=found))
                known = after_answer(known, ask, found)
        self.sink.apply(answers)

    async def by(self, ladder: Ladder, now: datetime) -> Progress:
        return await Rereads(self.query).checked(NAME, ladder, self.sink.progress(*NAME), now)


@pytest.fixture
def mirror(sink: Sink, tmp_path: Path) -> Mirror:
    return Mirror(sink, tmp_path)


def owes(known: Progress, ladder: Ladder, number: int, now: datetime) -> Coverage:
    rung = ladder[number - 1]
    return Coverage.of(owed(rung, known.committed, known.reread.get(number, Coverage()), now))


async def test_the_ladder_that_there_is_always_is_taken_at_its_word(mirror: Mirror) -> None:
    ladder = (SHORT, Rung(15 * MINUTE, 10 * MINUTE), LONG)
    end = NOON + 5 * HOUR
    mirror.follow(ladder, NOON, end)
    before = mirror.sink.progress(*NAME)
    assert await mirror.by(ladder, end) == before
    assert mirror.asked == 1, "one look at all lines"
    later = NOON + 10 * DAY
    assert mirror.sink.compact(later) > 0
    mirror.sink.close()
    mirror.sink.open()
    assert await mirror.by(ladder, later) == before, "merged lines too"
    assert mirror.asked == 2
    closely = await Rereads(mirror.query).changed(NAME, ladder, before, later)
    assert closely == before


async def test_a_rung_in_the_place_of_another_owes_what_that_asked_too_early(mirror: Mirror) -> None:
    end = NOON + 5 * HOUR
    mirror.follow((SHORT, LONG), NOON, end)
    hours = Coverage.of([Window(NOON, NOON + 4 * HOUR)])
    assert (await mirror.by((LONG,), end)).reread[1] == hours, "the hours were read late enough, the 5 minutes were not"
    assert (await mirror.by((Rung(HOUR, MINUTE), LONG), end)).reread[1] == hours
    parts = Coverage.of(Window(NOON + n * HOUR, NOON + n * HOUR + 40 * MINUTE) for n in range(4))
    assert (await mirror.by((Rung(5 * MINUTE, 30 * MINUTE), LONG), end)).reread[1] == parts
    far = (Rung(5 * MINUTE, 2 * HOUR), LONG)
    assert owes(await mirror.by(far, end), far, 1, end) == Coverage.of([Window(NOON, NOON + 3 * HOUR)])


async def test_a_new_rung_shifts_the_others_without_their_reading_anew(mirror: Mirror) -> None:
    end = NOON + 5 * HOUR
    mirror.follow((SHORT, LONG), NOON, end)
    ladder = (SHORT, Rung(15 * MINUTE, 3 * MINUTE), LONG)
    known = await mirror.by(ladder, end)
    assert owes(known, ladder, 1, end) == Coverage()
    assert owes(known, ladder, 3, end) == Coverage()
    assert owes(known, ladder, 2, end).frontier == NOON + 4 * HOUR + 45 * MINUTE


async def test_a_stretched_ladder_owes_what_it_would_have_asked_later(mirror: Mirror) -> None:
    ladder, end = DEFAULT[:3], NOON + 5 * HOUR
    mirror.follow(ladder, NOON, end)
    wide = scaled(ladder, 3 * MINUTE)
    known = await mirror.by(wide, end)
    assert not owes(known, wide, 1, end), "the second rung's asks were later than its own would be"
    assert owes(known, wide, 2, end), "of the hours only a part was read so late"
    assert owes(known, wide, 3, end).covers(Window(NOON, NOON + 3 * HOUR))


@pytest.mark.parametrize("_round", range(4))
async def test_it_is_what_each_answer_settles_by_itself(mirror: Mirror, _round: int) -> None:
    seed = random.SystemRandom().randrange(10**9)
    sys.stdout.write(f"seed {seed}\n")
    dice = random.Random(seed)
    ladder = tuple(Rung(dice.choice([MINUTE, 7 * SECOND, HOUR]), dice.randrange(5000) * SECOND) for _ in range(3))
    expected = {number: Coverage() for number in (1, 2, 3)}
    now = NOON + 3 * HOUR
    for _ in range(30):
        start = NOON + dice.randrange(7200) * SECOND
        window = Window(start, start + dice.randrange(1, 4000) * SECOND)
        rung = dice.randrange(4)
        asked_at = window.end + (SECOND if rung == 0 else dice.randrange(9000) * SECOND)
        if any(line[2:5] == (_naive(window.start), _naive(window.end), rung) for line in _lines(mirror.sink)):
            continue
        mirror.put(window, rung, asked_at)
        for number, part in settles(window, -1, ladder, asked_at):
            expected[number] = expected[number].add(part)
    known = mirror.sink.progress(*NAME)
    # The promptest first ask tells of no skew only for lines after the first of it.
    mirror.put(Window(NOON - MINUTE, NOON), 0, NOON + SECOND)
    found = (await Rereads(mirror.query).changed(NAME, ladder, known, now)).reread
    first = Coverage.of([Window(NOON - MINUTE, NOON)])
    assert {number: found[number].difference(first) for number in found} == expected


def _lines(sink: Sink) -> list[tuple[Any, ...]]:
    return sink.query("SELECT product, feed, window_start, window_end, pass FROM halfopen.ledger")[1]


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


async def test_where_the_products_clock_may_be_behind_the_first_asks_are_no_rereads(mirror: Mirror) -> None:
    for number in range(10):
        window = Window(NOON + number * MINUTE, NOON + (number + 1) * MINUTE)
        mirror.put(window, 0, window.end + 4 * MINUTE)
    now = NOON + HOUR
    known = await Rereads(mirror.query).changed(NAME, (SHORT,), mirror.sink.progress(*NAME), now)
    assert not known.reread[1]
    mirror.put(Window(NOON + 10 * MINUTE, NOON + 11 * MINUTE), 0, NOON + 30 * MINUTE)
    known = await Rereads(mirror.query).changed(NAME, (SHORT,), mirror.sink.progress(*NAME), now)
    assert known.reread[1] == Coverage.of([Window(NOON + 10 * MINUTE, NOON + 11 * MINUTE)])


async def test_what_was_backfilled_late_does_for_a_rung_that_is_new(mirror: Mirror) -> None:
    window = Window(NOON, NOON + 3 * HOUR)
    mirror.put(window, 0, NOON + DAY)
    known = await mirror.by((SHORT, LONG), NOON + DAY + HOUR)
    assert known.reread == {1: Coverage.of([window]), 2: Coverage.of([window])}


async def test_a_failed_reread_is_owed_whatever_was_asked_before_it(mirror: Mirror) -> None:
    window, asked = Window(NOON, NOON + HOUR), NOON + DAY
    mirror.put(window, 0, window.end)
    mirror.put(window, 2, asked)
    hole = Hole(
        product=NAME[0],
        feed=NAME[1],
        window=Window(NOON, NOON + 10 * MINUTE),
        rung=1,
        since=asked + HOUR,
        attempts=1,
        last_error="503",
        next_try=asked + HOUR,
    )
    mirror.sink.fail(hole)
    for after, holes in ((MINUTE, (hole,)), (2 * DAY, ())):
        ladder = (Rung(5 * MINUTE, after),)
        known = await Rereads(mirror.query).changed(NAME, ladder, mirror.sink.progress(*NAME), asked + 2 * HOUR)
        assert known.holes == holes, "what is not due for this rung is not tried now"
        assert not known.reread[1].intersection(hole.window)


async def test_what_was_asked_again_is_not_owed_for_ever_once_it_is_merged(mirror: Mirror) -> None:
    begin, now = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)
    day = Window(begin, begin + DAY)
    late: Ladder = (Rung(5 * MINUTE, 2 * HOUR),)
    for window in day.partition(HOUR):
        mirror.put(window, 0, window.end)
        mirror.put(window, 1, window.end + MINUTE)
    mirror.sink.compact(now)
    known = await mirror.by(late, now)
    assert owes(known, late, 1, now).covers(day)
    for window in day.partition(6 * HOUR):
        mirror.put(window, 1, now + SECOND)
    mirror.sink.compact(now + HOUR)
    assert len([line for line in _lines(mirror.sink) if line[4] == 1]) == 1
    mirror.sink.close()
    mirror.sink.open()
    known = await mirror.by(late, now + HOUR)
    assert not owes(known, late, 1, now + HOUR)


async def test_a_mirror_that_cannot_be_asked_has_nothing_read_again() -> None:
    async def query(_sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        raise SinkError("the mirror is closed")

    known = Progress(
        committed=Coverage.of([Window(NOON, NOON + HOUR)]),
        reread={1: Coverage.of([Window(NOON, NOON + HOUR)])},
        holes=(),
        started=NOON,
    )
    assert (await Rereads(query).changed(NAME, (SHORT,), known, NOON + DAY)).reread == {}
    with pytest.raises(SinkError):
        await Rereads(query).checked(NAME, (SHORT,), known, NOON + DAY)
