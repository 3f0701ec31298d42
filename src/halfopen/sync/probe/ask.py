"""Asks a product at most 20 questions, one after another, and puts together what its answers tell."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Kind
from halfopen.errors import ProductError
from halfopen.sync.paging import next_link
from halfopen.sync.probe import guess
from halfopen.sync.probe.guess import Guess
from halfopen.sync.probe.look import Look, look
from halfopen.sync.probe.write import Section, array, inline
from halfopen.sync.refusal import Refusal
from halfopen.sync.road import road
from halfopen.sync.signing import SignIn
from halfopen.sync.transfer import Transfer, transfer
from halfopen.window.window import Window
from halfopen.wire import moment

MOST_REQUESTS = 20
_MOST_BYTES = 8 << 20
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_NOT_FOUND, _BAD = 404, 400
_LONG_AGO = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, 0, 1, tzinfo=UTC))
_ACCEPT = "text/csv, application/json;q=0.9, application/x-ndjson;q=0.8"


@dataclass(kw_only=True, slots=True)
class Seen:
    """One feed: its answer, what it is called there, and the window that was asked."""

    feed: Feed
    path: str
    window: Window
    look: Look | None = None
    link_next: bool = False
    refusal: Refusal | None = None
    type: str = ""
    renamed: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, str]:
        """Contract field to the product's name, where that is sure."""
        return {ours: theirs for ours, theirs, sure in self.renamed if sure}


class Probe:
    """The questions to one product; `spool` is a file for answers."""

    def __init__(
        self, product: ProductConfig, session: aiohttp.ClientSession, spool: Path, clock: Callable[[], datetime]
    ) -> None:
        self._product = product
        self._session = session
        self._spool = spool
        self._clock = clock
        self._road = road(product)
        self._sign_in = SignIn(product.auth, session, time.monotonic, self._road)
        self._space: str = product.space
        self.requests = 0

    async def ask(self, tell: Callable[[str], None] = lambda _text: None) -> "Found":
        """Ask everything; ProductError where nobody is there or nobody lets us in."""
        end = self._clock().replace(second=0, microsecond=0)
        window = Window(end - _HOUR, end)
        seen = {}
        for name, feed in feeds().items():
            tell(name)
            seen[name] = await self._feed(feed, window)
            refusal = seen[name].refusal
            # Wrong once is wrong thirteen times, and locks an account; nobody there stays nobody.
            if len(seen) == 1 and refusal is not None and refusal.hopeless:
                raise ProductError(f"{self._product.url}: {refusal}")
        answered = [one for one in seen.values() if one.look is not None]
        if not answered:
            first = next((one.refusal for one in seen.values() if one.refusal is not None), None)
            raise ProductError(f"{self._product.url}: no feed gave rows: {first or 'nothing that can be read'}")
        found = Found(seen=seen, space=self._space)
        await self._blank(found, answered)
        await self._catalogues(found, answered)
        found.requests = self.requests
        return found

    async def _feed(self, feed: Feed, window: Window) -> Seen:
        seen = Seen(feed=feed, path=self._product.path(feed.name), window=window)
        await self._into(seen, window)
        status = seen.refusal.status if seen.refusal else None
        if status == _NOT_FOUND and feed.aliases and feed.name not in self._product.paths and self._may_ask():
            other = Seen(feed=feed, path=feed.aliases[0], window=window)
            await self._into(other, window)
            return other if other.look is not None else seen
        if status == _BAD and self._space == "%20" and feed.name == next(iter(feeds())) and self._may_ask():
            self._space = "+"
            await self._into(seen, window)
            self._space = "+" if seen.look is not None else "%20"
        elif seen.refusal is not None and seen.refusal.too_big and self._may_ask():
            seen.window = Window(window.end - _MINUTE, window.end)
            await self._into(seen, seen.window)
        return seen

    async def _into(self, seen: Seen, window: Window) -> None:
        """One question, and what its answer shows."""
        seen.refusal, seen.look = None, None
        try:
            got = await self._get(seen.path, moment.query_of(window, self._space))
        except Refusal as refusal:
            seen.refusal = refusal
            return
        seen.link_next = next_link(got.headers) is not None
        seen.type = got.headers.get("Content-Type", "")
        seen.look = look(self._spool.read_bytes(), seen.feed) if got.size else None
        if seen.look is None:
            seen.refusal = Refusal("the answer holds no rows that could be read", status=got.status)
            return
        seen.renamed = guess.names(seen.feed, seen.look.columns) if seen.look.columns else []

    async def _get(self, path: str, query: str) -> Transfer:
        self.requests += 1
        url = self._product.url + path
        signed = await self._sign_in.signed(urlsplit(url).path, query, self._clock().timestamp())
        headers = {"Accept": _ACCEPT, "Accept-Encoding": "gzip", **signed.headers}
        try:
            got = await transfer(
                self._session, f"{url}?{signed.query}", headers, self._spool, _MOST_BYTES, road=self._road
            )
        except Refusal as refusal:
            raise refusal.without(lambda text: self._sign_in.hidden(text, signed)) from None
        if got.location is not None:
            host = urlsplit(got.location).netloc.rpartition("@")[2]
            raise Refusal(f"redirects to {host or 'another path'}", status=got.status)
        return got

    async def _blank(self, found: "Found", answered: list[Seen]) -> None:
        """Whether the other way to write the blank gives the same rows."""
        busy = max(answered, key=lambda one: len(one.look.rows) if one.look else 0)
        if busy.look is None or not busy.look.rows or not self._may_ask():
            return
        self._space = "+" if found.space == "%20" else "%20"
        other = Seen(feed=busy.feed, path=busy.path, window=busy.window)
        await self._into(other, busy.window)
        self._space = found.space
        key = busy.columns.get(busy.feed.key, busy.feed.key)
        keys = [{row.get(key) for row in one.look.rows} if one.look else set() for one in (busy, other)]
        # Rows move on while we look, so a few may have left the window.
        is_same = len(keys[0] & keys[1]) * 2 > len(keys[0])
        found.both_blanks = (busy.feed.name, is_same)

    async def _catalogues(self, found: "Found", answered: list[Seen]) -> None:
        """A feed that need not have a cursor and has rows in a minute of the year 2000 is a catalogue."""
        for seen in answered:
            given = {name.strip().casefold() for name in seen.look.columns} if seen.look else set()
            has_cursor = seen.feed.cursor in given or seen.feed.cursor in seen.columns
            if seen.feed.cursor_is_certain or has_cursor:
                continue
            old = Seen(feed=seen.feed, path=seen.path, window=_LONG_AGO)
            if self._may_ask():
                await self._into(old, _LONG_AGO)
            found.cursorless[seen.feed.name] = len(old.look.rows) if old.look else 0

    def _may_ask(self) -> bool:
        return self.requests < MOST_REQUESTS


@dataclass(kw_only=True, slots=True)
class Found:
    """All answers; `cursorless`: feeds without a cursor and how many rows a minute of the year 2000 had there."""

    seen: Mapping[str, Seen]
    space: str
    both_blanks: tuple[str, bool] | None = None
    cursorless: dict[str, int] = field(default_factory=dict)
    requests: int = 0

    def section(self, name: str, url: str, auth: str) -> Section:
        """The section of the configuration; `auth` is an inline table without secrets."""
        answered = [one for one in self.seen.values() if one.look is not None]
        section = Section(name=name, url=url, auth=auth)
        section.lines = [*self._format(answered), self._blank(), *self._feeds(answered)]
        section.dialect = [*_shape(answered), *_values(answered), *_pages(answered)]
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
        absent = {name: one.refusal for name, one in self.seen.items() if one.look is None}
        if absent:
            why = ", ".join(f"{name} {(one.status if one else None) or 'no rows'}" for name, one in absent.items())
            guesses.append(Guess(f"feeds = {array([one.feed.name for one in answered])}", f"not: {why}"))
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
            hours = found / _HOUR
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
