"""Asks a product for one window of one feed, and gives a whole answer in a file or says why there is none."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp

from halfopen.auth.base import Signed
from halfopen.config.dialect import PLAIN, section_of
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.sync import bodies
from halfopen.sync.binder import Binder
from halfopen.sync.breaker import Breaker
from halfopen.sync.dialect import Changes, local_edges
from halfopen.sync.envelope import Names
from halfopen.sync.fetched import Fetched
from halfopen.sync.hops import next_hop
from halfopen.sync.http_dates import believed
from halfopen.sync.paging import Paging, Target, added_parameters
from halfopen.sync.refusal import Refusal
from halfopen.sync.road import road
from halfopen.sync.signing import SignIn
from halfopen.sync.spool import unspool
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

    async def fetch(self, feed: str, window: Window, body: Path, most_bytes: int | None = None) -> Fetched:
        """The answer for `window` in the file `body`; Refusal where no whole answer came, SinkError for the spool."""
        try:
            async with self._gate:
                fetched = await self._whole(feed, window, body, most_bytes)
        except Refusal as refusal:
            if refusal.blank:
                self.breaker.answered()
            else:
                self.breaker.refused(refusal, self._clock(), self._dice.random())
            raise self._told(refusal, feed, window) from None
        except BaseException:
            self.breaker.dropped()
            raise
        self.breaker.answered()
        return fetched

    def hidden(self, text: str) -> str:
        """A text without the secrets of this product, which may echo them anywhere: as the name of a column, too."""
        return self._sign_in.hidden(text)

    async def _whole(self, feed: str, window: Window, body: Path, most_bytes: int | None) -> Fetched:
        first, pages = self._target(feed, window), self._product.dialect.pages
        if pages is None:
            return (await self._page(feed, first, window, body, most_bytes)).fetched
        paging = Paging(pages, first, section_of(self._product.name))
        return await self._pages(feed, paging, window, body, most_bytes)

    async def _pages(self, feed: str, paging: Paging, window: Window, body: Path, most_bytes: int | None) -> Fetched:
        """All pages of a window as one answer; a window without its last page has none."""
        binder, page_body = Binder(body), body.with_suffix(".page")
        target: Target | None = paging.target
        try:
            while target is not None:
                left = None if most_bytes is None else most_bytes - binder.size
                page = await self._page(feed, target, window, page_body, left)
                count = await asyncio.to_thread(binder.add, page.fetched)
                with self._masked(target, page.signed):
                    target = paging.turn(page.transfer, page.document, count, page.credentials)
            return binder.bound()
        finally:
            await unspool(page_body)

    async def _page(self, feed: str, target: Target, window: Window, body: Path, most_bytes: int | None) -> "_Page":
        read = await self._read(feed, target, body, most_bytes)
        got = read.transfer
        with self._masked(target, read.signed):
            found = await asyncio.to_thread(bodies.prepared, got, self._expected(feed, window, target.query))
        if found.format is Format.CSV and got.size:
            self._headers_seen.add(feed)
        now = self._clock()
        fetched = Fetched(
            body=body,
            format=found.format,
            size=got.size,
            digest=got.digest,
            server_date=believed(got.server_date, now),
            asked_at=read.asked,
            fetched_at=now,
            notes=read.notes,
            requests=read.requests,
            final=got.headers.get("Halfopen-Final", "true").strip().lower() != "false",
        )
        return _Page(fetched, got, found.document, read.signed, added_parameters(target.query, read.signed.query))

    async def _read(self, feed: str, target: Target, body: Path, most_bytes: int | None) -> "_Read":
        """One answer, asked for as often as it takes to trust it."""
        asked = self._clock()
        read = _Read(asked, *await self._ask(target, body, most_bytes))
        # An answer of no bytes is for `bodies` to judge. Where it may mean no rows, it is still odd after a header row.
        if self._product.dialect.empty_body and _is_empty(read.transfer) and feed in self._headers_seen:
            asked = self._clock()
            read = _Read(asked, *await self._ask(target, body, most_bytes), requests=2)
            if _is_empty(read.transfer):
                note = "empty_body: no header row where there used to be one; asked twice, then taken as no rows"
                return replace(read, notes=(note,))
        if read.transfer.unmarked_end and read.transfer.size:
            return await self._agreed(target, read, most_bytes)
        return read

    async def _agreed(self, target: Target, first: "_Read", most_bytes: int | None) -> "_Read":
        """Reads again until two reads in a row are equal: a cut that happens twice at one byte is not to be feared."""
        note = "close_delimited: nothing marked the end of the answer; two equal reads were taken for it"
        digest = first.transfer.digest
        for more in range(1, _MOST_READS):
            asked = self._clock()
            got, signed = await self._ask(target, first.transfer.body, most_bytes)
            if got.digest == digest:
                return _Read(asked, got, signed, requests=first.requests + more, notes=(note,))
            digest = got.digest
        raise Refusal(
            f"{_MOST_READS} reads without Content-Length or chunks differ, so none can be taken for whole",
            status=bodies.OK,
        )

    async def _ask(self, target: Target, body: Path, most_bytes: int | None) -> tuple[Transfer, Signed]:
        """One signed GET, or a second one with another token where the first had run out; and how it was signed."""
        signed = await self._signed(target)
        try:
            with self._masked(target, signed):
                return await self._get(target, signed, body, most_bytes), signed
        except Refusal as refusal:
            if not self._sign_in.again(refusal, signed):
                raise
        signed = await self._signed(target)
        with self._masked(target, signed):
            return await self._get(target, signed, body, most_bytes), signed

    @contextlib.contextmanager
    def _masked(self, target: Target, signed: Signed) -> Iterator[None]:
        """Takes out of a refusal what was sent to sign in, as a product may echo it in any answer."""
        try:
            yield
        except Refusal as refusal:
            raise refusal.without(lambda text: self._sign_in.hidden(text, signed, target.query)) from None

    async def _get(self, target: Target, signed: Signed, body: Path, most_bytes: int | None) -> Transfer:
        """Redirects are followed by hand, within the same scheme, host and port only."""
        url = f"{target.url}?{signed.query}"
        headers = {"Accept": _ACCEPT[self._product.format], "Accept-Encoding": "zstd, gzip", **signed.headers}
        for _ in range(_MOST_HOPS):
            got = await transfer(self._session, url, headers, body, most_bytes, road=self._road)
            if got.location is None:
                return got
            url = next_hop(url, got.location, target.query)
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

    def _expected(self, feed: str, window: Window, query: str) -> bodies.Expected:
        dialect, contract = self._product.dialect, feeds()[feed]
        columns = self._product.columns.get(feed, {})
        return bodies.Expected(
            names=Names.of(contract, columns),
            product=self._product.name,
            feed=feed,
            query=query,
            is_wide=window.length > self._product.cadence_of(feed),
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
            hidden = self.hidden(text)
            return f"{where}: {hidden if len(hidden) <= _MOST_TEXT else hidden[:_MOST_TEXT] + '...'}"

        return refusal.without(told)


@dataclass(frozen=True, slots=True)
class _Read:
    """One answer as it came: when it was asked for, how that was signed, and how many requests it took."""

    asked: datetime
    transfer: Transfer
    signed: Signed
    requests: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    """One answer and what was around it; `credentials`: parameters that signing added."""

    fetched: Fetched
    transfer: Transfer
    document: Mapping[str, Any]
    signed: Signed
    credentials: frozenset[str]


def _is_empty(got: Transfer) -> bool:
    """Whether a body was to be expected and has no byte."""
    return got.size == 0 and got.status == bodies.OK
