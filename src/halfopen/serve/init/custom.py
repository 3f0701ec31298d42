"""Facts about players that fit no field of the contract: proposed as custom fields, for a person to switch on. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init.expression import column
from halfopen.serve.init.facts import Look, looks
from halfopen.serve.init.links import Links
from halfopen.serve.init.proposal import Custom, Proposal
from halfopen.serve.init.units import divisor
from halfopen.sources.schema import Column, Family, Table

_SECRETS: Final = frozenset([
    "password", "passwd", "pass", "passphrase", "hash", "hashed", "digest", "token", "secret", "salt", "2fa", "fa",
    "mfa", "totp", "otp", "twofactor", "factor", "pin", "ssn", "social", "security", "passport", "document",
    "identity", "national", "tax", "iban", "bic", "swift", "card", "pan", "cvv", "cvc", "bank", "routing", "key",
    "api", "private", "seed", "mnemonic", "recovery", "backup", "reset", "answer", "question", "encrypted", "cipher",
    "signature", "fingerprint", "biometric", "authenticator", "credential", "remember", "session", "cookie",
    "licence", "license", "nonce", "csrf", "auth", "clave", "senha", "kennwort", "passwort", "contrasena",
])  # fmt: skip
"""A column with one of these words in its name is never proposed."""
_TECHNICAL: Final = frozenset([
    "version", "vrsn", "lock", "revision", "etag", "sync", "synced", "migrated", "migration", "checksum", "row",
    "uuid", "guid", "raw", "meta", "metadata", "payload", "deleted", "trashed", "archived", "attempt", "failed",
    "note", "notes", "comment", "address", "street", "zip", "postcode", "postal",
])  # fmt: skip
_BY: Final = frozenset(["by"])
_PIECES: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LISTS: Final = frozenset(["tag", "tags", "segments", "labels", "interests", "categories"])
_LIST: Final = re.compile(r"\[.*\]|\{.*\}|[^,;]+(,\s*[^,;]+)+", re.DOTALL)
_KINDS: Final = {
    Family.INTEGER: "integer",
    Family.DECIMAL: "fractional",
    Family.STAMP: "date",
    Family.DATE: "date",
    Family.TEXT: "string",
    Family.UUID: "string",
}


def custom(links: Links, table: Table, proposals: Iterable[Proposal]) -> list[Custom]:
    """The columns of the players' table that no feed uses and that a CRM could."""
    used = {
        ref.column
        for proposal in proposals
        for part in proposal.parts
        if part.table == table.name
        for expression in (*(c.expression for c in part.choices.values()), *(f.expression for f in part.where))
        for ref in expression.refs
        if not ref.path
    }
    pointers = {link.column for link in links.of[table.name] if not link.backwards}
    found: dict[str, Custom] = {}
    for col in table.columns:
        if col.name in used or col.name in pointers or col.name in table.primary_key or not _is_a_fact(links, col):
            continue
        made = _made(links, table, col)
        if made is not None and made.name not in found and made.name not in feeds()["players"].fields:
            found[made.name] = made
    return list(found.values())


def _is_a_fact(links: Links, col: Column) -> bool:
    pieces = {piece.lower() for piece in _PIECES.findall(col.name)}
    spelt = set(links.names.vocabulary.lexicon.words(col.name))
    glued = re.sub(r"[^a-z0-9]", "", col.name.lower())
    is_secret = (pieces | spelt) & _SECRETS or any(word in glued for word in _SECRETS if len(word) >= len("token"))
    is_idle = (pieces | spelt) & (_TECHNICAL | _BY)
    return not is_secret and not is_idle and Look.EMAIL not in looks(col) and Look.IP not in looks(col)


def _made(links: Links, table: Table, col: Column) -> Custom | None:
    name = "_".join(piece.lower() for piece in _PIECES.findall(col.name))
    expression = column(col.name)
    if _is_list(name, col):
        return Custom(name, "array", expression)
    if col.family is Family.BOOLEAN:
        return Custom(name, "integer", expression.within("case when {0} then 1 else 0 end"))
    kind = _KINDS.get(col.family)
    if kind == "integer" and Look.EPOCH in looks(col):
        return Custom(name, "date", expression)
    units = divisor(links.names.vocabulary, table, col, "amount") if kind in ("integer", "fractional") else None
    if units is not None and not units.doubt:
        name = re.sub(r"_(cents?|minor|pennies|kopeks)$", "", name)
        return Custom(name, "fractional", expression.within(f"{{0}} / {units.divisor}.0"))
    return Custom(name, kind, expression) if kind else None


def _is_list(name: str, col: Column) -> bool:
    if col.type.endswith("[]"):
        return True
    if col.family not in (Family.TEXT, Family.JSON):
        return False
    said = bool(_LISTS & set(name.split("_")))
    seen = [str(value) for value in col.samples]
    return said and (not seen or any(_LIST.fullmatch(value) for value in seen))
