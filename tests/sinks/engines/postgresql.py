"""How the suites of promises make and reopen a mirror in PostgreSQL."""

from contextlib import ExitStack
from pathlib import Path

from halfopen.sinks.base import Sink
from halfopen.sinks.postgresql.sink import PostgreSQLSink
from support import postgresql


class PostgreSQLEngine:
    """One mirror in one database of its own."""

    name = "postgresql"

    def __init__(self, _folder: Path) -> None:
        self._stack = ExitStack()
        self.address = self._stack.enter_context(postgresql.database())

    def make(self) -> Sink:
        """A sink on this mirror, not open yet."""
        return PostgreSQLSink(self.address, self.address)

    def close(self) -> None:
        """Let go of the database."""
        self._stack.close()
