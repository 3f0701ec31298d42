"""Signs what is asked; where a scheme needs a token first, gets it, and gets another when it is refused."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote_plus

import aiohttp

from halfopen.auth import schemes
from halfopen.auth.base import Signed
from halfopen.auth.flow import MOST_BYTES, TokenAnswer, TokenRefused, TokenRequest, TokenSigner, has_flow, step
from halfopen.auth.masking import SHORTEST, finder, is_secret_name, pattern
from halfopen.auth.query import HIDDEN
from halfopen.sync.refusal import Refusal
from halfopen.sync.road import DIRECT, Road
from halfopen.sync.transfer import TIMEOUT

_SHORTEST_ALONE: Final = 8
"""Characters of a value that may be looked for without its name: a shorter one would black out half of a sentence."""

_LONGEST_WAIT: Final = 1e9
"""Seconds; more than thirty years are no wait, and far more are no time that Python knows."""


class SignIn:
    """The sign-in of one product; `monotonic` gives seconds that never go back.

    Many requests may want a token at once; one of them asks for it, the others wait.
    """

    def __init__(
        self,
        words: Mapping[str, Any],
        session: aiohttp.ClientSession,
        monotonic: Callable[[], float],
        road: Road = DIRECT,
    ) -> None:
        self._signer = schemes.signer(words)
        self._session = session
        self._road = road
        self._monotonic = monotonic
        self._one_at_a_time = asyncio.Lock()
        self._secrets = schemes.secrets(words) | road.secrets

    async def signed(self, path: str, query: str, now: float) -> Signed:
        """The request signed at `now` (seconds since the epoch); Refusal where no token is to be had."""
        if has_flow(self._signer):
            async with self._one_at_a_time:
                if self._signer.needs_token(self._monotonic()):
                    await self._run(self._signer)
        return self._signer.sign(path, query, now=now)

    def again(self, refusal: Refusal, signed: Signed) -> bool:
        """Whether a request that was not let in is worth another token."""
        unauthorized = refusal.status == 401  # noqa: PLR2004 - the status that says so
        return unauthorized and has_flow(self._signer) and self._signer.refused(signed, self._monotonic())

    def hidden(self, text: str, signed: Signed | None = None, query: str = "") -> str:
        """The text without any secret, also one that was sent and echoed; `query` is the raw one before signing."""
        text = _without_parameters(text, _telling(query))
        if signed is not None:
            text = _without_parameters(text, _added(query, signed.query))
        carried = {word for value in signed.headers.values() for word in value.split()[-1:]} if signed else set()
        carried = {word for word in carried if len(word) >= SHORTEST}
        for found in (finder(carried), self._finder):
            text = text if found is None else found.sub(HIDDEN, text)
        return text

    @cached_property
    def _finder(self) -> re.Pattern[str] | None:
        """Made when it is first needed: of many products few are ever refused."""
        return finder(self._secrets)

    async def _run(self, signer: TokenSigner) -> None:
        flow = signer.flow(self._monotonic())
        try:
            request = step(flow)
            while request is not None:
                request = step(flow, await self._post(request))
        except TokenRefused as error:
            wait = None if error.retry_after is None else timedelta(seconds=min(error.retry_after, _LONGEST_WAIT))
            raise Refusal(str(error), status=error.status, retry_after=wait) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Refusal(f"no token could be asked for: {type(error).__name__}; check the product's auth") from None

    async def _post(self, request: TokenRequest) -> TokenAnswer:
        async with self._session.post(
            request.url,
            data=dict(request.form),
            headers=request.headers,
            allow_redirects=False,
            timeout=TIMEOUT,
            **self._road.options,
        ) as answer:
            try:
                body = await answer.content.readexactly(MOST_BYTES)
            except asyncio.IncompleteReadError as error:
                body = error.partial
            return TokenAnswer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)


def _added(before: str, after: str) -> list[str]:
    """The parameters that signing put into a raw query, as they were sent."""
    had = Counter(before.split("&"))
    return [part for part in after.split("&") if "=" in part and not had[part]]


def _telling(query: str) -> list[str]:
    """The parameters of a configured path that hold a key, by their names."""
    return [part for part in query.split("&") if is_secret_name(unquote_plus(part.partition("=")[0]))]


def _without_parameters(text: str, parts: Iterable[str]) -> str:
    """Hides what is behind these names, and these values wherever they stand alone: as sent, decoded, in any case.

    A signature is open to guessing at leisure. A value that is too short to be one is hidden behind its name only.
    """
    for part in parts:
        name, _, value = part.partition("=")
        plain = unquote_plus(value)
        if plain:
            text = re.sub(f"({re.escape(name)}=){pattern(plain)}", rf"\1{HIDDEN}", text, flags=re.IGNORECASE)
        if len(plain) >= _SHORTEST_ALONE:
            text = re.sub(pattern(plain), HIDDEN, text, flags=re.IGNORECASE)
    return text
