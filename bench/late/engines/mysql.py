"""MariaDB and MySQL: PyMySQL in threads, as the product itself uses it."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from urllib.parse import unquote, urlsplit

import pymysql


class _Connection:
    def __init__(self, connection: "pymysql.Connection[pymysql.cursors.Cursor]") -> None:
        self._connection = connection

    async def run(self, sql: str) -> None:
        await asyncio.to_thread(self._connection.query, sql)

    async def close(self) -> None:
        await asyncio.to_thread(self._connection.close)


class Mysql:
    """The casino in a database of MariaDB or MySQL."""

    name = "MariaDB"
    stamp_type = "datetime(6)"
    errors = (pymysql.MySQLError,)
    statement_clock = "sysdate(6)"
    transaction_clock = None
    two_phase = True

    def __init__(self, url: str) -> None:
        self.url = url

    async def connect(self) -> _Connection:
        """A new connection."""
        return _Connection(await asyncio.to_thread(self._connect))

    async def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """The rows of a SELECT."""
        return await asyncio.to_thread(self._rows, sql)

    def _rows(self, sql: str) -> Sequence[Sequence[object]]:
        with closing(self._connect()) as connection, connection.cursor() as result:
            result.execute(sql)
            return result.fetchall()

    def _connect(self) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        parts = urlsplit(self.url)
        return pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=parts.path[1:],
            charset="utf8mb4",
            autocommit=True,
            init_command="set time_zone = '+00:00'",
        )

    def literal(self, moment: datetime) -> str:
        """A stamp in UTC; the column knows no zone."""
        return f"'{moment:%Y-%m-%d %H:%M:%S.%f}'"

    def opening(self, name: str | None) -> Sequence[str]:
        """A transaction that will be prepared is an XA transaction from the beginning."""
        return ("begin" if name is None else f"xa start '{name}'",)

    def preparing(self, name: str) -> Sequence[str]:
        """Two-phase commit, first half."""
        return f"xa end '{name}'", f"xa prepare '{name}'"

    def committing(self, name: str | None) -> Sequence[str]:
        """Second half, or the whole."""
        return ("commit" if name is None else f"xa commit '{name}'",)

    def undoing(self, name: str | None) -> Sequence[str]:
        """Not prepared yet."""
        return ("rollback",) if name is None else (f"xa end '{name}'", f"xa rollback '{name}'")
