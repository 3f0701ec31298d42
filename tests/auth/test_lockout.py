import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.auth.lockout import Limits, Lockout, group

HERE = "203.0.113.9"
LIMITS = Limits()


def locked(lockout, now=0.0, address=HERE):
    """Fails until the lock is on; the moment at which it is."""
    for _ in range(LIMITS.failures):
        assert not lockout.wait(address, now)
        lockout.failed(address, now)
    return now


def test_a_few_failures_are_free_then_answers_slow_down():
    lockout = Lockout()
    delays = [lockout.failed(HERE, 0.0) for _ in range(LIMITS.failures - 1)]
    assert delays[:9] == [0] * 9
    assert delays[9:14] == [0.25, 0.5, 1, 2, 2]
    assert lockout.wait(HERE, 0.0) == 0


def test_enough_failures_lock_out_and_the_lock_ends():
    lockout = Lockout()
    locked(lockout, 100.0)
    assert lockout.wait(HERE, 100.0) == 10
    assert lockout.wait(HERE, 109.0) == 1
    assert lockout.wait(HERE, 110.0) == 0


def test_a_clock_that_was_set_back_does_not_lengthen_the_lock():
    lockout = Lockout()
    locked(lockout, 10_000.0)
    assert lockout.wait(HERE, 0.0) == 10


def test_a_try_that_another_overtook_counts_as_well():
    """Else whoever guesses with several requests at once would never be locked out."""
    lockout = Lockout()
    for n in range(LIMITS.failures):
        lockout.failed(HERE, 100.0 - n % 2)
    assert lockout.wait(HERE, 100.0) == 10


def test_asking_while_locked_does_not_lengthen_the_lock():
    lockout = Lockout()
    locked(lockout)
    assert [lockout.wait(HERE, float(now)) for now in range(10)] == list(range(10, 0, -1))


def test_each_further_failure_locks_for_longer_up_to_minutes():
    lockout = Lockout()
    now = locked(lockout)
    locks = []
    for _ in range(40):
        locks.append(lockout.wait(HERE, now))
        now += locks[-1]
        lockout.failed(HERE, now)
    assert locks[:6] == [10, 20, 40, 80, 160, 300]
    assert set(locks[6:]) == {300}


def test_a_mistyped_password_of_a_crm_waits_for_minutes_at_most_once_it_is_mended():
    lockout = Lockout()
    # Thirteen polls a minute for a day, each with the wrong password where it is let try.
    for second in range(86_400):
        if second % 60 < 13 and not lockout.wait(HERE, float(second)):
            lockout.failed(HERE, float(second))
    assert lockout.wait(HERE, 86_400.0) <= 300
    lockout.succeeded(HERE, 86_700.0)
    assert lockout.failed(HERE, 86_701.0) == 0


def test_success_forgives_everything():
    lockout = Lockout()
    now = locked(lockout)
    lockout.succeeded(HERE, now + 10)
    assert len(lockout) == 0
    locked(lockout, now + 10)
    assert lockout.wait(HERE, now + 10) == 10


def test_failures_far_apart_do_not_lock_out():
    lockout = Lockout()
    for n in range(200):
        lockout.failed(HERE, n * 20.0)
        assert not lockout.wait(HERE, n * 20.0)


def test_an_address_that_was_locked_out_is_forgotten_in_the_end():
    lockout = Lockout()
    now = locked(lockout)
    lockout.failed(HERE, now + LIMITS.forgotten_after + 11)
    assert lockout.wait(HERE, now + LIMITS.forgotten_after + 11) == 0


def test_others_are_not_locked_out():
    lockout = Lockout()
    locked(lockout)
    assert lockout.wait("203.0.113.10", 0.0) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10", False),
        ("unknown", "unknown", True),
        ("", "unknown", False),
    ],
)
def test_what_counts_as_one_address(one, other, same):
    assert (group(one) == group(other)) is same
    lockout = Lockout()
    locked(lockout, 0.0, one)
    assert bool(lockout.wait(other, 0.0)) is same


def test_memory_is_bounded():
    lockout = Lockout(Limits(addresses=100))
    for n in range(1000):
        lockout.failed(f"10.0.{n // 250}.{n % 250}", float(n))
    assert len(lockout) == 100
    assert len(group("x" * 10_000)) <= 64


def test_asking_remembers_nobody():
    lockout = Lockout()
    lockout.wait(HERE, 0.0)
    lockout.succeeded(HERE, 0.0)
    assert len(lockout) == 0


@given(st.lists(st.tuples(st.sampled_from("fsw"), st.floats(-1e6, 1e6)), max_size=80))
@settings(max_examples=200)
def test_whatever_the_clock_does_nobody_waits_longer_than_the_longest_lock(events):
    lockout = Lockout(Limits(failures=3))
    now = 0.0
    for kind, step in events:
        now += step
        if kind == "f":
            assert 0 <= lockout.failed(HERE, now) <= LIMITS.longest_delay
        elif kind == "s":
            lockout.succeeded(HERE, now)
            assert not lockout.wait(HERE, now)
        assert 0 <= lockout.wait(HERE, now) <= LIMITS.longest_lock
