r"""Stored stamps of any type as moments, in SQL.

Numbers count from the epoch: below 1e11 seconds, below 1e14 milliseconds, above microseconds. Texts are read where they
are ISO stamps of a day that exists.
"""

from typing import Final

from halfopen.sources.duckdb.numbers import digits
from halfopen.sources.duckdb.sql import text
from halfopen.sources.duckdb.types import Shape, Type
from halfopen.sources.exact import MILLISECONDS_BELOW, SECONDS_BELOW
from halfopen.sources.zones import ahead_of_local, ahead_of_utc

LARGEST: Final = 9 * 10**17
"""Microseconds; beyond lies no stamp that the wire can tell."""

NUMBERS: Final = (Shape.INTEGER, Shape.DECIMAL, Shape.FLOAT)

_STAMP: Final = (
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?"
)
_OFFSET: Final = r"[+-][0-9:]+$"


def moment(sql: str, type_: Type, zone: str) -> str:
    """The stamp as a timestamp in UTC; null where it is null, unreadable or infinite."""
    if type_.shape is Shape.ZONED:
        return f"case when isfinite({sql}) then make_timestamp(epoch_us({sql})) end"
    if type_.shape is Shape.STAMP:
        return to_utc(f"case when isfinite({sql}) then ({sql})::timestamp end", zone)
    if type_.shape is Shape.NANOS:
        return to_utc(of_nanos(sql), zone)
    if type_.shape is Shape.DATE:
        return to_utc(f"case when isfinite({sql}) then ({sql})::timestamp end", zone)
    if type_.shape in NUMBERS:
        return _of_number(sql, type_)
    inner = f"json_extract_string({sql}, '$')" if type_.shape is Shape.JSON else f"({sql})::varchar"
    return _of_text(f"trim({inner})", zone)


def floored(sql: str, type_: Type, zone: str) -> str:
    """The stamp as a timestamp in UTC without a fraction; null as for `moment`."""
    return f"date_trunc('second', {moment(sql, type_, zone)})"


def of_nanos(sql: str) -> str:
    """A stamp to the nanosecond as one to the microsecond, floored: a cast would round."""
    nanos = f"epoch_ns({sql})"
    return f"make_timestamp(({nanos} - (({nanos} % 1000) + 1000) % 1000) // 1000)"


def to_utc(sql: str, zone: str) -> str:
    """A local stamp in UTC."""
    return sql if zone == "UTC" else f"(({sql}) - to_seconds({ahead_of_local(zone).format(f'({sql})')}))"


def to_local(sql: str, zone: str) -> str:
    """A stamp in UTC as local time."""
    return sql if zone == "UTC" else f"(({sql}) + to_seconds({ahead_of_utc(zone).format(f'({sql})')}))"


def _of_number(sql: str, type_: Type) -> str:
    number = f"try_cast({digits(sql, type_)} as decimal(38,12))"
    micros = (
        f"floor(case when abs({sql}) < {SECONDS_BELOW} then {number} * 1000000 "
        f"when abs({sql}) < {MILLISECONDS_BELOW} then {number} * 1000 else {number} end)"
    )
    return f"case when abs({sql}) < {LARGEST} then make_timestamp(({micros})::bigint) end"


def _of_text(sql: str, zone: str) -> str:
    """ISO text with its fraction, cut to microseconds, and its zone, or `zone`; without seconds or time they are 0."""
    time = f"substr({sql}, 12)"
    clock = f"case when {time} = '' then '00:00:00' else left(regexp_extract({time}, '^[0-9:]+') || ':00', 8) end"
    bare = f"left({sql}, 10) || ' ' || {clock}"
    fraction = f"rpad(left(regexp_extract({sql}, '[.]([0-9]+)', 1), 6), 6, '0')"
    local = f"try_cast({bare} || '.' || {fraction} as timestamp)"
    offset = f"regexp_extract({time}, {text(_OFFSET)})"
    minutes = (
        f"(try_cast(substr({offset}, 2, 2) as int) * 60 "
        f"+ case when length({offset}) > 3 then try_cast(right({offset}, 2) as int) else 0 end) "
        f"* case when {offset} like '-%' then -1 else 1 end"
    )
    return (
        f"(case when not regexp_full_match({sql}, {text(_STAMP)}) or {sql} like '0000%' then null "
        f"when {sql} like '%Z' then {local} "
        f"when {offset} <> '' then {local} - to_minutes({minutes}) else {to_utc(local, zone)} end)"
    )
