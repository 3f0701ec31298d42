"""The file, open read-only while somebody reads it and no longer.

DuckDB lets either one process write a file or several read it. So the file is opened with the first answer and closed
with the last: whoever writes it gets it in between, and every opening sees the newest state.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from halfopen.errors import SourceError
from halfopen.sources.base import Busy, Unavailable

_MEMORY_SHARE: Final = "256MB"
"""For all answers together; one holds about 10 MB, ten hold 100, whatever their windows are. Sums may take more."""
_HELD: Final = ("lock", "different configuration")


class File:
    """Connections to one file; each is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._users = 0

    @contextmanager
    def taken(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for the length of the context; Busy while another process writes, Unavailable when broken."""
        with self._lock:
            if self._root is None:
                with opening():
                    self._root = self._opened()
            self._users += 1
            connection = self._root.cursor()
        try:
            yield connection
        finally:
            connection.close()
            with self._lock:
                self._users -= 1
                if self._users == 0 and self._root is not None:
                    self._root.close()
                    self._root = None

    def _opened(self) -> duckdb.DuckDBPyConnection:
        # One thread for an answer: more would make rows faster than anybody takes them, for which it would
        # keep them back. The order of rows means nothing.
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "preserve_insertion_order": False,
            "memory_limit": _MEMORY_SHARE,
            "autoinstall_known_extensions": False,
        }
        connection = duckdb.connect(str(self._path), read_only=True, config=config)
        # Threads that write for it let it run ahead of the reader: by 80 MB an answer, until the memory is used up.
        # DuckDB 1 has none, and does not know the word.
        with suppress(duckdb.CatalogException):
            connection.execute("set async_threads = 0")
        return connection


@contextmanager
def opening() -> Iterator[None]:
    """Tells a file that is held by a writer from one that cannot be read."""
    try:
        yield
    except duckdb.Error as error:
        told = line(error)
        if any(word in told.lower() for word in _HELD):
            raise Busy(f"another process writes the file: {told}") from None
        raise Unavailable(told) from None


@contextmanager
def words() -> Iterator[None]:
    """Turns DuckDB's errors into ours, with its own words in one line."""
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
        raise Unavailable(line(error)) from None
    except duckdb.Error as error:
        raise SourceError(line(error)) from None


def line(error: duckdb.Error) -> str:
    """The first line, which says what is wrong; the others point into the statement."""
    lines = [each for each in str(error).splitlines() if each.strip()]
    return lines[0] if lines else type(error).__name__
