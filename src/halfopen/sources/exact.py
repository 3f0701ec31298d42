"""Exact readings of loosely typed values: decimals, moments, lists of texts.

A database that types loosely (SQLite) calls these as functions where its own SQL would round or guess. Each returns
None for what cannot be read; the caller passes the text on as it is.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

EXACT: Final = Context(prec=200, rounding=ROUND_HALF_EVEN)
"""Room for any sum of 38-digit decimals; the standard context's 28 digits would round silently."""

UNIT_PLACES: Final = 18
"""Where a quotient does not end, it is cut here: the mirror's DECIMAL(38,18)."""

SECONDS_BELOW: Final = 100_000_000_000
MILLISECONDS_BELOW: Final = SECONDS_BELOW * 1000
"""Numbers below the one count seconds from the epoch, below the other milliseconds, all others microseconds."""

_NUMBER: Final = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND, _MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
_POSTGRES_OFFSET: Final = re.compile(r"[+-]\d\d$", re.ASCII)
_FRACTION: Final = re.compile(r"\.(\d+)", re.ASCII)

Scalar = str | bytes | int | float | None


def number(value: Scalar) -> Decimal | None:
    """A number as an exact decimal; of a float the 15 digits that it surely holds, so that 0.1 + 0.2 is 0.3."""
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        value = format(value, ".15g")
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return None
    try:
        return EXACT.create_decimal(value.strip())
    except InvalidOperation:
        return None


def plain(value: Decimal) -> str:
    """A decimal without an exponent, its digits as they are."""
    return format(value, "f")


def divided(value: Decimal, divisor: Decimal) -> Decimal | None:
    """Minor units in units: exact where the quotient ends, else to 18 places, half to even; None for a divisor of 0."""
    if not divisor:
        return None
    if _is_power_of_ten(divisor):
        return value.scaleb(-divisor.adjusted(), EXACT)
    quotient = EXACT.divide(value, divisor)
    if EXACT.multiply(quotient, divisor) == value:
        return quotient
    return quotient.quantize(Decimal(1).scaleb(-UNIT_PLACES), context=EXACT)


def rounded(value: Decimal, places: int) -> Decimal:
    """With exactly `places` places, half to even."""
    return value.quantize(Decimal(1).scaleb(-places), context=EXACT)


def _is_power_of_ten(value: Decimal) -> bool:
    return value == Decimal(1).scaleb(value.adjusted())


def moment(value: Scalar, zone: str = "UTC") -> datetime | None:
    """A stored stamp as an aware UTC datetime: ISO text with or without zone, or a number since the epoch.

    Numbers below 1e11 are seconds, below 1e14 milliseconds, above microseconds. Text without a zone is local time in
    `zone`; an hour that a change of clocks repeats is read as the later one.
    """
    if isinstance(value, bytes) or value is None:
        return None
    try:
        if isinstance(value, str):
            return _moment_of_text(value, zone)
        return _EPOCH + micros_of_number(value) * _MICROSECOND
    except (ValueError, OverflowError):
        return None


def micros_of_number(value: int | float) -> int:  # noqa: PYI041 - an int must not become a float on its way
    """Microseconds since the epoch of a number of seconds, milliseconds or microseconds, floored."""
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    size = abs(exact)
    scale = 1_000_000 if size < SECONDS_BELOW else 1000 if size < MILLISECONDS_BELOW else 1
    return int((exact * scale).to_integral_value(rounding="ROUND_FLOOR"))


def micros(value: Scalar, zone: str = "UTC") -> int | None:
    """A stored stamp as whole microseconds since the epoch, UTC."""
    found = moment(value, zone)
    return None if found is None else (found - _EPOCH) // _MICROSECOND


def micros_of(found: datetime) -> int:
    """An aware moment as whole microseconds since the epoch."""
    return (found - _EPOCH) // _MICROSECOND


def stamp(value: Scalar, zone: str = "UTC") -> str | None:
    """A stored stamp as `YYYY-MM-DD HH:MM:SS` in UTC, floored."""
    found = moment(value, zone)
    return None if found is None else found.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def day(value: Scalar) -> str | None:
    """A stored day, or the day of a stored stamp, as `YYYY-MM-DD`."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10]).isoformat()
        except ValueError:
            return None
    found = moment(value)
    return None if found is None else found.date().isoformat()


def items(value: Scalar) -> list[str]:
    """A list of texts, stored as a JSON array or as `a, b`; blanks around items and empty items are dropped."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text, parse_int=str, parse_float=str)
        except ValueError:
            found = None
        if isinstance(found, list):
            return [_item(item) for item in found if item is not None]
    return [item.strip() for item in text.split(",") if item.strip()]


def _item(item: object) -> str:
    if isinstance(item, str):
        return item
    return json.dumps(item, ensure_ascii=False)


def _moment_of_text(value: str, zone: str) -> datetime | None:
    text = value.strip()
    if text.isdecimal():
        return _EPOCH + micros_of_number(int(text)) * _MICROSECOND
    if _POSTGRES_OFFSET.search(text, 11):
        text += ":00"
    # Past microseconds the fraction is cut; datetime would refuse it.
    text = _FRACTION.sub(lambda match: "." + match[1][:6], text, count=1)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(zone), fold=1)
    return found.astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


class ExactSum:
    """An aggregate function: the exact sum of `value` times `sign`, of text, integers or reals, as plain text."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, value: Scalar, sign: int) -> None:
        """Adds a value; null and what is no number add nothing."""
        found = number(value)
        if found is not None:
            self._sum = EXACT.add(self._sum, EXACT.multiply(found, sign))

    def finalize(self) -> str:
        """The sum."""
        return plain(self._sum)


def quietly(function: Callable[..., str | None]) -> Callable[..., str | None]:
    """The function, with None for a value that is not even text: a broken row must not end the answer."""

    def safe(*values: Scalar) -> str | None:
        try:
            return function(*values)
        except (ValueError, TypeError, ArithmeticError):
            return None

    return safe
