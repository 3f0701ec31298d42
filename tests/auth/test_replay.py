from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.auth.replay import Replays


def test_memory_stays_bounded_and_what_was_forgotten_is_still_refused():
    replays = Replays(capacity=100)
    keys = [n.to_bytes(4, "big") for n in range(1000)]
    assert all(replays.is_first(key, stamp, 0) for stamp, key in enumerate(keys))
    assert len(replays) == 100
    assert len(replays._oldest) == 100
    assert not any(replays.is_first(key, stamp, 0) for stamp, key in enumerate(keys))
    assert replays.is_first(b"new", 1000, 0)


def test_what_is_too_old_is_forgotten():
    replays = Replays()
    for stamp in range(100):
        assert replays.is_first(bytes([stamp]), stamp, 0)
    assert replays.is_first(b"new", 200, 100)
    assert len(replays) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 25)), max_size=60), st.integers(1, 8))
@settings(max_examples=200)
def test_nothing_is_taken_twice(asks, capacity):
    replays = Replays(capacity)
    # A signature is over its stamp, so a key always comes with the same one.
    taken = [(key, stamp) for key, stamp, until in asks if replays.is_first(bytes([key, stamp]), stamp, until)]
    assert len(taken) == len(set(taken))
