from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.config.durations import parse, roughly, text
from halfopen.errors import ConfigError


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800), ("0s", 0), ("0.5s", 0.5), ("1.5m", 90)],
)
def test_a_number_and_a_unit(words, seconds):
    assert parse(words) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "words", ["", "90", "s", "90 s", "-1s", "1w", "1m30s", "\u0661s", "1e3s", 90, None, ["1s"], " 1s", "1s\n"]
)
def test_anything_else_is_quoted_with_what_would_be_right(words):
    with pytest.raises(ConfigError, match="90s"):
        parse(words)


@given(st.integers(0, 10**8))
def test_what_is_written_reads_as_the_same(seconds):
    assert parse(text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172799, "47 h"),
        (28054756, "324 d"),
    ],
)
def test_people_read_the_largest_unit_of_which_there_are_two(seconds, shown):
    assert roughly(seconds) == shown
