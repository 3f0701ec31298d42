"""Signs what is asked, with the right credentials, with none, or with one secret changed; and hides every secret."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote_plus

import aiohttp

from halfopen.auth import masking, schemes
from halfopen.auth.base import Signed
from halfopen.auth.flow import MOST_BYTES, TokenAnswer, TokenRefused, TokenRequest, has_flow, step

Credentials = Literal["right", "none", "wrong", "wrong_start"]
"""`wrong`: the secret differs near its end; `wrong_start`: in its first letter."""
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_SECRET_WORDS = ("password", "token", "client_secret", "secret")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A signed request: what goes out, and how it is shown.

    secrets: the texts to look for in the answer, in all their spellings. hint: what the variables of the shown request
    stand for, where their names do not say it.
    """

    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    shown_query: str
    shown_headers: Mapping[str, str]
    secrets: frozenset[str] = field(repr=False)
    hint: str = ""


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
        self._secrets = schemes.secrets(words)
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
            return self._request(query, Signed(query), frozenset(), credentials)
        if has_flow(self._right):
            await self._token()
            signed = self._right.sign(path, query, now=now)
            if credentials != "right":
                # In the middle: the last letter of a token may carry bits that nobody reads.
                signed = Signed(signed.query, {name: changed(value, 0.5) for name, value in signed.headers.items()})
            return self._request(query, signed, self._secrets, credentials)
        if credentials == "right":
            return self._request(query, self._right.sign(path, query, now=now), self._secrets, credentials)
        words = self._tampered(0.0 if credentials == "wrong_start" else 1.0)
        signed = schemes.signer(words).sign(path, query, now=now)
        return self._request(query, signed, schemes.secrets(words) | self._secrets, credentials)

    def refused(self, request: Request) -> bool:
        """Told of a 401: whether another token is worth a try."""
        signed = Signed(request.query, request.headers)
        return has_flow(self._right) and self._right.refused(signed, self._monotonic())

    def hidden(self, text: str, request: Request | None = None) -> str:
        """The text without any secret, nor the beginning of one where the text was cut off."""
        secrets = self._secrets | (request.secrets if request else frozenset())
        return masking.hidden_in_excerpts(text, sorted(secrets, key=len, reverse=True))

    def _tampered(self, where: float) -> dict[str, Any]:
        return {name: changed(text, where) if name in _SECRET_WORDS else text for name, text in self._words.items()}

    def _request(self, query: str, signed: Signed, known: frozenset[str], credentials: Credentials) -> Request:
        wrong = "" if credentials in {"right", "none"} else "WRONG_"
        added = len(query.split("&")) if query else 0
        shown, carried = [], {word for value in signed.headers.values() for word in value.split()[-1:]}
        for place, part in enumerate(signed.query.split("&")):
            name, equals, value = part.partition("=")
            is_ours = place >= added and self._is_secret(name)
            if value and (is_ours or masking.is_secret_name(unquote_plus(name))):
                plain = unquote_plus(value)
                # One that is too short to be looked for alone is looked for behind its name.
                carried |= {plain, value} if len(plain) >= masking.SHORTEST else {part}
                part = f"{name}{equals}${wrong if is_ours else ''}{_variable(name)}"  # noqa: PLW2901 - as it is shown
            shown.append(part)
        spelled = {form for text in carried for form in masking.spellings(text)} | known
        return Request(
            query=signed.query,
            headers=signed.headers,
            shown_query="&".join(shown),
            shown_headers={name: self._shown(value, wrong) for name, value in signed.headers.items()},
            secrets=frozenset(text for text in spelled if len(text) >= masking.SHORTEST),
            hint="" if credentials == "none" else "; ".join(self._hints(credentials)),
        )

    def _is_secret(self, name: str) -> bool:
        """Whether a parameter that signing added carries the secret or what was made of it."""
        own = {"signature": ("parameter", "sign"), "login": ("password_parameter", "password")}.get(self.scheme)
        return own is not None and unquote_plus(name) == str(self._words.get(*own))

    def _shown(self, value: str, wrong: str) -> str:
        if self.scheme == "basic":
            return f"Basic {self._words['user']}:${wrong}PASSWORD"
        kind, blank, _ = value.rpartition(" ")
        return f"{kind}{blank}${wrong}TOKEN"

    def _hints(self, credentials: Credentials) -> Iterator[str]:
        if self.scheme == "signature":
            words = self._words
            name = _variable(str(words.get("parameter", "sign")))
            wrong = "" if credentials == "right" else "WRONG_"
            yield f"{wrong}{name}: {words.get('algorithm', 'md5')} of {words.get('template')} in hexadecimal digits"
        if credentials != "right":
            where = "its first letter" if credentials == "wrong_start" else "its last letter but one"
            if has_flow(self._right):
                where = "a letter in its middle"
            yield f"{self._wrong} with {where} changed"

    @property
    def _wrong(self) -> str:
        """What differs from the right credentials."""
        if self.scheme == "signature":
            return "made with the secret"
        if self.scheme == "login" and not has_flow(self._right):
            name = _variable(str(self._words.get("password_parameter", "password")))
        else:
            name = "PASSWORD" if self.scheme == "basic" else "TOKEN"
        return f"WRONG_{name}: the right one"

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


def _variable(parameter: str) -> str:
    """The variable of a shell that stands for a parameter's value."""
    return re.sub(r"[^A-Z0-9_]", "_", unquote_plus(parameter).upper())


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
