"""What a body with a good status holds: CSV, JSON, or something that is no answer at all.

A product may say one thing and send another, so the first bytes decide, and an error page with status 200 is refused.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from halfopen.contract.model import Feed
from halfopen.errors import BodyError, SinkError
from halfopen.sync.refusal import Refusal
from halfopen.sync.transfer import BLOCK, Transfer, excerpt
from halfopen.wire import json as wire_json
from halfopen.wire.negotiate import Format

OK = 200
_BOM = b"\xef\xbb\xbf"
_HEAD = 64 << 10
_SMALL = 64 << 10
_ENVELOPES = ("data", "items", "results", "rows", "records", "result")
_ENVELOPE = re.compile(rb'"(' + "|".join(_ENVELOPES).encode() + rb')"\s*:\s*\[')


@dataclass(frozen=True, slots=True)
class Names:
    """How a product names the key of a feed, and all of its fields."""

    key: str
    fields: frozenset[str]

    @classmethod
    def of(cls, feed: Feed, columns: Mapping[str, str]) -> "Names":
        """`columns`: contract field to the product's name, where they differ."""
        return cls(columns.get(feed.key, feed.key), frozenset(columns.get(name, name).lower() for name in feed.fields))


def prepared(got: Transfer, wanted: str, names: Names) -> Format:
    """Make the spooled body what a sink takes and say which format it is; Refusal where it is no answer.

    CSV stays as it came; JSON and NDJSON become lines of text values, in place. `wanted` is the configured format,
    which decides only for a body without a byte.
    """
    if got.size == 0:
        return Format.NDJSON if wanted == "json" else Format.CSV
    head = _head(got.body)
    format_ = Format.NDJSON if head[:1] in {b"[", b"{"} else Format.CSV
    if format_ is Format.NDJSON:
        path = _path(got, head, names)
        _into_lines(got.body, path, ndjson=head.startswith(b"{") and not path)
    else:
        _check_header(head, names)
    named = got.headers.get("Halfopen-Rows")
    if named is not None and named.isdigit() and int(named) != rows(got.body, format_):
        raise Refusal(f"the answer does not have its Halfopen-Rows of {named}: it was cut on the way", status=OK)
    return format_


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


def _head(body: Path) -> bytes:
    with body.open("rb") as file:
        return file.read(_HEAD).removeprefix(_BOM).lstrip()


def _check_header(head: bytes, names: Names) -> None:
    """A sentence, a page or `null` with status 200 must not pass for a header row without rows."""
    if head.startswith(b"<"):
        raise Refusal(f"answered 200 with a page in place of rows: {excerpt(head)}", status=OK)
    first = head.splitlines()[0].decode("utf-8", "replace") if head else ""
    if not names.fields & {name.strip().lower() for name in next(csv.reader([first]), [])}:
        raise Refusal(f"answered 200 with no header row that names a field: {excerpt(head)}", status=OK)


def _path(got: Transfer, head: bytes, names: Names) -> tuple[str, ...]:
    """Where in the JSON the rows are: at the top, or one level down in an envelope; Refusal for any other object."""
    if head.startswith(b"["):
        return ()
    if got.size > _SMALL:
        found = _ENVELOPE.search(head)
        return (found[1].decode(),) if found else ()
    try:
        whole: Any = json.loads(got.body.read_bytes().removeprefix(_BOM))
    except ValueError:
        return ()  # several lines of NDJSON, or broken: the reader tells
    lists = [name for name in _ENVELOPES if isinstance(whole.get(name), list)]
    if lists:
        return (lists[0],)
    if names.key not in whole:
        raise Refusal(f"answered 200 with an object in place of rows: {excerpt(head)}", status=OK)
    return ()


def _into_lines(body: Path, path: tuple[str, ...], *, ndjson: bool) -> None:
    lines = body.with_suffix(".lines")
    try:
        with lines.open("wb") as file:
            file.writelines(wire_json.text_lines(blocks(body), path, ndjson=ndjson))
        lines.replace(body)
    except BodyError as error:
        raise Refusal(f"the answer is no whole JSON: {error}", status=OK) from None
    except OSError as error:
        raise SinkError(f"cannot spool an answer to {lines}: {error.strerror}; make room there") from None
    finally:
        lines.unlink(missing_ok=True)
