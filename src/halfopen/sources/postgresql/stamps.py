r"""Stored stamps of any type as moments, in SQL.

Numbers count from the epoch: below 1e11 seconds, below 1e14 milliseconds, above microseconds. Texts are read where they
are ISO stamps of a day that exists; a cast of any other text would end the whole answer.
"""

from typing import Final

from halfopen.sources.exact import MILLISECONDS_BELOW, SECONDS_BELOW
from halfopen.sources.postgresql.sql import text
from halfopen.sources.postgresql.types import Shape, Type, plain_text

LARGEST: Final = 9 * 10**18
"""Microseconds; beyond lies no timestamp of PostgreSQL."""

NUMBERS: Final = (Shape.INTEGER, Shape.NUMERIC, Shape.FLOAT)

_STAMP: Final = (
    r"^\s*(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?\s*$"
)
_ZONE: Final = r":[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)\s*$"


def zoned(sql: str, type_: Type, zone: str) -> str:
    """The stamp as timestamptz; null where it is null or unreadable."""
    if type_.shape is Shape.ZONED:
        return sql
    if type_.shape is Shape.STAMP:
        return f"({sql} at time zone {text(zone)})"
    if type_.shape is Shape.DATE:
        return f"({sql}::timestamp at time zone {text(zone)})"
    if type_.shape in NUMBERS:
        return f"case when {_is_number(sql)} then {_epoch(sql)} end"
    return _of_text(plain_text(sql, type_), zone)


def floored(sql: str, type_: Type, zone: str) -> str:
    """The stamp as a timestamp in UTC without a fraction; infinities, which have no form on the wire, are null."""
    if type_.shape is Shape.ZONED:
        return _finite(f"date_trunc('second', {sql} at time zone 'UTC')")
    if type_.shape is Shape.STAMP and zone == "UTC":
        return _finite(f"date_trunc('second', {sql})")
    if type_.shape in (Shape.STAMP, Shape.DATE):
        return _finite(f"date_trunc('second', {zoned(sql, type_, zone)} at time zone 'UTC')")
    if type_.shape in NUMBERS:
        return f"case when {_is_number(sql)} then {_epoch(sql, floor=True)} at time zone 'UTC' end"
    # Without the fraction from the start: a seventh digit would be rounded.
    return f"({_of_text(plain_text(sql, type_), zone, floor=True)} at time zone 'UTC')"


def is_plain(type_: Type) -> bool:
    """Whether every value of the type is a stamp, so that there is none to pass on as its text."""
    return type_.shape in (Shape.ZONED, Shape.STAMP, Shape.DATE)


def _finite(sql: str) -> str:
    return f"nullif(nullif({sql}, 'infinity'), '-infinity')"


def _is_number(sql: str) -> str:
    """Neither NaN (which sorts above all numbers) nor out of range."""
    return f"abs({sql}) < {LARGEST}"


def _epoch(sql: str, *, floor: bool = False) -> str:
    seconds = (
        f"case when abs({sql}) < {SECONDS_BELOW} then ({sql})::numeric "
        f"when abs({sql}) < {MILLISECONDS_BELOW} then ({sql})::numeric * 0.001 else ({sql})::numeric * 0.000001 end"
    )
    if floor:
        return f"to_timestamp(floor({seconds})::float8)"
    # In two parts, each of which a double holds exactly.
    part = f"(({seconds}) - floor({seconds}))::float8"
    return f"(to_timestamp(floor({seconds})::float8) + {part} * interval '1 second')"


def _of_text(sql: str, zone: str, *, floor: bool = False) -> str:
    """ISO text as timestamptz, with its fraction or without; null for all else."""
    year, month, day = (f"substr(btrim({sql}), {at}, {size})::int" for at, size in ((1, 4), (6, 2), (9, 2)))
    bare = f"regexp_replace({sql}, '\\.\\d+', '')" if floor else f"regexp_replace({sql}, '(\\.\\d{{1,6}})\\d*', '\\1')"
    exists = f"extract(month from make_date({year}, {month}, 1) + ({day} - 1)) = {month}"
    return (
        f"case when {sql} !~ {text(_STAMP)} then null when not ({exists}) then null "
        f"when {sql} ~ {text(_ZONE)} then ({bare})::timestamptz "
        f"else ({bare})::timestamp at time zone {text(zone)} end"
    )
