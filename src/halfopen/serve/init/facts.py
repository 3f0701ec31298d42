"""What one column is, from its declaration and from the values seen in it. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum, auto
from functools import cache
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.contract.values import parse
from halfopen.errors import ValueProblem
from halfopen.sources.schema import Column, Family

_MOST: Final = 0.9
_EPOCH_FROM: Final = 946_684_800
_EPOCH_TO: Final = 4_102_444_800
_FEW: Final = 24
"""More distinct values than this are no code."""
_CODE: Final = re.compile(r"[A-Za-z0-9_+.\- ]{1,32}", re.ASCII)


class Look(StrEnum):
    """What values look like."""

    STAMP = auto()
    EPOCH = auto()
    DAY = auto()
    EMAIL = auto()
    IP = auto()
    CURRENCY = auto()
    NUMBER = auto()
    WHOLE = auto()
    FLAG = auto()
    UUID = auto()
    AGENT = auto()
    """Browsers, as they call themselves."""


_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d+", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_IP: Final = re.compile(r"(\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:]+:[0-9a-fA-F]*", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_AGENT: Final = re.compile(r"[A-Za-z][\w.\- ]*/\d.*", re.ASCII | re.DOTALL)
_FLAGS: Final = frozenset(["0", "1", "true", "false", "t", "f", "yes", "no", "y", "n"])


@cache
def looks(column: Column) -> frozenset[Look]:
    """What nearly all values of the column look like; nothing when none was seen."""
    seen = column.samples
    if not seen:
        return frozenset()
    return frozenset(look for look, test in _TESTS.items() if sum(map(test, seen)) >= _MOST * len(seen))


def is_code(column: Column) -> bool:
    """Whether the column holds few short words or numbers, as a status does."""
    if column.values:
        return True
    if column.family in (Family.STAMP, Family.DATE, Family.BYTES, Family.JSON, Family.UUID, Family.DECIMAL):
        return False
    found = {str(value) for value in column.samples}
    return len(found) <= _FEW and all(_CODE.fullmatch(value) for value in found)


def codes(column: Column) -> tuple[str, ...]:
    """The values of a column of codes: those that the schema lists, then those seen, in order."""
    if column.values:
        return column.values
    return tuple(sorted({str(value) for value in column.samples}))


def fits(field: Field, column: Column) -> float:
    """How well a column can hold a field's kind: 0 not at all, 1 by its type and by what is in it."""
    return _FITS.get(field.kind, _text)(column)


def negative_share(column: Column) -> float:
    """The part of the numbers that are below zero."""
    numbers = [number for number in map(_decimal, column.samples) if number is not None]
    return sum(number < 0 for number in numbers) / len(numbers) if numbers else 0.0


def numbers(column: Column) -> Sequence[Decimal]:
    """The values that are numbers."""
    return [number for number in map(_decimal, column.samples) if number is not None]


def _decimal(value: object) -> Decimal | None:
    text = str(value)
    return Decimal(text) if _NUMBER.fullmatch(text) and not isinstance(value, bool) else None


def _is_epoch(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return any(_EPOCH_FROM <= value / unit < _EPOCH_TO for unit in (1, 1000, 1_000_000))


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and value.isalpha() and value.isupper() and _reads(_CURRENCY, value)


def _reads(field: Field, value: object) -> bool:
    try:
        return parse(field, str(value).strip()) is not None
    except ValueProblem:
        return False


_CURRENCY: Final = feeds()["wallets"].fields["currency"]


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: pattern.fullmatch(str(value).strip()) is not None and not isinstance(value, bool)


_TESTS: Final[dict[Look, Callable[[object], bool]]] = {
    Look.STAMP: lambda value: isinstance(value, datetime) or _matches(_STAMP)(value),
    Look.EPOCH: _is_epoch,
    Look.DAY: lambda value: (isinstance(value, date) and not isinstance(value, datetime)) or _matches(_DAY)(value),
    Look.EMAIL: _matches(_EMAIL),
    Look.IP: _matches(_IP),
    Look.CURRENCY: _is_currency,
    Look.NUMBER: _matches(_NUMBER),
    Look.WHOLE: _matches(_WHOLE),
    Look.FLAG: lambda value: str(value).strip().lower() in _FLAGS,
    Look.UUID: _matches(_UUID),
    Look.AGENT: _matches(_AGENT),
}


def _moment(column: Column) -> float:
    seen = looks(column)
    if column.family is Family.STAMP:
        return 1.0
    if column.family is Family.DATE:
        return 0.75
    if Look.STAMP in seen:
        return 0.97
    if Look.EPOCH in seen and column.family in (Family.INTEGER, Family.DECIMAL, Family.UNKNOWN):
        return 0.93
    if Look.DAY in seen:
        return 0.7
    undecided = not column.samples and column.family in (Family.INTEGER, Family.TEXT, Family.UNKNOWN)
    return 0.6 if undecided else 0.0


def _day(column: Column) -> float:
    return 1.0 if column.family is Family.DATE or Look.DAY in looks(column) else 0.9 * _moment(column)


def _money(column: Column) -> float:
    if column.family is Family.DECIMAL:
        return 1.0
    if column.family is Family.INTEGER:
        return 0.0 if Look.EPOCH in looks(column) else 0.95
    if column.family in (Family.TEXT, Family.UNKNOWN):
        return 0.9 if Look.NUMBER in looks(column) else 0.5 if not column.samples else 0.0
    return 0.0


def _whole(column: Column) -> float:
    if column.family is Family.INTEGER or Look.WHOLE in looks(column):
        return 0.0 if column.family is Family.BOOLEAN else 1.0
    return 0.6 if column.family in (Family.DECIMAL, Family.UNKNOWN) and not column.samples else 0.0


def _truth(column: Column) -> float:
    if column.family is Family.BOOLEAN:
        return 1.0
    if column.family in (Family.STAMP, Family.DATE):
        return 0.9 if column.null_share or (column.nullable and not column.samples) else 0.6
    if column.samples:
        return 0.95 if Look.FLAG in looks(column) else 0.7 if is_code(column) else 0.0
    return 0.8 if column.family in (Family.INTEGER, Family.UNKNOWN, Family.TEXT) else 0.0


def _currency(column: Column) -> float:
    if Look.CURRENCY in looks(column):
        return 1.0
    if column.samples:
        return 0.95 if _share(_CURRENCY, column) >= _MOST else 0.0
    return 0.9 if column.family in (Family.TEXT, Family.UNKNOWN) else 0.0


def _choice(column: Column) -> float:
    if column.family is Family.BOOLEAN:
        return 0.6
    return 1.0 if is_code(column) else 0.0


def _text(column: Column) -> float:
    if column.family in (Family.TEXT, Family.UUID):
        return 1.0
    if column.family in (Family.INTEGER, Family.UNKNOWN):
        return 0.95
    return 0.3 if column.family is Family.JSON else 0.0


def _readable(field: Field) -> Callable[[Column], float]:
    """Texts that the contract can read as what the field is."""

    def fit(column: Column) -> float:
        if column.family not in (Family.TEXT, Family.UNKNOWN):
            return 0.0
        return 1.0 if not column.samples or _share(field, column) >= _MOST else 0.4

    return fit


def _share(field: Field, column: Column) -> float:
    """The part of the values that the contract can read."""
    distinct = {str(value) for value in column.samples}
    return sum(_reads(field, value) for value in distinct) / len(distinct) if distinct else 0.0


def _looking(look: Look) -> Callable[[Column], float]:
    def fit(column: Column) -> float:
        if column.family not in (Family.TEXT, Family.UNKNOWN):
            return 0.0
        return 1.0 if look in looks(column) else 0.9 if not column.samples else 0.4

    return fit


_FITS: Final[dict[Kind, Callable[[Column], float]]] = {
    Kind.DATETIME: _moment,
    Kind.DATE: _day,
    Kind.DECIMAL: _money,
    Kind.INTEGER: _whole,
    Kind.BOOLEAN: _truth,
    Kind.CURRENCY: _currency,
    Kind.CHOICE: _choice,
    Kind.EMAIL: _looking(Look.EMAIL),
    Kind.IP: _looking(Look.IP),
    **{kind: _readable(Field(kind=kind, doc="")) for kind in (Kind.COUNTRY, Kind.LOCALE, Kind.TIMEZONE, Kind.PHONE)},
}
