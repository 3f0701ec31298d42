"""Rewrites single columns of a CSV body, piece by piece; every other byte is kept as it is.

A row that is broken, or has more or fewer fields than the header, passes unread: who judges the body shall see it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from halfopen.errors import BodyError
from halfopen.wire.csv import LONGEST_ROW, line

Change = Callable[[str | None], str | None]
"""From the text of a value, None for null, to the text that it shall have."""

_FIELD: Final = re.compile(b'("(?:[^"]++|"")*+"|[^",\r\n]*+),')


class Cells:
    """Feed it the body piece by piece, then call `finish`; both give whole rows.

    `choose` gets the names of the header and says which of them are changed, and how.
    """

    def __init__(self, choose: Callable[[Sequence[str]], Mapping[str, Change]]) -> None:
        self._choose = choose
        self._changes: list[tuple[int, Change]] | None = None
        self._width = 0
        self._tail = b""
        self._open = b""

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece; BodyError for a row without an end in sight."""
        self._tail += piece
        end = self._tail.rfind(b"\n") + 1
        lines, self._tail = self._tail[:end], self._tail[end:]
        if len(self._open) + len(self._tail) > LONGEST_ROW:
            raise BodyError(f"CSV body: a row does not end within {LONGEST_ROW >> 20} MiB: is a quote not closed?")
        return b"".join(self._row(one) for one in lines.splitlines(keepends=True)) if lines else b""

    def finish(self) -> bytes:
        """Take the end."""
        last, self._tail = self._tail, b""
        return (self._row(last) if last else b"") + self._open

    def _row(self, physical: bytes) -> bytes:
        """One line; nothing while its row goes on in the next."""
        if self._open or b'"' in physical:
            self._open += physical
            if self._open.count(b'"') % 2:
                return b""
            physical, self._open = self._open, b""
        row = physical.rstrip(b"\r\n")
        if not row:
            return physical
        fields = _fields(row)
        if self._changes is None:
            self._begin([_text(field) or "" for field in fields or []])
        elif fields is not None and len(fields) == self._width:
            return self._changed(fields) + physical[len(row) :]
        return physical

    def _begin(self, names: Sequence[str]) -> None:
        names = [name.removeprefix("\ufeff") for name in names]
        chosen = self._choose(names)
        self._width = len(names)
        self._changes = [(place, chosen[name]) for place, name in enumerate(names) if name in chosen]

    def _changed(self, fields: list[bytes]) -> bytes:
        for place, change in self._changes or ():
            old = _text(fields[place])
            new = change(old)
            if new != old:
                fields[place] = line([new])[:-2]
        return b",".join(fields)


def _fields(row: bytes) -> list[bytes] | None:
    """The fields as they stand, quotes and all; None for a broken row."""
    if b'"' not in row:
        return row.split(b",")
    found = _FIELD.findall(row + b",")
    return found if sum(map(len, found)) + len(found) == len(row) + 1 else None


def _text(field: bytes) -> str | None:
    if field.startswith(b'"'):
        field = field[1:-1].replace(b'""', b'"')
    elif not field:
        return None
    return field.decode("utf-8", "surrogateescape")
