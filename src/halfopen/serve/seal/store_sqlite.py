"""Seals in a SQLite file: for one server, also of several processes.

A seal that `save` has kept survives the machine's power: rows that it lifted into a window would else be lost. So the
journal is a write-ahead log, and every commit waits for the disk.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from halfopen.errors import StateError
from halfopen.serve.seal.codec import packed, read, unpacked, written
from halfopen.serve.seal.state import Base, Seal
from halfopen.sources.exact import micros_of
from halfopen.sources.sealing import Detector, Lift, Mark
from halfopen.window.window import Window

VERSION: Final = 1
"""Of the tables below; a file of a later one is not touched."""

_APPLICATION: Final = 0x68666F70
_LOCK_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.05
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TABLES: Final = (
    """
    create table seals (
        feed text primary key,
        number integer not null,
        horizon integer not null,     -- microseconds since 1970-01-01 UTC, as all moments here
        base_at integer not null,
        base_since integer not null,
        detector text not null,       -- xid or set
        system text not null,
        oldest_xid integer not null,
        next_xid integer not null,
        replica integer not null,
        seen blob not null            -- codec.py says how
    ) without rowid
    """,
    """
    create table lifts (
        feed text not null,
        identity text not null,       -- a transaction's number, or a digest in hexadecimal digits
        since integer not null,
        lifted_to integer not null,
        primary key (feed, identity)
    ) without rowid
    """,
    "create index lifts_by_moment on lifts (feed, lifted_to)",
    f"pragma application_id = {_APPLICATION}",
    f"pragma user_version = {VERSION}",
)
_PLAIN: Final = "number, horizon, base_at, base_since, detector, system, oldest_xid, next_xid, replica"
_KEEP: Final = (
    f"insert into seals (feed, {_PLAIN}, seen) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (feed) do nothing"
)
_REPLACE: Final = f"update seals set ({_PLAIN}, seen) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) where feed = ? and number = ?"

_FOLDER: Final = "the folder must be there, with room, and let this user write"
_ANOTHER: Final = "name a file of its own for seals, or delete this one: rows of late are then served once more"

Result = TypeVar("Result")


class SqliteStore:
    """A file, made when there is none. StateError when it cannot be used, or is no store of ours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="halfopen-seals")
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._last: dict[str, Seal] = {}
        with self._words():
            self._opened().close()

    async def load(self, feed: str) -> Seal | None:
        """The last seal of a feed."""
        return await self._run(lambda connection: self._load(connection, feed))

    async def save(self, seal: Seal, lifts: Sequence[Lift], *, replaces: int | None, forget_before: datetime) -> bool:
        """One transaction, on the disk when this returns True."""
        return await self._run(lambda connection: _saved(connection, seal, lifts, replaces, forget_before))

    async def lifts(self, feed: str, window: Window, *, open_end: bool = False) -> Sequence[Lift]:
        """By the index on the moment that rows were lifted to."""
        end = "" if open_end else " and since < ?"
        values = [feed, micros_of(window.start), *([] if open_end else [micros_of(window.end)])]
        sql = f"select identity, since, lifted_to from lifts where feed = ? and lifted_to >= ?{end}"
        rows = await self._run(lambda connection: connection.execute(sql, values).fetchall())
        return [Lift(read(identity), _moment(since), _moment(to)) for identity, since, to in rows]

    async def close(self) -> None:
        """Waits for what is being saved."""

        def work() -> None:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

        with contextlib.suppress(RuntimeError):  # it is closed already
            await asyncio.get_running_loop().run_in_executor(self._thread, work)
        self._thread.shutdown(wait=True)

    async def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        def job() -> Result:
            with self._words():
                return work(self._connected())

        try:
            running = asyncio.get_running_loop().run_in_executor(self._thread, job)
        except RuntimeError:
            raise StateError(f"serve.state: {str(self._path)!r} is closed") from None
        return await running

    def _load(self, connection: sqlite3.Connection, feed: str) -> Seal | None:
        """What was seen is read only where the seal is another than the last time: it may be megabytes."""
        connection.execute("begin")
        try:
            row = connection.execute(f"select {_PLAIN} from seals where feed = ?", (feed,)).fetchone()
            if row is None:
                self._last.pop(feed, None)
                return None
            last = self._last.get(feed)
            if last is None or _plain(last) != row:
                (seen,) = connection.execute("select seen from seals where feed = ?", (feed,)).fetchone()
                last = self._last[feed] = _seal(feed, row, seen)
            return last
        finally:
            connection.rollback()

    def _connected(self) -> sqlite3.Connection:
        """A file that was deleted or replaced is not used on: no other process would see what is saved there."""
        if self._connection is not None and _identity(self._path) != self._file:
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection, self._last = self._opened(), {}
            self._file = _identity(self._path)
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        # Not autocommit's own BEGIN: transactions say themselves whether they write. Used in one thread, which is not
        # the one that tries the file first.
        connection = sqlite3.connect(self._path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                self._make(connection)
            except sqlite3.OperationalError as error:
                # SQLite does not wait for whoever turns the same new file to a write-ahead log.
                if not _is_one_of(error, "SQLITE_BUSY", "SQLITE_LOCKED") or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _make(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == 0:
            connection.execute("pragma journal_mode = wal")
            connection.execute("begin immediate")
            try:
                if self._version(connection) == 0:
                    for sql in _TABLES:
                        connection.execute(sql)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        connection.execute("pragma synchronous = full")

    def _version(self, connection: sqlite3.Connection) -> int:
        """0 for a new file; StateError for one that is not ours."""
        # In this order: whoever makes the tables now makes them and their numbers at once.
        filled = connection.execute("select 1 from sqlite_master limit 1").fetchone()
        (application,) = connection.execute("pragma application_id").fetchone()
        (version,) = connection.execute("pragma user_version").fetchone()
        if application == _APPLICATION:
            if version > VERSION:
                raise StateError(
                    f"serve.state: {str(self._path)!r} was written by a later version of halfopen (its tables are of "
                    f"version {version}, here {VERSION} is known); run that one, or name another file"
                )
            return int(version)
        if filled:
            raise StateError(
                f"serve.state: {str(self._path)!r} is a database of something else; name a file of its own for seals"
            )
        return 0

    @contextlib.contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            damaged = _is_one_of(error, "SQLITE_NOTADB", "SQLITE_CORRUPT")
            raise StateError(
                f"serve.state: {str(self._path)!r} cannot keep seals: {error}; {_ANOTHER if damaged else _FOLDER}"
            ) from None


def _saved(
    connection: sqlite3.Connection, seal: Seal, lifts: Sequence[Lift], replaces: int | None, forget_before: datetime
) -> bool:
    plain = _plain(seal)
    seen = packed(seal.seen)
    connection.execute("begin immediate")
    try:
        before = connection.execute("select base_at, base_since from seals where feed = ?", (seal.feed,)).fetchone()
        if replaces is None:
            done = connection.execute(_KEEP, (seal.feed, *plain, seen))
        else:
            done = connection.execute(_REPLACE, (*plain, seen, seal.feed, replaces))
        if done.rowcount != 1:
            connection.rollback()
            return False
        if before != (micros_of(seal.base.at), micros_of(seal.base.since)):
            connection.execute("delete from lifts where feed = ?", (seal.feed,))
        connection.executemany(
            "insert or replace into lifts values (?, ?, ?, ?)",
            [(seal.feed, written(lift.identity), micros_of(lift.since), micros_of(lift.to)) for lift in lifts],
        )
        connection.execute("delete from lifts where feed = ? and lifted_to < ?", (seal.feed, micros_of(forget_before)))
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return True


def _plain(seal: Seal) -> tuple[Any, ...]:
    base, mark = seal.base, seal.mark
    return (
        seal.number,
        micros_of(seal.horizon),
        micros_of(base.at),
        micros_of(base.since),
        seal.detector.value,
        mark.system,
        mark.oldest,
        mark.next,
        int(mark.replica),
    )


def _seal(feed: str, row: tuple[Any, ...], seen: bytes) -> Seal:
    number, horizon, base_at, base_since, detector, system, oldest, next_, replica = row
    return Seal(
        feed=feed,
        number=number,
        horizon=_moment(horizon),
        mark=Mark(system=system, oldest=oldest, next=next_, replica=bool(replica)),
        detector=Detector(detector),
        base=Base(at=_moment(base_at), since=_moment(base_since)),
        seen=unpacked(seen),
    )


def _is_one_of(error: sqlite3.Error, *families: str) -> bool:
    """Extended codes begin with their family's name: SQLITE_BUSY_SNAPSHOT."""
    return str(getattr(error, "sqlite_errorname", "")).startswith(families)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
