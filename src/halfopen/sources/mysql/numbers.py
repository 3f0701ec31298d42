r"""Numbers as exact decimals and as plain digits, in SQL.

A double is printed with the 15 digits that it surely holds, so that 0.1 + 0.2 is 0.3, and without an exponent.
"""

from typing import Final

from halfopen.sources.exact import UNIT_PLACES
from halfopen.sources.mysql.sql import text
from halfopen.sources.mysql.types import Shape, Type

WIDE: Final = "decimal(65,30)"
"""Room for what a text, a double or a quotient may be; padded with zeros, which `trimmed` takes away."""

PADDED: Final = Type(Shape.DECIMAL, 30, padded=True)

_NUMBER: Final = r"\A\s*[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d{1,3})?\s*\z"
_PLAIN: Final = r"\A-?(0|[1-9]\d*)([.]\d+)?\z"
_LONGEST: Final = 80
"""Characters of a text that is taken for a number."""


def is_number(sql: str) -> str:
    """Whether a text is a number."""
    return f"{sql} regexp {text(_NUMBER)} and char_length({sql}) < {_LONGEST}"


def exact(sql: str, type_: Type) -> str:
    """A value as a number that is added up and multiplied exactly; null for a text that is none."""
    if type_.shape in (Shape.INTEGER, Shape.DECIMAL):
        return sql
    if type_.shape is Shape.BIT:
        return f"({sql} + 0)"
    if type_.shape is Shape.FLOAT:
        return f"cast({digits(sql, type_)} as {WIDE})"
    return f"(case when {is_number(sql)} then cast({sql} as {WIDE}) end)"


def exact_type(type_: Type) -> Type:
    """The type of `exact`."""
    if type_.shape is Shape.BIT:
        return Type(Shape.INTEGER, 0)
    return type_ if type_.shape in (Shape.INTEGER, Shape.DECIMAL) else PADDED


def digits(sql: str, type_: Type) -> str:
    """A number, or a text that is one, as its plain digits; null for other texts."""
    if type_.shape is Shape.FLOAT:
        return _of_float(sql, type_)
    if type_.shape in (Shape.INTEGER, Shape.BIT):
        return f"cast({sql} + 0 as char)" if type_.padded or type_.shape is Shape.BIT else f"cast({sql} as char)"
    if type_.shape is Shape.DECIMAL:
        return trimmed(sql) if type_.padded and type_.places else f"cast({sql} as char)"
    wide = trimmed(f"cast({sql} as {WIDE})")
    return f"(case when {sql} regexp {text(_PLAIN)} then {sql} when {is_number(sql)} then {wide} end)"


def trimmed(sql: str) -> str:
    """The digits of a decimal that has places, without zeros at their end."""
    return f"trim(trailing '.' from trim(trailing '0' from cast({sql} as char)))"


def divided(sql: str, divisor: str) -> str:
    """Minor units in units: exact where the quotient ends, else to 18 places; null where the divisor is null or 0."""
    places = power_of_ten(divisor)
    if places is not None:
        return f"({sql} * {'0.' + '0' * (places - 1) + '1' if places else '1'})"
    number, by = f"cast({sql} as {WIDE})", f"nullif(cast({divisor} as {WIDE}), 0)"
    quotient = f"cast({number} / {by} as {WIDE})"
    return f"(case when {quotient} * {by} = {number} then {quotient} else round({quotient}, {UNIT_PLACES}) end)"


def power_of_ten(divisor: str) -> int | None:
    """How many zeros follow the one, if the divisor is a literal power of ten."""
    places = len(divisor) - 1
    return places if divisor == "1" + "0" * places else None


def rounded(sql: str, places: int) -> str:
    """Half to even, with exactly `places` places; MySQL's own `round` of decimals goes away from zero."""
    half = f"0.{'0' * places}5"
    near = f"round({sql}, {places})"
    return f"cast(if(abs({near} - {sql}) = {half}, round({sql} * 0.5, {places}) * 2, {near}) as decimal(65,{places}))"


def _of_float(sql: str, type_: Type) -> str:
    """15 digits of a double, those of a float, with the zeros that its exponent stands for."""
    short = f"cast(if({sql} = 0, 0, round({sql}, {type_.digits - 1} - floor(log10(abs({sql}))))) as char)"
    mantissa, exponent = f"substring_index({short}, 'e', 1)", f"cast(substring_index({short}, 'e', -1) as signed)"
    sign = f"if({sql} < 0, '-', '')"
    figures = f"replace(replace({mantissa}, '-', ''), '.', '')"
    return (
        f"(case when locate('e', {short}) = 0 then {short} "
        f"when {exponent} < 0 then concat({sign}, '0.', repeat('0', -{exponent} - 1), {figures}) "
        f"else concat({sign}, rpad({figures}, {exponent} + 1, '0')) end)"
    )
