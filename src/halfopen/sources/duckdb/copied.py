r"""The bytes of a COPY, as they come through a pipe, into whole rows with the wire's line ends."""

from typing import Final

from halfopen.sources.base import ROW_END
from halfopen.sources.crlf import crlf
from halfopen.wire.negotiate import Format

_QUOTE: Final = b'"'
_LINE: Final = b"\n"


class Rows:
    """Cuts at the last line end that stands outside of all quotes."""

    def __init__(self, format_: Format) -> None:
        self._format = format_
        self._rest = b""

    def feed(self, data: bytes) -> tuple[bytes, int]:
        """The rows that are whole now, and how many they are."""
        data = self._rest + data
        at = data.rfind(_LINE) + 1
        if self._format is Format.CSV and _QUOTE in data:
            at = _last_end(data)
        self._rest = data[at:]
        whole = data[:at]
        if self._format is Format.CSV:
            return crlf(whole)
        return whole.replace(_LINE, ROW_END[self._format]), whole.count(_LINE)


def _last_end(data: bytes) -> int:
    """Where the row after the last whole one begins; parts of even number are outside of quotes."""
    parts = data.split(_QUOTE)
    after = 0
    for number in range(len(parts) - 1, -1, -1):
        if number % 2 == 0 and (found := parts[number].rfind(_LINE)) >= 0:
            return len(data) - after - len(parts[number]) + found + 1
        after += len(parts[number]) + 1
    return 0
