r"""Raw packets of the server into ready lines, a block at a time at C's speed.

Each row is a packet of its own with one value, our line, which ends with \xff, a byte that stands in no line. So the
next packet's header is what follows a \xff: three bytes of length, one of sequence, and the length of the value in one
to four bytes. A split at headers leaves the lines; the sequence numbers must count up, which shows that nothing else
was taken for a header.
"""

import re
from typing import Final

import pymysql  # type: ignore[import-untyped] # it ships no types

from halfopen.errors import SourceError
from halfopen.sources.base import ROW_END
from halfopen.sources.mysql.sql import END, NULL, QUOTE
from halfopen.wire.negotiate import Format

_END: Final = bytes([END])
_QUOTE: Final = bytes([QUOTE])
_NULL: Final = bytes([QUOTE, NULL, QUOTE])

_HEADER: Final = re.compile(rb"\xff(?:.{3}(.)(?:[\x00-\xfa]|\xfc..|\xfd...)|(.*)\Z)", re.DOTALL)
"""A header, or else everything up to the end: a part of one, or the packet that ends the answer."""
_LONGEST_HEADER: Final = 9
_NUMBERS: Final = bytes(range(256))
_FIRST_BYTE: Final = 5
_EOF, _ERROR, _NULL_LINE = 0xFE, 0xFF, 0xFB
_EOF_BELOW: Final = 9
_CONTROL: Final = re.compile(rb"[\x00-\x1f]")
_ESCAPES: Final = {b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\b": b"\\b", b"\f": b"\\f"}


class Rows:
    """The lines of one answer; `sequence` is the number of its first row's packet."""

    def __init__(self, format_: Format, sequence: int) -> None:
        self._format = format_
        self._sequence = sequence
        # The first row has no line before it whose end would announce it.
        self._rest = _END
        self.ended = False

    def feed(self, data: bytes) -> tuple[bytes, int]:
        """The lines that are whole now, and how many they are. SourceError for an error that the server sent."""
        parts = _HEADER.split(self._rest + data)
        lines, numbers, ends = parts[::3], parts[1::3], parts[2::3]
        last = lines.pop()
        if lines and self._rest.startswith(_END):
            # What was before that end has been given already.
            del lines[0]
        if ends and ends[-1] is not None:
            self._check(numbers[:-1])
            self._rest = _END + ends[-1]
            self._look()
        else:
            self._check(numbers)
            self._rest = last
        if not lines:
            return b"", 0
        lines.append(b"")
        return finished(lines, self._format), len(lines) - 1

    def _check(self, numbers: list[bytes]) -> None:
        count = len(numbers)
        expected = (_NUMBERS * (2 + count // 256))[self._sequence : self._sequence + count]
        if b"".join(numbers) != expected:
            raise SourceError("the rows of the server could not be told apart: a text holds bytes that are not UTF-8")
        self._sequence = (self._sequence + count) % 256

    def _look(self) -> None:
        """At what follows the last whole line: nothing yet, the end, or an error."""
        rest = self._rest
        size = int.from_bytes(rest[1:4], "little")
        if len(rest) <= _FIRST_BYTE:
            return
        kind = rest[_FIRST_BYTE]
        whole = len(rest) >= _FIRST_BYTE + size
        if kind == _EOF and size < _EOF_BELOW:
            self.ended = whole
        elif kind == _ERROR:
            if whole:
                pymysql.err.raise_mysql_exception(rest[_FIRST_BYTE : _FIRST_BYTE + size])
        elif kind == _NULL_LINE or len(rest) > _LONGEST_HEADER:
            raise SourceError("a row is longer than the server's max_allowed_packet or 16 MiB")


def finished(lines: list[bytes], format_: Format) -> bytes:
    """Lines as the wire wants them, each with its end; the last is empty."""
    if format_ is Format.CSV:
        block = ROW_END[format_].join(lines)
        if b'"' in block:
            block = block.replace(b'"', b'""')
        return block.replace(_NULL, b"").replace(_QUOTE, b'"')
    block = _END.join(lines)
    if b"\\" in block:
        block = block.replace(b"\\", b"\\\\")
    if b'"' in block:
        block = block.replace(b'"', b'\\"')
    if _CONTROL.search(block):
        block = _CONTROL.sub(_escaped, block)
    return block.replace(_NULL, b"null").replace(_QUOTE, b'"').replace(_END, ROW_END[format_])


def _escaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPES.get(found[0]) or b"\\u%04x" % found[0][0]
