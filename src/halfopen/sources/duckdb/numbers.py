r"""Numbers as exact decimals and as plain digits, in SQL.

DuckDB divides decimals as doubles, so that units are made of minor units by whole numbers and by moving the point. A
double is printed with the 15 digits that it surely holds, so that 0.1 + 0.2 is 0.3, and without an exponent.
"""

from typing import Final

from halfopen.sources.duckdb.sql import text
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.sources.exact import UNIT_PLACES

WIDE: Final = f"decimal(38,{UNIT_PLACES})"
PADDED: Final = Type("DECIMAL(38,18)", Shape.DECIMAL, UNIT_PLACES)

_NUMBER: Final = r"\s*[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d{1,3})?\s*"
_PLAIN: Final = r"-?(0|[1-9]\d*)([.]\d+)?"
_LONGEST: Final = 80
_ONE: Final = f"1{'0' * UNIT_PLACES}::hugeint"
_DIVISOR_PLACES: Final = 6


def is_number(sql: str) -> str:
    """Whether a text is a number."""
    return f"regexp_full_match({sql}, {text(_NUMBER)}) and length({sql}) < {_LONGEST}"


def exact(sql: str, type_: Type) -> str:
    """A value as a number that is added up exactly; null for a text that is none, or has no room."""
    if type_.shape in (Shape.INTEGER, Shape.DECIMAL):
        return sql
    if type_.shape is Shape.BOOLEAN:
        return f"({sql})::int"
    return f"try_cast({digits(sql, type_)} as {WIDE})"


def exact_type(type_: Type) -> Type:
    """The type of `exact`."""
    return type_ if type_.shape in (Shape.INTEGER, Shape.DECIMAL) else PADDED


def digits(sql: str, type_: Type) -> str:
    """A number, or a text that is one, as its plain digits; null for other texts and for what is not finite."""
    if type_.shape is Shape.FLOAT:
        return f"case when isfinite({sql}) then {_of_float(sql, type_)} end"
    if type_.shape is Shape.BOOLEAN:
        return f"({sql})::int::varchar"
    if type_.shape in (Shape.INTEGER, Shape.DECIMAL):
        return f"({sql})::varchar"
    odd = f"case when {is_number(sql)} then {_unfolded(f'lower(trim({sql}))')} end"
    return f"(case when regexp_full_match({sql}, {text(_PLAIN)}) then {sql} else {odd} end)"


def trimmed(sql: str) -> str:
    """Digits without zeros at the end of their places."""
    return f"(case when contains({sql}, '.') then rtrim(rtrim({sql}, '0'), '.') else {sql} end)"


def divided(sql: str, divisor: str) -> str:
    """Digits of minor units as digits of units, exact or to 18 places, half to even; null for no divisor."""
    places = len(divisor) - 1
    if divisor == "1" + "0" * places:
        return moved(sql, str(places)) if places else sql
    # By whole numbers: what is left of one step is less than the divisor, so that the next has room.
    by = f"abs(({divisor})::decimal(38,{_DIVISOR_PLACES}) * 1{'0' * _DIVISOR_PLACES})::hugeint"
    value = f"abs(replace(try_cast({sql} as decimal(38,{_DIVISOR_PLACES}))::varchar, '.', '')::hugeint)"
    rest = f"({value} % nullif({by}, 0))"
    scaled = f"({value} // nullif({by}, 0)) * {_ONE} + ({rest} * {_ONE}) // nullif({by}, 0)"
    left = f"(({rest} * {_ONE}) % nullif({by}, 0)) * 2"
    even = f"(({scaled}) + case when {left} > {by} or ({left} = {by} and ({scaled}) % 2 = 1) then 1 else 0 end)"
    sign = f"case when (({sql}) like '-%') <> (({divisor}) < 0) then '-' else '' end"
    return f"({sign} || {trimmed(moved(f'({even})::varchar', str(UNIT_PLACES)))})"


def moved(sql: str, places: str) -> str:
    """Digits with their point so many places to the left."""
    bare = f"replace(ltrim({sql}, '-'), '.', '')"
    scale = f"({places} + case when contains({sql}, '.') then length({sql}) - position('.' in {sql}) else 0 end)"
    full = f"lpad({bare}, greatest(length({bare}), {scale} + 1)::int, '0')"
    whole = f"regexp_replace(left({full}, (length({full}) - {scale})::int), '^0+([0-9])', '\\1')"
    return (
        f"(case when {sql} like '-%' then '-' else '' end || {whole} || case when {scale} > 0 "
        f"then '.' || right({full}, {scale}::int) else '' end)"
    )


def rounded(sql: str, places: int) -> str:
    """Digits with exactly `places` places, half to even."""
    value = f"abs(replace(try_cast({sql} as {WIDE})::varchar, '.', '')::hugeint)"
    unit = f"1{'0' * (UNIT_PLACES - places)}::hugeint"
    left = f"({value} % {unit}) * 2"
    even = (
        f"({value} // {unit} + case when {left} > {unit} or ({left} = {unit} and ({value} // {unit}) % 2 = 1) "
        f"then 1 else 0 end)"
    )
    sign = f"case when {sql} like '-%' and {even} > 0 then '-' else '' end"
    return f"({sign} || {moved(f'({even})::varchar', str(places))})"


def _of_float(sql: str, type_: Type) -> str:
    short = f"format('{{:.{type_.digits}g}}', ({sql})::double)"
    return f"case when contains({short}, 'e') then {_unfolded(short)} else {short} end"


def _unfolded(sql: str) -> str:
    """Any digits, also with an exponent or with signs and zeros that JSON does not know, as plain digits."""
    mantissa = f"ltrim(split_part({sql}, 'e', 1), '+')"
    exponent = f"coalesce(try_cast(ltrim(split_part({sql}, 'e', 2), '+') as int), 0)"
    behind = f"(case when contains({mantissa}, '.') then length({mantissa}) - position('.' in {mantissa}) else 0 end)"
    figures = f"(replace({mantissa}, '.', '') || repeat('0', greatest({exponent} - {behind}, 0)))"
    return moved(figures, f"greatest({behind} - {exponent}, 0)")
