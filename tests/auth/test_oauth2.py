import base64
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfopen.auth.flow import TokenAnswer, TokenRefused
from halfopen.auth.issuer import TokenEndpoint
from halfopen.auth.schemes import signer, verifier
from halfopen.auth.tokens import LIFETIME_SECONDS
from halfopen.errors import ConfigError
from support.signing import CHEAP, NOW, granted, obtain, passes

URL = "https://space-vegas.com/oauth/token"
WORDS = {"scheme": "oauth2", "token_url": URL, "client_id": "crm", "client_secret": "s3:cr t&é"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def served(endpoint, now=NOW):
    """An answer function for `obtain` that asks a real endpoint, by way of an urlencoded form."""

    def answer(request):
        headers = {name.lower(): value for name, value in request.headers.items()} | FORM
        body = urlencode(dict(request.form)).encode()
        reply = endpoint.answer("/oauth/token", headers, body, now=now, nonce=b"n" * 12)
        return TokenAnswer(reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.body)

    return answer


@given(TEXT, TEXT)
@settings(max_examples=6, deadline=None)  # scrypt takes its time
def test_a_token_of_the_endpoint_lets_its_client_in(client, secret):
    words = WORDS | {"client_id": client, "client_secret": secret}
    here, elsewhere = verifier(words), verifier(words)
    ours = signer(words)
    assert len(obtain(ours, 0.0, served(TokenEndpoint([here])))) == 1
    signed = ours.sign("/api/players", "from=a&to=b")
    assert signed.query == "from=a&to=b"
    # Another process with the same words knows the token too; one with another secret does not.
    assert passes(here, signed) == passes(elsewhere, signed) == client
    assert passes(verifier(words | {"client_secret": secret + "x"}), signed) is None
    assert passes(verifier(words | {"client_id": client + "x"}), signed) is None


def test_a_token_ends_and_counts_for_nothing_without_a_clock():
    side, ours = verifier(WORDS), signer(WORDS)
    obtain(ours, 0.0, served(TokenEndpoint([side])))
    signed = ours.sign("/", "")
    assert ours.token_expires_at == LIFETIME_SECONDS
    assert passes(side, signed, now=NOW + LIFETIME_SECONDS - 1)
    assert passes(side, signed, now=NOW + LIFETIME_SECONDS) is None
    assert passes(side, signed, now=None) is None
    # The clock of the server was set back by more than processes may differ: the token is from the future.
    assert passes(side, signed, now=NOW - 61) is None


def test_the_secret_goes_by_header_first_and_by_form_where_that_is_refused():
    ours = signer(WORDS | {"scope": "feeds"})

    def posts_only(request):
        if "client_secret" in request.form:
            return granted()
        return TokenAnswer(401, {}, b'{"error":"invalid_client"}')

    first, second = obtain(ours, 0.0, posts_only)
    encoded = first.headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(encoded) == b"crm:s3%3Acr+t%26%C3%A9"
    assert dict(first.form) == {"grant_type": "client_credentials", "scope": "feeds"}
    assert dict(second.form) == {**first.form, "client_id": "crm", "client_secret": "s3:cr t&é"}
    assert not second.headers
    # It remembers which of them worked.
    assert [dict(request.headers) for request in obtain(ours, 99.0, posts_only)] == [{}]


@pytest.mark.parametrize(
    ("status", "body", "asked"),
    [
        (401, b"", 2),
        (400, b"<html>", 2),
        (400, b'{"error":"invalid_request"}', 2),
        (400, b'{"error":"invalid_scope"}', 1),
        (403, b"", 1),
        (429, b"", 1),
        (500, b"", 1),
        (302, b"", 1),
    ],
)
def test_the_other_way_is_tried_only_where_the_way_may_be_wrong(status, body, asked):
    seen = []

    def refuses(request):
        seen.append(request)
        return TokenAnswer(status, {}, body)

    with pytest.raises(TokenRefused) as caught:
        obtain(signer(WORDS), 0.0, refuses)
    assert len(seen) == asked
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_secret": ""}, "empty client_secret"),
        ({"client_secret_hash": "x"}, "one of"),
        ({"token_url": "https://u:p@h/"}, "do not belong"),
        ({"client_sekret": "x"}, "did you mean 'client_secret'"),
    ],
)
def test_words_that_do_not_fit_are_named(change, message):
    for side in (signer, verifier):
        with pytest.raises(ConfigError, match=message) as caught:
            side(WORDS | change)
        assert "s3:cr" not in str(caught.value)


def test_who_asks_needs_an_address_and_the_secret():
    with pytest.raises(ConfigError, match="token_url"):
        signer({name: value for name, value in WORDS.items() if name != "token_url"})
    hashed = {name: value for name, value in WORDS.items() if name != "client_secret"}
    hashed["client_secret_hash"] = CHEAP.hash("x")
    with pytest.raises(ConfigError, match="itself"):
        signer(hashed)
    with pytest.raises(ConfigError, match="signing_key"):
        verifier(hashed)
    with pytest.raises(ConfigError, match="32 characters"):
        verifier(hashed | {"signing_key": "short"})


def test_a_hash_and_a_signing_key_will_do_for_who_answers():
    hashed = {"scheme": "oauth2", "client_id": "crm", "client_secret_hash": CHEAP.hash(WORDS["client_secret"])}
    side = verifier(hashed | {"signing_key": "k" * 32})
    ours = signer(WORDS)
    endpoint = TokenEndpoint([side])
    assert endpoint.is_costly
    obtain(ours, 0.0, served(endpoint))
    assert passes(side, ours.sign("/", "")) == "crm"
    with pytest.raises(TokenRefused, match="invalid_client"):
        obtain(signer(WORDS | {"client_secret": "x"}), 0.0, served(endpoint))
