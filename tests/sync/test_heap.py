"""How seldom the collector looks at all objects while lanes are at work."""

import gc

import pytest

from halfopen.sync.heap import THRESHOLDS, seldom_collected


def failing() -> None:
    """Fails while it holds."""
    with seldom_collected():
        assert gc.get_threshold() == THRESHOLDS
        raise KeyError


def test_it_is_as_before_afterwards_whatever_happened() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError):
        failing()
    assert gc.get_threshold() == before


def young_collections(count: int) -> None:
    """Make so many of them."""
    for _ in range(count):
        _ = [[] for _ in range(THRESHOLDS[0] + 100)]


def test_all_is_looked_through_seldom_but_not_never() -> None:
    with seldom_collected():
        gc.collect()
        full = gc.get_stats()[2]["collections"]
        young_collections(THRESHOLDS[1] * THRESHOLDS[2] // 2)
        assert gc.get_stats()[2]["collections"] == full
        young_collections(THRESHOLDS[1] * THRESHOLDS[2] * 2)
        assert gc.get_stats()[2]["collections"] > full
