"""What one answer shows of a product's dialect: pure, from the bytes of a body."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from halfopen.contract.model import Feed

_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}
_DELIMITERS: Final = (",", ";", "\t", "|")
_DEEPEST: Final = 4
_MOST_ROWS: Final = 5000

Row = dict[str, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One answer: rows as texts, and in which form they came; `around`: the envelope without its rows."""

    format: str
    encoding: str = "utf-8"
    delimiter: str = ","
    path: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    around: Mapping[str, Any] = field(default_factory=dict)


def look(body: bytes, feed: Feed) -> Look | None:
    """What can be told of a body; None where it is no rows at all: a page, a sentence, an error."""
    encoding = next((name for mark, name in _MARKS.items() if body.startswith(mark)), "") or _guessed(body)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        return None
    start = text.lstrip()[:1]
    if start in {"[", "{"}:
        return _json(text, encoding)
    return None if start == "<" else _csv(text, encoding, feed)


def _guessed(body: bytes) -> str:
    try:
        body.decode()
    except UnicodeDecodeError:
        return "utf-16-le" if body[1:2] == b"\0" else "windows-1252"
    return "utf-16-le" if body[1:2] == b"\0" else "utf-8"


def _csv(text: str, encoding: str, feed: Feed) -> Look | None:
    line = text.split("\n", 1)[0].rstrip("\r")
    try:
        widths = {one: len(next(csv.reader([line], delimiter=one), [])) for one in _DELIMITERS}
        delimiter = max(_DELIMITERS, key=lambda one: widths[one])
        if widths[delimiter] <= 1 and plain(line) not in {plain(name) for name in feed.fields}:
            return None
        header, *records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        return None
    rows = [
        {name: value or None for name, value in zip(header, record, strict=False)}
        for record in records[:_MOST_ROWS]
        if record
    ]
    return Look(format="csv", encoding=encoding, delimiter=delimiter, columns=tuple(header), rows=rows)


def _json(text: str, encoding: str) -> Look | None:
    try:
        document = json.loads(text, parse_float=str, parse_int=str)
    except ValueError:
        return _lines(text, encoding)
    if isinstance(document, list):
        return _looked("json", encoding, (), document, {})
    found = next(_arrays(document, ()), None)
    if found is not None:
        path, rows = found
        return _looked("json", encoding, path, rows, _without(document, path))
    return _looked("ndjson", encoding, (), [document], {}) if len(document) > _DEEPEST else None


def _lines(text: str, encoding: str) -> Look | None:
    try:
        rows = [json.loads(line, parse_float=str, parse_int=str) for line in text.splitlines() if line.strip()]
    except ValueError:
        return None
    return _looked("ndjson", encoding, (), rows, {})


def _looked(form: str, encoding: str, path: tuple[str, ...], rows: list[Any], around: dict[str, Any]) -> Look | None:
    if not all(isinstance(row, dict) for row in rows):
        return None
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    texts = [{name: _text(value) for name, value in row.items()} for row in rows[:_MOST_ROWS]]
    return Look(format=form, encoding=encoding, path=path, columns=columns, rows=texts, around=around)


def _arrays(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Arrays of objects, or empty ones, the outermost first."""
    if not isinstance(value, dict) or len(path) > _DEEPEST:
        return
    for name, inner in value.items():
        if isinstance(inner, list) and all(isinstance(row, dict) for row in inner):
            yield (*path, name), inner
    for name, inner in value.items():
        yield from _arrays(inner, (*path, name))


def _without(document: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    name, *rest = path
    inner = _without(document[name], tuple(rest)) if rest else []
    return {**document, name: inner}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)


def plain(name: str) -> str:
    """A name without case, blanks and signs: playerId, player_id and Player ID are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())
