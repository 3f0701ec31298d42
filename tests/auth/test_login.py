import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.auth.schemes import signer, verifier
from halfopen.errors import ConfigError
from support.signing import CHEAP, NOW, granted, obtain, passes

WORDS = {"scheme": "login", "user": "intarget", "password": "p&ä+ss"}
TOKEN = WORDS | {"token_url": "https://space-vegas.com/login"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT, TEXT, st.sampled_from(["", "from=a&to=b"]))
@settings(max_examples=100)
def test_what_a_signer_sends_its_verifier_accepts(user, password, query):
    words = {"scheme": "login", "user": user, "password": password, "user_parameter": "u ser"}
    signed = signer(words).sign("/", query)
    assert signed.query.startswith(query)
    assert passes(verifier(words), signed) == user
    assert passes(verifier(words | {"password": password + "x"}), signed) is None
    assert passes(verifier(words | {"user": user + "x"}), signed) is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "login=intarget",
        "password=p%26%C3%A4%2Bss",
        "login=intarget&password=p%26%C3%A4+ss",
        "login=intarget&password=p%26%C3%A4%2Bss&password=p%26%C3%A4%2Bss",
        "login=x&login=intarget&password=p%26%C3%A4%2Bss",
        "Login=intarget&password=p%26%C3%A4%2Bss",
        "login=intarget&password=%FF%FE",
    ],
)
def test_anything_else_is_refused(query):
    assert verifier(WORDS).verify("/", "login=intarget&password=p%26%C3%A4%2Bss", {}) == "intarget"
    assert verifier(WORDS).verify("/", query, {}) is None


def test_a_hash_will_do_for_who_answers_and_not_for_who_asks():
    words = {"scheme": "login", "user": "intarget", "password_hash": CHEAP.hash(WORDS["password"])}
    side = verifier(words)
    assert side.is_costly
    assert passes(side, signer(WORDS).sign("/", "a=b")) == "intarget"
    assert passes(side, signer(WORDS | {"password": "x"}).sign("/", "a=b")) is None
    with pytest.raises(ConfigError, match="needs the password itself"):
        signer(words)


def test_the_password_is_named_for_the_log():
    assert verifier(WORDS | {"password_parameter": "pw"}).secret_parameters == {"pw"}


def test_with_a_token_address_it_logs_in_there():
    ours = signer(TOKEN)
    requests = obtain(ours, 0.0, lambda _: granted(expires_in=60))
    assert [(request.url, dict(request.form)) for request in requests] == [
        (TOKEN["token_url"], {"login": "intarget", "password": "p&ä+ss"})
    ]
    signed = ours.sign("/", "a=b")
    assert signed.query == "a=b"
    assert signed.headers == {"Authorization": "Bearer t0ken"}


def test_with_a_token_address_the_query_no_longer_lets_in():
    assert passes(verifier(TOKEN), signer(WORDS).sign("/", ""), now=NOW) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password_hash": "x"}, "one of password"),
        ({"user_parameter": "password"}, "differ"),
        ({"user_parameter": ""}, "differ"),
        ({"user_parameter": "from"}, "window"),
        ({"token_url": "https://u:p@host/"}, "do not belong"),
        ({"token_url": "ftp://host/"}, "needs an address"),
        ({"pasword_parameter": "x"}, "did you mean 'password_parameter'"),
    ],
)
def test_words_that_do_not_fit_are_named(change, message):
    for side in (signer, verifier):
        with pytest.raises(ConfigError, match=message):
            side(WORDS | change)


def test_a_token_counts_for_nothing_without_a_clock():
    side = verifier(TOKEN)
    headers = {"authorization": f"Bearer {side.tokens.issue(NOW, b'n' * 12)}"}
    assert side.verify("/", "", headers, now=NOW) == "intarget"
    assert side.verify("/", "", headers) is None
