"""One request: signed, sent, led where the product leads it, and written down without a secret.

Query strings are built by hand, since HTTP libraries take `+` and `%20` for the same; bodies are decoded by hand,
since they take a compressed body that was cut for a whole one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from halfopen.auth import masking, path_keys
from halfopen.auth.flow import TokenRefused
from halfopen.check.answer import Answer
from halfopen.check.exchange import Exchange, shown_address
from halfopen.check.road import Line
from halfopen.check.signing import Credentials, Request, SignIn
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.errors import BodyError
from halfopen.window.window import Window

_ACCEPT = {
    "csv": "text/csv",
    "json": "application/json, application/x-ndjson;q=0.9",
    "auto": "text/csv, application/json;q=0.9, application/x-ndjson;q=0.8, */*;q=0.1",
}
_TIMEOUT = aiohttp.ClientTimeout(total=90, sock_connect=10, sock_read=65)
_MOST_HOPS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_UNAUTHORIZED, _OK = 401, 200


@dataclass(frozen=True, slots=True)
class How:
    """What is asked, besides the query."""

    feed: str
    probe: str
    window: Window | None
    credentials: Credentials
    accept: str | None
    most_bytes: int


class Fetcher:
    """Fetches from one product; `clock` gives aware UTC, `road`: further options of aiohttp's requests.

    hop: has a turn for one more request where a redirect is followed, or an old connection turns out to be closed;
        False where there is none left.
    """

    def __init__(
        self,
        product: ProductConfig,
        session: aiohttp.ClientSession,
        sign_in: SignIn,
        spool: Path,
        road: Mapping[str, Any],
        *,
        clock: Callable[[], datetime],
        hop: Callable[[], Awaitable[bool]],
    ) -> None:
        self._product = product
        self._session = session
        self._sign_in = sign_in
        self._spool = spool
        self._road = road
        self._clock = clock
        self._hop = hop
        self._moved: dict[str, str] = {}
        """Where an address led that was answered there: it is asked there from then on, and not led there each time."""
        addresses = (product.url + product.path(name) for name in feeds())
        self._keys = frozenset(key for address in addresses for key in path_keys.keys(address))

    async def fetch(self, how: How, number: int, address: str, query: str) -> tuple[Exchange, bool]:
        """What came of the `number`-th question; True where it was refused, and another token is worth a try."""
        base = self._moved.get(address, address)
        started = self._clock()
        try:
            request = await self._sign_in.signed(how.credentials, urlsplit(base).path, query, started.timestamp())
        except TokenRefused as error:
            return self._without_token(how, number, base, started, error), False
        found = await self._follow(how, number, base, request)
        # The address that was asked, whatever it led to; built from its own parts, since it was signed.
        shown = f"{base}?{request.shown_query}" if request.shown_query else base
        found = replace(found, url=shown_address(shown))
        return found, found.status == _UNAUTHORIZED and self._sign_in.refused(request)

    async def _follow(self, how: How, number: int, base: str, request: Request) -> Exchange:
        """Redirects are followed on the same scheme, host and port only: credentials travel nowhere else."""
        url = f"{base}?{request.query}" if request.query else base
        hops: list[str] = []
        visited = {url}
        while True:
            found, location = await self._get(how, number, url, request, hops)
            if hops and found.status == _OK and how.credentials == "right":
                self._remember(base, url, request)
            if found.status not in _REDIRECTS or location is None or len(hops) > _MOST_HOPS:
                return found
            target = urljoin(url, location)
            hops.append(self._hidden(target, request))
            if _origin(target) != _origin(url) or target in visited or not await self._hop():
                return replace(found, redirects=tuple(hops))
            url = target
            visited.add(url)

    def _remember(self, base: str, url: str, request: Request) -> None:
        """Where the same question was answered; a signature may be good for the address alone that it was made for."""
        place, _, query = url.partition("?")
        if query == request.query and self._sign_in.scheme != "signature":
            self._moved[base] = place

    async def _get(
        self, how: How, number: int, url: str, request: Request, hops: Sequence[str]
    ) -> tuple[Exchange, str | None]:
        """One answer, and where it leads: the exchange names that place without its secrets."""
        own = {
            "Accept": how.accept or _ACCEPT[self._product.format],
            "Accept-Encoding": "gzip",
            "User-Agent": "halfopen-check",
        }
        line = Line()
        while True:
            answer = Answer(self._spool / f"body-{number}", how.most_bytes)
            started = self._clock()
            await self._read(answer, url, {**own, **request.headers}, line)
            if not (line.is_old and answer.was_cut_off) or not await self._hop():
                break
        found = self._written(how, number, request, answer, started)
        told = {**own, **found.sent}
        found = replace(found, sent=told, redirects=tuple(hops), resent=max(line.taken - 1, 0))
        return found, answer.headers.get("location")

    async def _read(self, answer: Answer, url: str, headers: Mapping[str, str], line: Line) -> None:
        """What is answered, until its end or until something interrupts it; the line tells over which connection."""
        try:
            async with self._session.get(
                URL(url, encoded=True),
                headers=headers,
                allow_redirects=False,
                timeout=_TIMEOUT,
                trace_request_ctx=line,
                **self._road,
            ) as response:
                answer.began(response)
                await answer.take(response)
        except (aiohttp.ClientError, TimeoutError, OSError, BodyError) as error:
            answer.broke(error)
        finally:
            answer.close()

    def _written(self, how: How, number: int, request: Request, answer: Answer, started: datetime) -> Exchange:
        return Exchange(
            number=number,
            feed=how.feed,
            probe=how.probe,
            window=how.window,
            credentials=how.credentials,
            url=self._product.url,
            sent=request.shown_headers,
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
            tls=answer.tls,
            secrets=request.secrets,
            keys=self._keys,
            hint=request.hint,
        )

    def _hidden(self, text: str, request: Request | None = None) -> str:
        """The text without any secret, nor a key of the product's path."""
        plain = self._sign_in.hidden(text, request)
        return masking.hidden_in_excerpts(plain, sorted(self._keys, key=len, reverse=True))

    def _masked(self, body: bytes, answer: Answer, request: Request) -> bytes:
        """An answer of rows is judged as it is, and masked when it is shown or recorded; an error is masked at once."""
        if answer.status == _OK or not (request.secrets or self._keys):
            return body
        return self._hidden(body.decode("utf-8", "surrogateescape"), request).encode("utf-8", "surrogateescape")

    def _without_token(self, how: How, number: int, base: str, started: datetime, error: TokenRefused) -> Exchange:
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
