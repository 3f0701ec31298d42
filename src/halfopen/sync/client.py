"""Asks a product for one window of one feed, and gives a whole answer in a file or says why there is none."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import aiohttp

from halfopen.auth import schemes
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.sync import bodies
from halfopen.sync.refusal import Refusal
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
# Words of an auth table that are no secrets; every other text in it is.
_OPEN_WORDS = {"scheme", "user", "header", "parameter", "algorithm", "scope", "token_url", "template"}


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
    """One product over HTTP; `clock` gives the aware UTC time."""

    def __init__(self, product: ProductConfig, session: aiohttp.ClientSession, clock: Callable[[], datetime]) -> None:
        self._product = product
        self._session = session
        self._clock = clock
        self._signer = schemes.signer(product.auth)
        self._secrets = _secrets(product.auth)
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
        """One signed GET; redirects are followed by hand, within the same scheme, host and port only."""
        url, headers = self._signed(feed, window)
        for _ in range(_MOST_HOPS):
            got = await transfer(self._session, url, headers, body, most_bytes)
            if got.location is None:
                return got
            url = _next_hop(url, got.location)
        raise Refusal(f"redirects more than {_MOST_HOPS} times; check the product's url and paths", status=bodies.OK)

    def _signed(self, feed: str, window: Window) -> tuple[str, dict[str, str]]:
        path, _, fixed = self._product.path(feed).partition("?")
        query = moment.query_of(window, self._product.space)
        whole = f"{fixed}&{query}" if fixed else query
        signed = self._signer.sign(urlsplit(self._product.url + path).path, whole, now=self._clock().timestamp())
        headers = {
            "Accept": _ACCEPT[self._product.format],
            "Accept-Encoding": "zstd, gzip",
            **signed.headers,
        }
        return f"{self._product.url}{path}?{signed.query}", headers

    def _names(self, feed: str) -> bodies.Names:
        return bodies.Names.of(feeds()[feed], self._product.columns.get(feed, {}))

    def _told(self, refusal: Refusal, feed: str, window: Window) -> Refusal:
        """The same refusal with where it happened, and without any secret that the product may have echoed."""
        text = str(refusal)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        where = f"{self._product.name} {feed} {moment.plain(window.start)} to {moment.plain(window.end)}"
        # Shortened only now: a secret that is cut in two could not be found.
        return Refusal(
            f"{where}: {text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT] + '...'}",
            status=refusal.status,
            retry_after=refusal.retry_after,
            too_big=refusal.too_big,
            narrower=refusal.narrower,
        )


def _next_hop(url: str, location: str) -> str:
    there, here = urlsplit(urljoin(url, location)), urlsplit(url)
    if (there.scheme, there.hostname, there.port) != (here.scheme, here.hostname, here.port):
        raise Refusal(
            f"redirects to {there.scheme}://{there.netloc.rpartition('@')[2]}, where credentials do not travel;"
            " name that address as the product's url",
            status=bodies.OK,
        )
    return there._replace(fragment="").geturl()


def _secrets(auth: Mapping[str, Any]) -> list[str]:
    """Everything secret in an auth table, as it is and as it stands in an address; the longest first."""
    plain = {value for key, value in auth.items() if key not in _OPEN_WORDS and isinstance(value, str) and value}
    headers = {
        text for value in schemes.signer(auth).sign("/", "", now=0.0).headers.values() for text in value.split()[-1:]
    }
    return sorted(plain | {quote(text, safe="") for text in plain} | headers, key=len, reverse=True)
