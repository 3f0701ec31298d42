"""Whether the last row of an answer shows that the program behind it ended before its rows did.

A program that runs out of memory or of time in the midst of its rows may still have its answer ended in due form, with
a final chunk, by the server before it. Then nothing but the last row tells: it breaks off, or says why it is the last.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from halfopen.sync.envelope import Names
from halfopen.sync.failure import tells_failure
from halfopen.sync.refusal import Refusal
from halfopen.sync.transfer import excerpt

_OK: Final = 200
_TAIL: Final = 64 << 10
_BLANKS: Final = b" \t\0\x1a"
_LAST_WORDS: Final = 4 << 10
_DYING: Final = re.compile(
    rb"^(?:[ \t]|<[^<>\n]*>)*(?:PHP )?(?:"
    rb"(?:Fatal|Parse|Recoverable fatal|Catchable fatal) error\b|Uncaught |Traceback \(most recent call last\)"
    rb'|Exception in thread "|panic: |java\.[\w.]+(?:Error|Exception)\b|SQLSTATE\[|ORA-[0-9]{5}\b|ERROR: )',
    re.MULTILINE,
)
"""What programs say when they end, at the beginning of a line."""


def demand_csv_end(body: Path, *, narrower: bool) -> None:
    """Refuse CSV that breaks off in its last row, or that ends with the words of a program that failed.

    Only a row that does not fit the header tells of either, for a text may quote anything. narrower: whether a
    narrower window may do better.
    """
    tail, begin = _tail(body)
    if not tail.endswith(b"\n") and (last := _last_record(tail, is_whole=begin == 0)) is not None:
        found, wanted = _width(last), _width_of_header(body)
        if last.strip(_BLANKS) and 0 < found < wanted:
            raise Refusal(
                f"breaks off in its last row, which has {found} of {wanted} columns and no line end, as where a program"
                f" is ended in the midst of it; found {excerpt(last)}",
                status=_OK,
                narrower=narrower,
            )
    for words in _DYING.finditer(tail, max(len(tail) - _LAST_WORDS, 0)):
        line = tail[words.start() :].partition(b"\n")[0]
        if _width(line) != _width_of_header(body) and not _is_quoted(body, begin + words.start()):
            raise Refusal(_told(line), status=_OK, narrower=narrower)


def demand_json_end(lines: Path, names: Names, *, narrower: bool) -> None:
    """Refuse rows, an object of texts a line, of which the last one is none and says that the product failed."""
    tail, begin = _tail(lines)
    last = _last_record(tail, is_whole=begin == 0, quotes=False)
    if last is None or not last.startswith(b"{"):
        return
    row = json.loads(last)
    if not names.know_some(row) and any(map(tells_failure, row, row.values())):
        raise Refusal(_told(last), status=_OK, narrower=narrower)


def _told(words: bytes) -> str:
    return (
        f"ends with the words of a program that failed in the midst of its rows; found {excerpt(words)};"
        " ask the product for the reason"
    )


def _tail(body: Path) -> tuple[bytes, int]:
    """The end of a file, and at which byte it begins."""
    with body.open("rb") as file:
        begin = max(file.seek(0, io.SEEK_END) - _TAIL, 0)
        file.seek(begin)
        return file.read(), begin


def _last_record(tail: bytes, *, is_whole: bool, quotes: bool = True) -> bytes | None:
    """The last row: from a line on behind which the quotes are even in number; None where it begins before `tail`."""
    end = len(tail.rstrip(b"\r\n"))
    start = end
    while start > 0:
        start = tail.rfind(b"\n", 0, max(start - 1, 0)) + 1
        if start == 0 and not is_whole:
            return None
        if not quotes or tail.count(b'"', start, end) % 2 == 0:
            return tail[start:end]
    return None


def _width(record: bytes) -> int:
    """How many columns a row has; 0 where it is none."""
    try:
        return len(next(_read(record), []))
    except csv.Error:
        return 0


def _width_of_header(body: Path) -> int:
    with body.open("rb") as file:
        return _width(file.read(_TAIL).lstrip(b"\r\n"))


def _read(text: bytes) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text.decode("utf-8", "replace"), newline=""))


def _is_quoted(body: Path, place: int) -> bool:
    """Whether a quote is open at this byte."""
    count = 0
    with body.open("rb") as file:
        while place > 0 and (block := file.read(min(place, _TAIL))):
            count += block.count(b'"')
            place -= len(block)
    return count % 2 == 1
