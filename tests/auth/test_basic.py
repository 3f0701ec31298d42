import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.auth.schemes import signer, verifier
from halfopen.errors import ConfigError
from support.signing import CHEAP

WORDS = {"scheme": "basic", "user": "intarget", "password": "p:ä ss"}


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


@given(
    st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_what_a_signer_sends_its_verifier_accepts(user, password):
    words = {"scheme": "basic", "user": user, "password": password}
    signed = signer(words).sign("/api/players", "from=a&to=b")
    assert signed.query == "from=a&to=b"
    assert verifier(words).verify("/api/players", signed.query, lower(signed.headers)) == user


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Bearer " + base64.b64encode("intarget:p:ä ss".encode()).decode(),
        "Basic " + base64.b64encode(b"intarget:other").decode(),
        "Basic " + base64.b64encode("intarget2:p:ä ss".encode()).decode(),
        "Basic " + base64.b64encode("intarget:p:ä ss ".encode()).decode(),
    ],
)
def test_anything_else_is_refused(header):
    headers = {} if header is None else {"authorization": header}
    assert verifier(WORDS).verify("/api/players", "", headers) is None


def test_the_scheme_word_is_read_in_any_case():
    encoded = base64.b64encode("intarget:p:ä ss".encode()).decode()
    assert verifier(WORDS).verify("/", "", {"authorization": f"bAsIc {encoded}"}) == "intarget"


def test_a_user_with_a_colon_is_refused_when_read():
    with pytest.raises(ConfigError, match="colon"):
        signer({"scheme": "basic", "user": "a:b", "password": "c"})


def test_a_refused_caller_is_told_the_scheme():
    assert verifier(WORDS).challenge.startswith("Basic realm=")


def test_a_hash_will_do_for_who_answers_and_not_for_who_asks():
    hashed = {"scheme": "basic", "user": "intarget", "password_hash": CHEAP.hash(WORDS["password"])}
    side = verifier(hashed)
    assert side.is_costly
    assert not verifier(WORDS).is_costly
    for now in (None, 1.0, 2.0):
        assert side.verify("/", "", lower(signer(WORDS).sign("/", "").headers), now=now) == "intarget"
    for wrong in ({"password": "other"}, {"user": "other"}):
        assert side.verify("/", "", lower(signer(WORDS | wrong).sign("/", "").headers), now=1.0) is None
    with pytest.raises(ConfigError, match="needs the password itself"):
        signer(hashed)


def test_another_user_pays_no_hash(monkeypatch):
    side = verifier({"scheme": "basic", "user": "intarget", "password_hash": CHEAP.hash("p")})
    monkeypatch.setattr(side._password, "_check", lambda *_: pytest.fail("a hash was paid"))
    assert side.verify("/", "", lower(signer(WORDS | {"user": "other"}).sign("/", "").headers)) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "one of password"),
        ({"password": "p", "password_hash": "x"}, "one of"),
        ({"password_hash": "hunter2"}, "argon2"),
    ],
)
def test_exactly_one_of_password_and_hash_is_needed(words, message):
    with pytest.raises(ConfigError, match=message) as caught:
        verifier({"scheme": "basic", "user": "u", **words})
    assert "hunter2" not in str(caught.value)
