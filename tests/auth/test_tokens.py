import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.auth.tokens import LIFETIME_SECONDS, ROTATION_SECONDS, SKEW_SECONDS, Tokens, signing_secret

NOW = 1_790_000_000
TOKENS = Tokens("s3cret", "crm")
AGAIN = Tokens("s3cret", "crm")


@given(st.integers(0, 4_000_000_000), st.binary(min_size=12, max_size=12))
def test_a_token_holds_for_its_life_in_every_process_also_over_a_rotation(now, nonce):
    token = TOKENS.issue(now, nonce)
    assert token.isascii()
    assert AGAIN.accepts(token, now)
    assert AGAIN.accepts(token, now + LIFETIME_SECONDS - 1)
    assert not AGAIN.accepts(token, now + LIFETIME_SECONDS)
    assert AGAIN.accepts(token, now - SKEW_SECONDS)
    assert not AGAIN.accepts(token, now - SKEW_SECONDS - 1)


@given(st.integers(0, 51), st.integers(1, 255))
def test_a_token_with_any_byte_changed_is_refused(place, change):
    raw = bytearray(base64.urlsafe_b64decode(TOKENS.issue(NOW, b"n" * 12) + "=="))
    raw[place] ^= change
    assert not TOKENS.accepts(base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), NOW)


@given(st.text(max_size=80))
def test_anything_else_is_refused(text):
    assert not TOKENS.accepts(text, NOW)


@pytest.mark.parametrize("other", [Tokens("other", "crm"), Tokens("s3cret", "crm2")])
def test_a_token_of_another_secret_or_caller_is_refused(other):
    assert not TOKENS.accepts(other.issue(NOW, b"n" * 12), NOW)


def test_the_key_is_another_one_each_day():
    midnight = NOW - NOW % ROTATION_SECONDS
    assert TOKENS._key(midnight) == TOKENS._key(midnight + ROTATION_SECONDS - 1)
    assert len({TOKENS._key(midnight + day * ROTATION_SECONDS) for day in range(10)}) == 10


def test_a_nonce_has_its_length():
    with pytest.raises(ValueError, match="12 bytes"):
        TOKENS.issue(NOW, b"")


def test_who_knows_only_a_hash_needs_a_key_to_sign_with():
    assert signing_secret("plain", None, "h") == "plain"
    assert signing_secret(None, "k" * 32, "h") == "k" * 32
    with pytest.raises(ValueError, match="give a signing_key"):
        signing_secret(None, None, "h")
    with pytest.raises(ValueError, match="32 characters"):
        signing_secret("plain", "k" * 31, "h")
