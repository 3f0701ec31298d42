"""What a request, or several, brought from a product."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from halfopen.wire.negotiate import Format


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """One whole answer: `body` is CSV as received or lines of JSON; `rows` is counted only where the product says it.

    notes: what was odd about it though it was taken, as words of one line each. requests: how many it took.
    final: False where the product itself says that the window was not over yet.
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
