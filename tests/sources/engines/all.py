"""The engines that the suite of promises runs against: real ones, each in all its ways of keeping a row."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from halfopen.sources.base import Source
from sources.engines import duckdb, mysql, postgresql, sqlite


class Engine(Protocol):
    """One way in which an engine keeps the rows of the suite."""

    name: str
    resolution: int
    """What survives of a moment, in microseconds."""
    failing: tuple[str, str]
    """An expression that fails for the id 'bad' alone, and what the error says."""

    places: int | None
    """How many decimals the engine's numbers all have; None where each keeps its own."""
    many: int
    """Rows of 100 bytes, more than the engine makes before it gives the first."""
    refused: type[Exception] | None
    """What a writer gets while an answer is read; None where it need not wait."""
    unindexed: str | None
    """What finds a window where there is no index; None where all rows are read."""
    endless: str
    """A relation of endlessly many `i` above 0, whose rows come as they are made."""

    def make(self, folder: Path, columns: dict[str, str], rows: Sequence[Sequence[object]], *, index: str = "") -> Any:
        """The table `t` alone in a database; a column's type is text, number, boolean or stamp."""
        ...

    def insert(self, place: Any, columns: dict[str, str], rows: Sequence[Sequence[object]]) -> None:
        """More rows, from a writer of their own that waits for nobody."""
        ...

    def remove(self, place: Any, row_id: str) -> None:
        """Without the rows of that id, committed."""
        ...

    def source(self, place: Any, connections: int = 4, timeout: timedelta = timedelta(minutes=1)) -> Source:
        """The source over what `make` made."""
        ...


_LISTS: list[Sequence[Engine]] = [sqlite.ENGINES, postgresql.ENGINES, mysql.ENGINES, duckdb.ENGINES]
ENGINES: list[Engine] = [engine for engines in _LISTS for engine in engines]
ONE_EACH: list[Engine] = [engines[0] for engines in _LISTS]
"""One way of keeping rows for each engine: enough where it is not looked at how a moment is kept."""
