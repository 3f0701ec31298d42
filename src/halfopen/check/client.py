"""A polite client with budgets: a few requests at a time, so many a second, and every exchange written down once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import aiohttp

from halfopen.check import road
from halfopen.check.exchange import Exchange
from halfopen.check.fetch import Fetcher, How
from halfopen.check.pace import LONGEST_WAIT, MOST_WAITED, Pace, retry_after
from halfopen.check.patience import BUSY, Patience
from halfopen.check.signing import Credentials, SignIn
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.window.window import Window
from halfopen.wire import moment

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
        self._limits = limits
        self._clock = clock
        self._seen = seen
        self._pace = Pace(limits.rate, limits.at_once, monotonic)
        self._bytes = 0
        self._number = 0
        self._sent = 0
        self._patience = Patience()
        self.refused = ""
        """Why nothing is asked any more, once the product asked for that; empty before."""
        way = road.proxied(product)
        tokens = cast("aiohttp.ClientSession", _Counted(session, self._count))
        self.sign_in = SignIn(product.auth, tokens, monotonic, way)
        self._fetcher = Fetcher(product, session, self.sign_in, spool, way, clock=clock, hop=self._hop)
        self.exchanges: list[Exchange] = []
        self.paths = {name: product.path(name) for name in feeds()}
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
        how = How(feed, probe, window, credentials, accept, most_bytes or self._limits.answer_bytes)
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

    async def _hop(self) -> bool:
        """Have a turn for one more request of the same question; False where there is none left."""
        if self.left <= 0:
            return False
        self._sent += 1
        await self._pace.step()
        return True

    async def _once(self, how: How, raw: str, *, burst: bool = False) -> Exchange:
        path, _, fixed = self.paths[how.feed].partition("?")
        query = "&".join(part for part in (fixed, raw) if part)
        async with self._pace.turn(burst=burst):
            self._demand_budget()
            self._number += 1
            self._sent += 1
            found, self._renewed = await self._fetcher.fetch(how, self._number, self._product.url + path, query)
        self._bytes += found.size
        self._patience.seen(how.feed, found)
        if found.status == _OK:
            self._pace.answered()
        self.exchanges.append(found)
        self._seen(found)
        return found

    _renewed = False

    def _demand_budget(self) -> None:
        if self.refused or self._patience.lost:
            raise Spent(self.refused or self._patience.lost)
        if self.left <= 0:
            raise Spent(f"the budget of {self._limits.requests} requests is used up")
        if self._bytes >= self._limits.bytes:
            raise Spent(f"the budget of {self._limits.bytes >> 20} MiB is used up")


class _Counted:
    """A session for tokens, which counts what is posted."""

    def __init__(self, session: aiohttp.ClientSession, count: Callable[[], None]) -> None:
        self._session = session
        self._count = count

    def post(self, *words: Any, **options: Any) -> Any:
        """As that of aiohttp."""
        self._count()
        return self._session.post(*words, **options)
