"""Asks a product at most 20 questions, one after another, and puts together what its answers tell."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed
from halfopen.errors import ProductError
from halfopen.sync.paging import next_link
from halfopen.sync.probe import guess
from halfopen.sync.probe.found import HOUR, Found, Seen
from halfopen.sync.probe.look import look
from halfopen.sync.refusal import Refusal
from halfopen.sync.road import road
from halfopen.sync.signing import SignIn
from halfopen.sync.transfer import Transfer, transfer
from halfopen.window.window import Window
from halfopen.wire import moment

__all__ = ["MOST_REQUESTS", "Found", "Probe"]

MOST_REQUESTS = 20
_MOST_BYTES = 8 << 20
_MINUTE = timedelta(minutes=1)
_OK, _NOT_FOUND, _BAD = 200, 404, 400
_LONG_AGO = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, 0, 1, tzinfo=UTC))
_ACCEPT = "text/csv, application/json;q=0.9, application/x-ndjson;q=0.8"


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

    async def ask(self, tell: Callable[[str], None] = lambda _text: None) -> Found:
        """Ask everything; ProductError where nobody is there or nobody lets us in."""
        end = self._clock().replace(second=0, microsecond=0)
        window = Window(end - HOUR, end)
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
        await self._quiet(found, answered)
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
        seen.refusal, seen.look, seen.is_empty = None, None, False
        try:
            got = await self._get(seen.path, moment.query_of(window, self._space))
        except Refusal as refusal:
            seen.refusal = refusal
            return
        seen.link_next = next_link(got.headers) is not None
        seen.type = got.headers.get("Content-Type", "")
        await asyncio.to_thread(got.finish)
        seen.look = look(self._spool.read_bytes(), seen.feed) if got.size else None
        if seen.look is None:
            seen.is_empty = got.size == 0 and got.status == _OK
            what = "the answer has not one byte" if seen.is_empty else "the answer holds no rows that could be read"
            seen.refusal = Refusal(what, status=got.status)
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
            raise refusal.without(lambda text: self._sign_in.hidden(text, signed, query)) from None
        if got.location is not None:
            host = urlsplit(got.location).netloc.rpartition("@")[2]
            raise Refusal(f"redirects to {host or 'another path'}", status=got.status)
        return got

    async def _blank(self, found: Found, answered: list[Seen]) -> None:
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

    async def _quiet(self, found: Found, answered: list[Seen]) -> None:
        """Whether a minute that has no rows is answered with no bytes, as a rule: twice in a row."""
        empty = [one for one in found.seen.values() if one.is_empty]
        asked = next((one for one in (*empty, *answered) if one.feed.cursor_is_certain), None)
        for _ in range(2):
            if asked is None or not self._may_ask():
                return
            old = Seen(feed=asked.feed, path=asked.path, window=_LONG_AGO)
            await self._into(old, _LONG_AGO)
            if not old.is_empty:
                return
        found.no_bytes = asked.feed.name if asked else None

    async def _catalogues(self, found: Found, answered: list[Seen]) -> None:
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
