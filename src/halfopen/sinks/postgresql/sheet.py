"""Files of CSV without a header, as DuckDB writes them and COPY reads them."""

from dataclasses import dataclass
from pathlib import Path

from halfopen.sinks.postgresql.link import Session


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file for COPY: its columns, in order."""

    path: Path
    columns: tuple[str, ...]

    def copy(self, session: Session, table: str) -> int:
        """Bring it into a table; how many rows it had."""
        return session.copy(table, self.columns, self.path)
