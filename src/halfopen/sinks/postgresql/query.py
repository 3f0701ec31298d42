"""Reading a mirror in PostgreSQL by any SELECT, and by nothing else; a long question has a connection of its own."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import duckdb

from halfopen.errors import QueryError, SinkError
from halfopen.sinks.duckdb.run import first_line
from halfopen.sinks.postgresql.link import FAILURES, Interrupted, Loop, Session
from halfopen.sinks.postgresql.snapshot import snapshot

_READING = frozenset({"select", "with", "values", "table", "explain", "show", "("})
_HINT = "ask with one SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW"
_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"\(|\w+")
_AGAIN_SECONDS = 0.02


def query(session: Session, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names and rows of one reading statement, run in a read-only transaction that is rolled back.

    Decimals are `decimal.Decimal`; a moment with a zone is given in UTC without one, as all moments of the mirror.

    Raises:
        QueryError: more than one statement, one that does more than read, or one that fails.
    """
    _demand_reading(sql)
    session.script("BEGIN TRANSACTION READ ONLY")
    try:
        with _telling(session):
            columns, rows = session.described(sql)
    finally:
        if not session.lost:
            session.script("ROLLBACK")
    zoned = _zoned(columns)
    return [name for name, _ in columns], [_in_utc(row, zoned) for row in rows] if zoned else rows


class PostgreSQLReader:
    """Keeps the promise of `sinks.base.Reader`; connects when it is asked.

    url: with the password; shown: the same without it, for errors. left: called once it is closed.
    """

    def __init__(
        self,
        url: str,
        shown: str,
        settings: Mapping[str, str],
        left: Callable[["PostgreSQLReader"], None] = lambda _: None,
    ) -> None:
        self._url = url
        self._shown = shown
        self._settings = dict(settings)
        self._left = left
        self._loop = Loop()
        self._session: Session | None = None
        self._cursor: Any = None
        self._zoned: list[int] = []
        self._judge: duckdb.DuckDBPyConnection | None = None
        self._turn = threading.Lock()
        """Held while something runs."""
        self._closed = False

    def ask(self, sql: str) -> list[str]:
        """Begin with one statement; see `Reader.ask`."""
        _demand_reading(sql)
        with self._using() as session:
            session.script("BEGIN TRANSACTION READ ONLY")
            with _telling(session):
                columns, self._cursor = session.begun(sql)
            self._zoned = _zoned(columns)
            return [name for name, _ in columns]

    def fetch(self, most: int) -> list[tuple[Any, ...]]:
        """The next rows; see `Reader.fetch`."""
        with self._using() as session, _telling(session):
            rows = session.fetched(self._cursor, most)
        return [_in_utc(row, self._zoned) for row in rows] if self._zoned else rows

    def snapshot(self, file: Path | None, folder: Path | None) -> dict[str, int]:
        """Write a copy for readers; see `Sink.snapshot`."""
        with self._using("no snapshot was written") as session:
            try:
                return snapshot(session, file, folder, self._copying)
            finally:
                self._judge = None

    def close(self) -> None:
        """Stop what runs, and let go; see `Reader.close`."""
        self._closed = True
        # What stops between two statements stops neither, so once may not be enough.
        while not self._turn.acquire(timeout=_AGAIN_SECONDS):
            self._loop.interrupt()
            self._interrupt_copy()
        try:
            session, self._session = self._session, None
            if session is not None:
                session.close()
            self._loop.close()
        finally:
            self._turn.release()
        self._left(self)

    @contextmanager
    def _using(self, consequence: str = "") -> Iterator[Session]:
        end = f"; {consequence}" if consequence else ""
        with self._turn:
            if self._closed:
                raise QueryError("query: interrupted")
            try:
                if self._session is None:
                    self._session = Session.connect(self._loop, self._url, self._settings)
                yield self._session
            except (*FAILURES, duckdb.Error, Interrupted) as error:
                raise SinkError(f"mirror {self._shown!r}: {first_line(error)}{end}") from error
            except SinkError as error:
                if str(error).startswith("query: "):
                    raise
                raise SinkError(f"mirror {self._shown!r}: {error}{end}") from error

    def _copying(self, copy: duckdb.DuckDBPyConnection) -> None:
        self._judge = copy

    def _interrupt_copy(self) -> None:
        judge = self._judge
        if judge is not None:
            try:
                judge.interrupt()
            except duckdb.Error:
                return  # it has just been closed


@contextmanager
def _telling(session: Session) -> Iterator[None]:
    """What fails of a person's SQL is a QueryError; a lost connection is not."""
    try:
        yield
    except Interrupted as error:
        raise QueryError("query: interrupted") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if session.lost:
            raise
        raise QueryError(f"query: {first_line(error)}") from error


def _demand_reading(sql: str) -> None:
    """That it begins like a reading statement; that it is one and writes nothing, the server sees to.

    COPY and others would pass a read-only transaction.
    """
    blank = _BLANK.match(sql)
    word = _WORD.match(sql, blank.end() if blank else 0)
    if word is None or word[0].lower() not in _READING:
        raise QueryError(f"query: {' '.join(sql.split())[:80]!r} is not one statement that only reads; {_HINT}")


def _zoned(columns: list[tuple[str, str]]) -> list[int]:
    return [place for place, (_, kind) in enumerate(columns) if kind == "timestamptz"]


def _in_utc(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        if isinstance(values[place], datetime) and values[place].tzinfo is not None:
            values[place] = values[place].astimezone(UTC).replace(tzinfo=None)
    return tuple(values)
