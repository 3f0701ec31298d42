"""The words of the trade, read from `vocabulary.toml` once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from halfopen.serve.init.names import Lexicon, Words

_WORD: Final = re.compile(r"[a-z0-9]+")
_GROUP: Final = re.compile(r"@(\w+)")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some words and what they are worth, 0 to 1; a negative worth says the opposite (`inactive` for `active`)."""

    words: Words
    worth: float
    text: str


@dataclass(frozen=True)
class FeedWords:
    """What operators call a feed's tables and columns."""

    tables: tuple[Phrase, ...]
    avoid: frozenset[str]
    fields: Mapping[str, tuple[Phrase, ...]]
    lists: Mapping[str, tuple[Phrase, ...]]
    """Further lists of table names: `incoming`, `outgoing`, `bets`, `wins`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where else a field may stand: in a table of these words (any, if there are none), in a column of these."""

    tables: tuple[Phrase, ...]
    columns: tuple[Phrase, ...]
    avoid: frozenset[str]
    """Words of tables where it does not stand."""


@dataclass(frozen=True, slots=True)
class Inherit:
    """Fields that a row may take from the row that it belongs to: ours -> the other feed's."""

    feed: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """All of it."""

    lexicon: Lexicon
    same: Mapping[str, str]
    ignored: Mapping[str, frozenset[str]]
    feeds: Mapping[str, FeedWords]
    values: Mapping[str, Mapping[str, Mapping[str, str]]]
    """Feed, field, an operator's word as `bare` makes it -> the contract's word."""
    reach: Mapping[str, Reach]
    inherit: Mapping[str, Inherit]
    otherwise: frozenset[str]
    """Words that turn a column's meaning: `deleted_user_id` is not the user's id."""
    played: frozenset[str]
    """Values of a ledger that are games played."""
    sql: frozenset[str]
    """Names that SQL wants quoted."""

    def words(self, identifier: str) -> Words:
        """The identifier's words, words that mean the same made one."""
        return tuple(self.same.get(word, word) for word in self.lexicon.words(identifier))

    def meaning(self, feed: str, field: str, value: object) -> str | None:
        """The contract's word for an operator's value."""
        return self.values.get(feed, {}).get(field, {}).get(bare(value))


def bare(value: object) -> str:
    """A value as it is compared: lower case, without '_', '-' and blanks, unless it is a sign alone."""
    text = str(value).strip().lower()
    return re.sub(r"[\s_.\-]+", "", text) or text


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of this package."""
    data = tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))
    same = {word: first for first, others in data["same"].items() for word in others}
    abbreviations = data["foreign"] | data["abbreviations"]
    lists = {key: frozenset(words) for key, words in data["words"].items()}
    lexicon = Lexicon(abbreviations, _known(data), lists["plural"], same)
    reader = _Reader(lexicon, same, data["groups"])
    feeds = {
        name: FeedWords(
            tables=reader.phrases(table["tables"]),
            avoid=frozenset(word for text in table.get("avoid", ()) for word in reader.words(text)),
            fields={field: reader.phrases(phrases) for field, phrases in table["fields"].items()},
            lists={key: reader.phrases(table[key]) for key in ("incoming", "outgoing", "bets", "wins") if key in table},
        )
        for name, table in data.items()
        if isinstance(table, dict) and "fields" in table
    }
    ignored = {kind: frozenset(words) for kind, words in data["ignored"].items()}
    values = {
        feed: {
            field: {bare(word): canonical for canonical, words in choices.items() for word in words}
            for field, choices in fields.items()
        }
        for feed, fields in data["values"].items()
    }
    reach = {
        field: Reach(reader.phrases(spec["tables"]), reader.phrases(spec["columns"]), frozenset(spec.get("avoid", ())))
        for field, spec in data["reach"].items()
    }
    inherit = {feed: Inherit(spec["from"], spec["fields"]) for feed, spec in data["inherit"].items()}
    return Vocabulary(
        lexicon=lexicon,
        same=same,
        ignored=ignored,
        feeds=feeds,
        values=values,
        reach=reach,
        inherit=inherit,
        otherwise=lists["otherwise"],
        played=lists["played"],
        sql=lists["sql"],
    )


def _known(data: Mapping[str, Any]) -> frozenset[str]:
    """Every word of the file, so that glued names can be cut: `lastlogin`, `playerid`."""
    texts: list[str] = [*data["same"], *(word for words in data["same"].values() for word in words)]
    texts += [word for words in data["foreign"].values() for word in words]
    texts += [word for words in data["abbreviations"].values() for word in words]
    texts += [word for words in data["ignored"].values() for word in words if len(word) > 1]
    texts += [text for phrases in data["groups"].values() for text in phrases]
    for table in data.values():
        if "fields" in table:
            lists = [table["tables"], table.get("avoid", []), *table["fields"].values()]
            texts += [text for phrases in lists for text in phrases]
    words = {word for text in texts for word in _WORD.findall(text.partition(":")[0].lower())}
    return frozenset(word for word in words if len(word) > 1)


@dataclass(frozen=True)
class _Reader:
    lexicon: Lexicon
    same: Mapping[str, str]
    groups: Mapping[str, list[str]]

    def words(self, text: str) -> Words:
        return tuple(self.same.get(word, word) for piece in text.split() for word in self.lexicon.words(piece))

    def phrases(self, texts: list[str]) -> tuple[Phrase, ...]:
        found: dict[frozenset[str], Phrase] = {}
        for text in texts:
            name, _, worth = text.partition(":")
            factor = float(worth or 1)
            group = self._expanded(name)
            for part in group:
                phrase, _, more = part.partition(":")
                made = Phrase(self.words(phrase), round(factor * float(more or 1), 4), phrase)
                known = found.get(frozenset(made.words))
                if known is None or abs(known.worth) < abs(made.worth):
                    found[frozenset(made.words)] = made
        return tuple(found.values())

    def _expanded(self, text: str) -> list[str]:
        """`@player bonus` once for each word of the group."""
        found = _GROUP.search(text)
        if found is None:
            return [text]
        words = (part.partition(":") for part in self.groups[found[1]])
        return [f"{text[: found.start()]}{word}{text[found.end() :]}{colon}{worth}" for word, colon, worth in words]
