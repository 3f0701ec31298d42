"""The functions of ours that SQL calls where SQLite's own would round or guess."""

import json
import sqlite3
from decimal import Decimal
from typing import Final

from halfopen.sources import exact
from halfopen.sources.exact import Scalar

_HALF: Final = Decimal(1_000_000_000)


def register(connection: sqlite3.Connection) -> None:
    """Makes the functions known to a connection."""
    for name, arguments, function in (
        ("halfopen_stamp", 2, _stamp),
        ("halfopen_micros", 2, exact.micros),
        ("halfopen_day", 1, exact.day),
        ("halfopen_number", 1, _number),
        ("halfopen_units", 3, _units),
        ("halfopen_total", 3, _total),
        ("halfopen_list", 1, _list),
        ("halfopen_array", 1, _array),
    ):
        connection.create_function(name, arguments, function, deterministic=True)
    # typeshed wants the aggregate to take any arguments; SQLite calls it with exactly the two that are declared here.
    connection.create_aggregate("halfopen_sum", 2, exact.ExactSum)  # type: ignore[arg-type]


def _stamp(value: Scalar, zone: str) -> str | None:
    return exact.stamp(value, zone)


def _number(value: Scalar) -> str | None:
    found = exact.number(value)
    return None if found is None else exact.plain(found)


def _units(value: Scalar, divisor: Scalar, places: int | None) -> str | None:
    number, by = exact.number(value), exact.number(divisor)
    quotient = None if number is None or by is None else exact.divided(number, by)
    if quotient is None:
        return None
    return exact.plain(quotient if places is None else exact.rounded(quotient, places))


def _total(high: int | None, low: int | None, rest: str | None) -> str:
    whole = exact.EXACT.add(exact.EXACT.multiply(Decimal(high or 0), _HALF), Decimal(low or 0))
    return exact.plain(exact.EXACT.add(whole, Decimal(rest or 0)))


def _list(value: Scalar) -> str | None:
    return None if value is None else ", ".join(exact.items(value))


def _array(value: Scalar) -> str | None:
    return None if value is None else json.dumps(exact.items(value), ensure_ascii=False)
