import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.auth.bearer import is_sendable
from halfopen.auth.schemes import signer, verifier
from halfopen.errors import ConfigError
from support.signing import passes


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("extra", [{}, {"header": "X-Api-Key"}])
def test_what_a_signer_sends_its_verifier_accepts(extra):
    words = {"scheme": "bearer", "token": "t0ken", **extra}
    signed = signer(words).sign("/", "")
    assert verifier(words).verify("/", "", lower(signed.headers)) == "bearer"
    assert verifier(words | {"token": "other"}).verify("/", "", lower(signed.headers)) is None


def test_a_header_of_another_name_holds_the_bare_token():
    assert signer({"scheme": "bearer", "token": "t0ken", "header": "X-Api-Key"}).sign("/", "").headers == {
        "X-Api-Key": "t0ken"
    }


@pytest.mark.parametrize("header", ["", "t0ken", "Basic t0ken", "Bearer", "Bearer t0ken2"])
def test_anything_else_is_refused(header):
    assert verifier({"scheme": "bearer", "token": "t0ken"}).verify("/", "", {"authorization": header}) is None


def test_an_empty_token_is_refused_when_read():
    with pytest.raises(ConfigError, match="empty token"):
        verifier({"scheme": "bearer", "token": ""})


def test_a_digest_will_do_for_who_answers_and_not_for_who_asks():
    words = {"scheme": "bearer", "token_hash": "sha256:" + hashlib.sha256(b"t0ken").hexdigest(), "name": "crm"}
    assert verifier(words).verify("/", "", {"authorization": "Bearer t0ken"}) == "crm"
    assert verifier(words).verify("/", "", {"authorization": "Bearer t0ken2"}) is None
    assert verifier(words).verify("/", "", {"authorization": f"Bearer {words['token_hash']}"}) is None
    with pytest.raises(ConfigError, match="needs the token itself"):
        signer(words)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(is_sendable), st.booleans())
def test_any_token_that_a_header_can_carry_passes(token, bare):
    words = {"scheme": "bearer", "token": token, **({"header": "X-Api-Key"} if bare else {})}
    assert passes(verifier(words), signer(words).sign("/", "")) == "bearer"
    assert passes(verifier(words | {"token": token + "x"}), signer(words).sign("/", "")) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "one of token"),
        ({"token": "a", "token_hash": "b"}, "one of token"),
        ({"token_hash": "hunter2"}, "sha256:"),
        ({"token": "hunter2\r\nX: y"}, "does not fit"),
        ({"token": "a", "header": "X Y"}, "header"),
    ],
)
def test_words_that_do_not_fit_are_named(words, message):
    with pytest.raises(ConfigError, match=message) as caught:
        verifier({"scheme": "bearer", **words})
    assert "hunter2" not in str(caught.value)
