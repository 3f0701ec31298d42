"""Turns CSV with another delimiter into CSV with commas, piece by piece, every other byte kept as it is.

So null stays apart from the empty text, and a row that is broken stays broken and can be quoted as it came.
"""

import re
from collections.abc import Iterator
from typing import Final

_QUOTE: Final = b'"'
_BOM: Final = b"\xef\xbb\xbf"


class Commas:
    """Feed it the body piece by piece, then call `finish`; both give CSV with commas. `delimiter` is one byte."""

    def __init__(self, delimiter: bytes) -> None:
        self._delimiter = delimiter
        field = b"[^" + re.escape(delimiter) + rb"\r\n]"
        self._with_comma = re.compile(
            b"(?<!" + field + b")(" + field.replace(b"[^", b"[^,") + b"*," + field + b"*)(?!" + field + b")"
        )
        self._tail = b""
        self._is_quoted = False
        self._is_start = True

    def feed(self, piece: bytes) -> bytes:
        """Take the next piece; gives what is sure by now, up to a line's end."""
        self._tail += piece
        end = self._tail.rfind(b"\n") + 1
        lines, self._tail = self._tail[:end], self._tail[end:]
        return self._turned(lines) if lines else b""

    def finish(self) -> bytes:
        """Take the end."""
        lines, self._tail = self._tail, b""
        return self._turned(lines)

    def _turned(self, lines: bytes) -> bytes:
        if self._is_start:
            self._is_start = False
            lines = lines.removeprefix(_BOM)
        if not self._is_quoted and _QUOTE not in lines:
            return self._bare(lines)
        return _QUOTE.join(self._parts(lines))

    def _parts(self, lines: bytes) -> Iterator[bytes]:
        """The text between quotes as it is, the text outside with its delimiters turned."""
        parts = lines.split(_QUOTE)
        for number, part in enumerate(parts):
            if self._is_quoted:
                yield part
            else:
                yield self._outside(part, after_quote=number > 0, before_quote=number < len(parts) - 1)
            self._is_quoted = not self._is_quoted
        self._is_quoted = not self._is_quoted

    def _outside(self, part: bytes, *, after_quote: bool, before_quote: bool) -> bytes:
        """What touches a quote is no bare field, so it gets no quotes: it is broken already, and stays so."""
        begin = _first_of(part, self._delimiter) if after_quote else 0
        end = _last_of(part, self._delimiter) if before_quote else len(part)
        return part if end < begin else part[:begin] + self._bare(part[begin:end]) + part[end:]

    def _bare(self, text: bytes) -> bytes:
        """Quote bare fields with a comma in them, which hold no delimiter, then turn the delimiters."""
        if b"," in text:
            text = self._with_comma.sub(rb'"\1"', text)
        return text.replace(self._delimiter, b",")


def _first_of(part: bytes, delimiter: bytes) -> int:
    """Where the first field ends."""
    found = [at for at in (part.find(delimiter), part.find(b"\r"), part.find(b"\n")) if at >= 0]
    return min(found, default=len(part))


def _last_of(part: bytes, delimiter: bytes) -> int:
    """Where the last field begins."""
    return max(part.rfind(delimiter), part.rfind(b"\r"), part.rfind(b"\n")) + 1
