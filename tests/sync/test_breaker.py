"""A product that is down is asked by one request at a time, and less and less often."""

from datetime import UTC, datetime, timedelta

import pytest

from halfopen.sync.breaker import FIRST, LOST, MOST, PATIENCE, Breaker
from halfopen.sync.refusal import Refusal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOWN = Refusal("cannot connect")
SECOND = timedelta(seconds=1)


def open_breaker(now: datetime = NOON) -> Breaker:
    breaker = Breaker()
    for _ in range(PATIENCE):
        assert breaker.lets(now)
        breaker.asked(now)
        breaker.refused(DOWN, now, 1.0)
    return breaker


def test_it_opens_after_failures_in_a_row_and_lets_one_probe_out() -> None:
    breaker = open_breaker()
    assert breaker.is_open
    assert not breaker.lets(NOON)
    assert breaker.until(NOON) == NOON + FIRST
    assert breaker.lets(NOON + FIRST)
    breaker.asked(NOON + FIRST)
    assert not breaker.lets(NOON + FIRST), "a second probe"
    breaker.answered()
    assert breaker.lets(NOON + FIRST)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(PATIENCE * 3):
        for _ in range(PATIENCE - 1):
            breaker.refused(DOWN, NOON, 0.5)
        breaker.answered()
    assert not breaker.is_open


def test_failed_probes_come_less_and_less_often_up_to_a_limit() -> None:
    breaker, now, waits = open_breaker(), NOON, []
    for _ in range(8):
        probe = breaker.until(now)
        waits.append((probe - now) / SECOND)
        now = probe
        breaker.asked(now)
        breaker.refused(DOWN, now, 1.0)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert timedelta(seconds=waits[-1]) == MOST
    breaker.answered()
    for _ in range(PATIENCE):
        breaker.refused(DOWN, now, 1.0)
    assert breaker.until(now) == now + FIRST, "an answer did not begin the waits anew"


def test_those_that_were_asked_before_it_opened_do_not_prolong_it() -> None:
    breaker = open_breaker()
    for _ in range(7):
        breaker.refused(DOWN, NOON + SECOND / 2, 1.0)
    assert breaker.until(NOON) == NOON + FIRST


def test_a_probe_that_was_dropped_or_lost_is_sent_again() -> None:
    breaker = open_breaker()
    breaker.asked(NOON + FIRST)
    breaker.dropped()
    assert breaker.lets(NOON + FIRST)
    breaker.asked(NOON + FIRST)
    assert not breaker.lets(NOON + FIRST + LOST - SECOND)
    assert breaker.lets(NOON + FIRST + LOST)


@pytest.mark.parametrize(
    ("refusal", "counts"),
    [
        (Refusal("nobody there"), True),
        (Refusal("wrong password", status=401), True),
        (Refusal("too many", status=429), True),
        (Refusal("down", status=503), True),
        (Refusal("timed out", status=200, narrower=True), True),
        (Refusal("no such feed", status=404), False),
        (Refusal("too big", status=200, too_big=True), False),
        (Refusal("cut short", status=200), False),
    ],
)
def test_only_what_says_something_of_the_whole_product_counts(refusal: Refusal, *, counts: bool) -> None:
    breaker = Breaker()
    for _ in range(PATIENCE):
        breaker.refused(refusal, NOON, 1.0)
    assert breaker.is_open is counts
