"""Keys that stand in the path of an address: nothing declares them, so they are known by their looks.

A segment is taken for a key when it has at least `SHORTEST` characters, letters and digits mixed, and is not made of
words and numbers as people write them: `v2`, `players`, `space-vegas-2026-eu1` and `oauth2callback` stay.
"""

import re
from typing import Final
from urllib.parse import unquote

from halfopen.auth.masking import spellings

SHORTEST: Final = 16
"""Characters of a segment."""
_RANDOM: Final = 8
"""Characters in a segment's parts that are no words."""
_HUMPS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LETTERS_A_HUMP: Final = 3
"""Words that are run together begin with a capital now and then; in a key these stand anywhere."""
_UNSPEAKABLE: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def masked(address: str, mask: str = "***") -> str:
    """The address, or the path, with a mask in place of each key of its path; its query stays as it is."""
    start, end = _path_of(address)
    segments = address[start:end].split("/")
    return address[:start] + "/".join(mask if is_key(one) else one for one in segments) + address[end:]


def keys(address: str) -> frozenset[str]:
    """The keys in an address's path, as they stand there and in all their spellings."""
    start, end = _path_of(address)
    found = {one for one in address[start:end].split("/") if is_key(one)}
    return frozenset(form for one in found for text in (one, unquote(one)) for form in spellings(text))


def is_key(segment: str) -> bool:
    """Whether a segment of a path looks like a key."""
    text = unquote(segment)
    if _UUID.fullmatch(text):
        return True
    if len(text) < SHORTEST or not re.search("[A-Za-z]", text):
        return False
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", text) if not _is_word(part)]
    has_digits = any(each.isdigit() for each in text)
    return sum(map(len, parts)) >= _RANDOM and (has_digits or any(len(part) >= SHORTEST for part in parts))


def _is_word(part: str) -> bool:
    """Whether letters and digits are a word, some words run together, or a number, with one number among them."""
    if len(re.findall(r"\d+", part)) > 1:
        return False
    if len(part) < _RANDOM or part.isdigit():
        return True
    humps = _HUMPS.findall(part)
    return sum(map(len, humps)) >= _LETTERS_A_HUMP * len(humps) and not _UNSPEAKABLE.search(part)


def _path_of(address: str) -> tuple[int, int]:
    """Where the path begins and ends in an address, or in a path with a query."""
    end = len(address.partition("?")[0])
    scheme = address.find("://", 0, end)
    if scheme < 0:
        return 0, end
    start = address.find("/", scheme + 3, end)
    return (end if start < 0 else start), end
