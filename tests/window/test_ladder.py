from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT, Rung, closing, owed, scaled
from halfopen.window.window import EPOCH
from support.windows import SPAN_SECONDS, at, coverages, seconds_of, window

SECONDS = [timedelta(seconds=n) for n in range(100)]
rungs = st.builds(Rung, st.integers(1, 15).map(SECONDS.__getitem__), st.integers(0, 20).map(SECONDS.__getitem__))


def spans_and_waits(ladder: tuple[Rung, ...]) -> list[tuple[float, float]]:
    return [(rung.span.total_seconds(), rung.after.total_seconds()) for rung in ladder]


def test_the_default_is_that_of_a_minute():
    hour, day = 3600, 86400
    expected = [(300, 60), (900, 600), (hour, 600), (day, hour), (day, 2 * day)]
    assert spans_and_waits(DEFAULT) == expected
    assert scaled(DEFAULT, timedelta(minutes=1)) == DEFAULT


def test_shrinks_with_a_cadence_of_five_seconds():
    expected = [(25, 5), (75, 50), (300, 50), (7200, 300), (7200, 14400)]
    assert spans_and_waits(scaled(DEFAULT, timedelta(seconds=5))) == expected


@given(st.timedeltas(timedelta(milliseconds=100), timedelta(days=1)))
def test_scaled_spans_are_whole_seconds_and_no_shorter_than_the_cadence(cadence: timedelta):
    for rung in scaled((*DEFAULT, Rung(timedelta(seconds=1), timedelta(0))), cadence):
        assert rung.span.microseconds == 0
        assert rung.span >= max(cadence, timedelta(seconds=1))


def test_a_rung_must_have_a_span():
    with pytest.raises(ValueError, match="longer than zero"):
        Rung(timedelta(0), timedelta(0))
    with pytest.raises(ValueError, match="longer than zero"):
        Rung(timedelta(1), timedelta(-1))


def test_a_span_is_owed_once_it_ended_long_enough_ago():
    rung = DEFAULT[0]
    committed = Coverage.of([window(0, 600)])
    assert owed(rung, committed, Coverage(), at(359.999999)) == []
    assert owed(rung, committed, Coverage(), at(360)) == [window(0, 300)]
    assert owed(rung, committed, Coverage.of([window(0, 300)]), at(660)) == [window(300, 600)]


def test_a_hole_that_is_filled_later_is_owed_then():
    rung = DEFAULT[0]
    committed = Coverage.of([window(0, 60), window(120, 300)])
    first = owed(rung, committed, Coverage(), at(400))
    assert first == [window(0, 60), window(120, 300)]
    assert owed(rung, committed.add(window(60, 120)), Coverage.of(first), at(400)) == [window(60, 120)]


def test_closing_asks_for_what_has_not_ended():
    rung = DEFAULT[0]
    committed = Coverage.of([window(0, 420)])
    assert closing(rung, committed, Coverage.of([window(0, 300)])) == [window(300, 420)]


@given(rungs, coverages, coverages, st.integers(0, SPAN_SECONDS + 40))
def test_owed_is_committed_old_enough_and_not_yet_re_read(rung, committed, reread, now):
    spans = owed(rung, committed, reread, at(now))
    assert seconds_of(spans) == {
        second
        for second in seconds_of(committed) - seconds_of(reread)
        if ((at(second) - EPOCH) // rung.span + 1) * rung.span + rung.after <= at(now) - EPOCH
    }
    assert spans == sorted(spans)
    for each in spans:
        assert (each.start - EPOCH) // rung.span == (each.end - EPOCH - timedelta(microseconds=1)) // rung.span


@given(rungs, coverages, st.integers(1, 9))
def test_over_time_each_second_comes_up_once_and_all_of_them_do(rung, committed, stride):
    asked = []
    reread = Coverage()
    for now in range(0, SPAN_SECONDS + 40, stride):
        spans = owed(rung, committed, reread, at(now))
        asked += spans
        reread = reread.union(Coverage.of(spans))
        assert owed(rung, committed, reread, at(now)) == []
    last = closing(rung, committed, reread)
    assert seconds_of([*asked, *last]) == seconds_of(committed)
    assert sum(each.length.total_seconds() for each in [*asked, *last]) == len(seconds_of(committed))
    assert closing(rung, committed, reread.union(Coverage.of(last))) == []
