import hashlib

import pytest

from halfopen.auth.hashed import REMEMBERED_SECONDS, REMEMBERED_USES, ArgonSecret, TokenDigest
from support.signing import CHEAP


class Counting:
    def __init__(self):
        self.paid = 0

    def __call__(self, _, secret):
        self.paid += 1
        return secret == b"right"


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def secret(counting):
    return ArgonSecret(CHEAP.hash("right"), check=counting)


def test_a_real_hash_tells_right_from_wrong():
    secret = ArgonSecret(CHEAP.hash("pä:ss"))
    assert secret.matches("pä:ss".encode(), 0.0)
    assert not secret.matches(b"pass", 0.0)


def test_what_was_right_is_paid_once(secret, counting):
    assert all(secret.matches(b"right", float(now)) for now in range(100))
    assert counting.paid == 1


def test_what_is_wrong_always_pays_and_is_never_let_in(secret, counting):
    assert secret.matches(b"right", 0.0)
    assert not any(secret.matches(b"wrong", 1.0) for _ in range(5))
    assert counting.paid == 6
    assert secret.matches(b"right", 2.0)
    assert counting.paid == 6


@pytest.mark.parametrize(
    ("then", "paid"), [(REMEMBERED_SECONDS, 1), (REMEMBERED_SECONDS + 0.1, 2), (-0.1, 2), (None, 1)]
)
def test_the_memory_ends_with_its_time_and_when_a_clock_is_set_back(secret, counting, then, paid):
    assert secret.matches(b"right", 0.0)
    assert secret.matches(b"right", then)
    assert counting.paid == paid


def test_without_a_clock_the_memory_ends_with_its_uses(secret, counting):
    for _ in range(REMEMBERED_USES + 1):
        assert secret.matches(b"right")
    assert counting.paid == 1
    assert secret.matches(b"right")
    assert counting.paid == 2


def test_the_memory_holds_no_password(secret):
    assert secret.matches(b"right", 0.0)
    held = [value for value in vars(secret).values() if isinstance(value, bytes)]
    assert held
    assert not any(b"right" in value or hashlib.blake2b(b"right").digest() == value for value in held)


def test_what_is_no_hash_is_refused_without_being_quoted():
    with pytest.raises(ValueError, match="not argon2") as caught:
        ArgonSecret("hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_token_is_known_by_its_digest():
    digest = TokenDigest("sha256:" + hashlib.sha256(b"t0ken").hexdigest().upper())
    assert digest.matches(b"t0ken")
    assert not digest.matches(b"t0ken2")


@pytest.mark.parametrize(
    "text", ["", "ab" * 32, "sha256:", "sha256:" + "g" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 64]
)
def test_what_is_no_digest_is_refused(text):
    with pytest.raises(ValueError, match="token_hash is"):
        TokenDigest(text)
