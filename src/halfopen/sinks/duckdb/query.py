"""Reading the mirror by any SELECT, and by nothing else; each question has a cursor of its own, and can be stopped."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from halfopen.contract.sql import quote
from halfopen.errors import QueryError, SinkError
from halfopen.sinks.duckdb.run import first_line
from halfopen.sinks.duckdb.snapshot import snapshot

_READING = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})
_HINT = "ask with one SELECT, FROM, WITH, EXPLAIN, DESCRIBE or SHOW"
_AGAIN_SECONDS = 0.02


class DuckDBReader:
    """Keeps the promise of `sinks.base.Reader`, beside whatever else is done with the file.

    connection: of the mirror, used for nothing but cursors. where: the mirror's file, for errors. staging: the folder
    that a snapshot is made in. left: called once it is closed.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        where: Path,
        staging: Path,
        left: Callable[["DuckDBReader"], None] = lambda _: None,
    ) -> None:
        self._cursor = connection.cursor()
        self._where = where
        self._staging = staging
        self._left = left
        self._turn = threading.Lock()
        """Held while something runs: DuckDB refuses to close a cursor then."""
        self._striking = threading.Lock()
        self._sheltered = False
        self._closed = False

    def ask(self, sql: str) -> list[str]:
        """Begin with one statement; see `Reader.ask`."""
        with self._using(), self._failing():
            statements = self._cursor.extract_statements(sql)
            if len(statements) != 1 or statements[0].type not in _READING:
                raise QueryError(f"query: {' '.join(sql.split())[:80]!r} is not one statement that only reads; {_HINT}")
            self._cursor.execute("BEGIN TRANSACTION READ ONLY")
            self._cursor.execute("SET TimeZone = 'UTC'")
            return _asked(self._cursor, sql)

    def fetch(self, most: int) -> list[tuple[Any, ...]]:
        """The next rows; see `Reader.fetch`."""
        with self._using(), self._failing():
            return self._cursor.fetchmany(most)

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        """Write a copy for readers; see `Sink.snapshot`."""
        with self._using():
            try:
                return snapshot(self._cursor, self._staging, file, folder, self._shelter)
            except duckdb.InterruptException as error:
                raise SinkError(f"mirror {str(self._where)!r}: no snapshot: interrupted") from error
            except (OSError, duckdb.Error) as error:
                raise SinkError(f"mirror {str(self._where)!r}: no snapshot: {first_line(error)}") from error

    def close(self) -> None:
        """Stop what runs, and let go; see `Reader.close`."""
        self._closed = True
        # An interrupt that falls between two statements stops neither, so one alone may miss.
        while not self._turn.acquire(timeout=_AGAIN_SECONDS):
            self._strike()
        try:
            with suppress(duckdb.Error):
                self._cursor.close()
        finally:
            self._turn.release()
        self._left(self)

    @contextmanager
    def _using(self) -> Iterator[None]:
        with self._turn:
            if self._closed:
                raise QueryError("query: interrupted")
            yield

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except duckdb.InterruptException as error:
            raise QueryError("query: interrupted") from error
        except duckdb.Error as error:
            raise QueryError(f"query: {first_line(error)}") from error

    def _strike(self) -> None:
        with self._striking:
            if not self._sheltered:
                self._cursor.interrupt()

    @contextmanager
    def _shelter(self) -> Iterator[None]:
        """What is tidied up within is not stopped: a copy that stays attached would hold its file for ever."""
        with self._striking:
            self._sheltered = True
        try:
            yield
        finally:
            with self._striking:
                self._sheltered = False


def _asked(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Begin with the statement, its moments with a zone in UTC; the names of its columns."""
    cursor.execute(sql)
    description = cursor.description or []
    names = [str(column[0]) for column in description]
    zoned = [place for place, column in enumerate(description) if "TIME ZONE" in str(column[1])]
    if zoned:
        # Python would need pytz for these; DuckDB does the same conversion by itself.
        inside = ", ".join(f"c{place}" for place in range(len(names)))
        columns = ", ".join(
            f"c{place}::TIMESTAMP AS {quote(name)}" if place in zoned else f"c{place} AS {quote(name)}"
            for place, name in enumerate(names)
        )
        cursor.execute(f"SELECT {columns} FROM ({sql.strip().rstrip(';')}\n) AS q({inside})")
    return names
