"""A hot standby of a private PostgreSQL: pg_basebackup, then streaming."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from support.postgresql import ask, run
from support.servers import free_port, identity, other_user

_START_SECONDS = 60.0


class NoStandby(Exception):  # noqa: N818 - says why there is none
    """The programs are missing, or the copy did not start."""


@contextmanager
def standby(url: str) -> Iterator[str]:
    """The address of the same database on a standby of the server of `url`, which streams from it."""
    programs = _programs(url)
    # Only WAL that was written streams; a fifth of a second, the default, would be many seconds of compressed time.
    ask(url, "alter system set wal_writer_delay = '10ms'")
    ask(url, "select pg_reload_conf()")
    folder = Path(tempfile.mkdtemp(prefix="halfopen-standby-", dir="/tmp"))
    user, port = other_user("postgres"), free_port()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    parts = urlsplit(url)
    words = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username), "-D", str(folder / "data")]
    copied = subprocess.run(
        [programs / "pg_basebackup", *words, "-R", "-X", "stream", "-c", "fast", "--no-sync"],
        capture_output=True, text=True, check=False, cwd=folder, **identity(user),
    )  # fmt: skip
    if copied.returncode:
        raise NoStandby(f"pg_basebackup: {copied.stderr[-1000:]}")
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
    # The primary's vacuum must not cut off what is read here.
    settings |= {"hot_standby_feedback": "on", "max_standby_streaming_delay": "60s", "max_connections": 100}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data"]
            + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")],
            stdout=log, stderr=log, cwd=folder, start_new_session=True, **identity(user),
        )  # fmt: skip
    found = urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}"))
    try:
        _await(found, process, folder / "log")
        yield found
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            run(_answers(url))
        except (OSError, asyncpg.PostgresError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoStandby(f"the standby did not start: {log.read_text()[-1000:]}") from None
            time.sleep(0.1)
        else:
            return


async def _answers(url: str) -> None:
    connection = await asyncpg.connect(url, statement_cache_size=0)
    await connection.fetchval("select count(*) from players")
    await connection.close()


def _programs(url: str) -> Path:
    """The folder of the server's programs; they must be of its major version."""
    major = ask(url, "select current_setting('server_version_num')::int / 10000 as n")[0]["n"]
    for folder in (Path(f"/usr/lib/postgresql/{major}/bin"), *(Path(name).parent for name in _on_path())):
        if (folder / "pg_basebackup").exists() and (folder / "postgres").exists():
            return folder
    raise NoStandby(f"no pg_basebackup of PostgreSQL {major} beside its postgres")


def _on_path() -> list[str]:
    found = shutil.which("pg_basebackup")
    return [str(Path(found).resolve())] if found else []
