"""What the workers of one server remember together: wrong tries and signatures, in a small file of SQLite.

The file lives as long as the server and holds no credential: addresses, counts, and digests of signatures. Each worker
opens it for itself, after it has been forked.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from halfopen.auth.lockout import Record
from halfopen.auth.replay import CAPACITY

T = TypeVar("T")

_WAIT_SECONDS: Final = 5.0
_TABLES: Final = """
create table if not exists tries (address text primary key, count integer, began real, last real, locks integer,
    locked_at real, lock real);
create index if not exists tries_by_age on tries (last);
create table if not exists signatures (verifier text, key blob, stamp integer, primary key (verifier, key))
    without rowid;
create index if not exists signatures_by_age on signatures (verifier, stamp);
create table if not exists floors (verifier text primary key, floor integer, kept integer) without rowid;
"""


class SharedFile:
    """The file. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        # What is in it is worth nothing after a crash of the machine: nothing waits for the disk.
        self._connection = sqlite3.connect(path, _WAIT_SECONDS, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = off")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For one SELECT."""
        with self._lock:
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """For a transaction that nobody else's comes between."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")


class SharedRecords:
    """The records of a lock-out, by address."""

    def __init__(self, file: SharedFile) -> None:
        self._file = file

    def __len__(self) -> int:
        with self._file.reading() as connection:
            return int(connection.execute("select count(*) from tries").fetchone()[0])

    def get(self, name: str) -> Record | None:
        """The record of an address, or None."""
        with self._file.reading() as connection:
            return _record(connection, name)

    def change(self, name: str, how: Callable[[Record], T], most: int) -> T:
        """Changes a record, a new one where there is none; of more than `most` the one last heard of goes."""
        with self._file.writing() as connection:
            record = _record(connection, name) or Record()
            result = how(record)
            connection.execute(
                "insert or replace into tries values (?, ?, ?, ?, ?, ?, ?)",
                (name, record.count, record.began, record.last, record.locks, record.locked_at, record.lock),
            )
            connection.execute(
                "delete from tries where (select count(*) from tries) > ? "
                "and address = (select address from tries where address <> ? order by last limit 1)",
                (most, name),
            )
            return result

    def drop(self, name: str) -> None:
        """Forgets an address."""
        if self.get(name) is None:
            return
        with self._file.writing() as connection:
            connection.execute("delete from tries where address = ?", (name,))


class SharedReplays:
    """What `Replays` promises, for all workers. `verifier`: whose signatures, told apart from other callers'."""

    def __init__(self, file: SharedFile, verifier: str, capacity: int = CAPACITY) -> None:
        self._file = file
        self._verifier = verifier
        self._capacity = capacity

    def is_first(self, key: bytes, stamp: int, until: int) -> bool:
        """Whether `key`, stamped `stamp`, is new; it is remembered. What is stamped before `until` is forgotten."""
        with self._file.writing() as connection:
            found = connection.execute(
                "select floor, kept from floors where verifier = ?", (self._verifier,)
            ).fetchone()
            floor, kept = found or (-1, 0)
            floor, kept = self._forget(connection, "stamp < ?", until, floor, kept)
            known = "select 1 from signatures where verifier = ? and key = ?"
            is_first = stamp > floor and not connection.execute(known, (self._verifier, key)).fetchone()
            if is_first:
                connection.execute("insert into signatures values (?, ?, ?)", (self._verifier, key, stamp))
                kept += 1
            if kept > self._capacity:
                oldest = "select min(stamp) from signatures where verifier = ?"
                stamp = connection.execute(oldest, (self._verifier,)).fetchone()[0]
                floor, kept = self._forget(connection, "stamp <= ?", stamp, floor, kept)
            connection.execute("insert or replace into floors values (?, ?, ?)", (self._verifier, floor, kept))
            return is_first

    def _forget(self, connection: sqlite3.Connection, which: str, edge: int, floor: int, kept: int) -> tuple[int, int]:
        """The floor and how many are kept afterwards."""
        condition = f"from signatures where verifier = ? and {which}"
        newest = connection.execute(f"select max(stamp) {condition}", (self._verifier, edge)).fetchone()[0]
        if newest is None:
            return floor, kept
        gone = connection.execute(f"delete {condition}", (self._verifier, edge)).rowcount
        return max(floor, newest), kept - gone


def _record(connection: sqlite3.Connection, name: str) -> Record | None:
    columns = "count, began, last, locks, locked_at, lock"
    found = connection.execute(f"select {columns} from tries where address = ?", (name,)).fetchone()
    return None if found is None else Record(*found)
