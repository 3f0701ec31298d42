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
_WIDEST: Final = 38
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
    return let("z", {"t": sql}, "case when contains(z.t, '.') then rtrim(rtrim(z.t, '0'), '.') else z.t end")


def power_of_ten(divisor: str) -> int | None:
    """How many zeros follow the one, if the divisor is a literal power of ten."""
    places = len(divisor) - 1
    return places if divisor == "1" + "0" * places else None


def has_room(type_: Type, places: int) -> bool:
    """Whether a number's units are a decimal that DuckDB can hold."""
    return type_.width is not None and type_.width + places + 1 <= _WIDEST


def scaled(sql: str, type_: Type, places: int) -> str:
    """Minor units in units as a decimal; see `has_room`."""
    unit = f"0.{'0' * (places - 1)}1" if places else "1"
    return f"(({sql})::decimal({type_.width},{type_.places}) * {unit}::decimal({places + 1},{places}))"


def divided(sql: str, divisor: str) -> str:
    """Digits of minor units as digits of units, exact or to 18 places, half to even; null for no divisor."""
    places = power_of_ten(divisor)
    if places is not None:
        return moved(sql, str(places)) if places else sql
    return let(
        "d",
        {
            "sign": f"case when (({sql}) like '-%') <> (({divisor}) < 0) then '-' else '' end",
            "by": f"nullif(abs(replace(({divisor})::decimal(38,{_DIVISOR_PLACES})::varchar, '.', '')::hugeint), 0)",
            "value": f"abs(replace(try_cast({sql} as decimal(38,{_DIVISOR_PLACES}))::varchar, '.', '')::hugeint)",
        },
        # By whole numbers: what one step leaves is less than the divisor, so that the next has room.
        let(
            "q",
            {
                "whole": f"(d.value // d.by) * {_ONE} + ((d.value % d.by) * {_ONE}) // d.by",
                "left": f"(((d.value % d.by) * {_ONE}) % d.by) * 2",
            },
            f"d.sign || {trimmed(moved(_evened('q.whole', 'q.left', 'd.by'), str(UNIT_PLACES)))}",
        ),
    )


def moved(sql: str, places: str) -> str:
    """Digits with their point so many places to the left, and no zeros in front but one before the point."""
    behind = "(case when contains(m.t, '.') then length(m.t) - position('.' in m.t) else 0 end)"
    return let(
        "m",
        {"t": sql, "p": places},
        let(
            "n",
            {"figures": "replace(ltrim(m.t, '-'), '.', '')", "scale": f"(m.p + {behind})::int"},
            let(
                "o",
                {"full": "lpad(n.figures, greatest(length(n.figures), n.scale + 1)::int, '0')"},
                "case when m.t like '-%' then '-' else '' end "
                "|| regexp_replace(left(o.full, (length(o.full) - n.scale)::int), '^0+([0-9])', '\\1') "
                "|| case when n.scale > 0 then '.' || right(o.full, n.scale) else '' end",
            ),
        ),
    )


def rounded(sql: str, places: int) -> str:
    """Digits with exactly `places` places, half to even."""
    unit = f"1{'0' * (UNIT_PLACES - places)}::hugeint"
    return let(
        "r",
        {"t": f"try_cast({sql} as {WIDE})::varchar"},
        let(
            "a",
            {"value": "abs(replace(r.t, '.', '')::hugeint)"},
            let(
                "e",
                {"figures": _evened(f"(a.value // {unit})", f"((a.value % {unit}) * 2)", unit)},
                "case when r.t like '-%' and e.figures <> '0' then '-' else '' end || "
                + moved("e.figures", str(places)),
            ),
        ),
    )


def let(name: str, values: dict[str, str], body: str) -> str:
    """The body with values that are computed once, as fields of `name`: repeated they would grow with every step."""
    packed = ", ".join(f"{field} := {sql}" for field, sql in values.items())
    return f"(list_transform([struct_pack({packed})], lambda {name}: {body})[1])"


def _evened(whole: str, left: str, limit: str) -> str:
    """A whole number, one more where twice the rest is above the limit, or at it and the number odd; as text."""
    return (
        f"({whole} + case when {left} > {limit} or ({left} = {limit} and {whole} % 2 = 1) then 1 else 0 end)::varchar"
    )


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
