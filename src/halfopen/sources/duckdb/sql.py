"""Small pieces of SQL text; whatever is put into SQL as a value is made here, from a typed value."""

from datetime import UTC, datetime


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """An identifier, quoted."""
    return '"' + value.replace('"', '""') + '"'


def stamp(value: datetime, type_: str = "timestamp") -> str:
    """A naive stamp as an SQL literal."""
    return f"{type_} {text(value.isoformat(sep=' ', timespec='microseconds'))}"


def moment(value: datetime) -> str:
    """An aware moment as an SQL literal in UTC, without a zone."""
    return stamp(value.astimezone(UTC).replace(tzinfo=None))
