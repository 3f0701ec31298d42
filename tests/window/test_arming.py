"""Rungs rest on feeds that proved clean, wake for late rows of their age, and never rest altogether."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.window.arming import SPARSE, Evidence, Sighting, proof, resting, sample, watcher
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT, Rung, owed, scaled
from halfopen.window.window import Window

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MIDNIGHT = NOON - timedelta(hours=12)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PROVEN = Coverage.of([Window(MIDNIGHT - 3 * DAY, MIDNIGHT)])


def evidence(*sightings: Sighting, watched: Coverage = PROVEN) -> Evidence:
    return Evidence.of(DEFAULT, sightings, watched)


def seen(after: timedelta, by: timedelta, ago: timedelta = HOUR) -> Sighting:
    return Sighting(NOON - ago, after, by)


def test_on_a_proven_clean_feed_all_rest_but_the_watcher_and_the_last() -> None:
    assert watcher(DEFAULT) == 4
    assert proof(DEFAULT) == 3 * DAY
    assert resting(DEFAULT, evidence(), NOON) == {1, 2, 3}


@pytest.mark.parametrize(
    "watched",
    [
        Coverage(),
        Coverage.of([Window(MIDNIGHT - 2 * DAY, MIDNIGHT)]),
        Coverage.of([Window(MIDNIGHT - 3 * DAY, MIDNIGHT - DAY), Window(MIDNIGHT - HOUR, MIDNIGHT)]),
        Coverage.of([Window(MIDNIGHT - 9 * DAY, MIDNIGHT - 3 * DAY)]),
    ],
    ids=["never", "too short", "with a gap", "long ago"],
)
def test_none_rests_before_the_feed_is_proven(watched: Coverage) -> None:
    assert resting(DEFAULT, evidence(watched=watched), NOON) == frozenset()


@pytest.mark.parametrize(
    ("after", "by", "awake"),
    [
        (timedelta(seconds=30), 5 * MINUTE, {1}),
        (timedelta(seconds=30), 12 * MINUTE, {1, 2, 3}),
        (5 * MINUTE, 12 * MINUTE, {1, 2, 3}),
        (7 * MINUTE, 20 * MINUTE, {2, 3}),
        (30 * MINUTE, 5 * HOUR, {3}),
        (2 * HOUR, 30 * HOUR, set()),
        (timedelta(seconds=30), 30 * HOUR, {1, 2, 3}),
    ],
)
def test_late_rows_keep_the_rungs_of_their_age_awake(after: timedelta, by: timedelta, awake: set[int]) -> None:
    assert resting(DEFAULT, evidence(seen(after, by)), NOON) == {1, 2, 3} - awake


def test_late_rows_are_forgotten_after_the_time_of_proof() -> None:
    assert resting(DEFAULT, evidence(seen(MINUTE, HOUR, ago=3 * DAY)), NOON) == {1, 2, 3}
    assert resting(DEFAULT, evidence(seen(MINUTE, HOUR, ago=3 * DAY - MINUTE)), NOON) == frozenset()


def test_a_ladder_of_one_rung_never_rests_and_no_ladder_has_nothing_to_rest() -> None:
    alone = (Rung(5 * MINUTE, MINUTE),)
    watched = Coverage.of([Window(NOON - DAY, NOON - MINUTE)])
    assert resting(alone, Evidence.of(alone, [], watched), NOON) == frozenset()
    assert resting((), Evidence(), NOON) == frozenset()


def test_a_scaled_ladder_is_proven_in_scaled_time() -> None:
    ladder = scaled(DEFAULT, timedelta(seconds=1))
    watched = Coverage.of([Window(NOON - 3 * 24 * MINUTE, NOON)])
    assert resting(ladder, Evidence.of(ladder, [], watched), NOON + MINUTE) == {1, 2, 3}


@given(rung=st.sampled_from(DEFAULT), start=st.integers(0, 10**6), length=st.integers(1, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_sample_is_every_25th_span_that_is_owed(rung: Rung, start: int, length: int) -> None:
    begin = NOON + timedelta(seconds=start)
    now = begin + timedelta(seconds=length)
    committed = Coverage.of([Window(begin, now)])
    every = owed(rung, committed, Coverage(), now)
    few = list(sample(rung, committed, now))
    assert few == [span for span in every if (span.start - datetime(1970, 1, 1, tzinfo=UTC)) // rung.span % SPARSE == 0]


def test_what_was_sampled_is_not_asked_again() -> None:
    rung = DEFAULT[0]
    committed = Coverage.of([Window(NOON - DAY, NOON)])
    first = list(sample(rung, committed, NOON))
    assert 11 <= len(first) <= 12
    assert list(sample(rung, committed.difference(Coverage.of(first)), NOON)) == []


def test_what_the_rung_that_watches_has_not_read_was_not_watched() -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    day = timedelta(days=1)
    evidence = Evidence(watched=Coverage.of([Window(begin, begin + 4 * day)]))
    read = Coverage.of([Window(begin + day, begin + 2 * day), Window(begin + 3 * day, begin + 9 * day)])
    expected = Coverage.of([Window(begin + day, begin + 2 * day), Window(begin + 3 * day, begin + 4 * day)])
    assert evidence.seen_by(read).watched == expected
