from datetime import timedelta
from itertools import pairwise
from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st

from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from support.windows import SPAN_SECONDS, at, coverages, seconds_of, window, windows


def assert_normal(coverage: Coverage) -> None:
    assert not any(each.is_empty for each in coverage)
    assert all(left.end < right.start for left, right in pairwise(coverage))


@given(coverages, windows)
def test_add_and_remove_are_set_algebra(coverage: Coverage, each: Window):
    before, its = seconds_of(coverage), seconds_of([each])
    for result, expected in ((coverage.add(each), before | its), (coverage.remove(each), before - its)):
        assert_normal(result)
        assert seconds_of(result) == expected
    assert seconds_of(coverage) == before


@given(coverages, coverages, windows)
def test_union_difference_and_intersection_are_set_algebra(one: Coverage, other: Coverage, each: Window):
    mine, theirs, its = seconds_of(one), seconds_of(other), seconds_of([each])
    for result, expected in (
        (one.union(other), mine | theirs),
        (one.difference(other), mine - theirs),
        (one.intersection(each), mine & its),
    ):
        assert_normal(result)
        assert seconds_of(result) == expected


@given(coverages, windows)
def test_gaps_are_what_is_missing(coverage: Coverage, within: Window):
    gaps = coverage.gaps(within)
    assert seconds_of(gaps) == seconds_of([within]) - seconds_of(coverage)
    assert_normal(Coverage.of(gaps))
    assert gaps == list(Coverage.of(gaps))
    assert coverage.covers(within) == (not gaps)
    assert Coverage.of([*coverage, *gaps]).covers(within)


@given(st.lists(windows, max_size=12), st.randoms())
def test_the_order_of_building_does_not_matter(parts: list[Window], random):
    at_once = Coverage.of(parts)
    random.shuffle(parts)
    one_by_one = Coverage()
    for part in parts:
        one_by_one = one_by_one.add(part)
    assert one_by_one == at_once
    assert hash(one_by_one) == hash(at_once)
    assert bool(at_once) == bool(len(at_once)) == bool(seconds_of(at_once))


@given(coverages, st.integers(0, SPAN_SECONDS))
def test_watermark_is_how_far_everything_is_covered(coverage: Coverage, since: int):
    covered = seconds_of(coverage)
    end = since
    while end in covered:
        end += 1
    assert coverage.watermark(at(since)) == at(end)


@given(coverages)
def test_frontier_is_the_end_of_the_newest(coverage: Coverage):
    covered = seconds_of(coverage)
    assert coverage.frontier == (at(max(covered) + 1) if covered else None)


def test_neighbours_merge_and_gaps_of_a_microsecond_stay():
    assert Coverage.of([window(0, 60)]).add(window(60, 120)) == Coverage.of([window(0, 120)])
    assert Coverage.of([window(60, 120)]).add(window(0, 60)) == Coverage.of([window(0, 120)])
    assert Coverage.of([window(60, 120), window(0, 60)]) == Coverage.of([window(0, 120)])
    apart = Coverage.of([window(0, 59.999999), window(60, 120)])
    assert len(apart) == 2
    assert apart.gaps(window(0, 120)) == [window(59.999999, 60)]


def test_is_no_other_kind_of_thing_and_says_what_it_holds():
    assert Coverage() != ()
    assert repr(Coverage.of([window(0, 60)])) == "Coverage([2020-10-10 12:00:00, 2020-10-10 12:01:00))"


def test_stays_quick_with_tens_of_thousands_of_windows():
    """A linear rebuild in Python at each step would take minutes; the bound only has to tell the two apart."""
    count = 20_000
    pieces = [window(2 * second, 2 * second + 1) for second in range(count)]
    began = perf_counter()
    coverage = Coverage.of(pieces)
    for step in range(1_000):
        coverage = coverage.add(window(2 * (count + step), 2 * (count + step) + 1))
        assert coverage.covers(pieces[step])
        assert coverage.watermark(at(2 * step)) == pieces[step].end
        assert len(coverage.gaps(Window(pieces[step].start, pieces[step].start + timedelta(seconds=10)))) == 5
        coverage = coverage.remove(pieces[step])
    assert len(coverage) == count
    assert perf_counter() - began < 15
