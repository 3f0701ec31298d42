"""What goes over the local socket beside the mirror, where one process owns the file and the others ask it.

A line of JSON goes in, `{"do": "query" | "status" | ..., ...}`; lines come back: `event` any number of times, `columns`
and `rows` any number of times, and at last `result` or `error`.
"""

import asyncio
import contextlib
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from halfopen.sync.events import Answered, Asked, Committed, Compared, Failed, Owes
from halfopen.sync.query import Row
from halfopen.sync.replay import Reading
from halfopen.sync.texts import plain

LONGEST_REQUEST = 64 << 20
# The kernel takes 107 bytes for the path of a socket.
_LONGEST_PATH = 100
# A line of rows is cut where it is longer than this, unless it is a single row.
_LONGEST_LINE = 1 << 20
_BLOCK = 64 << 10


class Request(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is asked; `do` is query, status, backfill, snapshot, reconcile, replay or forget."""

    do: str
    sql: str = ""
    product: str = ""
    feeds: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    give_up: float = 0.0
    readings: dict[str, Reading] = {}
    code: str | None = None
    player: str = ""
    repair: bool = False
    file: str = ""
    parquet: str = ""


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line of an answer; `error` has the class of the error and its text."""

    event: Asked | Answered | Committed | Compared | Failed | Owes | None = None
    columns: list[str] | None = None
    rows: list[list[Any]] | None = None
    result: Any = None
    error: tuple[str, str] | None = None
    last: bool = False


_ENCODER = msgspec.json.Encoder()
REQUESTS = msgspec.json.Decoder(Request)
LINES = msgspec.json.Decoder(Line)


def encoded(line: Line | Request) -> bytes:
    """As it goes over the socket, with its end."""
    return _ENCODER.encode(line) + b"\n"


def encoded_rows(rows: list[Row]) -> bytes:
    """Rows as lines, of values that JSON can hold without losing a digit."""
    return b"".join(_cut([plain(list(row)) for row in rows]))


def _cut(rows: list[list[Any]]) -> Iterator[bytes]:
    line = encoded(Line(rows=rows))
    if len(line) <= _LONGEST_LINE or len(rows) == 1:
        yield line
        return
    half = len(rows) // 2
    yield from _cut(rows[:half])
    yield from _cut(rows[half:])


async def lines(reader: asyncio.StreamReader) -> AsyncIterator[Line]:
    """What the owner tells, up to its end; no more is taken in ahead than a line and a block."""
    pending = bytearray()
    with contextlib.suppress(ConnectionError):  # as good as an end
        while block := await reader.read(_BLOCK):
            *ended, rest = block.split(b"\n")
            for end in ended:
                yield LINES.decode(pending + end)
                pending.clear()
            pending += rest


def socket_path(mirror: Path) -> Path:
    """Beside the file; under a short name in the folder for temporary files where that would be too long."""
    beside = mirror.absolute().with_name(f"{mirror.name}.sock")
    if len(os.fsencode(beside)) <= _LONGEST_PATH:
        return beside
    return named_socket(str(beside))


def named_socket(mirror: str) -> Path:
    """In the folder for temporary files, one for each user and mirror."""
    name = hashlib.sha256(os.fsencode(mirror)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"halfopen-{os.getuid()}-{name}.sock"
