"""How a secret may be written by whoever quotes it: in an address, in JSON, in HTML, in a log."""

import html
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from html.entities import codepoint2name
from typing import Final
from urllib.parse import quote, quote_plus

SHORTEST: Final = 4
"""Characters; a shorter secret stands in any text by chance, and is hidden behind its parameter's name only."""
_SECRET_NAME: Final = re.compile(r"key|token|secret|sign|passw|pwd|auth", re.IGNORECASE)
_ENDS: Final = ("'", '"', "...", "\N{REPLACEMENT CHARACTER}")
_UPPER_ESCAPE: Final = re.compile(r"%[0-9A-F]{2}|\\u[0-9a-f]{4}|&#x[0-9a-f]+;")
_NAMED: Final = {chr(code): name for code, name in codepoint2name.items()} | {"'": "apos"}
_BACKSLASHES: Final = r"(?:\\++u005c|\\|%(?:25)*5c|&(?:amp;)*#(?:0*92|x0*5c);)"


def spellings(secret: str) -> frozenset[str]:
    """The secret as it is, and as it stands in an address, in JSON, in HTML and in ASCII logs; none of an empty one."""
    if not secret:
        return frozenset()
    as_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    as_json |= {text.replace("/", "\\/") for text in as_json}
    plain = {secret, *as_json, secret.encode("ascii", "backslashreplace").decode()}
    found = plain | {form for text in plain for form in _in_html(text)}
    # What quotes the address that was asked may write that in JSON or HTML again: percent signs stay as they are.
    found |= {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    # Our own reports quote what they found as Python does.
    found |= {text.replace("\\", "\\\\") for text in found}
    found |= {text.replace("'", "\\'") for text in found}
    return frozenset(found | {_UPPER_ESCAPE.sub(_other_case, text) for text in found})


def hidden(text: str, secrets: Iterable[str], mask: str = "***") -> str:
    """The text without any of these, the longest first, so that none hides the rest of another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, mask)
    return text


def hidden_in_excerpts(text: str, longest_first: Iterable[str], mask: str = "***") -> str:
    """The text without any of these, nor the beginning of one where an excerpt of something longer was cut off."""
    for secret in longest_first:
        if secret[:SHORTEST] in text:
            text = _without_beginning(text.replace(secret, mask), secret, mask)
    return text


def _without_beginning(text: str, secret: str, mask: str) -> str:
    """What is cut off ends with the text, or with the mark that closes a quotation."""
    at = text.find(secret[:SHORTEST])
    while at >= 0:
        end = at + SHORTEST
        while end < len(text) and text[end : end + 1] == secret[end - at : end - at + 1]:
            end += 1
        if text.startswith(_ENDS, end) or end == len(text):
            text = text[:at] + mask + text[end:]
        at = text.find(secret[:SHORTEST], at + 1)
    return text


def finder(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """For any of these texts, which may hold several spellings of one; None where there are none.

    What a product echoes has often been quoted twice: as JSON by the product, and by us as found. All ways to mix that
    cannot be listed, so each character is looked for in all of its spellings instead.
    """
    chosen: list[str] = []
    known: re.Pattern[str] | None = None
    for secret in sorted(set(secrets) - {""}, key=len):
        if known is None or known.fullmatch(secret) is None:
            chosen.append(pattern(secret))
            # The longest first, so that no secret hides the rest of another.
            known = re.compile("|".join(reversed(chosen)), re.IGNORECASE)
    return known


def pattern(secret: str) -> str:
    """A regular expression, to be used without regard to case, for all that the secret may be written as."""
    parts = re.findall(r"\\+|[^\\]", secret, re.DOTALL)
    # As many backslashes as there are: each time that something is quoted they double.
    return "".join(f"{_BACKSLASHES}++" if part[0] == "\\" else _character(part) for part in parts)


def is_secret_name(parameter: str) -> bool:
    """Whether a parameter of such a name carries a secret: `api_key`, `access_token`, `sign` and the like."""
    return _SECRET_NAME.search(parameter) is not None


def _in_html(text: str) -> set[str]:
    """With entities of any habit: `&#39;`, `&#x27;`, `&#34;`; also letters beyond ASCII as numbers."""
    escaped = html.escape(text)
    quotes = {text, escaped, html.escape(text, quote=False)}
    quotes |= {
        escaped.replace("&#x27;", single).replace("&quot;", double)
        for single in ("&#39;", "&#039;", "&apos;", "'")
        for double in ("&quot;", "&#34;")
    }
    return quotes | {form.encode("ascii", "xmlcharrefreplace").decode() for form in quotes}


def _other_case(found: re.Match[str]) -> str:
    escape = found[0]
    if escape.startswith("%"):
        return escape.lower()
    return escape[:2] + escape[2:].upper() if escape.startswith("\\u") else "&#x" + escape[3:].upper()


@lru_cache(maxsize=4096)
def _character(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    code = ord(char)
    units = char.encode("utf-16-be", "surrogatepass")
    as_json = r"\\*+".join(f"u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    as_address = "".join(f"%(?:25)*{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    entity = f"#0*{code}|#x0*{code:x}" + (f"|{_NAMED[char]}" if char in _NAMED else "")
    forms = [re.escape(char), as_json, as_address, f"U{code:08x}", f"&(?:amp;)*(?:{entity});"]
    if code <= 0xFF:  # noqa: PLR2004 - what Python writes as \x and two digits
        forms.append(f"x{code:02x}")
    if char == " ":
        forms.append(r"\+")
    if char in "\n\r\t":
        forms += [" ", {"\n": "n", "\r": "r", "\t": "t"}[char]]
    return rf"\\*+(?:{'|'.join(forms)})"
