"""What a seal has seen comes back as it was, small and fast."""

import os
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.errors import StateError
from halfopen.serve.seal.codec import packed, read, unpacked, written

NUMBERS = st.integers(0, 2**64 - 1)
DIGESTS = st.binary(min_size=16, max_size=16)


@settings(max_examples=200)
@given(st.sets(NUMBERS))
def test_numbers_come_back(numbers):
    assert unpacked(packed(dict.fromkeys(numbers, 3))) == dict.fromkeys(numbers, 1)


@settings(max_examples=200)
@given(st.dictionaries(DIGESTS, st.integers(1, 5)))
def test_digests_come_back_with_how_many_rows_they_have(digests):
    assert unpacked(packed(digests)) == digests


@given(st.dictionaries(DIGESTS, st.integers(1, 3), min_size=2, max_size=5))
def test_equal_ones_make_equal_bytes(digests):
    assert packed(dict(reversed(digests.items()))) == packed(digests)


@given(NUMBERS | DIGESTS)
def test_an_identity_is_written_so_that_it_can_be_read(identity):
    assert read(written(identity)) == identity


def test_kinds_are_never_mixed():
    with pytest.raises(ValueError, match="never both"):
        packed({1: 1, bytes(16): 1})


def test_a_digest_of_another_length_is_refused():
    with pytest.raises(ValueError, match="16 bytes"):
        packed({bytes(15): 1})


@pytest.mark.parametrize("data", [b"", b"?", b"d" + bytes(15), b"x123", packed({1: 1, 7: 1})[:-1]])
def test_damage_is_told(data):
    with pytest.raises(StateError, match="damaged"):
        unpacked(data)


def test_a_million_numbers_are_small():
    chosen = random.Random(1)
    dense = range(5 * 10**9, 5 * 10**9 + 1_000_000)
    assert len(packed(dict.fromkeys(dense, 1))) < 20_000
    half = chosen.sample(range(2_000_000), 1_000_000)
    assert len(packed(dict.fromkeys(half, 1))) < 400_000


def test_numbers_far_apart_are_no_larger_than_others():
    assert len(packed({1: 1, 2**62: 1, 2**62 + 1: 1})) < 50


def test_as_many_digests_as_a_set_may_hold_take_a_moment():
    seen = {os.urandom(16): 1 for _ in range(200_000)}
    began = time.process_time()
    assert unpacked(packed(seen)) == seen
    assert time.process_time() - began < 1
