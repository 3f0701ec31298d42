"""A token in a header: `Authorization: Bearer TOKEN` (RFC 6750), or bare in a header of another name."""

import hmac
from collections.abc import Mapping

import msgspec

from halfopen.auth.base import Signed, Signer, Verifier

AUTHORIZATION = "authorization"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With `header = "X-Api-Key"` the token stands there alone."""

    token: str
    header: str = "Authorization"

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("an empty token would let everybody in")

    @property
    def value(self) -> str:
        """The whole text of the header."""
        return f"Bearer {self.token}" if self.header.lower() == AUTHORIZATION else self.token


class BearerSigner:
    """Sends one token."""

    def __init__(self, options: Options) -> None:
        self._headers = {options.header: options.value}

    def sign(self, path: str, query: str) -> Signed:  # noqa: ARG002 - a token signs every path alike
        """The request with the token's header."""
        return Signed(query, self._headers)


class BearerVerifier:
    """Knows one token; compares in constant time."""

    def __init__(self, options: Options) -> None:
        self._header = options.header.lower()
        self._token = options.token.encode()
        self.challenge: str | None = 'Bearer realm="halfopen"' if self._header == AUTHORIZATION else None

    def verify(self, path: str, query: str, headers: Mapping[str, str]) -> str | None:  # noqa: ARG002 - header only
        """`bearer`, when the header holds exactly this token."""
        found = headers.get(self._header, "")
        if self._header == AUTHORIZATION:
            scheme, _, found = found.partition(" ")
            if scheme.lower() != "bearer":
                return None
        return "bearer" if hmac.compare_digest(found.strip().encode(), self._token) else None


def signer(options: Options) -> Signer:
    """For who asks."""
    return BearerSigner(options)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return BearerVerifier(options)
