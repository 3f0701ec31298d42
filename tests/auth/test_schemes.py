import pytest

from halfopen.auth.schemes import names, signer, verifier
from halfopen.errors import ConfigError


def test_every_module_beside_is_a_scheme():
    assert {"basic", "bearer", "none"} <= set(names())
    assert "base" not in names()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "no scheme is named"),
        ({"scheme": "basci"}, "did you mean 'basic'"),
        ({"scheme": "base"}, "unknown scheme"),
        ({"scheme": "basic", "user": "u"}, "password"),
        ({"scheme": "basic", "user": "u", "password": "p", "pass": "q"}, "'pass'"),
        ({"scheme": "none", "user": "u"}, "it takes: none"),
    ],
)
def test_what_does_not_fit_is_named(words, message):
    for side in (signer, verifier):
        with pytest.raises(ConfigError, match=message) as caught:
            side(words)
        assert "\n" not in str(caught.value)


def test_an_error_never_holds_the_secret():
    with pytest.raises(ConfigError) as caught:
        signer({"scheme": "basic", "user": 5, "password": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_none_lets_everybody_pass():
    assert verifier({"scheme": "none"}).verify("/", "", {}) == "anonymous"
    assert signer({"scheme": "none"}).sign("/", "a=b").headers == {}
