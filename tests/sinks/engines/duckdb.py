"""How the suites of promises make and reopen a mirror in DuckDB."""

from pathlib import Path

from halfopen.sinks.base import Sink
from halfopen.sinks.duckdb import DuckDBSink


class DuckDBEngine:
    """One mirror in one folder."""

    name = "duckdb"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self) -> Sink:
        """A sink on this mirror, not open yet."""
        return DuckDBSink(self._folder / "mirror.duckdb", threads=2)
