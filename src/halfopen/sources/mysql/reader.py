"""Runs a plan in a thread and hands its lines over in blocks."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import pymysql  # type: ignore[import-untyped] # it ships no types

from halfopen.errors import SourceError
from halfopen.sources.base import BLOCK_BYTES
from halfopen.sources.handover import Cancelled, Handover
from halfopen.sources.mysql.connections import Connection, Connections, words
from halfopen.sources.mysql.rows import Rows
from halfopen.wire.negotiate import Format

Block = tuple[bytes, int]
"""Whole lines and how many they are."""

_LEAST_SECONDS: Final = 0.001
_SENT_BYTES: Final = 16 * 1024
"""What the server sends at once; less is most often the end of an answer, which nothing follows."""
_MOMENT_SECONDS: Final = 0.002
_LOST: Final = 2013


class Answer:
    """The blocks on the side of the event loop."""

    def __init__(self, handover: Handover[Block]) -> None:
        self.handover = handover
        self._lock = threading.Lock()
        self._reading: Connection | None = None
        self.rows = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The blocks in the order of the query."""
        while (block := await self.handover.get()) is not None:
            self.rows += block[1]
            yield block[0]

    def cancel(self) -> None:
        """Nobody reads on: the thread wakes and ends the query."""
        self.handover.cancel()
        with self._lock:
            if self._reading is not None:
                self._reading.cut()

    def reads(self, connection: Connection | None) -> None:
        """Which connection the thread waits for. Cancelled when nobody does any more."""
        with self._lock:
            self._reading = connection
            if connection is not None and self.handover.cancelled:
                raise Cancelled


def read(
    connections: Connections,
    answer: Answer,
    plan: Callable[[Connection], str],
    format_: Format,
    timeout: float,
) -> None:
    """Makes the plan and runs it to its end.

    Cancelled when the reader has gone, SourceError when the database has worked for `timeout` seconds; time in which
    it waits for a slow reader does not count. Either way the query is ended in the database.
    """
    with connections.transaction() as connection:
        read_here(connections, connection, answer, plan, format_, timeout)


def read_here(  # noqa: PLR0917 - `read`, and the connection
    connections: Connections,
    connection: Connection,
    answer: Answer,
    plan: Callable[[Connection], str],
    format_: Format,
    timeout: float,
) -> None:
    """The same in the transaction of a connection, which is closed where the query does not come to its end."""
    clock, handover = _Clock(timeout), answer.handover
    try:
        with words():
            answer.reads(connection)
            clock.give(connection)
            _lines(connection, plan(connection), format_, clock, handover)
        answer.reads(None)
    except BaseException:
        answer.reads(None)
        connections.kill(connection)
        if handover.cancelled:
            raise Cancelled from None
        if clock.is_late:
            limit = f"{timeout:g} s (serve.limits.statement_timeout)"
            raise SourceError(f"the query ran longer than {limit}") from None
        raise


class _Clock:
    """How long the database may still work."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._since = time.monotonic()

    @property
    def is_late(self) -> bool:
        return time.monotonic() - self._since >= self._left

    def give(self, connection: Connection) -> None:
        connection.wait_at_most(max(_LEAST_SECONDS, self._left - (time.monotonic() - self._since)))

    def stop(self) -> None:
        self._left -= time.monotonic() - self._since

    def start(self) -> None:
        self._since = time.monotonic()


def _lines(connection: Connection, sql: str, format_: Format, clock: _Clock, handover: Handover[Block]) -> None:
    rows = Rows(format_, connection.start(sql))
    while not rows.ended:
        block = rows.feed(_read(connection))
        if block[1]:
            clock.stop()
            handover.put(block)
            clock.start()
        if not rows.ended:
            clock.give(connection)


def _read(connection: Connection) -> bytes:
    """About a block: what the server sends next is waited for, but for a moment only."""
    parts: list[bytes] = []
    size = 0
    while not parts or (size < BLOCK_BYTES and connection.has_more(_MOMENT_SECONDS if size >= _SENT_BYTES else 0)):
        part = connection.read(BLOCK_BYTES)
        if not part:
            raise pymysql.err.OperationalError(_LOST, "the connection to the server was lost during the query")
        parts.append(part)
        size += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
