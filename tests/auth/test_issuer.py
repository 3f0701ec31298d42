import base64

import msgspec
import pytest

from halfopen.auth.issuer import MOST_BYTES, TokenEndpoint, path_of
from halfopen.auth.schemes import verifier

NOW = 1_790_000_000.0
FORM = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
GRANT = b"grant_type=client_credentials"
POST = GRANT + b"&client_id=crm&client_secret=s3cret"
CRM = {"scheme": "oauth2", "client_id": "crm", "client_secret": "s3cret", "scope": "feeds more"}


def basic(user, password):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def verifiers():
    return [
        verifier({"scheme": "basic", "user": "u", "password": "p"}),
        verifier(CRM),
        verifier(CRM | {"client_id": "crm2", "scope": ""}),
        verifier({"scheme": "login", "user": "old", "password": "p&w", "token_url": "https://host/login"}),
    ]


@pytest.fixture
def ask(verifiers):
    endpoint = TokenEndpoint(verifiers)

    def asked(headers, body, path="/oauth/token"):
        return endpoint.answer(path, headers, body, now=NOW, nonce=b"n" * 12)

    return asked


def test_it_knows_its_paths(verifiers):
    assert TokenEndpoint(verifiers).paths == {"/oauth/token", "/login"}
    assert not TokenEndpoint(verifiers[:1]).paths


@pytest.mark.parametrize(
    ("headers", "body", "caller"),
    [
        (FORM, POST, "crm"),
        (FORM | basic("crm", "s3cret"), GRANT, "crm"),
        (FORM | basic("crm2", "s3cret"), GRANT + b"&scope=any", "crm2"),
    ],
)
def test_the_right_secret_is_given_a_token(ask, verifiers, headers, body, caller):
    reply = ask(headers, body)
    assert (reply.status, reply.caller, reply.failed) == (200, caller, False)
    assert reply.headers["Cache-Control"] == "no-store"
    answer = msgspec.json.decode(reply.body)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    names = [side.verify("/", "", {"authorization": f"Bearer {answer['access_token']}"}, now=NOW) for side in verifiers]
    assert [name for name in names if name] == [caller]


@pytest.mark.parametrize(("scope", "given"), [("", "feeds more"), ("more", "more"), ("more feeds", "more feeds")])
def test_a_scope_is_the_clients_own_or_a_part_of_it(ask, scope, given):
    reply = ask(FORM, POST + b"&scope=" + scope.replace(" ", "+").encode())
    assert msgspec.json.decode(reply.body)["scope"] == given


@pytest.mark.parametrize(
    ("headers", "body", "error", "failed"),
    [
        ({}, POST, (400, "invalid_request"), False),
        ({"content-type": "application/json"}, POST, (400, "invalid_request"), False),
        (FORM, POST + b"&client_id=crm", (400, "invalid_request"), False),
        (FORM, POST + b"&x=" + b"y" * MOST_BYTES, (400, "invalid_request"), False),
        (FORM, GRANT, (401, "invalid_client"), False),
        (FORM, POST + b"x", (401, "invalid_client"), True),
        (FORM, POST.replace(b"crm", b"crm3"), (401, "invalid_client"), True),
        (FORM, POST.replace(b"s3cret", b"%FF"), (401, "invalid_client"), True),
        (FORM | basic("crm", "x"), GRANT, (401, "invalid_client"), True),
        (FORM | basic("crm", "s3cret"), POST, (401, "invalid_client"), True),
        (FORM | basic("u", "p"), GRANT, (401, "invalid_client"), True),
        (FORM, POST.replace(b"client_credentials", b"password"), (400, "unsupported_grant_type"), False),
        (FORM, POST + b"&scope=feeds+admin", (400, "invalid_scope"), False),
    ],
)
def test_anything_else_is_refused(ask, headers, body, error, failed):
    reply = ask(headers, body)
    assert (reply.status, msgspec.json.decode(reply.body)["error"]) == error
    assert reply.failed is failed
    assert reply.caller is None
    assert b"s3cret" not in reply.body
    assert ("WWW-Authenticate" in reply.headers) is (reply.status == 401 and "authorization" in headers)


def test_a_login_has_its_own_path_and_fields(ask, verifiers):
    body = b"login=old&password=p%26w"
    assert ask(FORM, body).status == 401
    reply = ask(FORM, body, "/login")
    assert (reply.status, reply.caller) == (200, "old")
    token = msgspec.json.decode(reply.body)["access_token"]
    assert verifiers[3].verify("/", "", {"authorization": f"Bearer {token}"}, now=NOW) == "old"
    assert ask(FORM, POST, "/login").status == 401


def test_a_reply_never_shows_its_token(ask):
    reply = ask(FORM, POST)
    assert msgspec.json.decode(reply.body)["access_token"] not in repr(reply)


@pytest.mark.parametrize(("url", "path"), [("https://h/oauth/t?x=1", "/oauth/t"), ("/t", "/t")])
def test_a_path_is_that_of_the_address(url, path):
    assert path_of(url) == path


@pytest.mark.parametrize("url", ["https://h", "t", ""])
def test_an_address_without_a_path_is_refused(url):
    with pytest.raises(ValueError, match="token_url"):
        path_of(url)
