"""Credentials as a mirror may keep them: encrypted where there is a key, else as their hash.

Encryption is AES-SIV (RFC 5297), which is deterministic: one token has one ciphertext, so that an equal row stays
equal. Its 64 bytes of key come from `mirror.secret_key` by HKDF-SHA256 with the info "halfopen login tokens 1"; the
associated data are the product's and the field's names, so that a ciphertext cannot be moved to another product.
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

import duckdb
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from halfopen.contract.model import Feed
from halfopen.contract.sql import literal, quote
from halfopen.errors import SinkError
from halfopen.sinks.base import Answer
from halfopen.sinks.duckdb.run import run
from halfopen.sinks.stage import Staged

MASKED = "***"
"""In the place of a credential, or of a text that may hold one, wherever a person reads it."""
SEALED, HASHED = "aes-siv:", "sha256:"
KEPT = f"\x1e{secrets.token_hex(16)}\x1e"
"""Before a staged credential that is already as it may be kept. Known to this process alone: no product can send it."""
_INFO = b"halfopen login tokens 1"
_KEY_BYTES = 64
_PIECE = 20_000
_SHOWN = re.compile(rf"{HASHED}[0-9a-f]{{64}}|{SEALED}[A-Za-z0-9_=-]+")


class Vault:
    """Seals and opens credentials with one key."""

    def __init__(self, secret_key: str) -> None:
        derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_INFO).derive(secret_key.encode())
        self._cipher = AESSIV(derived)

    def seal(self, product: str, field: str, text: str) -> str:
        """The ciphertext of a credential, as a text."""
        sealed = self._cipher.encrypt(text.encode(), [product.encode(), field.encode()])
        return SEALED + urlsafe_b64encode(sealed).decode()

    def open(self, product: str, field: str, sealed: str) -> str:
        """The credential of a ciphertext.

        Raises:
            SinkError: it is a hash, or was sealed with another key, or for another product or field.
        """
        if not sealed.startswith(SEALED):
            raise SinkError(f"{field}: it was stored as a hash, before there was a mirror.secret_key")
        try:
            raw = urlsafe_b64decode(sealed.removeprefix(SEALED))
            return self._cipher.decrypt(raw, [product.encode(), field.encode()]).decode()
        except (InvalidTag, ValueError):
            raise SinkError(
                f"{field}: it cannot be decrypted; was it stored under another mirror.secret_key?"
            ) from None


def secret_fields(feed: Feed) -> tuple[str, ...]:
    """Fields of a feed that are credentials."""
    return tuple(name for name, field in feed.fields.items() if field.secret)


def protect(connection: duckdb.DuckDBPyConnection, answer: Answer, staged: Staged, vault: Vault | None) -> None:
    """Seal the staged credentials, before anything looks at them; without a vault `stored_text` hashes them."""
    names = secret_fields(answer.feed)
    if vault is None or staged.shape is None or not staged.rows or not names:
        return
    columns = [(name, quote(name)) for name in names if name in staged.shape.present]
    columns += [(names[0], column) for column in staged.shape.extra_columns]
    for name, column in columns:
        wanted = f"trim({column}) <> '' AND NOT starts_with({column}, {literal(KEPT)})"
        found = connection.execute(f"SELECT DISTINCT {column} FROM {staged.table} WHERE {wanted}").fetchall()
        texts = [text for (text,) in found]
        for first in range(0, len(texts), _PIECE):
            piece = texts[first : first + _PIECE]
            run(
                connection,
                f"UPDATE {staged.table} SET {column} = m.sealed FROM (SELECT unnest($p_texts::VARCHAR[]) AS plain,"
                f" unnest($p_sealed::VARCHAR[]) AS sealed) m WHERE {column} = m.plain",
                {"texts": piece, "sealed": [KEPT + vault.seal(answer.product, name, text) for text in piece]},
            )


def as_kept(feed: Feed, row: dict[str, str | None]) -> dict[str, str | None]:
    """A row that was kept, for staging it again: its credentials are sealed or hashed already."""
    if not secret_fields(feed):
        return row
    return {name: KEPT + text if text and text.startswith((SEALED, HASHED)) else text for name, text in row.items()}


def stored_text(feed: Feed, name: str | None, expression: str) -> str:
    """SQL of a staged text as it may be kept: a credential sealed, if that has been done, else only as its hash.

    name: None for a column beyond the contract, which in a feed with credentials may be one under another name.
    """
    secrets_ = secret_fields(feed)
    if not secrets_ or (name is not None and name not in secrets_):
        return expression
    kept = f"substr({expression}, {len(KEPT) + 1})"
    return (
        f"CASE WHEN starts_with({expression}, {literal(KEPT)}) THEN {kept}"
        f" WHEN trim({expression}) = '' THEN {expression} ELSE '{HASHED}' || sha256({expression}) END"
    )


def masked(text: str) -> str:
    """A text without the credentials that a mirror keeps, sealed or hashed."""
    return _SHOWN.sub(MASKED, text) if SEALED in text or HASHED in text else text
