"""What a probe saw, and the section of the configuration that it makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from halfopen.contract.model import Feed, Kind
from halfopen.sync.probe import guess
from halfopen.sync.probe.guess import Guess
from halfopen.sync.probe.look import Look
from halfopen.sync.probe.write import Section, array, inline
from halfopen.sync.refusal import Refusal
from halfopen.window.window import Window
from halfopen.wire import moment

HOUR: Final = timedelta(hours=1)


@dataclass(kw_only=True, slots=True)
class Seen:
    """One feed: its answer, what it is called there, and the window that was asked."""

    feed: Feed
    path: str
    window: Window
    look: Look | None = None
    is_empty: bool = False
    """Its answer was good, and had not one byte."""
    link_next: bool = False
    refusal: Refusal | None = None
    type: str = ""
    renamed: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, str]:
        """Contract field to the product's name, where that is sure."""
        return {ours: theirs for ours, theirs, sure in self.renamed if sure}


@dataclass(kw_only=True, slots=True)
class Found:
    """All answers.

    cursorless: feeds without a cursor and how many rows a minute of the year 2000 had there. no_bytes: the feed that
    answered that minute twice without a byte.
    """

    seen: Mapping[str, Seen]
    space: str
    both_blanks: tuple[str, bool] | None = None
    cursorless: dict[str, int] = field(default_factory=dict)
    no_bytes: str | None = None
    requests: int = 0

    def section(self, name: str, url: str, auth: str) -> Section:
        """The section of the configuration; `auth` is an inline table without secrets."""
        answered = [one for one in self.seen.values() if one.look is not None]
        section = Section(name=name, url=url, auth=auth)
        section.lines = [*self._format(answered), self._blank(), *self._feeds(answered)]
        section.dialect = [*_shape(answered), *_values(answered), *_pages(answered), *self._empty_body()]
        section.columns = {one.feed.name: one.renamed for one in answered if one.renamed}
        section.remarks = self._remarks(answered)
        return section

    def _format(self, answered: list[Seen]) -> list[Guess]:
        forms = [one.look.format for one in answered if one.look]
        most = max(dict.fromkeys(forms), key=forms.count)
        mixed = ", ".join(
            f"{one.feed.name} {one.look.format}" for one in answered if one.look and one.look.format != most
        )
        types = ", ".join(dict.fromkeys(one.type for one in answered if one.look and one.look.format == most))
        why = f"{forms.count(most)} feeds, as {types or 'no content type'}" + (f"; but {mixed}" if mixed else "")
        return [Guess(f'format = "{"auto" if mixed else most}"', why)]

    def _blank(self) -> Guess:
        text = f'space = "{self.space}"'
        if self.both_blanks is None:
            return Guess(text, "the other form was not tried: no feed had rows to compare")
        feed, is_same = self.both_blanks
        other = "+" if self.space == "%20" else "%20"
        return Guess(text, f"{other} gives {'the same rows' if is_same else 'other rows or none'} in {feed}")

    def _feeds(self, answered: list[Seen]) -> list[Guess]:
        guesses = []
        absent = {name: one.refusal for name, one in self.seen.items() if one.look is None and not one.is_empty}
        if absent:
            why = ", ".join(f"{name} {(one.status if one else None) or 'no rows'}" for name, one in absent.items())
            present = [name for name in self.seen if name not in absent]
            guesses.append(Guess(f"feeds = {array(present)}", f"not: {why}"))
        paths = {one.feed.name: one.path for one in answered if one.path != one.feed.path}
        if paths:
            guesses.append(Guess(f"paths = {inline(paths)}", "answered there"))
        whole = {name: rows for name, rows in self.cursorless.items() if rows}
        if whole:
            why = "no cursor, and a minute of the year 2000 had " + ", ".join(
                f"{n} rows in {f}" for f, n in whole.items()
            )
            guesses.append(Guess(f"catalogues = {array(list(whole))}", why))
        return guesses

    def _empty_body(self) -> list[Guess]:
        """Without the key no bytes are no answer: a program that ran out of memory over an hour sends none either."""
        if self.no_bytes is not None:
            why = f"{self.no_bytes} answered a minute of the year 2000 without a byte, twice"
            return [Guess("empty_body = true", why)]
        empty = [name for name, one in self.seen.items() if one.is_empty]
        if not empty:
            return []
        why = f"the hour was answered without a byte in {', '.join(empty)}: only if that is how no rows are told"
        return [Guess("empty_body = true", why, sure=False)]

    def _remarks(self, answered: list[Seen]) -> list[str]:
        remarks = [f"{self.requests} requests, for the hour until {_end(answered)} UTC"]
        empty = [one.feed.name for one in answered if one.look and not one.look.rows]
        if empty:
            remarks.append(f"no rows in that hour, so nothing can be told of their values: {', '.join(empty)}")
        unknown = [name for name, rows in self.cursorless.items() if not rows]
        if unknown:
            remarks.append(
                f"no cursor seen, and no rows in the year 2000, which tells neither way: {', '.join(unknown)}"
            )
        seen = _by_kind(answered, Kind.DATETIME)
        if words := guess.forms(seen):
            remarks.append(f"moments are written as {words}: all read without being declared")
        return remarks


def _end(answered: list[Seen]) -> str:
    return moment.plain(answered[0].window.end)


def _shape(answered: list[Seen]) -> list[Guess]:
    """Where rows are, what parts columns, what the bytes mean."""
    guesses = []
    looks = {one.feed.name: one.look for one in answered if one.look}
    paths = {name: ".".join(one.path) for name, one in looks.items() if one.path}
    if len(set(paths.values())) == 1:
        guesses.append(Guess(f'rows = "{next(iter(paths.values()))}"', f"seen in {', '.join(list(paths)[:3])}"))
    elif paths:
        guesses.append(Guess(f"rows = {inline(paths)}", "each its own"))
    for word, plain in (("delimiter", ","), ("encoding", "utf-8")):
        values = {name: getattr(one, word) for name, one in looks.items()}
        other = {name: value for name, value in values.items() if value not in {plain, "utf-8-sig"}}
        if other:
            first, value = next(iter(other.items()))
            text = value.replace("\t", "\\t").removesuffix("-le")
            why = f"seen in {', '.join(list(other)[:3])}"
            if value == "windows-1252":
                why = f"{first} is no UTF-8: this is a guess, look at names with accents"
            guesses.append(Guess(f'{word} = "{text}"', why))
    return guesses


def _values(answered: list[Seen]) -> list[Guess]:
    guesses = guess.booleans({name: set(values) for name, values in _by_kind(answered, Kind.BOOLEAN).items()})
    stamps = guess.stamps({name: values - {""} for name, values in _by_kind(answered, Kind.DATETIME).items()})
    if stamps is not None:
        guesses.append(stamps)
    for one in answered:
        cursor = one.columns.get(one.feed.cursor, one.feed.cursor)
        found = guess.shift(one.feed, cursor, one.look.rows if one.look else [], one.window)
        if found is not None:
            hours = found / HOUR
            why = f"stamps of {one.feed.name} lie {hours:+g} h beside the window that was asked: name their zone"
            guesses.append(Guess('timezone = "..."', why, sure=False))
            break
    return guesses


def _pages(answered: list[Seen]) -> list[Guess]:
    found = (guess.pages(one.look, one.link_next, one.feed.name) for one in answered if one.look)
    known = [one for one in found if one is not None]
    return sorted(known, key=lambda one: not one.sure)[:1]


def _by_kind(answered: list[Seen], kind: Kind) -> dict[str, set[str]]:
    """The values of each column of a kind, by `feed.column`; null as an empty text."""
    seen = {}
    for one in answered:
        for name in guess.fields_of(one.feed, kind, one.columns):
            values = {row[name] or "" for row in one.look.rows if name in row} if one.look else set()
            if values:
                seen[f"{one.feed.name}.{name}"] = values
    return seen
