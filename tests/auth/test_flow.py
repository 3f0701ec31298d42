import pytest
from hypothesis import given
from hypothesis import strategies as st

from halfopen.auth.base import Signed
from halfopen.auth.flow import TokenAnswer, TokenRefused, has_flow
from halfopen.auth.schemes import signer
from halfopen.errors import ProductError
from support.signing import granted, obtain

WORDS = {"scheme": "login", "user": "u", "password": "hunter2", "token_url": "https://h:8443/login?key=hunter3"}


@pytest.fixture
def ours():
    return signer(WORDS)


def test_only_schemes_with_a_token_have_a_flow(ours):
    assert has_flow(ours)
    assert not has_flow(signer({"scheme": "none"}))
    assert not has_flow(signer({"scheme": "basic", "user": "u", "password": "p"}))


def test_before_it_has_a_token_it_signs_nothing(ours):
    assert ours.needs_token(0.0)
    assert ours.sign("/", "a=b") == Signed("a=b", {})


@pytest.mark.parametrize(("life", "early"), [(3600, 60), (600, 60), (100, 10), (10, 1)])
def test_a_token_is_renewed_before_it_ends(ours, life, early):
    obtain(ours, 1000.0, lambda _: granted(expires_in=life))
    assert ours.token_expires_at == 1000 + life
    assert not ours.needs_token(1000.0)
    assert not ours.needs_token(1000 + life - early - 0.01)
    assert ours.needs_token(1000 + life - early)
    assert ours.sign("/", "").headers == {"Authorization": "Bearer t0ken"}


@pytest.mark.parametrize("life", ["0", "-5", "null", '"soon"', "true", "[]", '"1e999"', '"nan"', '"inf"'])
def test_a_life_that_is_none_means_until_it_is_refused(ours, life):
    obtain(ours, 0.0, lambda _: granted(expires_in=life))
    assert ours.token_expires_at is None
    assert not ours.needs_token(1e9)


def test_a_life_may_be_a_text(ours):
    obtain(ours, 0.0, lambda _: granted(expires_in='"100"'))
    assert ours.needs_token(90.0)


def test_a_clock_that_runs_backwards_renews(ours):
    obtain(ours, 1000.0, lambda _: granted(expires_in=3600))
    assert ours.needs_token(999.0)


def test_a_refused_token_is_dropped_unless_it_is_new(ours):
    obtain(ours, 0.0, lambda _: granted())
    signed = ours.sign("/", "")
    assert not ours.refused(signed, 4.9)
    assert not ours.needs_token(4.9)
    assert ours.refused(signed, 5.0)
    assert ours.needs_token(5.0)


def test_a_refusal_of_an_older_token_leaves_the_new_one(ours):
    obtain(ours, 0.0, lambda _: granted("old"))
    old = ours.sign("/", "")
    obtain(ours, 100.0, lambda _: granted("new"))
    assert ours.refused(old, 200.0)
    assert not ours.needs_token(200.0)


def test_after_refusals_it_pauses_longer_each_time_and_not_for_ever(ours):
    asked = []

    def refuses(request):
        asked.append(request)
        return TokenAnswer(503, {}, b"")

    now, pauses = 0.0, []
    for _ in range(8):
        with pytest.raises(TokenRefused):
            obtain(ours, now, refuses)
        with pytest.raises(TokenRefused, match="in a row") as caught:
            obtain(ours, now + 0.5, refuses)
        pauses.append(caught.value.retry_after + 0.5)
        now += pauses[-1]
    assert len(asked) == 8
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    obtain(ours, now, lambda _: granted())
    assert not ours.needs_token(now)
    # What was refused before counts no more.
    for later in (100.0, 102.0):
        with pytest.raises(TokenRefused):
            obtain(ours, now + later, refuses)
    assert len(asked) == 10


def test_a_refusal_tells_how_long_to_wait(ours):
    with pytest.raises(TokenRefused) as caught:
        obtain(ours, 0.0, lambda _: TokenAnswer(429, {"retry-after": "17"}, b""))
    assert caught.value.retry_after == 17
    assert isinstance(caught.value, ProductError)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (TokenAnswer(200, {}, b""), "without a token"),
        (TokenAnswer(200, {}, b"\xff{"), "without a token"),
        (TokenAnswer(200, {}, b"[1]"), "without a token"),
        (TokenAnswer(200, {}, b'{"access_token":5}'), "without a token"),
        (TokenAnswer(200, {}, b'{"access_token":""}'), "without a token"),
        (TokenAnswer(200, {}, rb'{"access_token":"a\r\nX: hunter4"}'), "without a token"),
        (TokenAnswer(200, {}, b'{"access_token":"hunter4","token_type":"mac"}'), "another type"),
        (TokenAnswer(201, {}, b'{"access_token":"hunter4"}'), "answered 201"),
        (TokenAnswer(400, {}, b'{"error":"invalid_grant","error_description":"hunter2"}'), "invalid_grant"),
        (TokenAnswer(400, {}, b'{"error":"hunter"}'), "answered 400 instead"),
    ],
)
def test_what_is_no_token_is_refused_without_quoting_it(ours, answer, message):
    with pytest.raises(TokenRefused, match=message) as caught:
        obtain(ours, 0.0, lambda _: answer)
    text = str(caught.value)
    assert "https://h:8443/login" in text
    assert "hunter" not in text
    assert "\n" not in text


def test_the_other_name_of_a_token_will_do(ours):
    obtain(ours, 0.0, lambda _: TokenAnswer(200, {}, b'{"token":"a","token_type":"BEARER"}'))
    assert ours.sign("/", "").headers == {"Authorization": "Bearer a"}


@given(st.binary(max_size=60), st.sampled_from([200, 400, 401, 500]))
def test_no_answer_makes_it_fail_otherwise(body, status):
    with pytest.raises(TokenRefused):
        obtain(signer(WORDS), 0.0, lambda _: TokenAnswer(status, {}, body))
