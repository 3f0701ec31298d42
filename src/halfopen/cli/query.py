"""`halfopen query`: reads the mirror in SQL, also while sync runs."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from halfopen.config.load import Config, load
from halfopen.errors import UsageError
from halfopen.sinks.tokens import masked
from halfopen.sync.mirror import attached
from halfopen.sync.texts import plain
from halfopen.wire import csv

Rows = list[tuple[Any, ...]]


def query(
    sql: str,
    /,
    *,
    config: Path = Path("halfopen.toml"),
    as_csv: Annotated[bool, Parameter(name="--csv", negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> int:
    """Read the mirror with one SQL statement; decimals keep every digit.

    Args:
        sql: one statement that only reads, like "select * from players limit 5".
        config: the configuration file.
        as_csv: CSV as of RFC 4180 with a header row; null is an empty field, an empty text is "".
        as_json: an array of objects, decimals as strings.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other; leave one out")
    names, rows = uvloop.run(_query(load(config, sections=("mirror",)), sql))
    if as_csv:
        _write_csv(names, rows)
    elif as_json:
        _write_json(names, rows)
    else:
        _print_table(names, rows)
    return 0


async def _query(settings: Config, sql: str) -> tuple[list[str], Rows]:
    async with attached(settings) as mirror:
        names, rows = await mirror.query(sql)
    return names, [tuple(_masked(value) for value in row) for row in rows]


def _masked(value: Any) -> Any:
    """Without the login tokens that a mirror keeps, sealed or hashed, wherever they stand."""
    return masked(value) if isinstance(value, str) else value


def _write_csv(names: Sequence[str], rows: Rows) -> None:
    out = sys.stdout.buffer
    out.write(csv.line(names))
    out.writelines(csv.line([_text(value) for value in row]) for row in rows)
    out.flush()


def _write_json(names: Sequence[str], rows: Rows) -> None:
    out = sys.stdout
    out.write("[")
    for number, row in enumerate(rows):
        found = dict(zip(names, map(plain, row), strict=True))
        out.write(("," if number else "") + "\n " + json.dumps(found, ensure_ascii=False))
    out.write("\n]\n" if rows else "]\n")


def _print_table(names: Sequence[str], rows: Rows) -> None:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_text(value) or "") for value in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=console.measure(table, options=console.options.update(width=10**6)).maximum)
    console.print(table)


def _text(value: Any) -> str | None:
    match plain(value):
        case None:
            return None
        case bool() as truth:
            return "true" if truth else "false"
        case dict() | list() as nested:
            return json.dumps(nested, ensure_ascii=False)
        case other:
            return str(other)
