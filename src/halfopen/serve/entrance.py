"""Lets a caller in, or tells why not: what the gate says, as an answer over HTTP."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from starlette.types import Receive

from halfopen.auth.allowlist import AllowList
from halfopen.auth.base import Verifier
from halfopen.auth.gate import Gate, Presented, Refused
from halfopen.auth.issuer import MOST_BYTES, TokenReply
from halfopen.auth.lockout import Lockout
from halfopen.auth.tokens import NONCE_BYTES
from halfopen.serve.problems import Problem, not_allowed, too_many_failures, unauthorized

FORM_SECONDS: Final = 10.0
"""How long a caller may take to send the form that asks for a token."""

_HASHING_THREADS: Final = 2
"""An argon2 hash takes tens of MiB and a processor: guessers must not be able to take more of either."""

T = TypeVar("T")


class Gone(Exception):  # noqa: N818 - not a failure: the caller has left
    """The caller has closed the connection."""


class Entrance:
    """The gate of one configuration. `now` in seconds since the epoch, `monotonic` of a clock that nobody sets."""

    def __init__(
        self,
        verifiers: Sequence[Verifier],
        allow: AllowList | None = None,
        lockout: Lockout | None = None,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow = allow or AllowList()
        self._gate = Gate(verifiers, self._allow, lockout)
        self._now = now
        self._monotonic = monotonic
        self._hashing = ThreadPoolExecutor(_HASHING_THREADS, "halfopen-hash") if self._gate.is_costly else None
        self.token_paths = self._gate.token_paths
        """Where POST is answered with a token."""

    def address(self, client: Sequence[object] | None, headers: Mapping[str, str]) -> str:
        """The caller's address as trusted proxies tell it; headers with names in lower case."""
        return self._allow.address(client, headers)

    async def enter(self, path: str, query: bytes, headers: Mapping[str, str], address: str) -> str:
        """The caller's name; Problem 401, 403 or 429 for whoever is not let in."""
        outcome = await self._at_gate(self._gate.enter, self._presented(path, query, headers, address))
        if isinstance(outcome, Refused):
            raise await _refusal(outcome)
        return outcome.caller

    async def issue(self, path: str, query: bytes, headers: Mapping[str, str], address: str, body: bytes) -> TokenReply:
        """What a POST to one of `token_paths` is answered with; Problem 403 or 429."""
        presented = self._presented(path, query, headers, address)
        nonce = secrets.token_bytes(NONCE_BYTES)
        outcome = await self._at_gate(lambda asked: self._gate.issue(asked, body, nonce), presented)
        if isinstance(outcome, Refused):
            raise await _refusal(outcome)
        return outcome

    def close(self) -> None:
        """Ends the threads, once nobody asks any more."""
        if self._hashing is not None:
            self._hashing.shutdown(wait=False)

    def _presented(self, path: str, query: bytes, headers: Mapping[str, str], address: str) -> Presented:
        return Presented(
            path=path,
            query=query.decode("latin-1"),
            headers=headers,
            address=address,
            now=self._now(),
            monotonic=self._monotonic(),
        )

    async def _at_gate(self, call: Callable[[Presented], T], presented: Presented) -> T:
        if self._hashing is None:
            return call(presented)
        return await asyncio.get_running_loop().run_in_executor(self._hashing, call, presented)


async def form(receive: Receive, seconds: float = FORM_SECONDS) -> bytes:
    """The body of a POST; Problem 413 when it is longer than any form, 408 when it does not come. Gone."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                body += message.get("body", b"")
                if len(body) > MOST_BYTES:
                    raise Problem(413, "too_long", f"the form is longer than {MOST_BYTES} bytes")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Problem(408, "timeout", f"the form did not come within {seconds:g} s") from None


async def _refusal(refused: Refused) -> Problem:
    """The problem, held back for as long as the gate says."""
    if refused.delay > 0:
        await asyncio.sleep(refused.delay)
    if refused.status == 403:  # noqa: PLR2004 - Forbidden
        return not_allowed(refused.detail)
    if refused.retry_after is not None:
        return too_many_failures(refused.detail, refused.retry_after)
    return unauthorized(refused.detail, refused.challenges)
