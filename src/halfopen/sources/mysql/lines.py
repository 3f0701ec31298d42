r"""SQL that makes whole lines inside of the server, so that Python only splits and joins blocks (`rows`).

A line is bytes. Where a text begins and ends stands \xfe, and \xfd for null: bytes that no text of UTF-8 holds. What is
between is the text as it is; quotes and backslashes are escaped a block at a time afterwards, which costs the server
nothing (its REPLACE of every text made the query slower by an eighth).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.sources.base import Column
from halfopen.sources.mysql import numbers, stamps
from halfopen.sources.mysql.sql import END, NULL, QUOTE, raw, text
from halfopen.sources.mysql.types import Shape, Type
from halfopen.wire.negotiate import Format

_QUOTE: Final = bytes([QUOTE])
_NULL: Final = raw(bytes([NULL]))
_TRUE: Final = "('1', 't', 'true', 'y', 'yes', 'on')"
_FALSE: Final = "('0', 'f', 'false', 'n', 'no', 'off')"
_DAY: Final = r"\A\s*\d{4}-\d\d-\d\d"
_COMMAS: Final = r"\s*(,\s*)+"
_NUMBERS: Final = (*stamps.NUMBERS, Shape.DECIMAL)


@dataclass(frozen=True, slots=True)
class Piece:
    """One value of a line.

    plain: its wire text where it can be read as its kind, else null; None for a text, whose every value is one.
    other: its own text. word: stands without quotes in JSON. items: a list; a JSON array with `_QUOTE` for quotes.
    """

    other: str
    plain: str | None = None
    word: bool = False
    items: str | None = None

    @property
    def wire(self) -> str:
        """The wire text, null where the value is null."""
        return self.other if self.plain is None else f"coalesce({self.plain}, {self.other})"


def line(names: Sequence[str], pieces: Sequence[Piece], format_: Format) -> str:
    """The expression of one whole line with its end."""
    parts: list[bytes | str] = []
    if format_ is Format.CSV:
        for at, each in enumerate(pieces):
            parts += [b"," if at else b"", *_csv(each)]
    else:
        for at, (told, each) in enumerate(zip(names, pieces, strict=True)):
            parts += [b"," if at else b"{", _QUOTE, told.encode(), _QUOTE, b":", *_json(each)]
        parts.append(b"}")
    parts.append(bytes([END]))
    return f"concat({', '.join(_merged(parts))})"


def piece(column: Column, type_: Type, zone: str) -> Piece:
    """How a column's value is printed. SourceError when values of its type cannot be."""
    sql = column.sql
    if why := refusal(column, type_):
        raise SourceError(f"column {column.name!r}: {why}")
    if column.array:
        return _array(sql, type_)
    if column.kind is Kind.BOOLEAN:
        return _boolean(sql, type_)
    if column.kind is Kind.DATETIME:
        return Piece(_text(sql, type_), stamps.floored(sql, type_, zone))
    if column.kind is Kind.DATE:
        return _date(sql, type_, zone)
    if column.kind in (Kind.DECIMAL, Kind.INTEGER):
        return _number(column, type_)
    return Piece(_text(sql, type_))


def refusal(column: Column, type_: Type) -> str:
    """Why a column's values have no form on the wire, and what to write instead; "" when they have one."""
    sql = column.sql
    if type_.shape is not Shape.BYTES:
        return ""
    return f"{sql} is binary, which has no form on the wire; write an expression like hex({sql}) or bin_to_uuid({sql})"


def _text(sql: str, type_: Type) -> str:
    """A value of any type as text; null for an empty text is the caller's."""
    if type_.shape in _NUMBERS and type_.shape is not Shape.INTEGER:
        return numbers.digits(sql, type_)
    if type_.shape is Shape.JSON:
        return f"convert(json_unquote({sql}) using utf8mb4)"
    return f"convert({sql} using utf8mb4)"


def _boolean(sql: str, type_: Type) -> Piece:
    if type_.shape in _NUMBERS:
        number = numbers.exact(sql, type_)
        return Piece(_text(sql, type_), f"case {number} when 1 then 'true' when 0 then 'false' end", word=True)
    word = f"lower(trim({_text(sql, type_)}))"
    plain = f"case when {word} in {_TRUE} then 'true' when {word} in {_FALSE} then 'false' end"
    return Piece(_text(sql, type_), plain, word=True)


def _date(sql: str, type_: Type, zone: str) -> Piece:
    other = _text(sql, type_)
    if type_.shape is Shape.DATE:
        return Piece(other, f"cast({sql} as char)")
    if type_.shape is Shape.STAMP:
        return Piece(other, f"left(cast({sql} as char), 10)")
    if type_.shape is Shape.ZONED or type_.shape in _NUMBERS:
        local = stamps.to_local(stamps.moment(sql, type_, zone), zone)
        return Piece(other, f"left(cast({local} as char), 10)")
    return Piece(other, f"case when {other} regexp {text(_DAY)} then left(ltrim({other}), 10) end")


def _number(column: Column, type_: Type) -> Piece:
    is_text = type_.shape not in _NUMBERS
    sql = _text(column.sql, type_) if is_text else column.sql
    other = _text(column.sql, type_)
    if column.divisor is None and column.places is None:
        if column.kind is Kind.INTEGER and type_.shape is Shape.DECIMAL:
            return Piece(other, numbers.trimmed(sql) if type_.places else numbers.digits(sql, type_), word=True)
        return Piece(other, numbers.digits(sql, type_), word=True)
    number, made = numbers.exact(sql, type_), numbers.exact_type(type_)
    if column.divisor is not None:
        number = numbers.divided(number, column.divisor)
        made = made if numbers.power_of_ten(column.divisor) is not None else numbers.PADDED
    if column.places is not None:
        return Piece(other, f"cast({numbers.rounded(number, column.places)} as char)", word=True)
    return Piece(other, numbers.digits(number, Type(Shape.DECIMAL, 1, padded=made.padded)), word=True)


def _array(sql: str, type_: Type) -> Piece:
    """A JSON array of anything, or `a, b`; blanks around items and empty items are dropped."""
    plain = f"convert({sql} using utf8mb4)"
    listed = f"trim(both ',' from regexp_replace(trim({plain}), {text(_COMMAS)}, ','))"
    is_list = f"{plain} like '[%' and json_valid({plain})"
    if type_.shape is Shape.JSON:
        is_list = f"json_type({sql}) = 'ARRAY'"
    item = f"json_extract({plain}, concat('$[', halfopen_items.i - 1, ']'))"
    parts = f"json_table({plain}, '$[*]' columns(i for ordinality)) as halfopen_items"
    origin = f"from {parts} where json_type({item}) <> 'NULL'"
    told = f"convert(json_unquote({item}) using utf8mb4)"
    mark = raw(_QUOTE)
    quoted = f"concat({mark}, {_bytes(told)}, {mark})"
    joined = f"select group_concat({told} order by halfopen_items.i separator ', ') {origin}"
    csv = f"case when {is_list} then ifnull(({joined}), '') else replace({listed}, ',', ', ') end"
    json = (
        f"case when {plain} is null then 'null' when {is_list} then concat('[', ifnull((select "
        f"group_concat({quoted} order by halfopen_items.i separator ',') {origin}), ''), ']') "
        f"when {listed} = '' then '[]' "
        f"else concat('[', {mark}, replace({_bytes(listed)}, ',', {raw(_QUOTE + b',' + _QUOTE)}), {mark}, ']') end"
    )
    return Piece(csv, items=json)


def _csv(each: Piece) -> list[bytes | str]:
    if each.plain is None:
        return [_QUOTE, f"ifnull({_bytes(each.other)}, {_NULL})", _QUOTE]
    return [f"coalesce({each.plain}, {_quoted(each.other)}, '')"]


def _json(each: Piece) -> list[bytes | str]:
    if each.items is not None:
        return [each.items]
    if each.word:
        return [f"coalesce({each.plain}, {_quoted(each.other)}, 'null')"]
    if each.plain is None:
        return [_QUOTE, f"ifnull({_bytes(each.other)}, {_NULL})", _QUOTE]
    return [_QUOTE, f"coalesce({each.plain}, {_bytes(_or_null(each.other))}, {_NULL})", _QUOTE]


def _quoted(other: str) -> str:
    """What cannot be read as its kind, as a text in quotes."""
    return f"concat({raw(_QUOTE)}, {_bytes(_or_null(other))}, {raw(_QUOTE)})"


def _or_null(sql: str) -> str:
    return f"if(char_length({sql}) = 0, null, {sql})"


def _bytes(sql: str) -> str:
    return f"cast({sql} as binary)"


def _merged(parts: Sequence[bytes | str]) -> list[str]:
    """Neighbouring literals in one."""
    merged: list[str] = []
    waiting = b""
    for part in parts:
        if isinstance(part, bytes):
            waiting += part
            continue
        if waiting:
            merged.append(raw(waiting))
        merged.append(part)
        waiting = b""
    return [*merged, raw(waiting)]
