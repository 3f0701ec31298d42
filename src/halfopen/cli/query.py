"""`halfopen query`: reads the mirror in SQL, also while sync runs."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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
from halfopen.sync.query import Row
from halfopen.sync.texts import distinct, plain
from halfopen.wire import csv

Pieces = AsyncIterator[list[Row]]
Write = Callable[[Sequence[str], Pieces], Awaitable[None]]


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
        as_json: an array of objects, decimals as strings; of columns called a and a, the second is a_1.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other; leave one out")
    write = _write_csv if as_csv else _write_json if as_json else _print_table
    uvloop.run(_query(load(config, sections=("mirror",)), sql, write))
    return 0


async def _query(settings: Config, sql: str, write: Write) -> None:
    async with attached(settings) as mirror, mirror.reading(sql) as found:
        await write(found.names, ([tuple(map(_masked, row)) for row in piece] async for piece in found.pieces))


def _masked(value: Any) -> Any:
    """Without the login tokens that a mirror keeps, sealed or hashed, wherever they stand."""
    match value:
        case str():
            return masked(value)
        case list() | tuple():
            return [_masked(one) for one in value]
        case dict():
            return {_masked(key): _masked(one) for key, one in value.items()}
        case _:
            return value


async def _write_csv(names: Sequence[str], pieces: Pieces) -> None:
    out = sys.stdout.buffer
    out.write(csv.line(names))
    async for rows in pieces:
        out.writelines(csv.line([_text(value) for value in row]) for row in rows)
        out.flush()
    out.flush()


async def _write_json(names: Sequence[str], pieces: Pieces) -> None:
    """As it comes: an answer that breaks off is no whole array."""
    out = sys.stdout
    names = distinct(names)
    out.write("[")
    start = "\n "
    async for rows in pieces:
        for row in rows:
            found = dict(zip(names, map(plain, row), strict=True))
            out.write(start + json.dumps(found, ensure_ascii=False))
            start = ",\n "
        out.flush()
    out.write("]\n" if start == "\n " else "\n]\n")


async def _print_table(names: Sequence[str], pieces: Pieces) -> None:
    """Once all is there, for the widths of the columns."""
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    async for rows in pieces:
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
