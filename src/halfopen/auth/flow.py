"""Signing in for a token first: what is asked and what is made of the answer, without any network.

::

    if signer.needs_token(now):
        flow = signer.flow(now)
        request = step(flow)
        while request is not None:
            request = step(flow, post(request))     # -> TokenAnswer(status, headers, body)
    signed = signer.sign(path, query)
    ...
    if status == 401 and signer.refused(signed, now):
        ...                                         # once more from the top

`now` is in seconds of a monotonic clock. A signer is used from one task at a time while a flow runs: who has several
guards the first three lines with a lock.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeGuard
from urllib.parse import urlsplit

import msgspec

from halfopen.auth.base import Signed, Signer
from halfopen.errors import ProductError

EARLY_SECONDS: Final = 60.0
"""A token is renewed this long before its end, or in the last tenth of a shorter life."""
FRESH_SECONDS: Final = 5.0
"""A token younger than this is not renewed because of a 401: it is not its age that is wrong."""
LONGEST_PAUSE_SECONDS: Final = 60.0
"""After n refusals in a row nothing is asked for 2^n seconds, up to this."""
MOST_BYTES: Final = 65_536
"""An answer of a token address is not longer; who drives a flow reads no more."""
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)
# RFC 6749 section 5.2 and what is borrowed from 4.1.2.1; another word might be an echo of a secret.
_ERROR_CODES: Final = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    }
)
_OK: Final = 200
_WAIT: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A POST of `form`, urlencoded; redirects are not followed, credentials would travel along."""

    url: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What came back; `headers` has names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


Flow = Generator[TokenRequest, TokenAnswer, None]


class TokenRefused(ProductError):  # noqa: N818 - the word for what a product does, as ValueProblem is for a value
    """No token was had; `retry_after` in seconds, where waiting may help. The text never holds what was answered."""

    def __init__(self, text: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after = retry_after


class TokenSigner(Signer, Protocol):
    """A signer that needs a token first; `has_flow` tells it from the others."""

    def needs_token(self, now: float) -> bool:
        """Whether a flow should be run before signing."""
        ...

    def flow(self, now: float) -> Flow:
        """The requests to make, one after another; TokenRefused out of it when no token is to be had."""
        ...

    def refused(self, signed: Signed, now: float) -> bool:
        """Told of a 401: whether asking again with another token makes sense."""
        ...


def has_flow(signer: Signer) -> TypeGuard[TokenSigner]:
    """Whether this signer needs a token first."""
    return isinstance(signer, TokenHolder)


def step(flow: Flow, answer: TokenAnswer | None = None) -> TokenRequest | None:
    """The next request, None when the flow is through."""
    try:
        return next(flow) if answer is None else flow.send(answer)
    except StopIteration:
        return None


class TokenHolder(ABC):
    """Keeps one token and its times; a scheme says how to ask for it (`_asks`)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._token: str | None = None
        self._obtained = 0.0
        self._renew_at: float | None = None
        self._failures = 0
        self._paused_from = 0.0
        self.token_expires_at: float | None = None
        """When the token ends, as far as its issuer said; None when it did not, or there is none."""

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:  # noqa: ARG002 - a token signs every path alike
        """The request with the token; without one the request as it is."""
        return Signed(query, {} if self._token is None else {"Authorization": f"Bearer {self._token}"})

    def needs_token(self, now: float) -> bool:
        """No token, or one that ends soon."""
        if self._token is None or now < self._obtained:
            return True
        return self._renew_at is not None and now >= self._renew_at

    def flow(self, now: float) -> Flow:
        """Asks for a token; while pausing after refusals it raises at once, without a request."""
        self._check_pause(now)
        try:
            answer = yield from self._asks()
            token, lifetime = _read(answer, self._url)
        except TokenRefused:
            self._failures += 1
            self._paused_from = now
            raise
        self._failures = 0
        self._token, self._obtained = token, now
        # Counted from when it was asked for, so that a slow answer never makes it look younger than it is.
        self.token_expires_at = None if lifetime is None else now + lifetime
        self._renew_at = None if lifetime is None else now + lifetime - min(EARLY_SECONDS, lifetime / 10)

    def refused(self, signed: Signed, now: float) -> bool:
        """Drops the token that `signed` carried, unless it was brand-new."""
        if self._token is None or signed.headers != self.sign("", "").headers:
            return True
        if 0 <= now - self._obtained < FRESH_SECONDS:
            return False
        self._token = self._renew_at = self.token_expires_at = None
        return True

    @abstractmethod
    def _asks(self) -> Generator[TokenRequest, TokenAnswer, TokenAnswer]:
        """The requests of the scheme; returns the answer that counts."""

    def _check_pause(self, now: float) -> None:
        pause = min(2.0**self._failures, LONGEST_PAUSE_SECONDS) if self._failures else 0.0
        left = min(self._paused_from + pause - now, pause)
        if left > 0:
            raise TokenRefused(
                f"{_shown(self._url)} refused a token ({self._failures} in a row):"
                f" asked again in {left:.0f} s; check the product's auth",
                retry_after=left,
            )


def check_url(url: str) -> None:
    """ValueError unless a token can be asked for there."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError('token_url needs an address like "https://space-vegas.com/oauth/token"')
    if parts.username or parts.password:
        raise ValueError("credentials do not belong into token_url; the other options name them")


def error_code(answer: TokenAnswer) -> str | None:
    """The `error` of the answer, if it is one that is known."""
    code = _json(answer.body).get("error")
    return code if isinstance(code, str) and code in _ERROR_CODES else None


def _read(answer: TokenAnswer, url: str) -> tuple[str, float | None]:
    """The token and its life in seconds. Nothing of the body but an error's code is ever quoted."""
    where = _shown(url)
    if answer.status != _OK:
        code = error_code(answer)
        reason = f" ({code})" if code else ""
        wait = _seconds(answer.headers.get("retry-after")) if answer.status in _WAIT else None
        raise TokenRefused(
            f"{where} answered {answer.status}{reason} instead of a token; check the product's auth",
            status=answer.status,
            retry_after=wait,
        )
    found = _json(answer.body)
    token = found.get("access_token", found.get("token"))
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise TokenRefused(
            f"{where} answered without a token that a header can carry;"
            ' a JSON object with "access_token" or "token" is needed',
            status=answer.status,
        )
    kind = found.get("token_type", "bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenRefused(f"{where} gave a token of another type than bearer", status=answer.status)
    return token, _seconds(found.get("expires_in"))


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(value: object) -> float | None:
    """A life or a wait as issuers write it, also as text; None for whatever is no positive number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < float("inf") else None


def _shown(url: str) -> str:
    """The address without its query, where a secret may stand."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
