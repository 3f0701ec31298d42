"""Small pieces of SQL text; whatever is put into SQL as a value is made here, from a typed value."""

from datetime import UTC, datetime


def text(value: str) -> str:
    """A text as an SQL literal (standard_conforming_strings is on)."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier, quoted."""
    return '"' + value.replace('"', '""') + '"'


def moment(value: datetime) -> str:
    """An aware moment as an SQL literal of the type timestamptz; COPY takes no parameters."""
    return f"timestamptz {text(value.astimezone(UTC).isoformat(sep=' ', timespec='microseconds'))}"
