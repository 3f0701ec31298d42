from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from halfopen.window.coverage import Coverage
from halfopen.window.due import due, horizon
from halfopen.window.window import EPOCH
from support.windows import SPAN_SECONDS, at, coverages, seconds_of, window

MINUTE = timedelta(minutes=1)
cadences = st.integers(1, 20).map(lambda seconds: timedelta(seconds=seconds))


def test_horizon_is_the_end_of_the_newest_closed_minute():
    assert horizon(at(60), timedelta(0), MINUTE) == at(60)
    assert horizon(at(59.999999), timedelta(0), MINUTE) == at(0)
    assert horizon(at(185), timedelta(minutes=2), MINUTE) == at(60)


def test_minutes_are_due_once_they_are_closed():
    assert due(at(0), at(120), MINUTE, Coverage()) == [window(0, 60), window(60, 120)]
    assert due(at(0), at(59), MINUTE, Coverage()) == []
    assert due(at(120), at(60), MINUTE, Coverage()) == []


def test_a_start_off_the_grid_and_a_part_that_is_committed_make_shorter_windows():
    committed = Coverage.of([window(60, 90)])
    assert due(at(20), at(180), MINUTE, committed) == [window(20, 60), window(90, 120), window(120, 180)]


def test_windows_of_less_than_a_second_are_due_too():
    tenth = timedelta(milliseconds=100)
    assert due(at(0), at(0.25), tenth, Coverage()) == [window(0, 0.1), window(0.1, 0.2)]


@given(st.integers(0, SPAN_SECONDS), st.integers(0, SPAN_SECONDS), cadences, coverages)
def test_due_is_what_is_closed_and_not_committed_each_second_once(since, until, cadence, committed):
    closed = horizon(at(until), timedelta(0), cadence)
    windows = due(at(since), at(until), cadence, committed)
    expected = seconds_of([window(since, (closed - at(0)).total_seconds())] if closed > at(since) else [])
    assert seconds_of(windows) == expected - seconds_of(committed)
    assert sum(each.length.total_seconds() for each in windows) == len(seconds_of(windows))
    assert windows == sorted(windows)
    for each in windows:
        assert (each.start - EPOCH) // cadence == (each.end - EPOCH - timedelta(microseconds=1)) // cadence


@given(st.integers(0, SPAN_SECONDS), st.integers(0, SPAN_SECONDS), cadences, coverages)
def test_asking_again_yields_nothing(since, until, cadence, committed):
    asked = due(at(since), at(until), cadence, committed)
    assert due(at(since), at(until), cadence, committed.union(Coverage.of(asked))) == []
