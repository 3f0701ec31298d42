"""Small pieces of SQL text; whatever is put into SQL as a value is made here, from a typed value.

No literal relies on backslashes or double quotes, whose meaning the server's sql_mode decides.
"""

from datetime import UTC, datetime
from typing import Final

QUOTE: Final = 0xFE
"""Stands for a quote around a text; no byte from 0xf8 on stands in any text of UTF-8."""
NULL: Final = 0xFD
END: Final = 0xFF
"""Ends a line."""


def text(value: str) -> str:
    """A text as an SQL literal."""
    if value.isascii() and value.isprintable() and "\\" not in value:
        return "'" + value.replace("'", "''") + "'"
    return f"_utf8mb4 X'{value.encode().hex()}'"


def raw(value: bytes) -> str:
    """Bytes as an SQL literal."""
    return f"X'{value.hex()}'"


def name(value: str) -> str:
    """An identifier, quoted."""
    return "`" + value.replace("`", "``") + "`"


def stamp(value: datetime) -> str:
    """A naive stamp as an SQL literal."""
    shown = value.isoformat(sep=" ", timespec="microseconds")
    return f"timestamp'{shown.removesuffix('.000000')}'"


def moment(value: datetime) -> str:
    """An aware moment as an SQL literal in UTC, the zone of our sessions."""
    return stamp(value.astimezone(UTC).replace(tzinfo=None))
