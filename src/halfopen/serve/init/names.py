"""Identifiers as words: `usr_emailAddr`, `UserEmails` and `tbl_user_email` all say user, email.

Pure. Abbreviations and the words of the trade are data (`vocabulary.toml`).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

Words = tuple[str, ...]

_PIECES: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_ENOUGH: Final = 3
_MOST: Final = 0.6
_SHORTEST: Final = 3
_VOWELS: Final = frozenset("aeiou")

_IRREGULAR: Final = {"people": "person"}


def singular(word: str, keep: Collection[str] = ()) -> str:
    """The singular of an English word, near enough to compare names; words in `keep` end in s and are none plural."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < len("bets") or word in keep or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > len("ties"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "uses")):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]


@dataclass(frozen=True)
class Lexicon:
    """How to read words: `abbreviations` to words, all `known` ones, and those to `keep` although they end in s."""

    abbreviations: Mapping[str, Sequence[str]]
    known: Collection[str]
    keep: Collection[str] = ()
    same: Mapping[str, str] = field(default_factory=dict)
    """Words that mean the same -> the one that stands for them."""

    def words(self, identifier: str) -> Words:
        """The words of an identifier: lower case, singular, abbreviations written out."""
        pieces = _PIECES.findall(identifier.rpartition(".")[2])
        return tuple(word for piece in pieces for word in self._spelt(piece.lower()))

    def _spelt(self, piece: str) -> Words:
        plain = singular(piece, self.keep)
        for candidate in (piece, plain):
            if candidate in self.abbreviations:
                return tuple(self.abbreviations[candidate])
        if plain in self.known or not piece.isalpha():
            return (plain,)
        cut = self._cut(piece) or self._shortened(piece)
        return cut or (plain,)

    def _shortened(self, piece: str) -> Words | None:
        """`gndr` and `excl` as the one known word that is left of it without vowels, or that begins so."""
        if len(piece) < _SHORTEST:
            return None
        is_bare = not set(piece) & _VOWELS
        if is_bare:
            meant = {self.same.get(word, word) for word in self._skeletons.get(piece, ())}
        else:
            begun = [word for word in self.known if word.startswith(piece)] if len(piece) > _SHORTEST else []
            meant = {self.same.get(word, word) for word in begun}
        return (meant.pop(),) if len(meant) == 1 else None

    @cached_property
    def _skeletons(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = {}
        for word in self.known:
            if len(word) > _SHORTEST:
                found.setdefault(word[0] + "".join(c for c in word[1:] if c not in _VOWELS), set()).add(word)
        return found

    def _cut(self, piece: str) -> Words | None:
        """`playeraccount` as player, account: the fewest known words that fill the piece whole."""
        known = self.known

        @cache
        def best(start: int) -> Words | None:
            if start == len(piece):
                return ()
            found: Words | None = None
            for end in range(len(piece), start + 1, -1):
                part = piece[start:end]
                word = singular(part, self.keep)
                if word not in known and part not in self.abbreviations:
                    continue
                rest = best(end)
                if rest is None:
                    continue
                spelt = tuple(self.abbreviations.get(part, (word,)))
                if found is None or len(spelt) + len(rest) < len(found):
                    found = (*spelt, *rest)
            return found

        return best(0)


def common_prefix(names: Iterable[Words]) -> Words:
    """The first word that most of several names begin with (`tbl_`, `usr_`), or nothing."""
    listed = [name for name in names if name]
    if len(listed) < _ENOUGH:
        return ()
    word, times = Counter(name[0] for name in listed).most_common(1)[0]
    return (word,) if times >= _MOST * len(listed) and times >= _ENOUGH else ()


def without(prefix: Words, name: Words) -> Words:
    """`name` without the prefix, unless nothing would be left."""
    return name[len(prefix) :] if prefix and name[: len(prefix)] == prefix and len(name) > len(prefix) else name
