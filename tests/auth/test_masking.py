"""A secret is found in every spelling that a server may quote it in."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest

from halfopen.auth.masking import hidden, is_secret_name, spellings

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
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("way", range(len(WAYS)))
def test_no_way_to_write_it_brings_a_secret_to_light(secret: str, way: int) -> None:
    written = WAYS[way](secret)
    shown = hidden(f"no user with {written} here", spellings(secret))
    assert shown in {"no user with *** here", 'no user with "***" here', "no user with &quot;***&quot; here"}


def test_the_longest_is_hidden_first() -> None:
    assert hidden("word and wordy", {"word", "wordy"}) == "*** and ***"
    assert spellings("") == frozenset()


@pytest.mark.parametrize("name", ["api_key", "apikey", "access-token", "SIGN", "password", "client_secret", "auth"])
def test_parameters_whose_names_say_that_they_are_secret(name: str) -> None:
    assert is_secret_name(name)
    assert not is_secret_name("from")
