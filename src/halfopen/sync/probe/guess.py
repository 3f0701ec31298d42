"""What the values and names of several answers tell of a dialect: pure, each with what it was seen in."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from halfopen.contract import grammar
from halfopen.contract.model import Feed, FeedKind, Kind
from halfopen.sync.probe.look import Look, plain
from halfopen.window.window import Window

_CLOSE: Final = 0.75
_ROUND: Final = frozenset({50, 100, 200, 250, 500, 1000, 2000, 5000, 10000})
_PAIRS: Final = (("y", "n"), ("on", "off"), ("enabled", "disabled"), ("si", "no"), ("да", "нет"), ("ja", "nein"))
_CURSORS: Final = ("modified_at", "updated_at", "last_modified", "last_modified_at", "changed_at", "last_update")
_IDS: Final = ("uid", "uuid", "guid", "_id")
_NAIVE: Final = re.compile(grammar.NAIVE)
_MOMENT: Final = re.compile(grammar.MOMENT)
_QUARTER: Final = timedelta(minutes=15)
_FARTHEST: Final = timedelta(hours=14)
_SECONDS_DIGITS, _MILLI_DIGITS = 10, 13


@dataclass(frozen=True, slots=True)
class Guess:
    """A line of the section: `text` is TOML, `why` what it was seen in; one that is not sure is only a comment."""

    text: str
    why: str
    sure: bool = True


def names(feed: Feed, columns: Iterable[str]) -> list[tuple[str, str, bool]]:
    """Contract field, the product's name for it, and whether that is sure; for fields that are not called so."""
    given = list(columns)
    same = {name.strip().casefold() for name in given}
    missing = [name for name in feed.fields if name not in same]
    free = [name for name in given if name.strip().casefold() not in feed.fields]
    found: list[tuple[str, str, bool]] = []
    for field in missing:
        sure = next((name for name in free if plain(name) in _spellings(feed, field)), None)
        near = difflib.get_close_matches(plain(field), [plain(name) for name in free], 1, _CLOSE)
        longer = [name for name in free if plain(name).startswith(plain(field))]
        guess = sure or next((name for name in free if near and plain(name) == near[0]), None)
        guess = guess or (longer[0] if len(longer) == 1 else None)
        if guess is not None:
            free.remove(guess)
            found.append((field, guess, sure is not None))
    return found


def _spellings(feed: Feed, field: str) -> set[str]:
    others: list[str] = [field]
    if field == feed.cursor:
        others += _CURSORS
    if field == feed.key == "id":
        singular = feed.name.removesuffix("s").removeprefix("sports_")
        others += [*_IDS, singular, f"{singular}_id", *(["player_id", "user_id"] if feed.name == "players" else [])]
    if field == "player_id":
        others += ["user_id", "uid", "customer_id"]
    return {plain(name) for name in others}


def booleans(seen: Mapping[str, set[str | None]]) -> list[Guess]:
    """`seen`: the values of each boolean column, by `feed.column`."""
    guesses = []
    everything = {(value or "").strip().casefold() for values in seen.values() for value in values}
    other = everything - {*grammar.TRUE, *grammar.FALSE, ""}
    pair = next((pair for pair in _PAIRS if other & set(pair)), None)
    if pair is not None:
        where = _where(seen, set(pair))
        guesses.append(Guess(f'booleans = {{ true = ["{pair[0]}"], false = ["{pair[1]}"] }}', f"seen in {where}"))
        other -= set(pair)
    if other:
        words = ", ".join(sorted(repr(word) for word in other))[:80]
        guesses.append(
            Guess(
                "booleans = { true = [...], false = [...] }",
                f"{words} in {_where(seen, other)}: say which is true",
                sure=False,
            )
        )
    blank = [name for name, values in seen.items() if _only_true_or_blank(values)]
    if blank and pair is None:
        why = f"{', '.join(blank[:3])}: only ever true or blank; if blank means false, as PHP prints it, take this in"
        guesses.append(Guess('booleans = { false = [""] }', why, sure=False))
    return guesses


def _only_true_or_blank(values: set[str | None]) -> bool:
    words = {(value or "").strip().casefold() for value in values}
    return "" in words and bool(words & set(grammar.TRUE)) and words <= {*grammar.TRUE, ""}


def _where(seen: Mapping[str, set[str | None]], words: set[str]) -> str:
    return ", ".join(name for name, values in seen.items() if words & {(v or "").strip().casefold() for v in values})[
        :80
    ]


def stamps(seen: Mapping[str, set[str]]) -> Guess | None:
    """`seen`: the values of each datetime column, by `feed.column`; None where there is nothing to declare."""
    for digits, word in ((_SECONDS_DIGITS, "epoch_seconds"), (_MILLI_DIGITS, "epoch_milliseconds")):
        where = [
            name
            for name, values in seen.items()
            if any(value.partition(".")[0].isdigit() and len(value.partition(".")[0]) == digits for value in values)
        ]
        if where:
            return Guess(f'stamps = "{word}"', f"seen in {', '.join(where[:3])}")
    strange = {
        name: value for name, values in seen.items() for value in values if value and not _MOMENT.fullmatch(value)
    }
    if strange:
        name, value = next(iter(strange.items()))
        return Guess('stamps = "text"', f"{value[:40]!r} in {name} is no form that halfopen reads", sure=False)
    return None


def forms(seen: Mapping[str, set[str]]) -> str:
    """In words how moments are written; all of these are read without being declared."""
    texts = [value for values in seen.values() for value in values if _MOMENT.fullmatch(value)]
    words = {
        "YYYY-MM-DD HH:MM:SS": any(len(text) == 19 and text[10] == " " for text in texts),  # noqa: PLR2004 - that form's length
        "a T": any(text[10] == "T" for text in texts),
        "fractions": any("." in text for text in texts),
        "a Z": any(text.endswith("Z") for text in texts),
        "offsets": any(not _NAIVE.fullmatch(text) and not text.endswith("Z") for text in texts),
    }
    return ", ".join(word for word, is_there in words.items() if is_there)


def shift(feed: Feed, cursor: str, rows: Iterable[Mapping[str, str | None]], window: Window) -> timedelta | None:
    """How far stamps without a zone lie beside the window that was asked; None if they do not, or cannot be told."""
    if feed.kind is FeedKind.AGGREGATE:
        return None
    texts = [row.get(cursor) or "" for row in rows]
    found = [datetime.fromisoformat(text[:19]).replace(tzinfo=UTC) for text in texts if _NAIVE.fullmatch(text)]
    if len(found) < 3 or all(window.contains(one) for one in found):  # noqa: PLR2004 - fewer tell nothing
        return None
    middle = sorted(found)[len(found) // 2] - (window.start + window.length / 2)
    offset = round(middle / _QUARTER) * _QUARTER
    for candidate in (offset, round(middle / timedelta(hours=1)) * timedelta(hours=1)):
        if candidate and abs(candidate) <= _FARTHEST and all(window.contains(one - candidate) for one in found):
            return candidate
    return None


def pages(look: Look, link_next: bool, feed: str) -> Guess | None:  # noqa: FBT001 - a fact, not an option
    """What speaks of further pages."""
    if link_next:
        return Guess('pages = { by = "link" }', f"{feed} answered with a Link header of rel=next")
    for path, value in _leaves(look.around, ()):
        if not path[-1].casefold().startswith("next") or value in {None, "", False}:
            continue
        where = ".".join(path)
        if re.match(r"https?://|/|\?", str(value)):
            return Guess(f'pages = {{ by = "next", next = "{where}" }}', f"{feed} names an address there")
        text = f'pages = {{ by = "next", next = "{where}", parameter = "..." }}'
        return Guess(text, f"{feed} names a word there: which parameter takes it?", sure=False)
    if len(look.rows) in _ROUND:
        text = 'pages = { by = "page", parameter = "page" }'
        return Guess(
            text, f"{feed} gave exactly {len(look.rows)} rows: is that a page? halfopen check tells", sure=False
        )
    return None


def _leaves(value: Any, path: tuple[str, ...]) -> Iterable[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif path and not isinstance(value, list):
        yield path, value


def fields_of(feed: Feed, kind: Kind, renamed: Mapping[str, str]) -> list[str]:
    """The product's names of the fields of a kind."""
    return [renamed.get(name, name) for name, field in feed.fields.items() if field.kind is kind]
