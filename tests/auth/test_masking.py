"""A secret is found in every spelling that a server may quote it in."""

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from halfopen.auth.masking import finder, hidden, hidden_in_excerpts, is_secret_name, spellings

SECRETS = ('hunter"2', "o'hara&sons", "caf\u00e9 noir", "<b>/path\\to", "plain-word", "p\u00e9ch\u00e9 & \"mignon'")
WAYS = (
    str,
    quote,
    quote_plus,
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe="").replace("%C3%A9", "%c3%a9"),
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
    lambda text: json.dumps(text).replace("/", "\\/"),
    lambda text: json.dumps(text).replace("\\u00e9", "\\u00E9"),
    html.escape,
    lambda text: html.escape(text).replace("&#x27;", "&#39;"),
    lambda text: html.escape(text, quote=False),
    lambda text: html.escape(json.dumps(text)),
    lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    lambda text: text.encode("ascii", "backslashreplace").decode(),
    lambda text: repr("\"'" + text)[4:-1],
    lambda text: repr("\"'" + json.dumps(text))[4:-1],
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("way", range(len(WAYS)))
def test_no_way_to_write_it_brings_a_secret_to_light(secret: str, way: int) -> None:
    written = WAYS[way](secret)
    shown = hidden(f"no user with {written} here", spellings(secret))
    assert shown in {"no user with *** here", 'no user with "***" here', "no user with &quot;***&quot; here"}


TWICE = (
    lambda text: quote(text, safe="").lower(),
    lambda text: quote(quote(text)),
    lambda text: quote(text, safe="&'/\""),
    lambda text: text.replace("\\", "\\\\"),
    lambda text: json.dumps(json.dumps(text)),
    lambda text: repr(json.dumps(json.dumps(text))),
    lambda text: json.dumps(repr(text)),
    lambda text: json.dumps(text).replace("\\\\", "\\u005c"),
    lambda text: html.escape(html.escape(text)),
    lambda text: json.dumps(html.escape(text)),
)


@pytest.mark.parametrize("secret", [*SECRETS, "a\\\\b\\", "\U0001f600 smile", "tab\tin it"])
@pytest.mark.parametrize("way", [*WAYS, *TWICE])
def test_a_secret_is_found_in_spellings_of_spellings(secret: str, way: Callable[[str], str]) -> None:
    found = finder(spellings(secret))
    assert found is not None
    shown = found.sub("***", f"no user with {way(secret)} here")
    assert shown.replace("\\", "").replace("&quot;", '"').replace("'", '"').replace('"', "") == "no user with *** here"


def test_a_pattern_takes_no_other_text_and_no_long_time() -> None:
    found = finder({"p\\\u00e9x y+z", "other-word"})
    assert found is not None
    assert found.sub("***", "p\u00e9x y+z and otherword, other word") == "p\u00e9x y+z and otherword, other word"
    for text in ("\\" * 4000, "&amp;" * 800, "%25" * 1300, "p" + "\\" * 4000):
        assert found.search(text) is None
    assert finder({""}) is None


def test_the_longest_is_hidden_first() -> None:
    assert hidden("word and wordy", {"word", "wordy"}) == "*** and ***"
    assert spellings("") == frozenset()


@pytest.mark.parametrize("length", range(4, 14))
def test_the_beginning_of_a_secret_is_hidden_where_an_excerpt_ends(length: int) -> None:
    secret = "s3cret-of-ours"
    for mark in ("", "'", "...'"):
        text = f"the body begins '<html>no {secret[:length]}{mark}"
        assert hidden_in_excerpts(text, [secret]) == f"the body begins '<html>no ***{mark}"
    assert hidden_in_excerpts("s3creters and 's3' are others", [secret]) == "s3creters and 's3' are others"


@pytest.mark.parametrize("name", ["api_key", "apikey", "access-token", "SIGN", "password", "client_secret", "auth"])
def test_parameters_whose_names_say_that_they_are_secret(name: str) -> None:
    assert is_secret_name(name)
    assert not is_secret_name("from")
