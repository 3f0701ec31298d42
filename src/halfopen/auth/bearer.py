"""A token in a header: `Authorization: Bearer TOKEN` (RFC 6750), or bare in a header of another name."""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from halfopen.auth.base import Signed, Signer, Verifier, Words
from halfopen.auth.hashed import PlainSecret, TokenDigest

AUTHORIZATION: Final = "authorization"
# What may stand around a header's value; without naming them, strip would also take bytes of UTF-8 read as latin-1.
BLANKS: Final = " \t"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


class Options(Words, frozen=True):
    """With `header = "X-Api-Key"` the token stands there alone; `name` is what the log calls the caller.

    Who answers may know `token_hash = "sha256:..."` instead of the token.
    """

    SECRET: ClassVar[frozenset[str]] = frozenset({"token", "token_hash"})

    token: str | None = None
    token_hash: str | None = None
    header: str = "Authorization"
    name: str = "bearer"

    def __post_init__(self) -> None:
        if self.token == "":
            raise ValueError("an empty token would let everybody in")
        if (self.token is None) == (self.token_hash is None):
            raise ValueError("give one of token and token_hash")
        if self.token_hash is not None:
            TokenDigest(self.token_hash)
        if not _HEADER_NAME.fullmatch(self.header):
            raise ValueError(f"header: found {self.header!r}, needs a header's name")
        if self.token is not None and not is_sendable(self.token):
            raise ValueError("the token does not fit into a header: it holds a blank at an end, or a control character")


class BearerSigner:
    """Sends one token."""

    def __init__(self, options: Options) -> None:
        if options.token is None:
            raise ValueError("who signs in needs the token itself: a hash can only be checked against")
        bare = options.header.lower() != AUTHORIZATION
        self._headers = {options.header: options.token if bare else f"Bearer {options.token}"}

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:  # noqa: ARG002 - a token signs every path alike
        """The request with the token's header."""
        return Signed(query, self._headers)


class BearerVerifier:
    """Knows one token, or its digest; compares in constant time."""

    secret_parameters: frozenset[str] = frozenset()
    is_costly: bool = False

    def __init__(self, options: Options) -> None:
        self._header = options.header.lower()
        self._name = options.name
        self._token = PlainSecret(options.token) if options.token is not None else TokenDigest(options.token_hash or "")
        self.challenge: str | None = 'Bearer realm="halfopen"' if self._header == AUTHORIZATION else None
        self.secret_headers = frozenset({self._header})

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - header only
        """The caller's name, when the header holds exactly this token."""
        found = headers.get(self._header, "")
        token = token_of(found) if self._header == AUTHORIZATION else found.strip(BLANKS)
        # Headers come as latin-1; a token that is sent as UTF-8 must still be the same bytes.
        return self._name if token and self._token.matches(_bytes(token)) else None


def token_of(header: str) -> str | None:
    """The token of an Authorization header; None for whatever is not Bearer."""
    scheme, _, token = header.partition(" ")
    return token.strip(BLANKS) if scheme.lower() == "bearer" else None


def is_sendable(token: str) -> bool:
    """Whether a header can carry this text unchanged."""
    return token == token.strip() and token.isprintable()


def _bytes(header: str) -> bytes:
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode("utf-8", "surrogateescape")


def signer(options: Options) -> Signer:
    """For who asks."""
    return BearerSigner(options)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return BearerVerifier(options)
