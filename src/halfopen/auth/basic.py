"""Basic sign-in (RFC 7617): a user and a password in the Authorization header, UTF-8."""

import base64
import binascii
import hmac
from collections.abc import Mapping

import msgspec

from halfopen.auth.base import Signed, Signer, Verifier


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The user may not hold a colon; the password may."""

    user: str
    password: str

    def __post_init__(self) -> None:
        if ":" in self.user:
            raise ValueError("a user name may not hold a colon: the header could not tell it from the password")


class BasicSigner:
    """Sends one user and password."""

    def __init__(self, options: Options) -> None:
        pair = f"{options.user}:{options.password}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}

    def sign(self, path: str, query: str) -> Signed:  # noqa: ARG002 - Basic signs every path alike
        """The request with the Authorization header."""
        return Signed(query, self._headers)


class BasicVerifier:
    """Knows one user and password; compares in constant time."""

    challenge: str | None = 'Basic realm="halfopen", charset="UTF-8"'

    def __init__(self, options: Options) -> None:
        self._user = options.user
        self._pair = f"{options.user}:{options.password}".encode()

    def verify(self, path: str, query: str, headers: Mapping[str, str]) -> str | None:  # noqa: ARG002 - header only
        """The user, when the header holds exactly this user and password."""
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            pair = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return None
        return self._user if hmac.compare_digest(pair, self._pair) else None


def signer(options: Options) -> Signer:
    """For who asks."""
    return BasicSigner(options)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return BasicVerifier(options)
