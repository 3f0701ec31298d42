"""What a body with a good status holds: CSV, JSON, or something that is no answer at all.

A product may say one thing and send another, so the first bytes decide, and an error page with status 200 is refused.
What a dialect declares is undone here, streaming from file to file: a sink gets UTF-8, commas and the contract's forms.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from halfopen.config.dialect import PLAIN, Dialect, section_of
from halfopen.errors import BodyError, SinkError
from halfopen.sync.dialect import Changes
from halfopen.sync.ending import demand_csv_end, demand_json_end
from halfopen.sync.envelope import Names, rows_path
from halfopen.sync.failure import demand_success
from halfopen.sync.more import demand_whole
from halfopen.sync.paging import next_link
from halfopen.sync.refusal import Refusal
from halfopen.sync.transfer import BLOCK, Transfer, excerpt
from halfopen.wire import json as wire_json
from halfopen.wire.charset import ToUtf8
from halfopen.wire.csv_cells import Cells
from halfopen.wire.csv_delimiter import Commas
from halfopen.wire.csv_start import FromHeader, starts_blank
from halfopen.wire.json_outline import Outline, outline
from halfopen.wire.negotiate import Format

OK = 200
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (";", "\t", "|", ",")
_HEAD = 64 << 10
_LONG_HEAD = 1 << 20
"""Bytes of JSON that are looked at where less does not tell where its rows are."""


class Step(Protocol):
    """Turns a body into another, piece by piece."""

    def feed(self, piece: bytes, /) -> bytes:
        """What a piece becomes, as far as it is known."""

    def finish(self) -> bytes:
        """What was held back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What an answer of one feed should look like: its names, the product's dialect, the configured format."""

    names: Names
    product: str
    feed: str
    query: str = ""
    """What was asked, without credentials."""
    is_wide: bool = False
    """Whether it answers for more than a window of the cadence."""
    format: str = "auto"
    dialect: Dialect = PLAIN
    path: tuple[str, ...] = ()
    """Where the dialect says the rows of JSON are."""
    changes: Changes | None = None

    @property
    def section(self) -> str:
        """The heading of the section that a key of the dialect belongs to."""
        return section_of(self.product)

    def place(self, path: str) -> str:
        """What to write where, so that the rows of this feed are looked for at `path`."""
        key = f"rows.{self.feed}" if isinstance(self.dialect.rows, dict) else "rows"
        return f'{key} = "{path}" in {self.section}'


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A body as a sink takes it; `document` is what a JSON envelope says besides its rows."""

    format: Format
    document: Mapping[str, Any] = field(default_factory=dict)


def prepared(got: Transfer, expected: Expected) -> Prepared:
    """Make the spooled body what a sink takes and say which format it is; Refusal where it is no answer.

    CSV stays as it came but for the dialect; JSON and NDJSON become lines of text values, in place. The configured
    format decides only for a body without a byte, where the dialect or status 204 says that this is no rows.
    """
    got.finish()
    found = _prepared(got, expected)
    if expected.dialect.pages is None:
        count = partial(rows, got.body, found.format)
        demand_whole(next_link(got.headers), found.document, expected.query, count, expected.section)
    return found


def _prepared(got: Transfer, expected: Expected) -> Prepared:
    if got.size == 0:
        _check_empty(got, expected)
        header = got.status == OK and expected.format not in {"json", "ndjson"}
        return Prepared(format=Format.CSV if header else Format.NDJSON)
    dialect = expected.dialect
    if dialect.encoding is not None or _head(got.body)[:2] in _UTF_16:
        _turn(got.body, [ToUtf8(dialect.encoding)])
    head = _head(got.body).removeprefix(_BOM).lstrip()
    format_ = Format.NDJSON if head[:1] in {b"[", b"{"} else Format.CSV
    document: Mapping[str, Any] = {}
    if format_ is Format.NDJSON:
        path = _path(got.body, head, expected)
        document = _into_lines(got.body, path, ndjson=head.startswith(b"{") and not path, changes=expected.changes)
        demand_success(document, narrower=expected.is_wide)
        demand_json_end(got.body, expected.names, narrower=expected.is_wide)
    else:
        _check_header(head, expected)
        if steps := list(_csv_steps(got.body, expected)):
            _turn(got.body, steps)
        demand_csv_end(got.body, narrower=expected.is_wide)
    named = got.headers.get("Halfopen-Rows")
    if named is not None and named.isdigit() and int(named) != rows(got.body, format_):
        raise Refusal(f"the answer does not have its Halfopen-Rows of {named}: it was cut on the way", status=OK)
    return Prepared(format=format_, document=document)


def rows(body: Path, format_: Format) -> int:
    """Records in a prepared body."""
    return csv_rows(body) if format_ is Format.CSV else sum(block.count(b"\n") for block in blocks(body))


def csv_rows(body: Path) -> int:
    """Records of an RFC 4180 file without its header: line ends outside of quotes, counted in blocks."""
    ends, quoted, last = 0, False, b"\n"
    for block in blocks(body):
        parts = block.split(b'"')
        outside = parts[1::2] if quoted else parts[::2]
        ends += sum(part.count(b"\n") for part in outside)
        quoted ^= len(parts) % 2 == 0
        last = block[-1:]
    return max(ends + (last != b"\n") - 1, 0)


def blocks(body: Path) -> Iterator[bytes]:
    """The file in blocks."""
    with body.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _head(body: Path, size: int = _HEAD) -> bytes:
    with body.open("rb") as file:
        return file.read(size)


def _check_empty(got: Transfer, expected: Expected) -> None:
    """A program that ran out of memory sends nothing with status 200; only who never sends else may mean no rows.

    A wide window is taken to be too wide then, so that the next ones are no wider than what was answered.
    """
    if got.status != OK:
        return
    if not expected.dialect.empty_body:
        raise Refusal(
            "answered 200 with zero bytes, as a program does that runs out of memory, so the window stays owed;"
            f" if that means no rows here, set empty_body = true in {expected.section}",
            status=OK,
            blank=True,
            too_big=expected.is_wide,
        )
    if got.unmarked_end:
        raise Refusal(
            "answered 200 with zero bytes and hung up, with no Content-Length: 0 to say that this was all",
            status=OK,
            blank=True,
            too_big=expected.is_wide,
        )


def _check_header(head: bytes, expected: Expected) -> None:
    """A sentence, a page or `null` with status 200 must not pass for a header row without rows.

    What to do comes before what was found: a body may be quoted at any length, and the end of a long text is cut off.
    """
    if not head:
        raise Refusal(
            "answered 200 with nothing but blanks in place of a header row",
            status=OK,
            blank=True,
            too_big=expected.is_wide,
        )
    if head.startswith(b"<"):
        # PHP tells of the end of its memory in a page.
        page = f"answered 200 with a page in place of rows: {excerpt(head)}"
        raise Refusal(page, status=OK, narrower=expected.is_wide)
    text = head.decode("utf-8", "replace")
    if _is_header(text, expected.dialect.delimiter, expected.names):
        return
    others = [other for other in _DELIMITERS if _is_header(text, other, expected.names)]
    hint = f"set {_keys(head, others[0], expected)} in {expected.section}; " if others else ""
    raise Refusal(
        f"answered 200 with no header row that names a field; {hint}found {excerpt(head.splitlines()[0])}", status=OK
    )


def _keys(head: bytes, delimiter: str, expected: Expected) -> str:
    """The keys of a dialect that this CSV lacks, as TOML."""
    found = f'delimiter = "{delimiter}"'.replace("\t", "\\t")
    if expected.dialect.encoding is None and not _is_utf8(head):
        found += ' and encoding = "windows-1252" (or what it is; it is no UTF-8)'
    return found


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_header(text: str, delimiter: str, names: Names) -> bool:
    """Whether the first row names a field: it may take several lines, where one ends inside of a name."""
    found = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    return bool(names.fields & {name.strip().lower() for name in found})


def _csv_steps(body: Path, expected: Expected) -> Iterator[Step]:
    if starts_blank(_head(body)):
        yield FromHeader()
    if expected.dialect.delimiter != PLAIN.delimiter:
        yield Commas(expected.dialect.delimiter.encode())
    if expected.changes:
        yield Cells(expected.changes.chosen)


def _path(body: Path, head: bytes, expected: Expected) -> tuple[str, ...]:
    """Where in the JSON the rows are: at the top, as declared, or where they are found; Refusal if they are nowhere."""
    if head.startswith(b"["):
        return ()
    if expected.path:
        return expected.path
    return rows_path(_outline(body, head), expected.names, expected.place, excerpt(head))


def _outline(body: Path, head: bytes) -> Outline:
    size = body.stat().st_size
    seen = outline(head, is_whole=size <= _HEAD)
    if seen.tells or size <= _HEAD:
        return seen
    return outline(_head(body, _LONG_HEAD).removeprefix(_BOM).lstrip(), is_whole=size <= _LONG_HEAD)


def _into_lines(body: Path, path: tuple[str, ...], *, ndjson: bool, changes: Changes | None) -> Mapping[str, Any]:
    """Rewrite JSON as lines of texts; what its envelope says besides."""
    lines = wire_json.TextLines(path, ndjson=ndjson, change=changes.rewrite if changes else None)
    try:
        _rewrite(body, lines.over(blocks(body)))
    except BodyError as error:
        raise Refusal(f"the answer is no whole JSON: {error}", status=OK) from None
    return lines.document


def _turn(body: Path, steps: list[Step]) -> None:
    """Let the body go through these steps, one piece after another."""
    try:
        _rewrite(body, _through(blocks(body), steps))
    except BodyError as error:
        raise Refusal(f"the answer cannot be read: {error}", status=OK) from None


def _through(pieces: Iterable[bytes], steps: list[Step]) -> Iterator[bytes]:
    for piece in pieces:
        turned = piece
        for step in steps:
            turned = step.feed(turned)
        yield turned
    held = b""
    for step in steps:
        held = step.feed(held) + step.finish()
    yield held


def _rewrite(body: Path, pieces: Iterable[bytes]) -> None:
    turned = body.with_suffix(".turned")
    try:
        with turned.open("wb") as file:
            file.writelines(pieces)
        turned.replace(body)
    except OSError as error:
        raise SinkError(f"cannot spool an answer to {turned}: {error.strerror}; make room there") from None
    finally:
        turned.unlink(missing_ok=True)
