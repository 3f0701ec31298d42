"""Runs a plan in a thread and hands its lines over in blocks."""

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from operator import itemgetter
from typing import Final

from halfopen.errors import SourceError
from halfopen.sources.base import ROW_END
from halfopen.sources.handover import Cancelled, Handover
from halfopen.sources.sqlite.lines import NULL_MARK
from halfopen.sources.sqlite.plans import LINE, Plan
from halfopen.wire.negotiate import Format

Block = tuple[bytes, int]
"""Whole lines and how many they are."""

BRIEF_ROWS: Final = 500
_BRIEF_BYTES: Final = 512 * 1024
"""Up to here SQLite joins the lines itself, in one step: each step of Python's takes and gives the interpreter's lock,
and a row at a time the threads of 64 pollers spend half of their time on that."""

_BLOCK_BYTES: Final = 128 * 1024
"""A row takes and gives the interpreter's lock, so that each block which the event loop sends costs the reader too."""

_FIRST_ROWS: Final = 64
_MOST_ROWS: Final = 4096
_STEPS_BETWEEN_LOOKS: Final = 50_000
"""Of SQLite's virtual machine, a few milliseconds: how soon a query notices that nobody waits for it any more."""

_only = itemgetter(0)


class Answer:
    """The blocks on the side of the event loop."""

    def __init__(self, handover: Handover[Block]) -> None:
        self._handover = handover
        self.rows = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks in the order of the query."""
        while (block := await self._handover.get()) is not None:
            self.rows += block[1]
            yield block[0]


def read(connection: sqlite3.Connection, plan: Callable[[], Plan], handover: Handover[Block], timeout: float) -> bool:
    """Makes the plan and runs it to its end; whether its rows were few.

    Cancelled when the reader has gone, SourceError when the database has worked for `timeout` seconds; time in which
    it waits for a slow reader does not count.
    """
    clock = _Clock(handover, timeout)
    connection.set_progress_handler(clock.is_over, _STEPS_BETWEEN_LOOKS)
    before = connection.text_factory
    try:
        planned = plan()
        connection.text_factory = bytes
        if planned.brief and _in_one_step(connection, planned, clock):
            return True
        return _by_row(connection.execute(planned.sql, planned.parameters), planned.format, clock)
    except sqlite3.OperationalError:
        if handover.cancelled:
            raise Cancelled from None
        if clock.is_late:
            limit = f"{timeout:g} s (serve.limits.statement_timeout)"
            raise SourceError(f"the query ran longer than {limit}") from None
        raise
    finally:
        connection.text_factory = before
        connection.set_progress_handler(None, 0)


class _Clock:
    """Tells a running query when to stop."""

    def __init__(self, handover: Handover[Block], timeout_seconds: float) -> None:
        self._handover = handover
        self._left = timeout_seconds
        self._since = time.monotonic()

    @property
    def is_late(self) -> bool:
        return time.monotonic() - self._since > self._left

    def is_over(self) -> bool:
        return self._handover.cancelled or self.is_late

    def hand_over(self, block: Block) -> None:
        """Hands a block over; waiting for the reader takes no time off the query."""
        self._left -= time.monotonic() - self._since
        self._handover.put(block)
        self._since = time.monotonic()


def _in_one_step(connection: sqlite3.Connection, planned: Plan, clock: _Clock) -> bool:
    """Hands the whole answer over as one block; False, and nothing is handed over, where it is too long for that."""
    end = ROW_END[planned.format]
    joined = f"select count(*), group_concat({LINE}, '{end.decode()}') from ({planned.sql} limit {BRIEF_ROWS + 1})"
    before = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _BRIEF_BYTES)
    try:
        count, block = connection.execute(joined, planned.parameters).fetchone()
    except sqlite3.DataError:
        # Longer than the limit; whatever else it was, the rows one by one will tell.
        return False
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)
    if count > BRIEF_ROWS:
        return False
    if count:
        clock.hand_over((_clean(block + end, planned.format), count))
    return True


def _by_row(cursor: sqlite3.Cursor, format_: Format, clock: _Clock) -> bool:
    """Hands the lines over in blocks; whether one step would have done."""
    end = ROW_END[format_]
    count, all_rows, size = _FIRST_ROWS, 0, 0
    try:
        while rows := cursor.fetchmany(count):
            block = end.join(map(_only, rows)) + end
            clock.hand_over((_clean(block, format_), len(rows)))
            all_rows += len(rows)
            size += len(block)
            count = max(1, min(_MOST_ROWS, _BLOCK_BYTES * len(rows) // len(block)))
    finally:
        # Ends the statement, and with it the read transaction.
        cursor.close()
    return all_rows <= BRIEF_ROWS and size <= _BRIEF_BYTES


def _clean(block: bytes, format_: Format) -> bytes:
    """Nulls as empty fields, and nothing that is not UTF-8: a broken byte must not make the whole answer unreadable."""
    if format_ is Format.CSV:
        block = block.replace(NULL_MARK, b"")
    if block.isascii():
        return block
    try:
        block.decode()
    except UnicodeDecodeError:
        return block.decode("utf-8", "replace").encode()
    return block
