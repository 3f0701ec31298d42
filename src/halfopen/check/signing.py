"""Signs what is asked, with the right credentials, with none, or with one secret changed; and hides every secret."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from halfopen.auth import schemes
from halfopen.auth.base import Signed
from halfopen.auth.flow import MOST_BYTES, TokenAnswer, TokenRefused, TokenRequest, has_flow, step

Credentials = Literal["right", "none", "wrong", "wrong_start"]
"""`wrong`: the secret differs near its end; `wrong_start`: in its first letter."""
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_SHORTEST_ECHO = 4
"""A shorter secret stands in an answer by chance."""
_SECRET_WORDS = ("password", "token", "client_secret", "secret")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A signed request: what goes out, and how it is shown; `secrets` are the texts to look for in the answer."""

    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    shown_query: str
    shown_headers: Mapping[str, str]
    secrets: frozenset[str] = field(repr=False)


class SignIn:
    """The sign-in of one product; `monotonic` in seconds, `road`: further options of aiohttp's requests."""

    def __init__(
        self,
        words: Mapping[str, Any],
        session: aiohttp.ClientSession,
        monotonic: Callable[[], float],
        road: Mapping[str, Any] | None = None,
    ) -> None:
        self._words = words
        self._session = session
        self._road = road or {}
        self._monotonic = monotonic
        self._right = schemes.signer(words)
        self._secrets = frozenset(schemes.secrets(words))
        self._lock = asyncio.Lock()
        self.lifetime: float | None = None
        """Seconds that the first token was to live, where its issuer said so."""

    @property
    def scheme(self) -> str:
        """The scheme's name."""
        return str(self._words["scheme"])

    async def signed(self, credentials: Credentials, path: str, query: str, now: float) -> Request:
        """The request as it goes out.

        Raises:
            TokenRefused: no token was to be had.
        """
        if credentials == "none":
            return Request(query=query, headers={}, shown_query=query, shown_headers={}, secrets=frozenset())
        if has_flow(self._right):
            await self._token()
            signed = self._right.sign(path, query, now=now)
            if credentials != "right":
                # In the middle: the last letter of a token may carry bits that nobody reads.
                signed = Signed(signed.query, {name: changed(value, 0.5) for name, value in signed.headers.items()})
            return self._request(query, signed, self._secrets)
        if credentials == "right":
            return self._request(query, self._right.sign(path, query, now=now), self._secrets)
        words = self._tampered(0.0 if credentials == "wrong_start" else 1.0)
        return self._request(query, schemes.signer(words).sign(path, query, now=now), schemes.secrets(words))

    def refused(self, request: Request) -> bool:
        """Told of a 401: whether another token is worth a try."""
        signed = Signed(request.query, request.headers)
        return has_flow(self._right) and self._right.refused(signed, self._monotonic())

    def hidden(self, text: str, request: Request | None = None) -> str:
        """The text without any secret."""
        for secret in sorted(self._secrets | (request.secrets if request else frozenset()), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _tampered(self, where: float) -> dict[str, Any]:
        return {name: changed(text, where) if name in _SECRET_WORDS else text for name, text in self._words.items()}

    def _request(self, query: str, signed: Signed, known: frozenset[str]) -> Request:
        carried = {value.split()[-1] for value in signed.headers.values() if value}
        added = signed.query.removeprefix(query)
        shown_query = signed.query.removesuffix(added)
        for part in added.split("&"):
            name, equals, value = part.partition("=")
            if value in known or self._is_secret(name):
                carried.add(value)
                part = f"{name}{equals}${name.upper()}"  # noqa: PLW2901 - the part as it may be shown
            shown_query += part if not shown_query or shown_query.endswith("&") else f"&{part}" if part else ""
        secrets = frozenset(text for text in carried | known if len(text) >= _SHORTEST_ECHO)
        return Request(
            query=signed.query,
            headers=signed.headers,
            shown_query=shown_query,
            shown_headers={name: self._shown(value) for name, value in signed.headers.items()},
            secrets=secrets,
        )

    def _is_secret(self, name: str) -> bool:
        return self.scheme == "signature" and name == str(self._words.get("parameter", "sign"))

    def _shown(self, value: str) -> str:
        if self.scheme == "basic":
            return f"Basic {self._words['user']}:$PASSWORD"
        kind, blank, _ = value.rpartition(" ")
        return f"{kind}{blank}$TOKEN"

    async def _token(self) -> None:
        signer = self._right
        async with self._lock:
            if not has_flow(signer) or not signer.needs_token(self._monotonic()):
                return
            asked = self._monotonic()
            flow = signer.flow(asked)
            try:
                request = step(flow)
                while request is not None:
                    request = step(flow, await self._post(request))
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise TokenRefused(f"no token could be asked for: {type(error).__name__}") from None
            ends = getattr(signer, "token_expires_at", None)
            if self.lifetime is None and ends is not None:
                self.lifetime = ends - asked

    async def _post(self, request: TokenRequest) -> TokenAnswer:
        async with self._session.post(
            request.url,
            data=dict(request.form),
            headers=request.headers,
            allow_redirects=False,
            timeout=_TIMEOUT,
            **self._road,
        ) as answer:
            try:
                body = await answer.content.readexactly(MOST_BYTES)
            except asyncio.IncompleteReadError as error:
                body = error.partial
            return TokenAnswer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)


def changed(secret: str, where: float) -> str:
    """The secret with one letter exchanged for another of the same kind; `where`: 0 the first, 1 the last but one."""
    if not secret:
        return "x"
    place = round(max(len(secret) - 2, 0) * where)
    while place < len(secret) - 1 and not secret[place].isalnum():
        place += 1
    other = "y" if secret[place] == "x" else "x"
    if secret[place].isdigit():
        other = str((int(secret[place]) + 1) % 10) if secret[place].isascii() else "1"
    return secret[:place] + other + secret[place + 1 :]
