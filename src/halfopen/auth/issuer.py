"""The token endpoint of serve: who shows the right secret is given a token (RFC 6749 sections 4.4, 5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeGuard
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import msgspec

from halfopen.auth.base import Verifier
from halfopen.auth.basic import pair_of
from halfopen.auth.hashed import ArgonSecret, PlainSecret
from halfopen.auth.tokens import LIFETIME_SECONDS, Tokens

DEFAULT_PATH: Final = "/oauth/token"
MOST_BYTES: Final = 16_384
"""The longest form that is read."""
_FORM: Final = "application/x-www-form-urlencoded"
_HEADERS: Final = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}


class Issuer(Verifier, Protocol):
    """A verifier that issues its own tokens."""

    name: str
    scope: str
    grant: str | None
    """The only `grant_type` it knows; None where the form has none."""
    token_path: str
    id_parameter: str
    secret_parameter: str
    secret: PlainSecret | ArgonSecret
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class TokenReply:
    """What to send; `caller` is named where a token was issued, `failed` is true where a secret was wrong."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    caller: str | None = None
    failed: bool = False


class TokenEndpoint:
    """Answers POSTs to the token paths of all verifiers that issue tokens."""

    def __init__(self, verifiers: Iterable[Verifier]) -> None:
        self._issuers = [verifier for verifier in verifiers if _issues(verifier)]
        self.paths = frozenset(issuer.token_path for issuer in self._issuers)
        self.is_costly = any(isinstance(issuer.secret, ArgonSecret) for issuer in self._issuers)

    def answer(self, path: str, headers: Mapping[str, str], body: bytes, *, now: float, nonce: bytes) -> TokenReply:
        """One POST.

        headers: names in lower case. now: seconds since the epoch. nonce: `tokens.NONCE_BYTES` random bytes, new ones
        for each call.
        """
        form = _form(headers, body)
        if form is None:
            return _error(400, "invalid_request", f"send a form, {_FORM}, with each field once")
        issuers = [issuer for issuer in self._issuers if issuer.token_path == path]
        for issuer in issuers:
            if self._knows(issuer, headers, form, now):
                return _granted(issuer, form, now, nonce)
        tries = "authorization" in headers or any(issuer.secret_parameter in form for issuer in issuers)
        return _stranger(headers, failed=tries)

    @staticmethod
    def _knows(issuer: Issuer, headers: Mapping[str, str], form: Mapping[str, str], now: float) -> bool:
        header = pair_of(headers.get("authorization", "")) if issuer.grant else None
        if header is not None and issuer.secret_parameter in form:
            return False  # RFC 6749 section 2.3: one method a request
        posted = form.get(issuer.id_parameter), form.get(issuer.secret_parameter)
        name, secret = _unquoted(header) if header else posted
        if name is None or secret is None or not PlainSecret(issuer.name).matches(_bytes(name)):
            return False
        return issuer.secret.matches(_bytes(secret), now)


def path_of(url: str) -> str:
    """The path of an address or of a bare path; ValueError for neither."""
    path = urlsplit(url).path
    if not path.startswith("/"):
        raise ValueError(f'token_url: needs an address or a path like "{DEFAULT_PATH}"')
    return path


def _issues(verifier: Verifier) -> TypeGuard[Issuer]:
    return isinstance(getattr(verifier, "tokens", None), Tokens)


def _granted(issuer: Issuer, form: Mapping[str, str], now: float, nonce: bytes) -> TokenReply:
    if issuer.grant is not None and form.get("grant_type") != issuer.grant:
        return _error(400, "unsupported_grant_type", f"grant_type must be {issuer.grant}")
    if issuer.scope and not set(form.get("scope", "").split()) <= set(issuer.scope.split()):
        return _error(400, "invalid_scope", "the scope is not one of this client's")
    token = {
        "access_token": issuer.tokens.issue(now, nonce),
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
    }
    if issuer.scope:
        token["scope"] = form.get("scope") or issuer.scope
    return TokenReply(200, msgspec.json.encode(token), _HEADERS, caller=issuer.name)


def _stranger(headers: Mapping[str, str], *, failed: bool) -> TokenReply:
    challenge = {"WWW-Authenticate": 'Basic realm="halfopen", charset="UTF-8"'} if "authorization" in headers else {}
    return _error(401, "invalid_client", "the credentials are missing or wrong", failed=failed, more=challenge)


def _error(
    status: int, code: str, text: str, *, failed: bool = False, more: Mapping[str, str] | None = None
) -> TokenReply:
    body = msgspec.json.encode({"error": code, "error_description": text})
    return TokenReply(status, body, {**_HEADERS, **(more or {})}, failed=failed)


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, str] | None:
    """The fields; None for another type, for too much, and for a field given twice."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM or len(body) > MOST_BYTES:
        return None
    pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, errors="surrogateescape")
    form = dict(pairs)
    return form if len(form) == len(pairs) else None


def _unquoted(pair: Sequence[bytes]) -> tuple[str, str]:
    """RFC 6749 section 2.3.1: both halves of the header are urlencoded."""
    name, secret = (unquote_plus(half.decode("utf-8", "surrogateescape"), errors="surrogateescape") for half in pair)
    return name, secret


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
