"""A real MariaDB or MySQL for tests: the one that is named, one started privately from what the machine has, or none.

Looked for in this order: `HALFOPEN_TEST_MYSQL_URL`; `mariadbd` or `mysqld` on PATH or in /usr/sbin, started on a free
port in a temporary folder. Without any the test is skipped, and fails where `CI` is set. One server a process; it dies
with the process.
"""

import atexit
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import pymysql
import pytest

from support.guard import ends_with_us
from support.servers import free_port, identity, missing, other_user

VARIABLE = "HALFOPEN_TEST_MYSQL_URL"
_START_SECONDS = 60.0
_SYSTEM = "/usr/sbin:/usr/local/sbin:/usr/libexec"


class Server:
    """A server of our own; it can be stopped and started again."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="halfopen-mysql-", dir="/tmp"))
        # A server that starts deletes what others have in the temporary folder of all.
        self._temporary = self._folder / "tmp"
        self._temporary.mkdir()
        self._user = other_user("mysql")
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            for folder in (self._folder, self._temporary):
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        data = f"--datadir={self._folder / 'data'}"
        installer = _found("mariadb-install-db", "mysql_install_db") if "mariadb" in program.name else None
        if installer is not None:
            self._run(installer, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db")
        else:
            self._run(program, "--no-defaults", "--initialize-insecure", data)
        atexit.register(self.remove)

    @property
    def url(self) -> str:
        """Where databases can be made."""
        return f"mysql://root@127.0.0.1:{self._port}/mysql"

    def start(self) -> None:
        """Starts the server and returns once it answers."""
        settings = {
            "datadir": self._folder / "data",
            "socket": self._folder / "socket",
            "pid-file": self._folder / "pid",
            "port": self._port,
            "bind-address": "127.0.0.1",
            "skip-name-resolve": 1,
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-doublewrite": 0,
            "innodb-flush-method": "nosync",
            "innodb-buffer-pool-size": os.environ.get("HALFOPEN_TEST_MYSQL_BUFFERS", "64M"),
            "max-connections": 100,
        }
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._program, "--no-defaults", *(f"--{name}={value}" for name, value in settings.items())],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,
                **identity(self._user),
            )
        ends_with_us(self._process.pid)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{self._program.name} did not start: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server as an operator would for a restart."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def remove(self) -> None:
        """Stops the server and deletes its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            ask(self.url, "select 1")
        except (OSError, pymysql.MySQLError):
            return False
        return True

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self._temporary)}

    def _run(self, program: Path, *words: str) -> None:
        done = subprocess.run(
            [program, *words],
            capture_output=True,
            cwd=self._folder,
            env=self._environment(),
            check=False,
            **identity(self._user),
        )
        if done.returncode:
            pytest.fail(f"{program.name} failed: {(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")


@functools.cache
def server() -> Server | None:
    """The server of this process, started; None when one is named by the environment instead."""
    if os.environ.get(VARIABLE):
        return None
    program = _found("mariadbd", "mysqld")
    if program is None:
        missing(f"no MySQL or MariaDB: set {VARIABLE}, or install Debian's mariadb-server")
    found = Server(program)
    found.start()
    return found


def server_url() -> str:
    """Where databases can be made; skips or fails as the module says."""
    found = server()
    return os.environ[VARIABLE] if found is None else found.url


@contextmanager
def database(options: str = "character set utf8mb4") -> Iterator[str]:
    """The address of a new and empty database; `options` follow CREATE DATABASE."""
    url = _create(options)
    try:
        yield url
    finally:
        _drop(url)


@functools.cache
def process_database() -> str:
    """The address of a database that all tests of this process share; dropped when it ends."""
    url = _create("character set utf8mb4")
    atexit.register(_drop, url)
    return url


def _create(options: str) -> str:
    name = f"halfopen_{token_hex(6)}"
    ask(server_url(), f"create database {name} {options}")
    return urlunsplit(urlsplit(server_url())._replace(path=f"/{name}"))


def _drop(url: str) -> None:
    ask(server_url(), f"drop database {urlsplit(url).path[1:]}")


def connect(url: str) -> pymysql.Connection:
    """A writer's connection, in autocommit."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or "").encode(),
        database=parts.path[1:],
        charset="utf8mb4",
        autocommit=True,
    )


def ask(url: str, *statements: str, values: Sequence[Sequence[Any]] = ()) -> Sequence[tuple[Any, ...]]:
    """Runs statements in a connection of their own, the last one for each of `values`; the rows of the last."""
    with closing(connect(url)) as connection, connection.cursor() as result:
        for statement in statements[:-1]:
            result.execute(statement)
        if values:
            result.executemany(statements[-1], values)
        else:
            result.execute(statements[-1])
        return result.fetchall()


def _found(*names: str) -> Path | None:
    for name in names:
        path = shutil.which(name) or shutil.which(name, path=_SYSTEM)
        if path:
            return Path(path)
    return None
