"""Asks a product for one window of one feed, and gives a whole answer in a file or says why there is none."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

from halfopen.auth.base import Signed
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.sync import bodies
from halfopen.sync.refusal import Refusal
from halfopen.sync.signing import SignIn
from halfopen.sync.transfer import Transfer, transfer
from halfopen.window.window import Window
from halfopen.wire import moment
from halfopen.wire.negotiate import Format

_ACCEPT = {
    "csv": "text/csv",
    "json": "application/json, application/x-ndjson;q=0.9",
    "auto": "text/csv, application/json;q=0.9, application/x-ndjson;q=0.8",
}
_MOST_HOPS = 5
_MOST_READS = 3
_MOST_TEXT = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One whole answer: `body` is CSV as received or lines of JSON; `rows` is counted only where the product says it.

    notes: what was odd about it though it was taken, as words of one line each. requests: how many it took.
    final: False where the product itself says that the window was not over yet.
    """

    body: Path
    format: Format
    size: int
    digest: str
    server_date: datetime | None
    asked_at: datetime
    fetched_at: datetime
    notes: tuple[str, ...] = ()
    requests: int = 1
    final: bool = True


class ProductClient:
    """One product over HTTP; `clock` gives the aware UTC time, `monotonic` seconds that never go back."""

    def __init__(
        self,
        product: ProductConfig,
        session: aiohttp.ClientSession,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._product = product
        self._session = session
        self._clock = clock
        self._sign_in = SignIn(product.auth, session, monotonic)
        self._headers_seen: set[str] = set()

    async def fetch(self, feed: str, window: Window, body: Path, most_bytes: int | None = None) -> Fetched:
        """The answer for `window` in the file `body`; Refusal where no whole answer came, SinkError for the spool."""
        try:
            return await self._taken(feed, window, body, most_bytes)
        except Refusal as refusal:
            raise self._told(refusal, feed, window) from None

    async def _taken(self, feed: str, window: Window, body: Path, most_bytes: int | None) -> Fetched:
        asked = self._clock()
        first = await self._ask(feed, window, body, most_bytes)
        notes: tuple[str, ...] = ()
        requests = 1
        if first.unmarked_end:
            asked, first, requests = await self._agreed(feed, window, first, most_bytes)
            notes = ("close_delimited: nothing marked the end of the answer; two equal reads were taken for it",)
        elif first.size == 0 and first.status == bodies.OK and feed in self._headers_seen:
            asked = self._clock()
            first = await self._ask(feed, window, body, most_bytes)
            requests = 2
            if first.size == 0:
                notes = ("empty_body: no header row where there used to be one; asked twice, then taken as no rows",)
        format_ = await asyncio.to_thread(bodies.prepared, first, self._product.format, self._names(feed))
        if format_ is Format.CSV and first.size:
            self._headers_seen.add(feed)
        return Fetched(
            body=body,
            format=format_,
            size=first.size,
            digest=first.digest,
            server_date=first.server_date,
            asked_at=asked,
            fetched_at=self._clock(),
            notes=notes,
            requests=requests,
            final=first.headers.get("Halfopen-Final", "true").strip().lower() != "false",
        )

    async def _agreed(
        self, feed: str, window: Window, first: Transfer, most_bytes: int | None
    ) -> tuple[datetime, Transfer, int]:
        """Reads again until two reads in a row are equal: a cut that happens twice at one byte is not to be feared."""
        asked = self._clock()
        for read in range(2, _MOST_READS + 1):
            asked = self._clock()
            again = await self._ask(feed, window, first.body, most_bytes)
            if again.digest == first.digest:
                return asked, again, read
            first = again
        raise Refusal(
            f"{_MOST_READS} reads without Content-Length or chunks differ, so none can be taken for whole",
            status=bodies.OK,
        )

    async def _ask(self, feed: str, window: Window, body: Path, most_bytes: int | None) -> Transfer:
        """One signed GET, or a second one with another token where the first had run out."""
        path, query = self._path_and_query(feed, window)
        signed = await self._signed(path, query)
        try:
            return await self._get(path, signed, body, most_bytes)
        except Refusal as refusal:
            if not self._sign_in.again(refusal, signed):
                raise refusal.without(lambda text: self._sign_in.hidden(text, signed)) from None
        return await self._get(path, await self._signed(path, query), body, most_bytes)

    async def _get(self, path: str, signed: Signed, body: Path, most_bytes: int | None) -> Transfer:
        """Redirects are followed by hand, within the same scheme, host and port only."""
        url = f"{self._product.url}{path}?{signed.query}"
        headers = {"Accept": _ACCEPT[self._product.format], "Accept-Encoding": "zstd, gzip", **signed.headers}
        for _ in range(_MOST_HOPS):
            got = await transfer(self._session, url, headers, body, most_bytes)
            if got.location is None:
                return got
            url = _next_hop(url, got.location)
        raise Refusal(f"redirects more than {_MOST_HOPS} times; check the product's url and paths", status=bodies.OK)

    def _path_and_query(self, feed: str, window: Window) -> tuple[str, str]:
        path, _, fixed = self._product.path(feed).partition("?")
        query = moment.query_of(window, self._product.space)
        return path, f"{fixed}&{query}" if fixed else query

    async def _signed(self, path: str, query: str) -> Signed:
        whole = urlsplit(self._product.url + path).path
        return await self._sign_in.signed(whole, query, self._clock().timestamp())

    def _names(self, feed: str) -> bodies.Names:
        return bodies.Names.of(feeds()[feed], self._product.columns.get(feed, {}))

    def _told(self, refusal: Refusal, feed: str, window: Window) -> Refusal:
        """The same refusal with where it happened, and without any secret that the product may have echoed."""
        where = f"{self._product.name} {feed} {moment.plain(window.start)} to {moment.plain(window.end)}"

        def told(text: str) -> str:
            # Shortened only now: a secret that is cut in two could not be found.
            hidden = self._sign_in.hidden(text)
            return f"{where}: {hidden if len(hidden) <= _MOST_TEXT else hidden[:_MOST_TEXT] + '...'}"

        return refusal.without(told)


def _next_hop(url: str, location: str) -> str:
    there, here = urlsplit(urljoin(url, location)), urlsplit(url)
    if (there.scheme, there.hostname, there.port) != (here.scheme, here.hostname, here.port):
        raise Refusal(
            f"redirects to {there.scheme}://{there.netloc.rpartition('@')[2]}, where credentials do not travel;"
            " name that address as the product's url",
            status=bodies.OK,
        )
    return there._replace(fragment="").geturl()
