"""Basic sign-in (RFC 7617): a user and a password in the Authorization header, UTF-8."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import ClassVar

from halfopen.auth import hashed
from halfopen.auth.base import Signed, Signer, Verifier, Words


class Options(Words, frozen=True):
    """The user may not hold a colon; the password may. Who answers may know an argon2 `password_hash` instead."""

    SECRET: ClassVar[frozenset[str]] = frozenset({"password", "password_hash"})

    user: str
    password: str | None = None
    password_hash: str | None = None

    def __post_init__(self) -> None:
        if ":" in self.user:
            raise ValueError("a user name may not hold a colon: the header could not tell it from the password")
        hashed.password(self.password, self.password_hash)


class BasicSigner:
    """Sends one user and password."""

    def __init__(self, options: Options) -> None:
        pair = f"{options.user}:{hashed.plain_password(options.password)}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}

    def sign(self, path: str, query: str, *, now: float | None = None) -> Signed:  # noqa: ARG002 - Basic signs every path alike
        """The request with the Authorization header."""
        return Signed(query, self._headers)


class BasicVerifier:
    """Knows one user and password, or its hash.

    Another user is refused before any hash is paid: with several callers each poll would otherwise pay the hashes of
    all the others. So the time of an answer may tell which users exist; a user name is no secret here.
    """

    challenge: str | None = 'Basic realm="halfopen", charset="UTF-8"'
    secret_parameters: frozenset[str] = frozenset()
    secret_headers: frozenset[str] = frozenset({"authorization"})

    def __init__(self, options: Options) -> None:
        self._name = options.user
        self._user = options.user.encode()
        self._password = hashed.password(options.password, options.password_hash)
        self.is_costly = options.password_hash is not None

    def verify(self, path: str, query: str, headers: Mapping[str, str], *, now: float | None = None) -> str | None:  # noqa: ARG002 - header only
        """The user, when the header holds exactly this user and password."""
        pair = pair_of(headers.get("authorization", ""))
        if pair is None or not hmac.compare_digest(pair[0], self._user):
            return None
        return self._name if self._password.matches(pair[1], now) else None


def pair_of(header: str) -> tuple[bytes, bytes] | None:
    """User and password out of an Authorization header; None for whatever is not Basic."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = pair.partition(b":")
    return (user, password) if colon else None


def signer(options: Options) -> Signer:
    """For who asks."""
    return BasicSigner(options)


def verifier(options: Options) -> Verifier:
    """For who answers."""
    return BasicVerifier(options)
