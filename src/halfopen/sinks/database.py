"""What the bookkeeping asks of a mirror's database, whichever it is: reading and writing by named parameters."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

Values = Mapping[str, Any]


class Database(Protocol):
    """Statements name parameters as `$p_seq`, which takes `values["seq"]`; values that none names are left out."""

    def rows(self, sql: str, values: Values | None = None) -> list[tuple[Any, ...]]:
        """All rows of a statement."""

    def write(self, sql: str, values: Values | None = None) -> int:
        """Count of the rows that a statement wrote."""


def naive(moment: datetime) -> datetime:
    """A moment as a mirror stores it: UTC without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(moment: datetime) -> datetime:
    """A stored moment as the rest of the program has it."""
    return moment.replace(tzinfo=UTC)
