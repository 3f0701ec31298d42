"""PostgreSQL: asyncpg with simple queries."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg


class _Connection:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def run(self, sql: str) -> None:
        await self._connection.execute(sql)

    async def close(self) -> None:
        await self._connection.close()


class Postgresql:
    """The casino in a database of PostgreSQL."""

    name = "PostgreSQL"
    stamp_type = "timestamptz"
    errors = (asyncpg.PostgresError,)
    statement_clock = "clock_timestamp()"
    transaction_clock = "now()"

    def __init__(self, url: str, *, two_phase: bool) -> None:
        self.url = url
        self.two_phase = two_phase

    async def connect(self) -> _Connection:
        """A new connection."""
        return _Connection(await asyncpg.connect(self.url, statement_cache_size=0))

    async def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """The rows of a SELECT."""
        connection = await asyncpg.connect(self.url, statement_cache_size=0)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    def literal(self, moment: datetime) -> str:
        """A stamp with its zone."""
        return f"'{moment:%Y-%m-%d %H:%M:%S.%f}+00'"

    def opening(self, name: str | None) -> Sequence[str]:
        """A name is given only when it is prepared."""
        del name
        return ("begin",)

    def preparing(self, name: str) -> Sequence[str]:
        """Two-phase commit, first half."""
        return (f"prepare transaction '{name}'",)

    def committing(self, name: str | None) -> Sequence[str]:
        """Second half, or the whole."""
        return ("commit" if name is None else f"commit prepared '{name}'",)

    def undoing(self, name: str | None) -> Sequence[str]:
        """Not prepared yet."""
        del name
        return ("rollback",)
