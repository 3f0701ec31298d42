"""The tokens that serve issues itself: signed, short-lived, known to every process with the same configuration.

A token is `base64url(end, 8 bytes | nonce, 12 bytes | HMAC-SHA-256, 32 bytes)`. The key is derived from the caller's
own secret and from the day in which the token ends: so it rotates every day, processes and hosts agree on it without
talking to one another, and a changed secret ends all tokens at once. Nothing is stored, so nothing can be lost or
fill up. It is not a JWT, because nobody but the issuer reads it (RFC 6749 section 1.4: opaque to the client), and a
fixed layout has no header that could be argued with.
"""

import base64
import binascii
import functools
import hashlib
import hmac
from typing import Final

LIFETIME_SECONDS: Final = 3600
ROTATION_SECONDS: Final = 86_400
NONCE_BYTES: Final = 12
SKEW_SECONDS: Final = 60
"""How far the clocks of two processes that share the callers may lie apart."""
SHORTEST_KEY: Final = 32
_END_BYTES: Final = 8
_LENGTH: Final = _END_BYTES + NONCE_BYTES + hashlib.sha256().digest_size
_TEXT_LENGTH: Final = -(-_LENGTH * 8 // 6)


class Tokens:
    """Issues and recognises the tokens of one caller.

    secret: the caller's own, or a signing key of its own; stretched with scrypt (about 0.1 s, at the first use),
    because whoever sees a token may try secrets against it at leisure. caller: its name, which keeps equal secrets
    of two callers apart.
    """

    def __init__(self, secret: str, caller: str) -> None:
        self._secret = secret.encode()
        self._caller = caller.encode()

    def issue(self, now: float, nonce: bytes) -> str:
        """A token that ends `LIFETIME_SECONDS` after `now`; `now` in seconds since the epoch."""
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes: found {len(nonce)}")
        signed = (int(now) + LIFETIME_SECONDS).to_bytes(_END_BYTES, "big") + nonce
        return base64.urlsafe_b64encode(signed + self._mac(signed)).rstrip(b"=").decode("ascii")

    def accepts(self, token: str, now: float) -> bool:
        """Whether this is one of ours, and its time is not over."""
        if len(token) != _TEXT_LENGTH or not token.isascii():
            return False
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        signed, mac = raw[: _END_BYTES + NONCE_BYTES], raw[_END_BYTES + NONCE_BYTES :]
        end = int.from_bytes(signed[:_END_BYTES], "big")
        # Looked at before the key is derived: an absurd end must not make us derive keys for absurd days.
        if not now < end <= now + LIFETIME_SECONDS + SKEW_SECONDS:
            return False
        return hmac.compare_digest(mac, self._mac(signed))

    def _mac(self, signed: bytes) -> bytes:
        return hmac.digest(self._key(int.from_bytes(signed[:_END_BYTES], "big")), signed, "sha256")

    def _key(self, end: int) -> bytes:
        """The key of the day in which a token ends."""
        day = (end // ROTATION_SECONDS).to_bytes(_END_BYTES, "big")
        return hmac.digest(self._root, b"halfopen token key" + day, "sha256")

    @functools.cached_property
    def _root(self) -> bytes:
        return hashlib.scrypt(self._secret, salt=b"halfopen tokens:" + self._caller, n=2**14, r=8, p=1, dklen=32)


def signing_secret(plain: str | None, signing_key: str | None, hash_name: str) -> str:
    """What tokens are signed with; ValueError where only a hash is known.

    A hash will not do: it is made to be harmless to whoever reads it, and who signs with it could let himself in.
    """
    if signing_key is not None:
        if len(signing_key) < SHORTEST_KEY:
            raise ValueError(f"signing_key needs {SHORTEST_KEY} characters or more, drawn at random")
        return signing_key
    if plain is None:
        raise ValueError(f"with {hash_name} give a signing_key too, {SHORTEST_KEY} random characters or more")
    return plain
