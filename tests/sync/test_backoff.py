from datetime import timedelta

from halfopen.sync.backoff import MOST, MOST_NAMED, delay

SECOND = timedelta(seconds=1)


def test_it_doubles_up_to_a_minute() -> None:
    assert [delay(n, 1.0) / SECOND for n in (1, 2, 3, 6, 7, 8, 10**6)] == [1, 2, 4, 32, 60, 60, 60]


def test_jitter_spreads_the_second_half() -> None:
    assert delay(3, 0.0) == 2 * SECOND
    assert delay(3, 0.5) == 3 * SECOND
    assert delay(0, 0.0) == SECOND / 2


def test_a_named_time_is_kept_but_not_for_ever() -> None:
    assert delay(1, 1.0, timedelta(seconds=30)) == 30 * SECOND
    assert delay(9, 1.0, timedelta(seconds=1)) == MOST
    assert delay(1, 1.0, timedelta(days=400)) == MOST_NAMED
