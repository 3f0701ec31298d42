"""What several processes remember together keeps the promises of what one remembers alone."""

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.auth.lockout import Limits, Lockout
from halfopen.auth.replay import Replays
from halfopen.auth.shared import SharedFile, SharedRecords, SharedReplays

HERE = "203.0.113.9"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "entrance.sqlite"


@pytest.fixture
def two(path):
    """The file as two workers have it open."""
    files = [SharedFile(path) for _ in range(2)]
    yield files
    for file in files:
        file.close()


def test_failures_at_any_worker_lock_out_at_all_of_them(two):
    lockouts = [Lockout(records=SharedRecords(file)) for file in two]
    for n in range(Limits().failures):
        assert not lockouts[0].wait(HERE, 0.0)
        lockouts[n % 2].failed(HERE, 0.0)
    assert [lockout.wait(HERE, 1.0) for lockout in lockouts] == [9, 9]
    assert lockouts[0].wait("203.0.113.10", 1.0) == 0
    lockouts[1].succeeded(HERE, 1.0)
    assert lockouts[0].wait(HERE, 1.0) == 0
    assert len(lockouts[0]) == 0


@given(st.lists(st.tuples(st.sampled_from("fsw"), st.sampled_from("abc"), st.floats(-500, 500)), max_size=40))
@settings(max_examples=30, deadline=None)
def test_shared_records_are_judged_as_a_process_s_own(events):
    limits = Limits(failures=3, slow_after=1, addresses=2)
    file = SharedFile(":memory:")
    own, shared = Lockout(limits), Lockout(limits, SharedRecords(file))
    now = 1000.0
    for kind, address, step in events:
        # Forward only: of addresses last heard of at one moment, or after the clock was set back, either may go.
        now += abs(step) + 0.001
        calls = {"f": "failed", "s": "succeeded", "w": "wait"}
        assert getattr(own, calls[kind])(address, now) == getattr(shared, calls[kind])(address, now)
        assert len(own) == len(shared) <= 2
    file.close()


def test_a_signature_is_taken_once_whichever_worker_gets_it(two):
    one, other = (SharedReplays(file, "crm") for file in two)
    assert one.is_first(b"k", 10, 0)
    assert not other.is_first(b"k", 10, 0)
    assert not one.is_first(b"k", 10, 0)
    assert SharedReplays(two[1], "another caller").is_first(b"k", 10, 0)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 25)), max_size=40),
    st.integers(1, 8),
)
@settings(max_examples=30, deadline=None)
def test_nothing_is_taken_twice_and_little_is_refused_that_one_process_takes(asks, capacity):
    file = SharedFile(":memory:")
    shared, alone = SharedReplays(file, "crm", capacity), Replays(capacity)
    taken = set()
    for key, stamp, until in asks:
        signature = bytes([key, stamp])
        first, expected = shared.is_first(signature, stamp, until), alone.is_first(signature, stamp, until)
        # When memory is full, all of the oldest second go at once rather than one: more is refused, never less.
        assert first is expected or (expected and not first and len(taken) >= capacity)
        assert not (first and signature in taken)
        if first:
            taken.add(signature)
    file.close()


def test_memory_is_bounded(two):
    replays = SharedReplays(two[0], "crm", capacity=100)
    assert all(replays.is_first(n.to_bytes(4, "big"), n, 0) for n in range(300))
    with two[1].reading() as connection:
        assert connection.execute("select count(*) from signatures").fetchone()[0] == 100
    assert not any(replays.is_first(n.to_bytes(4, "big"), n, 0) for n in range(300))
    records = SharedRecords(two[0])
    lockout = Lockout(Limits(addresses=10), records)
    for n in range(50):
        lockout.failed(f"10.0.0.{n}", float(n))
    assert len(records) == 10


TAKES = """
import sys
from halfopen.auth.shared import SharedFile, SharedReplays
replays = SharedReplays(SharedFile(sys.argv[1]), "crm")
print(sum(replays.is_first(n.to_bytes(4, "big"), n, 0) for n in range(200)))
"""


def test_processes_at_once_take_each_signature_once(path):
    takers = [subprocess.Popen([sys.executable, "-c", TAKES, path], stdout=subprocess.PIPE, text=True) for _ in "ab"]
    assert sum(int(taker.communicate(timeout=30)[0]) for taker in takers) == 200


def test_a_failed_change_leaves_nothing_half_done(two):
    with pytest.raises(ZeroDivisionError):
        SharedRecords(two[0]).change(HERE, lambda _: 1 / 0, 10)
    assert Lockout(records=SharedRecords(two[1])).failed(HERE, 0.0) == 0
    with two[0].reading() as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("commit")
