"""Asks a product for one window of one feed, and gives a whole answer in a file or says why there is none."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import aiohttp

from halfopen.auth.base import Signed
from halfopen.config.dialect import PLAIN
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.sync import bodies
from halfopen.sync.binder import Binder
from halfopen.sync.breaker import Breaker
from halfopen.sync.dialect import Changes, local_edges
from halfopen.sync.fetched import Fetched
from halfopen.sync.paging import Paging, Target, added_parameters
from halfopen.sync.refusal import Refusal
from halfopen.sync.road import road
from halfopen.sync.signing import SignIn
from halfopen.sync.transfer import Transfer, transfer
from halfopen.window.window import Window, ceil
from halfopen.wire import moment
from halfopen.wire.negotiate import Format

_ACCEPT = {
    "csv": "text/csv",
    "json": "application/json, application/x-ndjson;q=0.9",
    "ndjson": "application/x-ndjson, application/json;q=0.9",
    "auto": "text/csv, application/json;q=0.9, application/x-ndjson;q=0.8",
}
CONNECTIONS = 64
"""Requests at once to one host: a product has 13 feeds, and several products may share a host."""
_MOST_HOPS = 5
_MOST_READS = 3
_MOST_TEXT = 300
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


class ProductClient:
    """One product over HTTP; `clock` gives the aware UTC time, `monotonic` seconds that never go back.

    gate: how many requests may be on their way at once to its host. dice: the jitter of its breaker.
    """

    def __init__(
        self,
        product: ProductConfig,
        session: aiohttp.ClientSession,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        gate: asyncio.Semaphore | None = None,
        dice: random.Random | None = None,
    ) -> None:
        self.breaker = Breaker()
        self._gate = gate or asyncio.Semaphore(CONNECTIONS)
        self._dice = dice or random.Random()  # noqa: S311 - it spreads retries, it keeps no secret
        self._product = product
        self._session = session
        self._clock = clock
        self._road = road(product)
        self._sign_in = SignIn(product.auth, session, monotonic, self._road)
        self._headers_seen: set[str] = set()
        self._bare: set[str] = set()

    async def fetch(self, feed: str, window: Window, body: Path, most_bytes: int | None = None) -> Fetched:
        """The answer for `window` in the file `body`; Refusal where no whole answer came, SinkError for the spool."""
        try:
            async with self._gate:
                fetched = await self._whole(feed, window, body, most_bytes)
        except Refusal as refusal:
            self.breaker.refused(refusal, self._clock(), self._dice.random())
            raise self._told(refusal, feed, window) from None
        except BaseException:
            self.breaker.dropped()
            raise
        self.breaker.answered()
        return fetched

    async def _whole(self, feed: str, window: Window, body: Path, most_bytes: int | None) -> Fetched:
        first = self._target(feed, window)
        if self._product.dialect.pages is None:
            return (await self._page(feed, first, window, body, most_bytes)).fetched
        return await self._pages(feed, Paging(self._product.dialect.pages, first), window, body, most_bytes)

    async def _pages(self, feed: str, paging: Paging, window: Window, body: Path, most_bytes: int | None) -> Fetched:
        """All pages of a window as one answer; a window without its last page has none."""
        binder, page_body = Binder(body), body.with_suffix(".page")
        target: Target | None = paging.target
        try:
            while target is not None:
                left = None if most_bytes is None else most_bytes - binder.size
                page = await self._page(feed, target, window, page_body, left)
                count = await asyncio.to_thread(binder.add, page.fetched)
                target = paging.turn(page.transfer, page.document, count, page.credentials)
            return binder.bound()
        finally:
            page_body.unlink(missing_ok=True)

    async def _page(self, feed: str, target: Target, window: Window, body: Path, most_bytes: int | None) -> "_Page":
        asked = self._clock()
        first, signed = await self._ask(target, body, most_bytes)
        notes: tuple[str, ...] = ()
        requests = 1
        if first.unmarked_end:
            asked, first, requests = await self._agreed(target, first, most_bytes)
            notes = ("close_delimited: nothing marked the end of the answer; two equal reads were taken for it",)
        elif first.size == 0 and first.status == bodies.OK and feed not in self._bare:
            # Of a feed that never had a header row two in a row are believed, and from then on each.
            asked = self._clock()
            first, signed = await self._ask(target, body, most_bytes)
            requests = 2
            if first.size == 0 and feed not in self._headers_seen:
                self._bare.add(feed)
            elif first.size == 0:
                notes = ("empty_body: no header row where there used to be one; asked twice, then taken as no rows",)
        found = await asyncio.to_thread(bodies.prepared, first, self._expected(feed, window))
        if found.format is Format.CSV and first.size:
            self._headers_seen.add(feed)
            self._bare.discard(feed)
        fetched = Fetched(
            body=body,
            format=found.format,
            size=first.size,
            digest=first.digest,
            server_date=first.server_date,
            asked_at=asked,
            fetched_at=self._clock(),
            notes=notes,
            requests=requests,
            final=first.headers.get("Halfopen-Final", "true").strip().lower() != "false",
        )
        return _Page(fetched, first, found.document, added_parameters(target.query, signed.query))

    async def _agreed(self, target: Target, first: Transfer, most_bytes: int | None) -> tuple[datetime, Transfer, int]:
        """Reads again until two reads in a row are equal: a cut that happens twice at one byte is not to be feared."""
        asked = self._clock()
        for read in range(2, _MOST_READS + 1):
            asked = self._clock()
            again, _ = await self._ask(target, first.body, most_bytes)
            if again.digest == first.digest:
                return asked, again, read
            first = again
        raise Refusal(
            f"{_MOST_READS} reads without Content-Length or chunks differ, so none can be taken for whole",
            status=bodies.OK,
        )

    async def _ask(self, target: Target, body: Path, most_bytes: int | None) -> tuple[Transfer, Signed]:
        """One signed GET, or a second one with another token where the first had run out; and how it was signed."""
        signed = await self._signed(target)
        try:
            return await self._get(target, signed, body, most_bytes), signed
        except Refusal as refusal:
            if not self._sign_in.again(refusal, signed):
                raise refusal.without(lambda text: self._sign_in.hidden(text, signed)) from None
        signed = await self._signed(target)
        return await self._get(target, signed, body, most_bytes), signed

    async def _get(self, target: Target, signed: Signed, body: Path, most_bytes: int | None) -> Transfer:
        """Redirects are followed by hand, within the same scheme, host and port only."""
        url = f"{target.url}?{signed.query}"
        headers = {"Accept": _ACCEPT[self._product.format], "Accept-Encoding": "zstd, gzip", **signed.headers}
        for _ in range(_MOST_HOPS):
            got = await transfer(self._session, url, headers, body, most_bytes, road=self._road)
            if got.location is None:
                return got
            url = _next_hop(url, got.location)
        raise Refusal(f"redirects more than {_MOST_HOPS} times; check the product's url and paths", status=bodies.OK)

    def _target(self, feed: str, window: Window) -> Target:
        path, _, fixed = self._product.path(feed).partition("?")
        query = self._window_query(feed, window)
        return Target(self._product.url + path, f"{fixed}&{query}" if fixed else query)

    def _window_query(self, feed: str, window: Window) -> str:
        """A catalogue is asked from the beginning of time up to now, in case that it minds the window after all."""
        if feed in self._product.catalogues:
            window = Window(min(_BEGINNING, window.start), max(window.end, ceil(self._clock(), _SECOND)))
        zone = self._product.dialect.window_timezone
        if zone != PLAIN.window_timezone:
            start, end = (edge.replace(tzinfo=UTC) for edge in local_edges(window, ZoneInfo(zone)))
            window = Window(start, end)
        return moment.query_of(window, self._product.space)

    async def _signed(self, target: Target) -> Signed:
        return await self._sign_in.signed(urlsplit(target.url).path, target.query, self._clock().timestamp())

    def _expected(self, feed: str, window: Window) -> bodies.Expected:
        dialect, contract = self._product.dialect, feeds()[feed]
        columns = self._product.columns.get(feed, {})
        return bodies.Expected(
            names=bodies.Names.of(contract, columns),
            format=self._product.format,
            dialect=dialect,
            path=dialect.rows_of(feed),
            changes=None if dialect == PLAIN else Changes(dialect, contract, columns, window),
        )

    def _told(self, refusal: Refusal, feed: str, window: Window) -> Refusal:
        """The same refusal with where it happened, and without any secret that the product may have echoed."""
        where = f"{self._product.name} {feed} {moment.plain(window.start)} to {moment.plain(window.end)}"

        def told(text: str) -> str:
            # Shortened only now: a secret that is cut in two could not be found.
            hidden = self._sign_in.hidden(text)
            return f"{where}: {hidden if len(hidden) <= _MOST_TEXT else hidden[:_MOST_TEXT] + '...'}"

        return refusal.without(told)


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer and what was around it; `credentials`: parameters that signing added."""

    fetched: Fetched
    transfer: Transfer
    document: Mapping[str, Any]
    credentials: frozenset[str]


def _next_hop(url: str, location: str) -> str:
    there, here = urlsplit(urljoin(url, location)), urlsplit(url)
    if (there.scheme, there.hostname, there.port) != (here.scheme, here.hostname, here.port):
        raise Refusal(
            f"redirects to {there.scheme}://{there.netloc.rpartition('@')[2]}, where credentials do not travel;"
            " name that address as the product's url",
            status=bodies.OK,
        )
    return there._replace(fragment="").geturl()
