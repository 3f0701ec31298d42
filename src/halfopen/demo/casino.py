"""SpaceVegas at work: writes the world into the operator's SQLite database (WAL), live or a whole past at once.

Live, each tick commits what the world told since the last one, in several small transactions. About one business
transaction in a hundred (`HELD_SHARE`) waits in an application queue and is committed up to 3 s (`HELD_SECONDS`) after
the stamp that it carries, so late rows really occur: a poller that asks each window once, at its end, loses them.
A held write never overwrites a newer one of its key. SQLite knows one writer at a time, so transactions follow one
another; what makes rows late is the queue, and the time between stamp and commit.
"""

import heapq
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from random import Random

from halfopen.demo.records import Record
from halfopen.demo.schema import TABLES
from halfopen.demo.world import World

HELD_SHARE = 0.01
HELD_SECONDS = 3.0
TICK_SECONDS = 0.05
TRANSACTIONS_A_TICK = 10
HISTORY_CACHE_KIB = 256 * 1024
BATCH = 250_000
"""Records of the past that are folded before they are written."""


class Casino:
    """The operator's side: a world, and the database that it is written into.

    Args:
        database: path of the SQLite file; made by `create`.
        world: what happens.

    Not safe for several threads at once; `run` may be in a thread of its own once `history` is done.
    """

    def __init__(self, database: Path, world: World) -> None:
        self.database = database
        self.world = world
        self.written = 0
        """Records committed so far, a change of a row each."""
        self.held = 0
        """Records that came late, through the queue."""
        self.last: datetime | None = None
        """The latest stamp committed."""
        self._events = world.events()
        self._ahead: Record | None = None
        self._queue: list[tuple[datetime, int, Sequence[Record]]] = []
        self._rng = Random(world.seed)  # noqa: S311 - which writes wait is part of the show
        self._statements = {kind: (table.insert(), table.row) for kind, table in TABLES.items()}
        self._connection: sqlite3.Connection | None = None

    def create(self) -> None:
        """Make the database and its tables; the indexes come with the end of `history`."""
        connection = self._open()
        connection.execute("pragma journal_mode = wal")
        for table in TABLES.values():
            connection.execute(table.create())
        connection.commit()

    def history(self, until: datetime) -> int:
        """Write everything stamped before `until`, in big transactions; the number of changes told."""
        connection = self._open()
        # A crash here is no loss, the world can be told again; a small cache would thrash on the keys.
        for pragma in ("journal_mode = off", "synchronous = off", f"cache_size = -{HISTORY_CACHE_KIB}"):
            connection.execute(f"pragma {pragma}")
        total = 0
        for batch in _batches(self._before(until)):
            total += len(batch)
            self._write_folded(connection, batch)
        for table in TABLES.values():
            for statement in table.create_indexes():
                connection.execute(statement)
        connection.execute("pragma optimize")
        connection.commit()
        self.close()  # and with it the big cache
        self._open().execute("pragma journal_mode = wal")
        self.written += total
        return total

    def run(self, clock: Callable[[], datetime], stop: threading.Event) -> None:
        """Write live until `stop` is set, then what waits in the queue. Give it a thread of its own."""
        try:
            while not stop.wait(TICK_SECONDS):
                self.tick(clock())
            self.flush()
        finally:
            self.close()

    def tick(self, now: datetime) -> None:
        """Commit what is stamped before `now` and what the queue lets go."""
        due = [list(group) for _, group in groupby(self._before(now), key=attrgetter("at"))]
        ready: list[Sequence[Record]] = []
        for group in due:
            if self._rng.random() < HELD_SHARE:
                free = group[0].at + timedelta(seconds=HELD_SECONDS * (0.1 + 0.9 * self._rng.random()))
                self.held += len(group)
                heapq.heappush(self._queue, (free, self.held, group))
            else:
                ready.append(group)
        while self._queue and self._queue[0][0] <= now:
            ready.append(heapq.heappop(self._queue)[2])
        self._commit(ready)

    def flush(self) -> None:
        """Commit what waits in the queue, at once."""
        self._commit([group for _, _, group in sorted(self._queue)])
        self._queue.clear()

    def close(self) -> None:
        """Let go of the database; harmless when it is not open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # One thread at a time, but not always the same: the past is written before `run` has its thread.
            self._connection = sqlite3.connect(
                self.database, timeout=30, isolation_level="IMMEDIATE", check_same_thread=False
            )
            self._connection.execute("pragma synchronous = normal")
        return self._connection

    def _before(self, until: datetime) -> Iterator[Record]:
        record = self._ahead or next(self._events)
        while record.at < until:
            yield record
            record = next(self._events)
        self._ahead = record

    def _commit(self, groups: Sequence[Sequence[Record]]) -> None:
        connection = self._open()
        size = max(1, -(-len(groups) // TRANSACTIONS_A_TICK))
        for start in range(0, len(groups), size):
            with connection:
                for group in groups[start : start + size]:
                    for record in group:
                        statement, row = self._statements[type(record)]
                        connection.execute(statement, row(record))
                        self.written += 1
                        self.last = record.at if self.last is None else max(self.last, record.at)

    def _write_folded(self, connection: sqlite3.Connection, batch: list[Record]) -> None:
        """Only the last state of each key is worth a write; actions are all kept."""
        folded: dict[type[Record], dict[object, Record]] = {kind: {} for kind in TABLES}
        for number, record in enumerate(batch):
            folded[type(record)][key_of(record) or number] = record
        with connection:
            for kind, states in folded.items():
                statement, row = self._statements[kind]
                connection.executemany(statement, map(row, states.values()))
        self.last = batch[-1].at


def key_of(record: Record) -> str | None:
    """What identifies the thing that a record tells of, among its kind; None for a thing told once."""
    return getattr(record, "id", None) or getattr(record, "player_id", None)


def _batches(events: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in events:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
