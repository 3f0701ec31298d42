from datetime import UTC, datetime, timedelta

import pytest

from late.scale import Scale


def test_a_minute_is_two_seconds_and_lengths_go_both_ways():
    scale = Scale(30)
    assert scale.window == timedelta(seconds=2)
    assert (scale.real(90), scale.product(3)) == (3, 90)


def test_windows_begin_on_their_grid():
    assert Scale(12).floor(1_000_000_004.9) == datetime.fromtimestamp(1_000_000_000, UTC)
    assert Scale(12).floor(1_000_000_005.0) == datetime.fromtimestamp(1_000_000_005, UTC)


@pytest.mark.parametrize("factor", [0, 7, 120])
def test_windows_must_be_whole_seconds(factor):
    with pytest.raises(ValueError, match="divisor of 60"):
        Scale(factor)
