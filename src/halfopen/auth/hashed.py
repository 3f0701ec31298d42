"""Secrets of which only a hash is known."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from typing import Final

import argon2

REMEMBERED_SECONDS: Final = 600.0
"""How long an accepted password is recognised without paying the hash again; a new one pays at once."""
REMEMBERED_USES: Final = 1_000
"""The same in uses, for callers without a clock: about an hour of a CRM's polls."""
_DIGEST_PREFIX: Final = "sha256:"
_HEX_DIGITS: Final = 64


class ArgonSecret:
    """A password known by its argon2 hash (a PHC text); remembers the last one that was right.

    The memory holds one digest keyed with `key` (32 random bytes of this process), so that neither a dump of it nor
    its comparison says anything about the password. Only what was accepted is remembered: a wrong password always
    pays, some 50 ms. One hash is worked out at a time, so that thirteen polls at once pay once.

    Raises:
        ValueError: the text is no argon2 hash; it is not quoted.
    """

    def __init__(
        self,
        phc: str,
        *,
        key: bytes | None = None,
        check: Callable[[str, bytes], bool] | None = None,
    ) -> None:
        try:
            argon2.extract_parameters(phc)
        except argon2.exceptions.InvalidHashError:
            raise ValueError(
                "the hash is not argon2's; make one with"
                ' python -c "import argon2, getpass; print(argon2.PasswordHasher().hash(getpass.getpass()))"'
            ) from None
        self._phc = phc
        self._key = key or secrets.token_bytes(32)
        self._check = check or _argon2_accepts
        self._lock = threading.Lock()
        self._accepted: bytes | None = None
        self._since: float | None = None
        self._uses = 0

    def matches(self, secret: bytes, now: float | None = None) -> bool:
        """Whether this is the password; `now` in seconds of any clock, the same in every call."""
        digest = hashlib.blake2b(secret, key=self._key).digest()
        with self._lock:
            if self._recalls(digest, now):
                self._uses += 1
                return True
            if not self._check(self._phc, secret):
                return False
            self._accepted, self._since, self._uses = digest, now, 0
            return True

    def _recalls(self, digest: bytes, now: float | None) -> bool:
        if self._accepted is None or self._uses >= REMEMBERED_USES:
            return False
        # A clock that was set back makes the age negative: then the hash is paid, as after too long.
        if now is not None and (self._since is None or not 0 <= now - self._since <= REMEMBERED_SECONDS):
            return False
        return hmac.compare_digest(digest, self._accepted)


class PlainSecret:
    """A password known as it is; compares in constant time."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode("utf-8", "surrogateescape")

    def matches(self, secret: bytes, now: float | None = None) -> bool:  # noqa: ARG002 - the same call as ArgonSecret
        """Whether this is the password."""
        return hmac.compare_digest(secret, self._secret)


class TokenDigest:
    """A token known by `sha256:` and 64 hexadecimal digits.

    No slow hash here: argon2 protects passwords that people think up, against guessing. A token is drawn at random,
    128 bits or more, and nobody guesses it, whatever a guess costs; so that cost would only be paid by every poll.

    Raises:
        ValueError: the text is no such digest; it is not quoted.
    """

    def __init__(self, text: str) -> None:
        digits = text.removeprefix(_DIGEST_PREFIX)
        if not text.startswith(_DIGEST_PREFIX) or len(digits) != _HEX_DIGITS or not _is_hex(digits):
            raise ValueError('token_hash is "sha256:" and 64 hexadecimal digits; make them with sha256sum')
        self._digest = bytes.fromhex(digits)

    def matches(self, token: bytes) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(hashlib.sha256(token).digest(), self._digest)


def password(plain: str | None, phc: str | None) -> PlainSecret | ArgonSecret:
    """The one of `password` and `password_hash` that was given; ValueError unless it is exactly one."""
    if (plain is None) == (phc is None):
        raise ValueError("give one of password and password_hash")
    return PlainSecret(plain) if plain is not None else ArgonSecret(phc or "")


def plain_password(plain: str | None) -> str:
    """The password itself, for who sends it; ValueError where only a hash is known."""
    if plain is None:
        raise ValueError("who signs in needs the password itself: a hash can only be checked against")
    return plain


def _argon2_accepts(phc: str, secret: bytes) -> bool:
    try:
        return argon2.PasswordHasher().verify(phc, secret)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF" for letter in text)
