import random
from datetime import UTC, datetime, timedelta

from halfopen.sync.trouble import Trouble

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_each_failure_in_a_row_leaves_the_feed_alone_for_longer() -> None:
    trouble = Trouble(random.Random(1))
    calm = []
    for _ in range(3):
        trouble.failed(NOW, 1, None)
        calm.append(trouble.calm_until - NOW)
    assert trouble.failures == 3
    assert SECOND / 2 <= calm[0] <= SECOND <= calm[1] <= 2 * SECOND <= calm[2] <= 4 * SECOND
    assert trouble.quiet_until < NOW, "nothing was named"
    trouble.over()
    assert trouble.failures == 0
    assert trouble.calm_until < NOW


def test_the_window_waits_by_its_own_attempts() -> None:
    assert SECOND * 16 <= Trouble(random.Random(1)).failed(NOW, 6, None) - NOW <= SECOND * 32


def test_a_time_that_the_product_named_outlives_success() -> None:
    trouble = Trouble(random.Random(1))
    next_try = trouble.failed(NOW, 1, 30 * SECOND)
    assert next_try == trouble.quiet_until == NOW + 30 * SECOND
    trouble.over()
    assert trouble.calm_until == trouble.quiet_until == NOW + 30 * SECOND
