import base64
import hashlib

import pytest

from halfopen.auth.allowlist import AllowList
from halfopen.auth.gate import Admitted, Gate, Presented, Refused
from halfopen.auth.issuer import TokenReply
from halfopen.auth.lockout import Limits, Lockout
from halfopen.auth.schemes import verifier

NOW = 1_790_000_000.0
HERE = "203.0.113.9"
FORM = {"content-type": "application/x-www-form-urlencoded"}
POST = b"grant_type=client_credentials&client_id=crm&client_secret=s3cret"
CALLERS = [
    {"scheme": "basic", "user": "one", "password": "p1"},
    {"scheme": "basic", "user": "two", "password": "p2"},
    {"scheme": "bearer", "token": "t0ken", "header": "X-Api-Key", "name": "three"},
    {"scheme": "login", "user": "four", "password": "p4", "password_parameter": "pw"},
    {"scheme": "oauth2", "client_id": "crm", "client_secret": "s3cret"},
    {"scheme": "signature", "template": "{from}{secret}", "secret": "s", "name": "five"},
]


def basic(user, password):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def presented(headers=None, query="", address=HERE, monotonic=0.0, path="/api/players"):
    return Presented(
        path=path, query=query, headers=headers or {}, address=address, now=NOW + monotonic, monotonic=monotonic
    )


@pytest.fixture
def gate():
    return Gate([verifier(words) for words in CALLERS], lockout=Lockout(Limits(failures=3, slow_after=2)))


@pytest.mark.parametrize(
    ("headers", "query", "caller"),
    [
        (basic("one", "p1"), "", "one"),
        (basic("two", "p2"), "", "two"),
        ({"x-api-key": "t0ken"}, "", "three"),
        ({}, "login=four&pw=p4", "four"),
        ({}, "from=a&sign=" + hashlib.md5(b"as", usedforsecurity=False).hexdigest(), "five"),
    ],
)
def test_any_of_several_callers_is_let_in_by_name(gate, headers, query, caller):
    assert gate.enter(presented(headers, query)) == Admitted(caller)


def test_who_shows_nothing_is_refused_and_never_locked_out(gate):
    for _ in range(50):
        refused = gate.enter(presented(query="from=a&to=b&login=four"))
        assert refused == Refused(
            401, refused.detail, ('Basic realm="halfopen", charset="UTF-8"', 'Bearer realm="halfopen"')
        )


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (basic("one", "x"), ""),
        ({"x-api-key": "x"}, ""),
        ({"authorization": "Bearer x"}, ""),
        ({}, "login=four&pw=x"),
        ({}, "from=a&sign=00"),
    ],
)
def test_who_guesses_is_slowed_down_then_locked_out(gate, headers, query):
    wrong = presented(headers, query)
    assert [gate.enter(wrong).delay for _ in range(3)] == [0, 0.25, 0.5]
    refused = gate.enter(wrong)
    assert (refused.status, refused.retry_after, refused.challenges) == (429, 10, ())
    # Right credentials are not even looked at, or a guesser would learn that they are right.
    assert gate.enter(presented(basic("one", "p1"), monotonic=9.5)).retry_after == 1
    assert gate.enter(presented(basic("one", "p1"), address="203.0.113.10")) == Admitted("one")
    assert gate.enter(presented(basic("one", "p1"), monotonic=10.0)) == Admitted("one")


def test_success_begins_the_count_anew(gate):
    for _ in range(10):
        for _ in range(2):
            assert gate.enter(presented(basic("one", "x"))).status == 401
        assert gate.enter(presented(basic("one", "p1"))) == Admitted("one")


def test_the_allow_list_comes_first():
    gate = Gate([verifier(CALLERS[0])], AllowList(["10.0.0.0/8"]), Lockout(Limits(failures=1)))
    for _ in range(3):
        assert gate.enter(presented(basic("one", "p1"))).status == 403
        assert gate.issue(presented(FORM, path="/oauth/token"), POST, b"n" * 12).status == 403
    assert gate.enter(presented(basic("one", "p1"), address="10.1.2.3")) == Admitted("one")


def test_tokens_are_issued_and_let_in(gate):
    assert gate.token_paths == {"/oauth/token"}
    reply = gate.issue(presented(FORM, path="/oauth/token"), POST, b"n" * 12)
    assert isinstance(reply, TokenReply)
    token = reply.body.partition(b'"access_token":"')[2].partition(b'"')[0].decode()
    assert gate.enter(presented({"authorization": f"Bearer {token}"})) == Admitted("crm")
    assert gate.enter(presented({"authorization": f"Bearer {token}"}, monotonic=3600.0)).status == 401


def test_guessing_at_the_token_endpoint_counts_too(gate):
    for _ in range(3):
        assert gate.issue(presented(FORM, path="/oauth/token"), POST + b"x", b"n" * 12).status == 401
    assert gate.issue(presented(FORM, path="/oauth/token"), POST, b"n" * 12).status == 429
    assert gate.enter(presented(basic("one", "p1"))).status == 429


def test_it_knows_what_a_log_must_not_show(gate):
    assert gate.secret_parameters == {"pw", "sign"}
    assert gate.secret_headers == {"authorization", "x-api-key"}
    assert gate.redacted("from=a&pw=p4&%70w=p4&sign=00&to=b") == "from=a&pw=***&%70w=***&sign=***&to=b"
    shown = repr(presented(basic("one", "p1"), "pw=p4"))
    assert "p4" not in shown
    assert "Basic" not in shown


def test_it_is_costly_where_a_hash_is_paid(gate):
    assert not gate.is_costly
    hashed = {"scheme": "basic", "user": "u", "password_hash": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + "A" * 22}
    assert Gate([verifier(hashed)]).is_costly
