"""States of a MySQL or MariaDB database for seals: transactions that began with a consistent snapshot.

Late rows are told by digests, so that which server answers is of no matter: what a promoted or restored one shows that
was not seen before is late. How far a replica lags is known where the role may ask it (REPLICATION CLIENT, or MariaDB's
SLAVE MONITOR or REPLICA MONITOR).
"""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pymysql  # type: ignore[import-untyped] # it ships no types

from halfopen.errors import SourceError
from halfopen.sources.base import Selection
from halfopen.sources.handover import Handover
from halfopen.sources.mysql.connections import Connection, Connections, words
from halfopen.sources.mysql.plans import Planner
from halfopen.sources.mysql.reader import Answer, Block, read_here
from halfopen.sources.mysql.sealed import look, sealed_select
from halfopen.sources.sealing import Look, Mark, Served
from halfopen.sources.steps import Steps
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

_MARIADB, _MYSQL = (10, 6), (8, 0)
"""The first versions with JSON_TABLE."""

_STOPPED: Final = timedelta(days=365)
"""Of a replica that does not follow now."""

_BEHIND: Final = ("Seconds_Behind_Source", "Seconds_Behind_Master")


@dataclass(frozen=True, slots=True)
class State:
    """A connection in a transaction that has begun; the clock before it did."""

    connection: Connection
    clock: datetime
    replica: bool
    lag: timedelta


class MysqlSnapshot:
    """One transaction on one connection."""

    def __init__(
        self, steps: Steps, connections: Connections, found: State, planner: Planner, timeout: timedelta
    ) -> None:
        self._steps = steps
        self._connections = connections
        self._connection = found.connection
        self._planner = planner
        self._seconds = timeout.total_seconds()
        self._answer: Answer | None = None
        self.mark = Mark(replica=found.replica)
        self.clock = found.clock
        self.lag = found.lag

    async def look(
        self,
        selection: Selection,
        before: Window | None,
        now: Window | None,
        since: Mark | None,  # noqa: ARG002 - there are no transaction numbers
    ) -> Look:
        """By the index on the cursor where there is one; digests are made by the server."""
        self._answer = answer = Answer(Handover())
        try:
            return await self._steps.run(partial(self._looked, answer, selection, before, now))
        finally:
            answer.cancel()

    @asynccontextmanager
    async def stream(self, selection: Selection, served: Served, format_: Format) -> AsyncGenerator[Answer, None]:
        """Read in a thread that waits for whoever takes the blocks."""
        handover: Handover[Block] = Handover()
        self._answer = answer = Answer(handover)
        plan = partial(self._plan, selection, served, format_)

        def work() -> None:
            try:
                read_here(self._connections, self._connection, answer, plan, format_, self._seconds)
            except BaseException as error:  # noqa: BLE001 - handed over to whoever waits for the answer
                self._planner.forget(selection)
                handover.finish(error)
            else:
                handover.finish()

        await self._steps.ended()
        self._steps.start(work)
        try:
            yield answer
        finally:
            answer.cancel()

    def cancel(self) -> None:
        """Ends what runs now."""
        if self._answer is not None:
            self._answer.cancel()

    def _plan(self, selection: Selection, served: Served, format_: Format, connection: Connection) -> str:
        if served.is_plain:
            return self._planner.plan(connection, selection, served.window, format_)
        return sealed_select(selection, self._planner.types(connection, selection), served, format_)

    def _looked(self, answer: Answer, selection: Selection, before: Window | None, now: Window | None) -> Look:
        connection = self._connection
        ends = time.monotonic() + self._seconds
        try:
            with words():
                answer.reads(connection)
                connection.wait_at_most(self._seconds)
                found = look(connection, selection, self._planner.types(connection, selection), before, now)
            answer.reads(None)
        except BaseException:
            answer.reads(None)
            self._planner.forget(selection)
            self._connections.kill(connection)
            if time.monotonic() >= ends:
                limit = f"{self._seconds:g} s (serve.limits.statement_timeout)"
                raise SourceError(f"the look at late rows took longer than {limit}") from None
            raise
        return found


def check_version(connection: Connection) -> None:
    """SourceError where the server cannot read JSON as a table."""
    needed = _MARIADB if connection.is_mariadb else _MYSQL
    if connection.version < needed:
        kind = "MariaDB" if connection.is_mariadb else "MySQL"
        found, wanted = (".".join(map(str, version)) for version in (connection.version, needed))
        raise SourceError(f"late rows cannot be lifted by {kind} {found}, only from {wanted} on")


@contextmanager
def state(connections: Connections) -> Iterator[State]:
    """A state of the database for the length of the context."""
    with connections.transaction() as connection:
        with words():
            replica, lag = _replication(connection)
            clock = connection.restart()
        yield State(connection, clock, replica, lag)


def _replication(connection: Connection) -> tuple[bool, timedelta]:
    """Whether the server follows another one, and how far behind; no, where the role may not ask."""
    # Both know the old words up to MySQL 8.4, where only the new ones are left.
    word = "slave" if connection.is_mariadb or connection.version < (8, 4) else "replica"
    try:
        found = connection.named(f"show {word} status")
    except pymysql.err.MySQLError:
        return False, timedelta(0)
    lags = [next((row[name] for name in _BEHIND if name in row), None) for row in found]
    if not lags:
        return False, timedelta(0)
    return True, max(_STOPPED if lag is None else timedelta(seconds=int(lag)) for lag in lags)
