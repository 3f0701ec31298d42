"""Read-only connections, opened when they are needed and kept for the next answer."""

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from halfopen.errors import SourceError
from halfopen.sources.base import Busy, Unavailable
from halfopen.sources.sqlite.functions import register

_LOCK_SECONDS: Final = 5.0
"""How long SQLite waits for a lock that a writer holds; in WAL mode readers do not wait at all."""

_CACHE_KIBIBYTES: Final = 1024
"""Of each connection; what it does not hold the system's own cache of the file does."""

_UNAVAILABLE: Final = {"SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT"}
_BUSY: Final = {"SQLITE_BUSY", "SQLITE_LOCKED"}


class Connections:
    """Connections to one file; each is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def taken(self) -> Iterator[sqlite3.Connection]:
        """A connection for the length of the context; Unavailable when the file cannot be opened."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._opened()
        try:
            yield connection
        except BaseException:
            # Whatever went wrong, perhaps the file was replaced: the next answer opens it anew.
            connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Closes what is idle now, and what is in use when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        with words():
            connection = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode=ro",
                uri=True,
                check_same_thread=False,
                isolation_level=None,
                timeout=_LOCK_SECONDS,
            )
            try:
                connection.text_factory = _lenient
                connection.execute("pragma query_only = on")
                connection.execute(f"pragma cache_size = -{_CACHE_KIBIBYTES}")
                connection.execute("pragma schema_version").fetchone()
                register(connection)
            except BaseException:
                connection.close()
                raise
            return connection


@contextmanager
def words() -> Iterator[None]:
    """Turns SQLite's errors into ours, with its own words."""
    try:
        yield
    except sqlite3.Error as error:
        if _is_one_of(error, _BUSY):
            raise Busy(str(error)) from None
        if _is_one_of(error, _UNAVAILABLE):
            raise Unavailable(str(error)) from None
        raise SourceError(str(error)) from None


def _is_one_of(error: sqlite3.Error, families: Collection[str]) -> bool:
    """Extended codes begin with their family's name: SQLITE_BUSY_SNAPSHOT."""
    return str(getattr(error, "sqlite_errorname", "")).startswith(tuple(families))


def _lenient(text: bytes) -> str:
    return text.decode("utf-8", "replace")
