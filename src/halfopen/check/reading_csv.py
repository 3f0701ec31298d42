"""From CSV to rows of texts, and what is odd or broken about it."""

import csv
import re
from typing import Final

from halfopen.check.body import Body, Problem
from halfopen.check.counted import counted
from halfopen.check.sample import Excerpt, Sample
from halfopen.errors import BodyError
from halfopen.wire import csv as wire_csv

_DELIMITERS: Final = (";", "\t", "|")
_COUNTS: Final = re.compile(r"count of fields is (\d+) here and (\d+)")
_WITH_BLANK: Final = 2
"""Line ends: that of the last row, and that of a blank line."""
_BYTE: Final = re.compile(r"byte (\d+)")
_COMPLAINT: Final = re.compile(
    r"\b(error|exception|fatal|failed|failure|denied|unavailable|timeout|timed out|could not|cannot)\b", re.IGNORECASE
)


def read(text: bytes, expected: set[str], notes: dict[str, str]) -> Body:
    """Read a body; `expected`: names of columns, one of which is known, in lower case; `notes`: what is odd so far."""
    first, end, _ = text.partition(b"\n")
    if end and not first.endswith(b"\r"):
        notes["csv_line_end"] = "rows end with LF alone, RFC 4180 says CRLF"
    body = Body(notes=notes)
    body.problem = _without_header(first.decode().strip(), expected)
    if body.problem is not None:
        return body
    text = _without_blank_end(text, notes)
    rows: list[list[str | None]] = []
    try:
        for row in wire_csv.read([text]):
            rows.append(row)  # noqa: PERF402 - what was read before an error is kept
    except BodyError as error:
        body.problem = _problem(str(error), is_last=_is_last(str(error), text))
    if rows:
        body.columns = tuple((name or "").strip() for name in rows[0])
        if body.problem is None:
            body.rows = [tuple(row) for row in rows[1:] if row != rows[0]]
            if again := len(rows) - 1 - len(body.rows):
                notes["csv_header_changes"] = f"the header row stands among the rows again, {counted(again, 'time')}"
    body.shape = "rows" if len(rows) > 1 else "empty"
    return body


def _without_blank_end(text: bytes, notes: dict[str, str]) -> bytes:
    """The body without blank lines after its last row: readers skip them, or take them for a row without a field."""
    end = len(text.rstrip(b"\r\n"))
    if text.count(b"\n", end) < _WITH_BLANK:
        return text
    notes["csv_ragged_row"] = "a blank line stands at the end"
    return text[: text.index(b"\n", end) + 1]


def _without_header(head: str, expected: set[str]) -> Problem | None:
    """What stands in the first line when it names no column; None where it does."""
    if _known(head, ",", expected):
        return None
    other = next((mark for mark in _DELIMITERS if len(_known(head, mark, expected)) > 1), None)
    if other is not None:
        return Problem(code="csv_delimiter", text=f"fields are separated by {other!r}, not by a comma")
    if head.count(",") or len(expected & {head.casefold()}) or _looks_like_row(head):
        return Problem(code="csv_header_missing", text=Sample("no field is named in the first row: ", _shown(head)))
    if _COMPLAINT.search(head):
        told = Sample("an error in place of rows: ", _shown(head))
        return Problem(code="error_as_200", text=told, also=("unparseable_body",))
    return Problem(code="unparseable_body", text=Sample("neither CSV with a header row nor JSON: ", _shown(head)))


def _problem(text: str, *, is_last: bool) -> Problem:
    counts = _COUNTS.search(text)
    # A row that was cut has fewer fields than the header, never more.
    if "was the answer cut" in text or "does not end" in text or (counts and is_last and _is_short(counts)):
        return Problem(code="unparseable_body", text=text, also=("body_truncated",))
    if counts is None:
        return Problem(code="csv_unescaped", text=text)
    # A comma too many stands in a field; too few fields have been left out.
    if not _is_short(counts):
        return Problem(code="csv_unescaped", text=text, also=("csv_ragged_row",))
    return Problem(code="csv_ragged_row", text=text)


def _is_short(counts: re.Match[str]) -> bool:
    """Whether a row has fewer fields than the header names."""
    return int(counts[1]) < int(counts[2])


def _is_last(problem: str, text: bytes) -> bool:
    """Whether a broken row is the body's last, and has no line end: the body was cut there."""
    place = _BYTE.search(problem)
    return place is not None and b"\n" not in text[int(place[1]) :]


def _known(head: str, delimiter: str, expected: set[str]) -> set[str]:
    cells = next(csv.reader([head], delimiter=delimiter), [])
    return expected & {cell.strip().casefold() for cell in cells}


def _looks_like_row(head: str) -> bool:
    return bool(re.search(r"\d{4}-\d\d-\d\d|[;\t|]", head))


def _shown(text: str) -> Excerpt:
    return Excerpt(repr(text if len(text) <= 80 else text[:80] + "..."))  # noqa: PLR2004 - a line's worth
