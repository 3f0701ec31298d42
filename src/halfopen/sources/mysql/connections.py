"""Connections to a MySQL or MariaDB server, each used by one thread at a time, and the read-only transaction.

PyMySQL signs in and speaks the protocol; the rows of an answer are read past it (`rows`), which it has no call for, so
that a few of its private names are used here and nowhere else.
"""

import select
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql  # type: ignore[import-untyped] # it ships no types; `Connection` says what we use
from pymysql.constants import COMMAND  # type: ignore[import-untyped] # as above

from halfopen.errors import SourceError
from halfopen.sources.base import Busy, Unavailable

CONNECT_SECONDS: Final = 5.0
_BACKSTOP: Final = 12
"""The server ends a query after this many times the time that we allow it: only when we could not end it ourselves."""

_DEFAULT_PORT: Final = 3306
_OPTIONS: Final = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_identity")

_KEPT_MODES: Final = {
    "ANSI_QUOTES",
    "PIPES_AS_CONCAT",
    "HIGH_NOT_PRECEDENCE",
    "IGNORE_SPACE",
    "NO_BACKSLASH_ESCAPES",
    "NO_UNSIGNED_SUBTRACTION",
    "REAL_AS_FLOAT",
}
"""What decides how the operator's own expressions are read is left as his server has it; the rest is off."""

_SETTINGS: Final = (
    "set session time_zone = '+00:00', sql_mode = {mode}, sql_select_limit = 18446744073709551615, sql_big_selects = 1,"
    " group_concat_max_len = 1073741824, net_write_timeout = {idle}, {timeout}"
)
_TRANSACTIONS: Final = "set session transaction isolation level repeatable read, read only"
_BEGIN: Final = "start transaction with consistent snapshot, read only"

_LOST: Final = {2006, 2013, 1053, 1152, 1927, 4031}
_UNAVAILABLE: Final = _LOST | {0, 2002, 2003, 2005, 2026, 1042, 1043, 1044, 1045, 1049, 1129, 1130, 1251, 1698, 3118}
_BUSY: Final = {1040, 1203, 1205, 1213, 1226}
_TOO_LONG: Final = {1969, 3024}


class Connection:
    """One session."""

    def __init__(self, address: dict[str, Any], timeout: timedelta) -> None:
        seconds = timeout.total_seconds()
        self._connection: Any = pymysql.connect(**address, read_timeout=CONNECT_SECONDS)
        try:
            version, mode = self.fetch("select version(), @@sql_mode")[0]
            self.is_mariadb = "mariadb" in version.lower()
            self.version = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
            limit = max(1, int(seconds * _BACKSTOP * 1000))
            setting = f"max_statement_time = {limit / 1000}" if self.is_mariadb else f"max_execution_time = {limit}"
            kept = ",".join(each for each in mode.split(",") if each in _KEPT_MODES)
            idle = max(60, int(seconds * _BACKSTOP))
            self.fetch(_SETTINGS.format(mode=f"'{kept}'", idle=idle, timeout=setting))
            self.fetch(_TRANSACTIONS)
            self.wait_at_most(seconds)
        except BaseException:
            self.close()
            raise
        self.id = int(self._connection.thread_id())

    def fetch(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """The rows of one statement."""
        with self._connection.cursor() as result:
            result.execute(sql)
            rows: Sequence[tuple[Any, ...]] = result.fetchall()
            return rows

    def named(self, sql: str) -> Sequence[dict[str, Any]]:
        """The rows of one statement, each by the names of its columns."""
        with self._connection.cursor() as result:
            result.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def restart(self) -> datetime:
        """Begins another transaction; the server's clock before it did, UTC."""
        self.fetch("rollback")
        clock: datetime = self.fetch("select utc_timestamp(6)")[0][0]
        self.fetch(_BEGIN)
        return clock.replace(tzinfo=UTC)

    def fields(self, sql: str) -> Sequence[Any]:
        """What the server tells about each column of a statement's result: name, type_code, charsetnr, flags, scale."""
        self._connection.query(sql)
        fields: Sequence[Any] = self._connection._result.fields  # noqa: SLF001 - `description` leaves the flags out
        return fields

    @property
    def is_open(self) -> bool:
        """Whether it was not closed."""
        return bool(self._connection.open)

    def start(self, sql: str) -> int:
        """Runs a statement up to its rows, which `read` gives raw; the first has the returned sequence number."""
        driver = self._connection
        # Not by the driver's unbuffered result, which would read on to its end before it lets itself be dropped.
        driver._execute_command(COMMAND.COM_QUERY, sql)  # noqa: SLF001 - see the module
        columns = driver._read_packet().read_length_encoded_integer()  # noqa: SLF001 - see the module
        for _ in range(columns + 1):
            driver._read_packet()  # noqa: SLF001 - see the module
        return int(driver._next_seq_id)  # noqa: SLF001 - see the module

    def read(self, size: int) -> bytes:
        """What the server has sent, at most `size` bytes, but at least one; b"" when the connection is lost."""
        data: bytes = self._connection._rfile.read1(size)  # noqa: SLF001 - see the module
        return data

    def has_more(self, seconds: float) -> bool:
        """Whether `read` would return at once, now or within so many seconds."""
        sock = self._connection._sock  # noqa: SLF001 - see the module
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def wait_at_most(self, seconds: float) -> None:
        """How long one read may wait for the server."""
        if not self.is_open:
            raise pymysql.err.InterfaceError(0, "the connection was ended with the answer before")
        self._connection._read_timeout = self._connection._current_timeout = seconds  # noqa: SLF001 - see the module
        self._connection._sock.settimeout(seconds)  # noqa: SLF001 - see the module

    def cut(self) -> None:
        """Ends a read that waits in another thread; the connection is of no use afterwards."""
        sock = self._connection._sock  # noqa: SLF001 - see the module
        if sock is not None:
            with suppress(OSError):
                # The plain socket's own, which TLS's would answer by forgetting that it is TLS.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the socket."""
        self._connection._force_close()  # noqa: SLF001 - `close` would speak to a server that may be gone


class Connections:
    """Opened when they are needed and kept for the next answer."""

    def __init__(self, url: str, timeout: timedelta) -> None:
        self._address = _address(url)
        self._timeout = timeout
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a read-only transaction that sees one state of the database; Unavailable, Busy if none."""
        with words():
            connection = self._begun()
        try:
            yield connection
            if connection.is_open:
                with words():
                    connection.fetch("rollback")
        except BaseException:
            connection.close()
            raise
        with self._lock:
            if not self._closed and connection.is_open:
                self._idle.append(connection)
                return
        connection.close()

    def kill(self, connection: Connection) -> None:
        """Ends a session whose query may still run, from a connection of its own."""
        connection.close()
        with suppress(pymysql.MySQLError, OSError):
            killer = pymysql.connect(**self._address, read_timeout=CONNECT_SECONDS)
            try:
                killer.query(f"kill {connection.id}")
            finally:
                killer.close()

    def close(self) -> None:
        """Closes what is idle now, and what is in use when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _begun(self) -> Connection:
        """One that lay idle while the server restarted is replaced, and so are all that lay beside it."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            fresh = connection is None
            if connection is None:
                connection = Connection(self._address, self._timeout)
            try:
                connection.wait_at_most(self._timeout.total_seconds())
                connection.fetch(_BEGIN)
            except (pymysql.MySQLError, OSError):
                connection.close()
                if fresh:
                    raise
            except BaseException:
                connection.close()
                raise
            else:
                return connection


@contextmanager
def words() -> Iterator[None]:
    """Turns the driver's errors into ours, with the server's own words in one line."""
    try:
        yield
    except pymysql.MySQLError as error:
        raise _named(error) from None
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(str(error)) from None


def _named(error: pymysql.MySQLError) -> SourceError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    lines = str(error.args[-1] if error.args else error).splitlines()
    told = lines[0] if lines and lines[0] else type(error).__name__
    if code in _TOO_LONG:
        return SourceError(f"the query ran too long: {told}")
    if code in _UNAVAILABLE or isinstance(error, pymysql.err.InterfaceError):
        return Unavailable(told)
    return Busy(told) if code in _BUSY else SourceError(told)


def _address(url: str) -> dict[str, Any]:
    """The address as the driver wants it; SourceError when it has an option that we do not know."""
    parts = urlsplit(url)
    options: dict[str, Any] = {}
    for option, value in parse_qsl(parts.query, keep_blank_values=True):
        if option not in _OPTIONS:
            raise SourceError(f"unknown option {option!r} in the address; known are {', '.join(_OPTIONS)}")
        options[option] = value.lower() in ("1", "true", "yes") if option == "ssl_verify_identity" else value
    return {
        "host": parts.hostname or "localhost",
        "port": parts.port or _DEFAULT_PORT,
        "user": unquote(parts.username or ""),
        # As bytes: the driver would take a text for Latin-1.
        "password": unquote(parts.password or "").encode(),
        "database": unquote(parts.path.lstrip("/")) or None,
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        "autocommit": True,
        "program_name": "halfopen",
        **options,
    }
