"""The DuckDB in memory that judges answers: it reads and writes its own folder, and nothing else."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import duckdb

from halfopen.contract.sql import literal
from halfopen.wire.csv import LONGEST_ROW

T = TypeVar("T")
_LINE_BYTES = 2 << 20
"""As long as DuckDB lets a row be by itself."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A connection of the judge, with temporary tables of its own, and a folder that nobody else writes to."""

    connection: duckdb.DuckDBPyConnection
    folder: Path


class Workplace:
    """Sees its own temporary folder alone; what does not fit into memory goes there too.

    threads: how many of DuckDB's work on a statement, or how many benches on the pieces of one body.
    """

    def __init__(self, *, threads: int, memory_limit: str | None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="halfopen-judge-"))
        self.judge = _connect(self.folder, threads, memory_limit)
        self._threads = threads
        self._benches: list[Bench] = []

    def each(self, work: Callable[[Bench, int], T], count: int, *, at_once: int | None = None) -> list[T]:
        """What `work` makes of the numbers up to `count`, in their order; each on a bench of its own.

        `at_once` of them at a time, else as many as there are benches.

        Raises:
            whatever `work` raised for the first number that it failed for; the later ones are then left.
        """
        free: SimpleQueue[Bench] = SimpleQueue()
        for bench in self._all_benches():
            free.put(bench)

        def on_a_bench(number: int) -> T:
            bench = free.get()
            try:
                return work(bench, number)
            finally:
                free.put(bench)

        with self._single_threads(), ThreadPoolExecutor(at_once or self._threads, "halfopen-judge") as pool:
            return list(pool.map(on_a_bench, range(count)))

    def interrupt(self) -> None:
        """Stop the statements that run now."""
        self.judge.interrupt()
        for bench in self._benches:
            bench.connection.interrupt()

    def close(self) -> None:
        """Let go of the memory and the files."""
        for bench in self._benches:
            bench.connection.close()
        self.judge.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Delete what answers left in the folder."""
        for left in (*self.folder.glob("*.csv"), *self.folder.glob("*.keys")):
            left.unlink(missing_ok=True)

    def _all_benches(self) -> list[Bench]:
        while len(self._benches) < self._threads:
            folder = self.folder / f"bench-{len(self._benches)}"
            folder.mkdir()
            connection = self.judge.cursor()
            _settle(connection)
            self._benches.append(Bench(connection=connection, folder=folder))
        return self._benches

    @contextmanager
    def _single_threads(self) -> Iterator[None]:
        """One thread a statement: a piece is too small to share, and each thread of DuckDB has buffers of its own."""
        self.judge.execute("SET threads = 1")
        try:
            yield
        finally:
            self.judge.execute(f"SET threads = {self._threads}")


def _connect(folder: Path, threads: int, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "temp_directory": str(folder / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    connection = duckdb.connect(":memory:", config=config)
    _settle(connection)
    connection.execute(f"SET allowed_directories = [{literal(f'{folder}/')}]")
    connection.execute("SET enable_external_access = false")
    return connection


def _settle(connection: duckdb.DuckDBPyConnection) -> None:
    """What each connection has to be told by itself."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")


def copied_out(body: Path, columns: Iterable[str]) -> str:
    """A table function of what `Session.copy_out` wrote: all texts, null where nothing stands between commas.

    DuckDB takes the first line end that it meets for that of the rows, be it inside of quotes; there is no header that
    would keep it from that. COPY ends rows with LF whatever its server runs on. A row may be longer than what came in
    an answer: COPY writes each quote twice.
    """
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    longest = min(max(body.stat().st_size, _LINE_BYTES), 2 * LONGEST_ROW)
    return (
        f"read_csv({literal(str(body))}, columns = {{{types}}}, header = false, auto_detect = false, delim = ',',"
        " quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', parallel = false,"
        f" max_line_size = {longest}, buffer_size = {2 * longest})"
    )
