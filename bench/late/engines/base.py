"""What an engine tells the writers: its connections, its words around a transaction, its clocks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Connection(Protocol):
    """A writer's connection, in autocommit."""

    async def run(self, sql: str) -> None:
        """Runs a statement; `Engine.errors` when the database refuses it."""
        ...

    async def close(self) -> None:
        """Ends it."""
        ...


class Engine(Protocol):
    """A database with the casino in it. `two_phase` says whether it lets transactions be prepared."""

    name: str
    url: str
    two_phase: bool
    stamp_type: str
    errors: tuple[type[Exception], ...]
    statement_clock: str
    transaction_clock: str | None
    """SQL of the moment when the transaction began; None where the writer must remember it."""

    async def connect(self) -> Connection:
        """A new connection."""
        ...

    async def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """The rows of a SELECT, on a connection of its own."""
        ...

    def literal(self, moment: datetime) -> str:
        """A stamp as SQL."""
        ...

    def opening(self, name: str | None) -> Sequence[str]:
        """Statements that begin a transaction; `name` is that of one that will be prepared."""
        ...

    def preparing(self, name: str) -> Sequence[str]:
        """Statements that prepare it."""
        ...

    def committing(self, name: str | None) -> Sequence[str]:
        """Statements that commit it, prepared if it has a name."""
        ...

    def undoing(self, name: str | None) -> Sequence[str]:
        """Statements that roll it back, not prepared yet."""
        ...
