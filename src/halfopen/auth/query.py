"""Parameters of a raw query string: read, written, and hidden from logs."""

from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl, quote, unquote_plus

HIDDEN: Final = "***"


def pairs(query: str) -> list[tuple[str, str]]:
    """All parameters, decoded; bytes that are no UTF-8 stay apart from each other (surrogates)."""
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


def single(query: str, name: str) -> str | None:
    """The one value of a parameter, decoded; None when it is missing or given more than once."""
    found = [value for key, value in pairs(query) if key == name]
    return found[0] if len(found) == 1 else None


def spoken(text: str) -> str:
    """A name or a value as it stands in a query."""
    return quote(text, safe="", errors="surrogateescape")


def redacted(query: str, secret_parameters: Collection[str]) -> str:
    """The raw query with `***` for the values of secret parameters, however their names are encoded."""
    return "&".join(_hidden(part, secret_parameters) for part in query.split("&"))


def _hidden(part: str, secret_parameters: Collection[str]) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}={HIDDEN}" if equals and unquote_plus(name) in secret_parameters else part
