r"""Stored stamps of any type as moments, in SQL.

Numbers count from the epoch: below 1e11 seconds, below 1e14 milliseconds, above microseconds. Texts are read where they
are ISO stamps of a day that exists.
"""

from typing import Final

from halfopen.sources.exact import MILLISECONDS_BELOW, SECONDS_BELOW
from halfopen.sources.mysql.numbers import exact
from halfopen.sources.mysql.sql import text
from halfopen.sources.mysql.types import Shape, Type
from halfopen.sources.zones import ahead_of_local, ahead_of_utc

LARGEST: Final = 9 * 10**17
"""Microseconds; beyond lies no stamp of MySQL."""

NUMBERS: Final = (Shape.INTEGER, Shape.DECIMAL, Shape.FLOAT, Shape.BIT)

_EPOCH: Final = "timestamp'1970-01-01 00:00:00'"
_STAMP: Final = (
    r"\A(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?\z"
)
_OFFSET: Final = r"[+-][0-9:]+\z"
_SECONDS: Final = 19
"""Characters of a stamp without its fraction."""


def moment(sql: str, type_: Type, zone: str) -> str:
    """The stamp as datetime(6) in UTC; null where it is null or unreadable."""
    if type_.shape is Shape.ZONED:
        return sql
    if type_.shape is Shape.STAMP:
        return to_utc(sql, zone)
    if type_.shape is Shape.DATE:
        return to_utc(f"cast({sql} as datetime)", zone)
    if type_.shape in NUMBERS:
        return _of_number(sql, type_)
    return _of_text(_plain(sql, type_), zone)


def floored(sql: str, type_: Type, zone: str) -> str:
    """The stamp as the wire's text; null where it is null or unreadable."""
    if type_.shape in (Shape.ZONED, Shape.STAMP) and (type_.shape is Shape.ZONED or zone == "UTC"):
        return f"left(cast({sql} as char), {_SECONDS})" if type_.places != 0 else f"cast({sql} as char)"
    if type_.shape is Shape.DATE and zone == "UTC":
        return f"concat({sql}, ' 00:00:00')"
    return f"left(cast({moment(sql, type_, zone)} as char), {_SECONDS})"


def to_utc(sql: str, zone: str) -> str:
    """A local stamp in UTC."""
    return sql if zone == "UTC" else f"({sql} - interval {ahead_of_local(zone).format(sql)} second)"


def to_local(sql: str, zone: str) -> str:
    """A stamp in UTC as local time."""
    return sql if zone == "UTC" else f"({sql} + interval {ahead_of_utc(zone).format(sql)} second)"


def _plain(sql: str, type_: Type) -> str:
    inner = f"json_unquote({sql})" if type_.shape is Shape.JSON else sql
    return f"trim(convert({inner} using utf8mb4))"


def _of_number(sql: str, type_: Type) -> str:
    number = exact(sql, type_)
    seconds = (
        f"(case when abs({sql}) < {SECONDS_BELOW} then {number} "
        f"when abs({sql}) < {MILLISECONDS_BELOW} then {number} * 0.001 "
        f"when abs({sql}) < {LARGEST} then {number} * 0.000001 end)"
    )
    rest = f"floor(({seconds} - floor({seconds})) * 1000000)"
    return f"({_EPOCH} + interval floor({seconds}) second + interval {rest} microsecond)"


def _of_text(sql: str, zone: str) -> str:
    """ISO text with its fraction, cut to microseconds, and its zone, or `zone`; without seconds or time they are 0."""
    time = f"substr({sql}, 12)"
    clock = f"if({time} = '', '00:00:00', rpad(regexp_substr({time}, '^[0-9:]+'), 8, ':00'))"
    whole = f"cast(concat(left({sql}, 10), ' ', {clock}) as datetime)"
    digits = f"substr(regexp_substr({sql}, '[.][0-9]+'), 2, 6)"
    fraction = f"cast(rpad(if(locate('.', {sql}), {digits}, '0'), 6, '0') as unsigned)"
    offset = f"regexp_substr({time}, {text(_OFFSET)})"
    ahead = (
        f"(substr({offset}, 2, 2) * 60 + if(char_length({offset}) > 3, right({offset}, 2), 0)) "
        f"* if(left({offset}, 1) = '-', -1, 1)"
    )
    return (
        f"(case when {sql} not regexp {text(_STAMP)} then null "
        f"when right({sql}, 1) = 'Z' then {whole} + interval {fraction} microsecond "
        f"when {time} regexp {text(_OFFSET)} then {whole} - interval {ahead} minute + interval {fraction} microsecond "
        f"else {to_utc(whole, zone)} + interval {fraction} microsecond end)"
    )
