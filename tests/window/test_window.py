from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.window.window import EARLIEST, EPOCH, LATEST, Window, align, ceil, floor
from support.windows import SECOND, at, moments, spans, steps, window, windows


def test_ends_must_be_utc_and_in_order():
    with pytest.raises(ValueError, match="start '2020-10-10T12:00:00' is not in UTC"):
        Window(datetime(2020, 10, 10, 12), at(0))  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match=r"end .* is not in UTC"):
        Window(at(0), datetime(2020, 10, 11, tzinfo=timezone(timedelta(hours=3))))
    with pytest.raises(ValueError, match="after its end"):
        Window(at(1), at(0))


def test_another_name_for_utc_is_the_same_window():
    named = Window(at(0).replace(tzinfo=ZoneInfo("Etc/UTC")), at(1))
    assert named == window(0, 1)
    assert named.start.tzinfo is UTC


def test_start_is_inside_and_end_is_not():
    minute = window(0, 60)
    assert minute.contains(at(0))
    assert minute.contains(at(59.999999))
    assert not minute.contains(at(60))
    assert not minute.contains(at(-0.000001))
    assert not window(0, 0).contains(at(0))


def test_neighbours_touch_without_overlap():
    left, right = window(0, 60), window(60, 120)
    assert left.touches(right)
    assert right.touches(left)
    assert not left.overlaps(right)
    assert left.intersection(right) is None
    assert left.hull(right) == window(0, 120)
    assert not left.touches(window(61, 120))


def test_prints_as_it_is_meant():
    assert str(window(0, 60)) == "[2020-10-10 12:00:00, 2020-10-10 12:01:00)"


@given(windows, windows)
def test_relations_agree_with_the_seconds(one: Window, other: Window):
    mine, theirs = ({s for s in range(60) if w.contains(at(s))} for w in (one, other))
    assert one.overlaps(other) == bool(mine & theirs)
    assert one.covers(other) == (mine >= theirs)
    common = one.intersection(other)
    assert {s for s in range(60) if common and common.contains(at(s))} == mine & theirs
    assert one.hull(other).covers(one)
    assert one.is_empty == (not mine)
    assert one.length == len(mine) * SECOND


def test_split_refuses_to_make_an_empty_part():
    assert window(0, 60).split(at(20)) == (window(0, 20), window(20, 60))
    for outside in (-1, 0, 60, 61):
        with pytest.raises(ValueError, match="the cut must lie inside"):
            window(0, 60).split(at(outside))


@given(spans)
def test_halves_are_cut_on_a_whole_second_until_a_second_is_left(span: Window):
    if span.length <= SECOND:
        with pytest.raises(ValueError, match="one second or shorter"):
            span.halves()
        return
    left, right = span.halves()
    assert (left.start, left.end, right.end) == (span.start, right.start, span.end)
    assert left.end.microsecond == 0
    assert not left.is_empty
    assert not right.is_empty
    assert abs(left.length - right.length) <= 2 * SECOND


@pytest.mark.parametrize(("start", "end", "cut"), [(0, 1.2, 1), (0.1, 1.1 + 0.1, 1), (0, 2, 1), (0.9, 60, 30)])
def test_halves_of_short_windows(start: float, end: float, cut: int):
    assert window(start, end).halves() == (window(start, cut), window(cut, end))


@pytest.mark.parametrize("end", [0, 0.5, 1])
def test_a_second_is_not_halved(end: float):
    with pytest.raises(ValueError, match="one second or shorter"):
        window(0, end).halves()


@given(spans, steps)
def test_partition_is_disjoint_complete_ordered_and_on_the_grid(span: Window, step: timedelta):
    pieces = list(span.partition(step))
    assert [piece.start for piece in pieces] == [span.start, *(piece.end for piece in pieces)][: len(pieces)]
    assert (pieces[-1].end == span.end) if pieces else span.is_empty
    for piece in pieces:
        assert not piece.is_empty
        assert floor(piece.start, step) + step >= piece.end
    for cut in pieces[1:]:
        assert (cut.start - EPOCH) % step == timedelta(0)


def test_partition_of_an_empty_window_has_no_piece():
    assert list(window(0, 0).partition(SECOND)) == []


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 7))
def test_partition_works_by_the_microsecond(start: int, end: int, step: int):
    micro = timedelta(microseconds=1)
    start, end = sorted((start, end))
    span = Window(at(0) + start * micro, at(0) + end * micro)
    pieces = list(span.partition(step * micro))
    assert sum((piece.length for piece in pieces), timedelta(0)) == span.length
    assert all(piece.length <= step * micro for piece in pieces)


@given(moments, steps)
def test_floor_and_ceil_are_the_nearest_points_of_the_grid(moment: datetime, step: timedelta):
    low, high = floor(moment, step), ceil(moment, step)
    assert low <= moment <= high
    assert (low - EPOCH) % step == (high - EPOCH) % step == timedelta(0)
    assert high - low == (step if low != moment else timedelta(0))
    assert align(Window(moment, moment), step) == Window(low, high)


def test_the_ends_of_the_calendar_are_no_trap():
    week = timedelta(days=7)
    assert floor(EARLIEST, week) == EARLIEST
    assert ceil(LATEST, week) == LATEST
    whole = Window(EARLIEST, LATEST)
    pieces = list(whole.partition(timedelta(days=100_000)))
    assert (pieces[0].start, pieces[-1].end) == (EARLIEST, LATEST)
    assert align(whole, week) == whole


@pytest.mark.parametrize("step", [timedelta(0), timedelta(seconds=-1)])
def test_a_step_must_lead_somewhere(step: timedelta):
    for call in (lambda: floor(at(0), step), lambda: ceil(at(0), step), lambda: list(window(0, 1).partition(step))):
        with pytest.raises(ValueError, match="longer than zero"):
            call()
