"""How the suites of promises make and reopen a mirror in DuckDB."""

from pathlib import Path

from halfopen.sinks.base import Sink
from halfopen.sinks.duckdb.sink import DuckDBSink


class DuckDBEngine:
    """One mirror in one folder."""

    name = "duckdb"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mirror.duckdb"
        self.address = f"duckdb:///{self._path}"

    def make(self) -> Sink:
        """A sink on this mirror, not open yet."""
        return DuckDBSink(self._path, threads=2)

    def close(self) -> None:
        """Nothing is left but the file."""
