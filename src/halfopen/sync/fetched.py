"""What a request, or several, brought from a product."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from halfopen.wire.negotiate import Format


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One whole answer: `body` is CSV with commas in UTF-8 or lines of JSON, without what a dialect declares.

    notes: what was odd about it though it was taken, as words of one line each. requests: how many it took.
    final: False where the product itself says that the window was not over yet. doubted: its count of rows, where it
    may have been cut there.
    """

    body: Path
    format: Format
    size: int
    digest: str
    server_date: datetime | None
    asked_at: datetime
    fetched_at: datetime
    notes: tuple[str, ...] = ()
    requests: int = 1
    final: bool = True
    doubted: int | None = None
