"""CSV as of RFC 4180, both ways: UTF-8, comma, CRLF, a null is an empty field and an empty text is `""`.

The standard library's reader cannot tell the two apart, and takes broken bodies for whole ones; so the reader is ours.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

from halfopen.errors import BodyError

LONGEST_ROW: Final = 16 << 20
"""Characters; a row that does not end within them is refused, so that an unclosed quote cannot take all memory."""

_BOM: Final = b"\xef\xbb\xbf"
_NEEDS_QUOTES: Final = re.compile('[",\r\n]')
_FIELD: Final = re.compile('("(?:[^"]++|"")*+"|[^",\r\n]*+),')
_SOUND: Final = re.compile('"(?:[^"]++|"")*+"?|[^",\r\n]*+')  # as much of a field as can be read


def line(values: Iterable[str | None]) -> bytes:
    """Write one row with its CRLF; texts are quoted only where they must be."""
    return (",".join(map(_field, values)) + "\r\n").encode()


def read(blocks: Iterable[bytes]) -> Iterator[list[str | None]]:
    """Read a body row by row, the header first; null (an empty field) is None, `""` is the empty text.

    Args:
        blocks: the body, cut anywhere; a leading BOM is dropped, rows end with CRLF or LF, the last one may lack it.

    Raises:
        BodyError: a quote that is not closed or stands inside of a bare field, a bare carriage return, a row with more
            or fewer fields than the header, bytes that are not UTF-8; says at which byte.
    """
    reader = _Reader()
    tail = b""
    for block in blocks:
        tail += block
        end = tail.rfind(b"\n") + 1
        if end:
            yield from reader.rows(tail[:end])
            tail = tail[end:]
        reader.demand_short(len(tail))
    yield from reader.rows(tail)
    reader.demand_closed()


class _Reader:
    """Reads physical lines; a row whose quotes are open at a line's end goes on in the next line."""

    def __init__(self) -> None:
        self._taken = 0  # bytes of the body given to `rows`
        self._at = 0  # byte of the body at which the row in hand starts
        self._width: int | None = None
        self._open: list[str] = []  # the lines of the row in hand
        self._open_length = 0

    def rows(self, data: bytes) -> Iterator[list[str | None]]:
        """Read lines, of which only the body's last may lack its newline."""
        if not self._taken and data.startswith(_BOM):
            self._taken = self._at = len(_BOM)
            data = data[len(_BOM) :]
        invalid: UnicodeDecodeError | None = None
        try:
            text = data.decode()
        except UnicodeDecodeError as problem:
            # The rows before it come first, so that what is given does not depend on how the body was cut.
            invalid = problem
            text = data[: data.rfind(b"\n", 0, problem.start) + 1].decode()
        lines = text.split("\n")
        last = lines.pop()
        for physical in lines:
            if (row := self._line(physical + "\n")) is not None:
                yield row
        if last and (row := self._line(last)) is not None:
            yield row
        if invalid is not None:
            _refuse(self._taken + invalid.start, f"{data[invalid.start : invalid.end]!r} is not UTF-8")
        self._taken += len(data)

    def demand_short(self, pending: int) -> None:
        """Refuse a row that has no end in sight, with so many bytes of it still unread."""
        if self._open_length + pending > LONGEST_ROW:
            _refuse(self._at, f"row does not end within {LONGEST_ROW >> 20} MiB: is a quote not closed?")

    def demand_closed(self) -> None:
        """Refuse a body that ends inside of quotes."""
        if self._open:
            self._quoted("".join(self._open))

    def _line(self, physical: str) -> list[str | None] | None:
        """Read one line; None while its row goes on in the next."""
        if self._open or '"' in physical:
            self._open.append(physical)
            self._open_length += len(physical)
            if (physical.count('"') + (len(self._open) > 1)) % 2:
                return None
            physical = "".join(self._open)
            fields = self._quoted(physical)
            self._open.clear()
            self._open_length = 0
        else:
            text = _without_end(physical)
            if "\r" in text:
                _refuse(self._at + len(text[: text.index("\r")].encode()), "a bare carriage return ends no row")
            fields = [field or None for field in text.split(",")]
        if len(fields) != self._width:
            self._demand_width(len(fields))
        self._at += len(physical) if physical.isascii() else len(physical.encode())
        return fields

    def _quoted(self, row: str) -> list[str | None]:
        """Split a row that has quotes in it."""
        text = _without_end(row) + ","
        fields = _FIELD.findall(text)
        if sum(map(len, fields)) + len(fields) != len(text):
            self._refuse_field(text)
        return [field[1:-1].replace('""', '"') if field.startswith('"') else field or None for field in fields]

    def _refuse_field(self, text: str) -> NoReturn:
        """Find the first place where the row is no longer CSV."""
        at = 0
        while match := _FIELD.match(text, at):
            at = match.end()
        opened = text.startswith('"', at)
        bad = _SOUND.match(text, at)
        place = bad.end() if bad else at
        if opened and place >= len(text) - 1:
            self._refuse_at(text, at, "a quote is opened and not closed: was the answer cut?")
        what = "stands after a closing quote" if opened else "stands inside of a bare field"
        self._refuse_at(text, place, f"{text[place]!r} {what}: quote the whole field, and double the quotes in it")

    def _refuse_at(self, text: str, at: int, what: str) -> NoReturn:
        _refuse(self._at + len(text[:at].encode()), what)

    def _demand_width(self, width: int) -> None:
        if self._width is not None:
            _refuse(self._at, f"the count of fields is {width} here and {self._width} in the header")
        self._width = width


def _refuse(at: int, what: str) -> NoReturn:
    raise BodyError(f"CSV body, byte {at}: {what}")


def _without_end(row: str) -> str:
    return row[:-2] if row.endswith("\r\n") else row.removesuffix("\n")


def _field(value: str | None) -> str:
    if value is None:
        return ""
    if not value:
        return '""'
    return '"' + value.replace('"', '""') + '"' if _NEEDS_QUOTES.search(value) else value
