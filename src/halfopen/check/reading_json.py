"""From JSON, an object a line or an envelope to rows of texts, and what is odd or broken about it."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from halfopen.check.body import Body, Problem
from halfopen.check.sample import Excerpt, Sample
from halfopen.contract.model import Feed
from halfopen.errors import BodyError
from halfopen.wire import json as wire_json
from halfopen.wire.json import Number

_NOT_JSON_NUMBER: Final = re.compile(rb"[:\[,]\s*-?(?:NaN|Infinity)\b")
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


def read(text: bytes, feed: Feed, names: Mapping[str, str], notes: dict[str, str]) -> Body:
    """Read a body of a feed, or of one row; `names` as in `reading.read`, `notes`: what is odd about it so far."""
    body = Body(format="json", notes=notes)
    body.problem = _no_number(text)
    found = None if body.problem else _place(text, feed, names, body)
    if found is None:
        return body
    path, ndjson = found
    if ndjson:
        body.format = "ndjson"
        body.notes["json_lines"] = "one object a line, not an array"
    try:
        _into(body, wire_json.read([text], path, ndjson=ndjson))
    except BodyError as error:
        body.problem = _problem(str(error), text, path, ndjson=ndjson)
        body.rows = []
    if len(body.rows) == 1:
        _told_alone(body, {names.get(name, name).casefold() for name in (feed.key, feed.cursor)})
    return body


def _told_alone(body: Body, own: set[str]) -> None:
    """A lone element that says something, and has neither key nor cursor, is no row."""
    said = {name.casefold() for name in body.columns}
    if said & own or not said <= _ERROR_NAMES | _TALK_NAMES:
        return
    shown = Excerpt(json.dumps(dict(zip(body.columns, body.rows[0], strict=True)))[:120])
    if said & _ERROR_NAMES:
        body.problem = Problem(code="error_as_200", text=Sample("an error in place of rows: ", shown))
    else:
        told = Sample("a message stands where rows are due: ", shown)
        body.problem = Problem(code="json_not_array", text=told)
    body.rows, body.columns, body.types, body.shape = [], (), {}, "null"


def _no_number(text: bytes) -> Problem | None:
    """Whether NaN or Infinity stands where a number may."""
    if not _NOT_JSON_NUMBER.search(text):
        return None
    try:
        json.loads(text, parse_constant=_refuse)
    except _NotANumber as error:
        return Problem(code="json_nan", text=f"{error} is no JSON; Python's own reader takes it, others do not")
    except ValueError:
        pass
    return None


def _place(text: bytes, feed: Feed, names: Mapping[str, str], body: Body) -> tuple[tuple[str, ...], bool] | None:
    """Path to the array of rows, and whether there is an object a line instead; None when there are no rows."""
    first = text.lstrip()[:1]
    if first == b"[":
        return (), False
    try:
        whole = json.loads(text, parse_float=str)
    except ValueError:
        return (), first == b"{"
    return _envelope(whole, feed, names, body)


def _problem(error: str, text: bytes, path: tuple[str, ...], *, ndjson: bool) -> Problem:
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


def _excerpt(value: object, most: int) -> str:
    """The beginning of a value as JSON; what holds no word of anybody's is no excerpt."""
    text = json.dumps(value)[:most]
    return text if value is None or isinstance(value, bool) else Excerpt(text)
