"""How each value is printed: an SQL expression whose own text is the wire's.

CSV is made by COPY from columns, which needs nothing for a text, an integer or a uuid; a JSON line by row_to_json, the
fastest of the ways that PostgreSQL has (a concatenation of to_json cost 1.2 times as much, json_build_object 1.3).
"""

from dataclasses import dataclass
from typing import Final

from halfopen.contract.model import Kind
from halfopen.errors import SourceError
from halfopen.sources.base import Column
from halfopen.sources.exact import UNIT_PLACES
from halfopen.sources.postgresql import stamps
from halfopen.sources.postgresql.sql import text
from halfopen.sources.postgresql.types import Shape, Type, plain_text

_TRUE: Final = "('1', 't', 'true', 'y', 'yes', 'on')"
_FALSE: Final = "('0', 'f', 'false', 'n', 'no', 'off')"
_NUMBER: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$"
_DAY: Final = r"^\s*\d{4}-\d\d-\d\d"
_JSON_ITEM: Final = r'("([^"\\[:cntrl:]]|\\["\\/bfnrt])*"|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null)'
_JSON_LIST: Final = rf"^\s*\[\s*({_JSON_ITEM}(\s*,\s*{_JSON_ITEM})*)?\s*\]\s*$"
"""Narrower than JSON is: a cast of a text that is none would end the whole answer."""

_LONGEST_NUMBER: Final = 1000
_DIVISION_PLACES: Final = 38
"""A quotient that ends does so before; one that does not is cut at UNIT_PLACES."""

_PRINTED_AS_THEY_ARE: Final = (Shape.TEXT, Shape.INTEGER, Shape.NUMERIC, Shape.OTHER)


@dataclass(frozen=True, slots=True)
class Piece:
    """One value: as a column of COPY, and as a member of row_to_json."""

    csv: str
    json: str


def piece(column: Column, type_: Type, zone: str) -> Piece:
    """How a column's value is printed. SourceError when values of its type cannot be."""
    sql = column.sql
    if refused := refusal(column, type_):
        raise SourceError(f"column {column.name!r}: {refused}")
    if column.array:
        return _array(sql, type_)
    if column.kind is Kind.BOOLEAN:
        return _boolean(sql, type_)
    if column.kind is Kind.DATETIME:
        return _datetime(sql, type_, zone)
    if column.kind is Kind.DATE:
        return _date(sql, type_, zone)
    if column.kind in (Kind.DECIMAL, Kind.INTEGER):
        return _number(column, type_)
    return _text(sql, type_, is_address=column.kind is Kind.IP)


def refusal(column: Column, type_: Type) -> str:
    """Why a column's values have no form on the wire, and what to write instead; "" when they have one."""
    sql = column.sql
    if type_.shape is Shape.BYTES:
        return f"{sql} is bytea, which has no form on the wire; write an expression like encode({sql}, 'hex')"
    if type_.shape is Shape.FORMLESS:
        told = f"{type_.name[1:]}[]" if type_.name.startswith("_") else type_.name
        return (
            f"{sql} is {told}, which has no form on the wire; write an expression that makes one text or number of it"
        )
    return ""


def number(sql: str, type_: Type) -> str:
    """A value as an exact number, null where it is none; of a float the 15 digits that it surely holds."""
    if type_.shape in (Shape.INTEGER, Shape.NUMERIC):
        return sql
    if type_.shape in (Shape.FLOAT, Shape.MONEY):
        return f"({sql})::numeric"
    if type_.shape is Shape.BOOLEAN:
        return f"({sql})::int"
    plain = plain_text(sql, type_)
    return f"case when {_is_number(plain)} then ({plain})::numeric end"


def _text(sql: str, type_: Type, *, is_address: bool) -> Piece:
    if type_.shape is Shape.ADDRESS and is_address:
        return Piece(f"host({sql})", f"host({sql})")
    plain = plain_text(sql, type_)
    return Piece(sql if type_.shape in _PRINTED_AS_THEY_ARE else plain, plain)


def _boolean(sql: str, type_: Type) -> Piece:
    if type_.shape is Shape.BOOLEAN:
        return Piece(f"({sql})::text", sql)
    if type_.shape in stamps.NUMBERS:
        return _words(sql, "= 1", "= 0", f"({sql})::text")
    plain = plain_text(sql, type_)
    word = f"lower(btrim({plain}))"
    return _words(word, f"in {_TRUE}", f"in {_FALSE}", f"nullif({plain}, '')")


def _words(sql: str, true: str, false: str, other: str) -> Piece:
    return Piece(
        f"case when {sql} {true} then 'true' when {sql} {false} then 'false' else {other} end",
        f"case when {sql} {true} then json 'true' when {sql} {false} then json 'false' else to_json({other}) end",
    )


def _datetime(sql: str, type_: Type, zone: str) -> Piece:
    plain = stamps.floored(sql, type_, zone)
    if stamps.is_plain(type_):
        return Piece(plain, f"({plain})::text")
    made = f"coalesce(({plain})::text, nullif({plain_text(sql, type_)}, ''))"
    return Piece(made, made)


def _date(sql: str, type_: Type, zone: str) -> Piece:
    if type_.shape is Shape.DATE:
        day = f"nullif(nullif({sql}, 'infinity'), '-infinity')"
    elif type_.shape is Shape.STAMP:
        day = f"nullif(nullif(({sql})::date, 'infinity'), '-infinity')"
    elif type_.shape is Shape.ZONED:
        day = f"nullif(nullif(({sql} at time zone {text(zone)})::date, 'infinity'), '-infinity')"
    elif type_.shape in stamps.NUMBERS:
        day = f"coalesce(({stamps.floored(sql, type_, zone)})::date::text, ({sql})::text)"
    else:
        plain = plain_text(sql, type_)
        is_day = f"{plain} ~ {text(_DAY)}"
        day = f"case when {is_day} then left(btrim({plain}), 10) else nullif({plain}, '') end"
    return Piece(day, f"({day})::text")


def _number(column: Column, type_: Type) -> Piece:
    plain = number(column.sql, type_)
    if column.divisor is not None:
        plain = _divided(plain, column.divisor)
    if column.places is not None:
        plain = _rounded(f"({plain})::numeric", column.places)
    elif column.kind is Kind.INTEGER and type_.shape in (Shape.NUMERIC, Shape.MONEY):
        plain = f"trim_scale(({plain})::numeric)"
    if type_.shape in (*stamps.NUMBERS, Shape.MONEY, Shape.BOOLEAN):
        return Piece(plain, plain)
    raw = plain_text(column.sql, type_)
    other = f"nullif({raw}, '')"
    return Piece(
        f"case when {_is_number(raw)} then ({plain})::text else {other} end",
        f"case when {_is_number(raw)} then to_json({plain}) else to_json({other}) end",
    )


def _divided(sql: str, divisor: str) -> str:
    """Minor units in units, exactly; null where the divisor is null or 0."""
    places = len(divisor) - 1
    if divisor == "1" + "0" * places:
        unit = "1" if places == 0 else f"0.{'0' * (places - 1)}1"
        return f"(({sql})::numeric * {unit})"
    by = f"nullif(({divisor})::numeric, 0)"
    quotient = f"trim_scale((({sql})::numeric + 0.{'0' * _DIVISION_PLACES}) / {by})"
    return f"(case when {quotient} * {by} = ({sql})::numeric then {quotient} else round({quotient}, {UNIT_PLACES}) end)"


def _rounded(sql: str, places: int) -> str:
    """Half to even; PostgreSQL's own `round` of numeric goes away from zero."""
    half = f"0.{'0' * places}5"
    even = f"round({sql} * 0.5, {places}) * 2"
    return f"case when abs(round({sql}, {places}) - {sql}) = {half} then {even} else round({sql}, {places}) end"


def _is_number(plain: str) -> str:
    return f"{plain} ~ {text(_NUMBER)} and length({plain}) < {_LONGEST_NUMBER}"


def _array(sql: str, type_: Type) -> Piece:
    items = _items(sql, type_)
    return Piece(f"array_to_string({items}, ', ')", items)


def _items(sql: str, type_: Type) -> str:
    """A list of texts without nulls; null where the value is null."""
    if type_.shape is Shape.ARRAY:
        return f"array_remove(({sql})::text[], null)"
    split = f"array_remove(regexp_split_to_array(btrim({plain_text(sql, type_)}), '\\s*,\\s*'), '')"
    if type_.shape is not Shape.JSON:
        plain = plain_text(sql, type_)
        listed = f"array(select item from json_array_elements_text(({plain})::json) as item where item is not null)"
        return f"case when {plain} ~ {text(_JSON_LIST)} then {listed} else {split} end"
    listed = f"array(select item from jsonb_array_elements_text(({sql})::jsonb) as item where item is not null)"
    return f"case when jsonb_typeof(({sql})::jsonb) = 'array' then {listed} else {split} end"
