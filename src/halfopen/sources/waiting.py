"""What a source does beside the promises of all so that windows can wait for open transactions."""

from datetime import datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class TellsOpen(Protocol):
    """A source that knows which transactions are open, prepared ones too."""

    def missing_grant(self) -> str:
        """The statement that would let us see all of them; empty when we may. SourceError when it cannot be asked."""
        ...

    async def oldest_open(self) -> datetime | None:
        """When the oldest transaction of a client that may still write began, UTC; None when none is open."""
        ...
