"""The DuckDB in memory that judges answers: it reads and writes its own folder, and nothing else."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from halfopen.contract.sql import literal


def workplace(folder: Path, *, threads: int, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    """A connection that sees `folder`; what does not fit into memory goes there too."""
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
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"SET allowed_directories = [{literal(f'{folder}/')}]")
    connection.execute("SET enable_external_access = false")
    return connection


def copied_out(body: Path, columns: Iterable[str]) -> str:
    """A table function of what `Session.copy_out` wrote: all texts, null where nothing stands between commas."""
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    return (
        f"read_csv({literal(str(body))}, columns = {{{types}}}, header = false, auto_detect = false, delim = ',',"
        " quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, parallel = false)"
    )
