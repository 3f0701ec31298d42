"""How Python is set while lanes are at work, and that it is as before afterwards."""

import gc
import sys

import pytest

from halfopen.sync.interpreter import SWITCH_SECONDS, THRESHOLDS, responsive


def failing() -> None:
    """Fails while it holds."""
    with responsive():
        assert gc.get_threshold() == THRESHOLDS
        assert sys.getswitchinterval() == SWITCH_SECONDS
        raise KeyError


def test_it_is_as_before_afterwards_whatever_happened() -> None:
    before = gc.get_threshold(), sys.getswitchinterval()
    with pytest.raises(KeyError):
        failing()
    assert (gc.get_threshold(), sys.getswitchinterval()) == before


def young_collections(count: int) -> None:
    """Make so many of them."""
    for _ in range(count):
        _ = [[] for _ in range(THRESHOLDS[0] + 100)]


def test_all_is_looked_through_seldom_but_not_never() -> None:
    with responsive():
        gc.collect()
        full = gc.get_stats()[2]["collections"]
        young_collections(THRESHOLDS[1] * THRESHOLDS[2] // 2)
        assert gc.get_stats()[2]["collections"] == full
        young_collections(THRESHOLDS[1] * THRESHOLDS[2] * 2)
        assert gc.get_stats()[2]["collections"] > full
