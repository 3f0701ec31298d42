from datetime import UTC, datetime, timedelta

from halfopen.sync.width import LEAST, MOST, TARGET_BYTES, TARGET_ROWS, Width
from halfopen.window.window import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def window(length: timedelta) -> Window:
    return Window(NOON, NOON + length)


def test_small_answers_double_it_up_to_a_month() -> None:
    width = Width(HOUR)
    for _ in range(20):
        width = width.after_answer(window(width.length), 10, 1000)
    assert width.length == MOST


def test_it_aims_at_the_target_by_rows_and_by_bytes() -> None:
    assert Width(HOUR).after_answer(window(HOUR), 4 * TARGET_ROWS, 10).length == HOUR / 4
    assert Width(HOUR).after_answer(window(HOUR), 10, 2 * TARGET_BYTES).length == HOUR / 2
    assert Width(HOUR).after_answer(window(HOUR), TARGET_ROWS * 2 // 3, 10).length.total_seconds() == 5400


def test_a_narrow_window_tells_little() -> None:
    assert Width(HOUR).after_answer(window(MINUTE), 100, 1000).length == HOUR
    assert Width(HOUR).after_answer(window(MINUTE), 2 * TARGET_ROWS, 1000).length == MINUTE / 2


def test_trouble_halves_what_was_asked() -> None:
    assert Width(HOUR).after_trouble(window(HOUR), MINUTE, too_big=False).length == HOUR / 2
    assert Width(HOUR).after_trouble(window(10 * MINUTE), MINUTE, too_big=False).length == 5 * MINUTE


def test_only_size_cuts_far_below_the_cadence() -> None:
    outage = too_big = Width(HOUR)
    for _ in range(30):
        outage = outage.after_trouble(window(outage.length), MINUTE, too_big=False)
        too_big = too_big.after_trouble(window(too_big.length), MINUTE, too_big=True)
    assert outage.length == timedelta(seconds=7)
    whole = Width(HOUR)
    for _ in range(30):
        whole = whole.after_trouble(window(whole.length), MINUTE, too_big=False, parts=1)
    assert whole.length == MINUTE
    assert too_big.length == LEAST


def test_a_limit_of_the_product_is_not_run_into_each_time() -> None:
    limit, width, refused = 10 * MINUTE, Width(HOUR), 0
    for _ in range(200):
        if width.length > limit:
            refused += 1
            width = width.after_trouble(window(width.length), MINUTE, too_big=True)
        else:
            width = width.after_answer(window(width.length), 10, 1000)
    assert refused < 20
    assert width.length > limit / 2 - MINUTE
