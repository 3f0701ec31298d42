"""Values as texts, rows as lines of CSV and tokens of JSON, the way that the requirements ask for."""

import json
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

_NEEDS_QUOTES: Final = re.compile('[",\r\n]')


def text(value: object) -> str | None:
    """`YYYY-MM-DD HH:MM:SS` cut to the second, true/false, plain decimals, lists as `a, b`; null is None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ")[:19]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def field(value: str | None) -> str:
    """A field of CSV: null is nothing, an empty text is two quotes."""
    if value is None:
        return ""
    if value == "" or _NEEDS_QUOTES.search(value):
        return '"' + value.replace('"', '""') + '"'
    return value


def line(values: Iterable[str | None]) -> bytes:
    """A line of CSV with its CRLF."""
    return (",".join(map(field, values)) + "\r\n").encode()


def quoted(value: str | None) -> str:
    """A JSON string, or null."""
    return "null" if value is None else json.dumps(value, ensure_ascii=False)
