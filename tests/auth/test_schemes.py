import importlib
import io
import pkgutil
import traceback

import pytest
from rich.pretty import pprint

import halfopen.auth
from halfopen.auth.flow import has_flow
from halfopen.auth.schemes import names, secrets, signer, verifier
from halfopen.errors import ConfigError
from support.signing import CHEAP, NOW, granted, obtain


def test_every_module_beside_is_a_scheme():
    assert names() == ("basic", "bearer", "login", "none", "oauth2", "signature")
    for module in pkgutil.iter_modules(halfopen.auth.__path__):
        # What is no scheme is told apart by name, because to import all of them to find out takes time.
        has_options = hasattr(importlib.import_module(f"halfopen.auth.{module.name}"), "Options")
        assert has_options is (module.name in names())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "no scheme is named"),
        ({"scheme": "basci"}, "did you mean 'basic'"),
        ({"scheme": "base"}, "unknown scheme"),
        ({"scheme": "basic", "user": "u"}, "password"),
        ({"scheme": "basic", "user": "u", "password": "p", "pass": "q"}, "'pass'; did you mean 'password'"),
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


SECRETS = ["hunter2", "hunter3" * 5, "t0ken"]
FULL = [
    {"scheme": "basic", "user": "u", "password": "hunter2"},
    {"scheme": "bearer", "token": "hunter2"},
    {"scheme": "oauth2", "client_id": "c", "client_secret": "hunter2", "token_url": "https://h/t"},
    {"scheme": "oauth2", "client_id": "c", "client_secret": "hunter2", "token_url": "/t", "signing_key": "hunter3" * 5},
    {"scheme": "login", "user": "u", "password": "hunter2"},
    {"scheme": "login", "user": "u", "password": "hunter2", "token_url": "https://h/t", "signing_key": "hunter3" * 5},
    {"scheme": "signature", "template": "{from}{secret}", "secret": "hunter2"},
    {"scheme": "none"},
]


@pytest.mark.parametrize("words", FULL)
def test_nothing_that_is_made_of_words_shows_a_secret(words):
    module = importlib.import_module(f"halfopen.auth.{words['scheme']}")
    options = module.Options(**{name: value for name, value in words.items() if name != "scheme"})
    made = [options, verifier(words)]
    if not words.get("token_url", "https:").startswith("/"):
        ours = signer(words)
        if has_flow(ours):
            made += obtain(ours, 0.0, lambda _: granted())
            made += [granted(), ours.flow(1.0)]
        made += [ours, ours.sign("/", "from=a", now=NOW)]
    for thing in made:
        rich = io.StringIO()
        pprint(thing, console=importlib.import_module("rich.console").Console(file=rich))
        for shown in (repr(thing), str(thing), f"{thing}", rich.getvalue()):
            assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("words", FULL)
def test_no_wrong_option_beside_it_brings_a_secret_to_light(words):
    for change in (
        {"surprise": 1},
        {"name": []},
        {"password": 7},
        {"template": "{"},
        {"token_url": ":"},
        {"token": ""},
    ):
        for side in (signer, verifier):
            try:
                side(words | change)
            except ConfigError as error:
                told = "".join(traceback.format_exception(error))
                assert not any(secret in told for secret in SECRETS)


def test_what_is_secret_is_listed_in_all_its_forms():
    assert secrets({"scheme": "none"}) == frozenset()
    assert secrets({"scheme": "basic", "user": "u", "password": "pw &"}) >= {"pw &", "pw%20%26", "pw+%26", "pw &amp;"}
    assert "dTpwICY=" in secrets({"scheme": "basic", "user": "u", "password": "p &"})
    assert secrets({"scheme": "basic", "user": "u", "password_hash": CHEAP.hash("x")})
    assert secrets({"scheme": "bearer", "token": "tokn", "header": "X"}) == {"tokn"}
    signature = {"scheme": "signature", "template": "{secret}{timestamp}", "secret": "seal", "timestamp": "ts"}
    assert secrets(signature) == {"seal"}


def test_a_word_so_short_that_it_stands_anywhere_is_not_looked_for():
    assert secrets({"scheme": "login", "user": "u", "password": "a"}) == frozenset()
