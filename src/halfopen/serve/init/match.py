"""How well columns answer to fields: by name, by synonym, by type and by what was seen in them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.serve.init.facts import Look, codes, fits, is_code, looks
from halfopen.serve.init.links import Links
from halfopen.serve.init.names import Words
from halfopen.serve.init.vocabulary import Phrase, Vocabulary
from halfopen.sources.schema import Column, Family, Table

LEAST: Final = 0.4
"""Columns that score less are no candidates."""

_ONE_MORE: Final = 0.72
_TWO_MORE: Final = 0.5
_FEWER: Final = 0.5
_BY_LOOK: Final = 0.6
_BY_WORDS: Final = 0.62
"""A column of codes whose every value is a word for the field, and not one alone."""
_BY_COMMENT: Final = 0.75
_NEAR: Final = 0.12
"""Two candidates whose scores are nearer than this are in doubt."""

_TEXTS: Final = frozenset(
    ("game_name", "title", "name", "market", "first_name", "last_name", "city", "comment", "sport_name", "host")
)
_ALONE: Final = frozenset(("balance", "amount", "stake"))
_ONLY: Final = 0.55
_KEYS: Final = frozenset(["game_code", "sport_id", "session_id", "round_id", "wallet_id", "kind"])
"""Fields that a pointer at another row may fill as it stands."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column for a field: `opposite` when it says the contrary (`active` for is_blocked)."""

    column: Column
    score: float
    ground: str
    opposite: bool = False


@dataclass(frozen=True)
class Matcher:
    """Compares columns with fields; remembers what it found."""

    links: Links
    vocabulary: Vocabulary
    _found: dict[tuple[str, str, str], tuple[Candidate, ...]] = field(default_factory=dict)

    def candidates(self, feed: str, name: str, table: Table, kind: Field | None = None) -> Sequence[Candidate]:
        """The table's columns for a field (or one of our own, with `kind`), the best first."""
        key = (feed, name, table.name)
        if key not in self._found:
            described = kind or feeds()[feed].fields[name]
            phrases = self.vocabulary.feeds[feed].fields.get(name, ())
            pointers = (
                set() if name in _KEYS else {link.column for link in self.links.of[table.name] if not link.backwards}
            )
            self._found[key] = tuple(
                candidate
                for candidate in self.ranked(phrases, table, described)
                if not (name in _TEXTS and candidate.column.family is Family.INTEGER)
                and (candidate.column.name not in pointers or described.kind in (Kind.CURRENCY, Kind.COUNTRY))
            )
            if described.kind is Kind.CHOICE:
                self._found[key] = self._with_words(feed, name, table, self._found[key])
            if name == "user_agent" and not self._found[key]:
                agents = [column for column in table.columns if Look.AGENT in looks(column)]
                self._found[key] = tuple(Candidate(c, _BY_WORDS, "values seen are browsers") for c in agents[:1])
            if not self._found[key] and name in _ALONE:
                self._found[key] = self._alone(table)
        return self._found[key]

    def best(self, feed: str, name: str, table: Table, kind: Field | None = None) -> Candidate | None:
        """The first of the candidates."""
        return next(iter(self.candidates(feed, name, table, kind)), None)

    def _with_words(self, feed: str, name: str, table: Table, found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
        """Columns whose names say nothing, but whose values do: `pot` with real and bonus."""
        named = {candidate.column.name for candidate in found}
        more = []
        for column in table.columns:
            if column.name in named or column.family is Family.BOOLEAN or not is_code(column):
                continue
            meant = [self.vocabulary.meaning(feed, name, value) for value in codes(column) if len(value) > 1]
            if len(meant) == len(codes(column)) and None not in meant and len(set(meant)) > 1:
                more.append(Candidate(column, _BY_WORDS, "values seen are its words"))
        return tuple(sorted((*found, *more), key=lambda candidate: -candidate.score))

    def _alone(self, table: Table) -> tuple[Candidate, ...]:
        """The one column of money that a table has can only be what the table is about."""
        money = [column for column in table.columns if column.family is Family.DECIMAL]
        return (Candidate(money[0], _ONLY, "the only amount of the table"),) if len(money) == 1 else ()

    def ranked(self, phrases: Iterable[Phrase], table: Table, described: Field) -> tuple[Candidate, ...]:
        """The table's columns for these phrases and this kind, the best first; equal ones in the table's order."""
        phrases = tuple(phrases)
        found = [self._candidate(phrases, table, column, described) for column in table.columns]
        kept = [candidate for candidate in found if candidate is not None and candidate.score >= LEAST]
        return tuple(sorted(kept, key=lambda candidate: -candidate.score))

    def says_otherwise(self, table: Table, column: Column) -> bool:
        """Whether the column's name holds a word that turns its meaning (deleted, expires, last)."""
        return all(
            set(variant) & self.vocabulary.otherwise for variant in self.links.names.columns(table.name, column.name)
        )

    def _candidate(self, phrases: Sequence[Phrase], table: Table, column: Column, described: Field) -> Candidate | None:
        fit = fits(described, column)
        if not fit:
            return None
        variants = self.links.names.columns(table.name, column.name)
        worth, phrase = self.by_name(phrases, variants, described.kind)
        ground = _ground(column.name, phrase, described) if phrase else ""
        if abs(worth) < _BY_COMMENT and column.comment:
            said, by = self.by_name(phrases, [self.vocabulary.words(column.comment)], described.kind)
            if said > 0 and by is not None and said * _BY_COMMENT > abs(worth):
                worth, ground = said * _BY_COMMENT, f"comment {column.comment[:60]!r}"
        seen = _LOOKS.get(described.kind)
        if seen in looks(column):
            if abs(worth) < _BY_LOOK:
                worth, ground = _BY_LOOK, f"values seen are {_LOOK_WORDS[described.kind]}"
            elif worth > 0:
                worth = min(1.0, worth + 0.05)
        if not worth:
            return None
        return Candidate(column, round(abs(worth) * fit, 4), ground, opposite=worth < 0)

    def by_name(self, phrases: Iterable[Phrase], variants: Iterable[Words], kind: Kind) -> tuple[float, Phrase | None]:
        """The worth of the best phrase for a name, negative where it says the opposite."""
        ignored = self.vocabulary.ignored.get(_IGNORED.get(kind, ""), frozenset())
        best: tuple[float, Phrase | None] = (0.0, None)
        said = [(frozenset(variant) - ignored, variant) for variant in variants]
        for phrase in phrases:
            meant = frozenset(phrase.words) - ignored
            for words, _ in said:
                worth = phrase.worth * _likeness(meant, words, self.vocabulary.otherwise)
                if abs(worth) > abs(best[0]):
                    best = (worth, phrase)
        return best


def _likeness(meant: frozenset[str], words: frozenset[str], otherwise: frozenset[str]) -> float:
    if meant == words:
        return 1.0
    if not meant or not words:
        return 0.0
    more = words - meant
    if meant < words:
        factor = {1: _ONE_MORE, 2: _TWO_MORE}.get(len(more), 0.0)
        return factor * 0.5 ** len(more & otherwise)
    if words < meant and len(words) * 2 >= len(meant) and words != {"id"}:
        return _FEWER
    return 0.0


def _ground(column: str, phrase: Phrase, described: Field) -> str:
    plain = column.lower().replace("_", "")
    if plain == phrase.text.replace(" ", ""):
        return "name"
    return f"name says {phrase.text!r}" if phrase.text else f"the only name of its kind: {described.kind}"


_IGNORED: Final = {Kind.DATETIME: "datetime", Kind.DATE: "datetime", Kind.DECIMAL: "decimal"}
_LOOKS: Final = {Kind.CURRENCY: Look.CURRENCY, Kind.EMAIL: Look.EMAIL, Kind.IP: Look.IP}
_LOOK_WORDS: Final = {Kind.CURRENCY: "currency codes", Kind.EMAIL: "e-mail addresses", Kind.IP: "IP addresses"}
