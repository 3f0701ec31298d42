"""From a body to rows of texts: which format it is, what columns it has, and what is odd or broken about it."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from halfopen.check.sample import Excerpt, Sample
from halfopen.contract.model import Feed
from halfopen.errors import BodyError
from halfopen.wire import csv as wire_csv
from halfopen.wire import json as wire_json
from halfopen.wire.json import Number

BOM: Final = b"\xef\xbb\xbf"
_DELIMITERS: Final = (";", "\t", "|")
_NOT_JSON_NUMBER: Final = re.compile(rb"[:\[,]\s*-?(?:NaN|Infinity)\b")
_COUNTS: Final = re.compile(r"count of fields is (\d+) here and (\d+)")
_BYTE: Final = re.compile(r"byte (\d+)")
_QUOTED: Final = re.compile(r"""(.* byte \d+: )('(?:[^'\\]|\\.){2,}'|"(?:[^"\\]|\\.){2,}")( .*)""")
"""An error that begins with a piece of the body, as Python writes it."""
_BAD_STATUS: Final = frozenset({"error", "fail", "failed", "failure", "false", "exception"})
_ERROR_NAMES: Final = frozenset({"error", "errors", "error_code", "error_message", "exception"})
_TALK_NAMES: Final = frozenset(
    {
        "message", "msg", "detail", "details", "description", "error_description", "reason", "status", "statuscode",
        "status_code", "code", "success", "ok", "result", "title", "fault", "errorcode", "errormessage",
    }
)  # fmt: skip
_COMPLAINT: Final = re.compile(
    r"\b(error|exception|fatal|failed|failure|denied|unavailable|timeout|timed out|could not|cannot)\b", re.IGNORECASE
)
_GZIP: Final = b"\x1f\x8b\x08"
PAGE_NAMES: Final = frozenset(
    {
        "page", "pages", "total_pages", "totalpages", "last_page", "lastpage", "per_page", "perpage", "page_size",
        "pagesize", "next", "next_page", "nextpage", "next_url", "next_page_url", "cursor", "next_cursor",
        "has_more", "hasmore", "has_next", "offset", "limit", "total", "total_count", "totalcount",
        "pagination", "links", "_links", "paging",
    }
)  # fmt: skip
"""Names in an envelope that speak of pages, in lower case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a body has no rows to judge: the rule that it breaks, and one line; `also`: rules that it breaks, too.

    A text that quotes the body is a `Sample` with `Excerpt`s.
    """

    code: str
    text: str
    also: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class Body:
    """What was read.

    columns: as the product names them, in their order. rows: texts, one tuple a row, in the order of `columns`. types:
    column -> JSON types seen (`string`, `number`, `boolean`, `list`, `object`); empty for CSV. notes: code -> text of
    what is odd though readable. envelope: name of the array in an object, None for a bare one. around: what else
    stands in the envelope. shape: `rows`, `empty` (no rows, as it should be), `null` (or an
    object without a name), `object`, `nothing` (not a byte).
    """

    format: str = "csv"
    columns: tuple[str, ...] = ()
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    types: dict[str, Counter[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    envelope: str | None = None
    around: Mapping[str, Any] = field(default_factory=dict)
    shape: str = "rows"
    problem: Problem | None = None


def read(content: bytes, feed: Feed, names: Mapping[str, str], media_type: str = "") -> Body:
    """Read a whole body of a feed; `names` maps contract fields to the product's names where they differ."""
    notes: dict[str, str] = {}
    if content.startswith(_GZIP):
        told = "the decoded body is compressed: twice, or without saying so"
        return Body(problem=Problem(code="content_encoding_broken", text=told))
    text = content
    if content.startswith(BOM):
        notes["csv_bom"] = "the body begins with a byte order mark"
        text = content[len(BOM) :]
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return Body(notes=notes, problem=Problem(code="charset_wrong", text=f"byte {error.start} is not UTF-8"))
    head = text.lstrip()
    if not head:
        as_json = "json" in media_type
        return Body(format="json" if as_json else "csv", notes=notes, shape="nothing")
    if head.startswith(b"<"):
        shown = " ".join(head[:80].decode("utf-8", "replace").split())
        told = Sample("the body begins ", Excerpt(repr(shown)))
        return Body(format="html", notes=notes, problem=Problem(code="html_instead_of_data", text=told))
    expected = {names.get(name, name).casefold() for name in feed.fields}
    if head[:1] in {b"[", b"{"} or head.strip() in {b"null", b"true", b"false"} or "json" in media_type:
        return _read_json(text, feed, names, notes)
    return _read_csv(text, expected, notes)


def _read_csv(text: bytes, expected: set[str], notes: dict[str, str]) -> Body:
    first, end, _ = text.partition(b"\n")
    if end and not first.endswith(b"\r"):
        notes["csv_line_end"] = "rows end with LF alone, RFC 4180 says CRLF"
    body = Body(notes=notes)
    head = first.decode().strip()
    if not _known(head, ",", expected):
        other = next((mark for mark in _DELIMITERS if len(_known(head, mark, expected)) > 1), None)
        if other is not None:
            body.problem = Problem(code="csv_delimiter", text=f"fields are separated by {other!r}, not by a comma")
            return body
        if head.count(",") or len(expected & {head.casefold()}) or _looks_like_row(head):
            told = Sample("no field is named in the first row: ", _shown(head))
            body.problem = Problem(code="csv_header_missing", text=told)
        elif _COMPLAINT.search(head):
            told = Sample("an error in place of rows: ", _shown(head))
            body.problem = Problem(code="error_as_200", text=told, also=("unparseable_body",))
        else:
            told = Sample("neither CSV with a header row nor JSON: ", _shown(head))
            body.problem = Problem(code="unparseable_body", text=told)
        return body
    rows: list[list[str | None]] = []
    try:
        for row in wire_csv.read([text]):
            rows.append(row)  # noqa: PERF402 - what was read before an error is kept
    except BodyError as error:
        body.problem = _csv_problem(str(error), is_last=_is_last(str(error), text))
    if rows:
        body.columns = tuple((name or "").strip() for name in rows[0])
        if body.problem is None:
            body.rows = [tuple(row) for row in rows[1:]]
    body.shape = "rows" if len(rows) > 1 else "empty"
    return body


def _csv_problem(text: str, *, is_last: bool) -> Problem:
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


def _read_json(text: bytes, feed: Feed, names: Mapping[str, str], notes: dict[str, str]) -> Body:
    body = Body(format="json", notes=notes)
    if _NOT_JSON_NUMBER.search(text):
        try:
            json.loads(text, parse_constant=_refuse)
        except _NotANumber as error:
            body.problem = Problem(
                code="json_nan", text=f"{error} is no JSON; Python's own reader takes it, others do not"
            )
            return body
        except ValueError:
            pass
    path: tuple[str, ...] = ()
    ndjson = False
    if text.lstrip()[:1] != b"[":
        try:
            whole = json.loads(text, parse_float=str)
        except ValueError:
            ndjson = text.lstrip()[:1] == b"{"
        else:
            found = _envelope(whole, feed, names, body)
            if found is None:
                return body
            path, ndjson = found
    if ndjson:
        body.format = "ndjson"
        body.notes["json_lines"] = "one object a line, not an array"
    try:
        _into(body, wire_json.read([text], path, ndjson=ndjson))
    except BodyError as error:
        body.problem = _json_problem(str(error), text, path, ndjson=ndjson)
        body.rows = []
    return body


def _json_problem(error: str, text: bytes, path: tuple[str, ...], *, ndjson: bool) -> Problem:
    if not ndjson and (odd := _no_objects(text, path)):
        return Problem(code="json_not_array", text=odd)
    also = ("body_truncated",) if _is_cut(text, ndjson=ndjson) else ()
    quoted = _QUOTED.fullmatch(error)
    told = error if quoted is None else Sample(quoted[1], Excerpt(quoted[2]), quoted[3])
    return Problem(code="unparseable_body", text=told, also=also)


def _no_objects(text: bytes, path: tuple[str, ...]) -> str | None:
    """What an array holds that is good JSON and no object; None where that is not what is wrong."""
    try:
        whole = _at(json.loads(text), path)
    except ValueError:
        return None
    odd = next((row for row in whole if not isinstance(row, dict)), None) if isinstance(whole, list) else None
    if not whole or (odd is None and all(isinstance(row, dict) for row in whole)):
        return None
    return Sample("an element of the array is ", _excerpt(odd, 40), ", not an object with the columns")


def _envelope(whole: object, feed: Feed, names: Mapping[str, str], body: Body) -> tuple[tuple[str, ...], bool] | None:
    """Path to the array in an object, and whether the object is itself a row; None when there are no rows to be had."""
    if not isinstance(whole, dict):
        body.shape = "null" if whole is None else "object"
        told = Sample("the body is ", _excerpt(whole, 40), ", not an array of rows")
        body.problem = Problem(code="json_not_array", text=told)
        return None
    key = names.get(feed.key, feed.key)
    if key in whole:
        body.notes["json_object"] = "a row stands alone, not in an array"
        return (), True
    body.shape = "object" if whole else "null"
    path = _array(whole)
    if _is_error(whole) and not (path and key in next(iter(_at(whole, path)), {})):
        said = {name: whole[name] for name in whole if name.casefold() in _ERROR_NAMES | _TALK_NAMES}
        told = Sample("an error in place of rows: ", _excerpt(said, 120))
        body.problem = Problem(code="error_as_200", text=told)
        return None
    if path is None:
        shown = Excerpt(", ".join(list(whole)[:6])) if whole else "nothing"
        told = Sample("an object with ", shown, " in it stands where an array of rows is due")
        body.problem = Problem(code="json_not_array", text=told)
        return None
    body.envelope = ".".join(path)
    around = whole if len(path) == 1 else {**whole, **whole[path[0]]}
    body.around = {name: value for name, value in around.items() if name not in path}
    return path, False


def _array(whole: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Where an array of objects stands, at the top or one level down; one with rows rather than without."""
    paths: list[tuple[str, ...]] = [(name,) for name in whole]
    paths += [(name, inner) for name, value in whole.items() if isinstance(value, dict) for inner in value]
    arrays = [path for path in paths if _is_rows(_at(whole, path))]
    return next((path for path in arrays if _at(whole, path)), arrays[0] if arrays else None)


def _at(whole: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = whole
    for name in path:
        found = found[name]
    return found


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _is_error(whole: Mapping[str, Any]) -> bool:
    names = {name.casefold(): value for name, value in whole.items()}
    if any(names.get(name) for name in _ERROR_NAMES & names.keys()):
        return True
    if any(str(names.get(name, "")).casefold() in _BAD_STATUS for name in ("status", "result", "success", "ok")):
        return True
    status = next((names[name] for name in ("status", "code", "statuscode", "status_code") if name in names), None)
    if isinstance(status, int) and status >= 400:  # noqa: PLR2004 - the first status of an error
        return True
    return bool(_TALK_NAMES & names.keys()) and not any(isinstance(value, list | dict) for value in whole.values())


def _into(body: Body, batches: Iterable[list[dict[str, object]]]) -> None:
    """Rows of any shape become tuples over the union of their columns."""
    columns: dict[str, int] = {}
    types: dict[str, Counter[str]] = {}
    held: list[list[str | None]] = []
    for row in _each(batches):
        texts: list[str | None] = [None] * len(columns)
        for name, value in row.items():
            place = columns.get(name)
            if place is None:
                place = columns[name] = len(columns)
                types[name] = Counter()
                texts.append(None)
            if value is not None:
                types[name][_type(value)] += 1
                texts[place] = _as_text(value)
        held.append(texts)
    width = len(columns)
    body.columns = tuple(columns)
    body.types = types
    body.rows = [tuple(texts + [None] * (width - len(texts))) for texts in held]
    body.shape = "rows" if held else "empty"


def _each(batches: Iterable[list[dict[str, object]]]) -> Iterator[dict[str, object]]:
    for batch in batches:
        yield from batch


def _type(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | Number():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case _:
            return "object"


def _as_text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case list() if all(isinstance(item, str | int) for item in value):
            return ", ".join(_as_text(item) for item in value)
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


class _NotANumber(ValueError):  # noqa: N818 - it is not an error but a find
    pass


def _refuse(word: str) -> object:
    raise _NotANumber(word)


def _is_cut(text: bytes, *, ndjson: bool) -> bool:
    """Whether a broken JSON body is a good one that stops early."""
    if ndjson:
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        ending = text.decode().rstrip()
        ends_well = ending.endswith(("]", "}"))
        return error.pos >= len(ending) - (not ends_well) or "Unterminated" in error.msg
    return False


def _shown(text: str) -> Excerpt:
    return Excerpt(repr(text if len(text) <= 80 else text[:80] + "..."))  # noqa: PLR2004 - a line's worth


def _excerpt(value: object, most: int) -> str:
    """The beginning of a value as JSON; what holds no word of anybody's is no excerpt."""
    text = json.dumps(value)[:most]
    return text if value is None or isinstance(value, bool) else Excerpt(text)
