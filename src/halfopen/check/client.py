"""A polite client with budgets: a few requests at a time, so many a second, and every exchange written down once.

Query strings are built by hand, since HTTP libraries take `+` and `%20` for the same; bodies are decoded by hand,
since they take a compressed body that was cut for a whole one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from halfopen.auth import masking, path_keys
from halfopen.auth.flow import TokenRefused
from halfopen.check import road
from halfopen.check.answer import Answer
from halfopen.check.exchange import Exchange, shown_address
from halfopen.check.pace import LONGEST_WAIT, MOST_WAITED, Pace, retry_after
from halfopen.check.patience import BUSY, Patience
from halfopen.check.signing import Credentials, Request, SignIn
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.errors import BodyError
from halfopen.window.window import Window
from halfopen.wire import moment

_ACCEPT = {
    "csv": "text/csv",
    "json": "application/json, application/x-ndjson;q=0.9",
    "auto": "text/csv, application/json;q=0.9, application/x-ndjson;q=0.8, */*;q=0.1",
}
_TIMEOUT = aiohttp.ClientTimeout(total=90, sock_connect=10, sock_read=65)
_MOST_HOPS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_TOO_MANY = 429
_UNAUTHORIZED, _OK = 401, 200
_PATIENCE = 10.0
"""Seconds; who has let us wait so long in vain is not asked the same again."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a check may cost the product: requests, requests a second, at a time, bytes in all and in one answer."""

    requests: int = 300
    rate: float = 10.0
    at_once: int = 4
    bytes: int = 50 << 20
    answer_bytes: int = 2 << 20


class Spent(Exception):  # noqa: N818 - not an error: the check ends early, with what it has
    """A budget is used up, or the product asked to be left alone."""


class LeftAlone(Spent):
    """One feed is not asked any more: it does not answer, or turns every request away."""


class Client:
    """Asks one product; `clock` gives aware UTC, `monotonic` seconds, `seen` is told of every exchange."""

    def __init__(
        self,
        product: ProductConfig,
        session: aiohttp.ClientSession,
        limits: Limits,
        spool: Path,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        seen: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self._product = product
        self._session = session
        self._limits = limits
        self._spool = spool
        self._clock = clock
        self._seen = seen
        self._pace = Pace(limits.rate, limits.at_once, monotonic)
        self._bytes = 0
        self._number = 0
        self._sent = 0
        self._patience = Patience()
        self.refused = ""
        """Why nothing is asked any more, once the product asked for that; empty before."""
        self._road = road.proxied(product)
        self.sign_in = SignIn(product.auth, cast("aiohttp.ClientSession", _Counted(session, self._count)), monotonic,
                              self._road)  # fmt: skip
        self._moved: dict[str, str] = {}
        """Where an address led that was answered there: it is asked there from then on, and not led there each time."""
        self.exchanges: list[Exchange] = []
        self.paths = {name: product.path(name) for name in feeds()}
        addresses = (product.url + path for path in self.paths.values())
        self._keys = frozenset(key for address in addresses for key in path_keys.keys(address))
        self.spaces: dict[str, str] = dict.fromkeys(feeds(), product.space)

    @property
    def requests(self) -> int:
        """How many were sent, those that follow redirects and those for tokens among them."""
        return self._sent

    @property
    def left(self) -> int:
        """How many may still be sent."""
        return self._limits.requests - self._sent

    @property
    def bytes_left(self) -> int:
        """How many bytes of decoded bodies may still be read."""
        return self._limits.bytes - self._bytes

    async def ask(
        self,
        feed: str,
        probe: str,
        window: Window | None,
        *,
        query: str | None = None,
        credentials: Credentials = "right",
        burst: bool = False,
        most_bytes: int | None = None,
        accept: str | None = None,
    ) -> Exchange:
        """One window of one feed, or a raw `query` that need not be one; asked once more when the product is busy.

        Raises:
            LeftAlone: the feed has not answered for too long, or too often.
            Spent: there is no budget left, or the product wants to be left alone.
        """
        if ended := self._patience.ended(feed):
            raise LeftAlone(ended)
        how = _How(feed, probe, window, credentials, accept, most_bytes or self._limits.answer_bytes)
        raw = moment.query_of(window, self.spaces[feed]) if query is None and window is not None else query or ""
        exchange = await self._once(how, raw, burst=burst)
        if exchange.status == _UNAUTHORIZED and credentials == "right" and self._renewed:
            exchange = await self._once(how, raw)
        if exchange.status in BUSY:
            self._rest(exchange, burst=burst)
        if credentials != "right" or burst:
            return exchange
        if exchange.status in BUSY and not self._patience.ended(feed):
            exchange = await self._once(how, raw)
            if exchange.status in BUSY:
                self._rest(exchange)
            return exchange
        if exchange.status is None and exchange.error_code == "transport_error" and exchange.seconds < _PATIENCE:
            return await self._once(how, raw)
        return exchange

    def _rest(self, exchange: Exchange, *, burst: bool = False) -> None:
        """Wait as long as it was asked for, or go away."""
        asked = retry_after(exchange.headers.get("retry-after"), self._clock())
        if not burst:
            # Of a product that fails with 503 the rate is not to blame, and other feeds may answer.
            self._pace.refused(for_rate=exchange.status == _TOO_MANY or asked is not None)
        if not self._pace.pause(asked):
            long = asked if asked and asked > LONGEST_WAIT else MOST_WAITED
            self.refused = f"the product asks to be left alone for {long:.0f} s and more (status {exchange.status})"
        elif self._pace.is_unwelcome:
            self.refused = f"the product keeps refusing to answer (status {exchange.status})"
        if self.refused:
            raise Spent(self.refused)

    def _count(self) -> None:
        self._sent += 1
        self._pace.spend()

    async def _once(self, how: "_How", raw: str, *, burst: bool = False) -> Exchange:
        path, _, fixed = self.paths[how.feed].partition("?")
        base = self._moved.get(self._product.url + path, self._product.url + path)
        query = "&".join(part for part in (fixed, raw) if part)
        async with self._pace.turn(burst=burst):
            self._demand_budget()
            self._number += 1
            self._sent += 1
            number = self._number
            started = self._clock()
            try:
                request = await self.sign_in.signed(how.credentials, urlsplit(base).path, query, started.timestamp())
            except TokenRefused as error:
                found = self._without_token(how, number, base, started, error)
            else:
                found = await self._follow(how, number, base, request)
                # The address that was asked, whatever it led to; built from its own parts, since it was signed.
                shown = f"{base}?{request.shown_query}" if request.shown_query else base
                found = replace(found, url=shown_address(shown))
                self._renewed = found.status == _UNAUTHORIZED and self.sign_in.refused(request)
        self._bytes += found.size
        self._patience.seen(how.feed, found)
        if found.status == _OK:
            self._pace.answered()
        self.exchanges.append(found)
        self._seen(found)
        return found

    def _without_token(self, how: "_How", number: int, base: str, started: datetime, error: TokenRefused) -> Exchange:
        return Exchange(
            number=number,
            feed=how.feed,
            probe=how.probe,
            window=how.window,
            credentials=how.credentials,
            url=shown_address(base),
            sent={},
            status=error.status,
            headers={},
            started=started,
            ended=self._clock(),
            error=self._hidden(str(error)),
            error_code="token_refused",
            keys=self._keys,
        )

    _renewed = False

    def _demand_budget(self) -> None:
        if self.refused or self._patience.lost:
            raise Spent(self.refused or self._patience.lost)
        if self.left <= 0:
            raise Spent(f"the budget of {self._limits.requests} requests is used up")
        if self._bytes >= self._limits.bytes:
            raise Spent(f"the budget of {self._limits.bytes >> 20} MiB is used up")

    async def _follow(self, how: "_How", number: int, base: str, request: Request) -> Exchange:
        """Redirects are followed on the same scheme, host and port only: credentials travel nowhere else."""
        url = f"{base}?{request.query}" if request.query else base
        hops: list[str] = []
        visited = {url}
        while True:
            found = await self._get(how, number, url, request, hops)
            if hops and found.status == _OK and how.credentials == "right":
                self._remember(base, url, request)
            location = found.headers.get("location")
            if found.status not in _REDIRECTS or location is None or len(hops) > _MOST_HOPS:
                return found
            target = urljoin(url, location)
            hops.append(self._hidden(target, request))
            if _origin(target) != _origin(url) or target in visited or self.left <= 0:
                return replace(found, redirects=tuple(hops))
            url = target
            visited.add(url)
            self._sent += 1
            await self._pace.step()

    def _remember(self, base: str, url: str, request: Request) -> None:
        """Where the same question was answered; a signature may be good for the address alone that it was made for."""
        place, _, query = url.partition("?")
        if query == request.query and self.sign_in.scheme != "signature":
            self._moved[base] = place

    async def _get(self, how: "_How", number: int, url: str, request: Request, hops: Sequence[str]) -> Exchange:
        own = {
            "Accept": how.accept or _ACCEPT[self._product.format],
            "Accept-Encoding": "gzip",
            "User-Agent": "halfopen-check",
        }
        answer = Answer(self._spool / f"body-{number}", how.most_bytes)
        started = self._clock()
        try:
            async with self._session.get(
                URL(url, encoded=True),
                headers={**own, **request.headers},
                allow_redirects=False,
                timeout=_TIMEOUT,
                **self._road,
            ) as response:
                answer.began(response)
                await answer.take(response)
        except (aiohttp.ClientError, TimeoutError, OSError, BodyError) as error:
            answer.broke(error)
        finally:
            answer.close()
        return Exchange(
            number=number,
            feed=how.feed,
            probe=how.probe,
            window=how.window,
            credentials=how.credentials,
            url=self._product.url,
            sent={**own, **request.shown_headers},
            status=answer.status,
            headers={name: self._hidden(value, request) for name, value in answer.headers.items()},
            body=self._masked(bytes(answer.head), answer, request),
            file=answer.file,
            size=answer.size,
            wire_size=answer.wire_size,
            cut=answer.cut,
            started=started,
            ended=self._clock(),
            error=None if answer.error is None else self._hidden(answer.error, request),
            error_code=answer.error_code,
            echoed=_echo(answer, request),
            redirects=tuple(hops),
            tls=answer.tls,
            secrets=request.secrets,
            keys=self._keys,
            hint=request.hint,
        )

    def _hidden(self, text: str, request: Request | None = None) -> str:
        """The text without any secret, nor a key of the product's path."""
        plain = self.sign_in.hidden(text, request)
        return masking.hidden_in_excerpts(plain, sorted(self._keys, key=len, reverse=True))

    def _masked(self, body: bytes, answer: Answer, request: Request) -> bytes:
        """An answer of rows is judged as it is, and masked when it is shown or recorded; an error is masked at once."""
        if answer.status == _OK or not (request.secrets or self._keys):
            return body
        return self._hidden(body.decode("utf-8", "surrogateescape"), request).encode("utf-8", "surrogateescape")


class _Counted:
    """A session for tokens, which counts what is posted."""

    def __init__(self, session: aiohttp.ClientSession, count: Callable[[], None]) -> None:
        self._session = session
        self._count = count

    def post(self, *words: Any, **options: Any) -> Any:
        """As that of aiohttp."""
        self._count()
        return self._session.post(*words, **options)


@dataclass(frozen=True, slots=True)
class _How:
    """What is asked, besides the query."""

    feed: str
    probe: str
    window: Window | None
    credentials: Credentials
    accept: str | None
    most_bytes: int


def _echo(answer: Answer, request: Request) -> str | None:
    """Where a secret that was sent came back: in any header, or in the body of whatever is no answer of rows."""
    for name, value in answer.headers.items():
        if any(secret in value for secret in request.secrets):
            return f"header {name}"
    if answer.status is None or answer.status == _OK:
        return None
    text = bytes(answer.head).decode("utf-8", "replace")
    places = [place for secret in request.secrets if (place := text.find(secret)) >= 0]
    return f"body of status {answer.status}, at character {min(places)}" if places else None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def utc_now() -> datetime:
    """The clock of a real check."""
    return datetime.now(UTC)
