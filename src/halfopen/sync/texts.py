"""Values of a query as programs get them: exact decimals as text, moments as the wire writes them."""

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any


def plain(value: Any) -> Any:
    """As JSON can hold it without losing a digit: decimals become texts."""
    kind = type(value)
    if (convert := _KNOWN.get(kind)) is None:
        convert = _KNOWN[kind] = next((one for kinds, one in _CONVERSIONS if issubclass(kind, kinds)), str)
    return convert(value)


def distinct(names: Sequence[str]) -> list[str]:
    """Names of columns as keys of an object, which has each but once: the second `a` is `a_1`, the third `a_2`."""
    taken = set(names)
    found: dict[str, None] = {}
    for name in names:
        key, number = name, 0
        while key in found or (number and key in taken):
            number += 1
            key = f"{name}_{number}"
        found[key] = None
    return list(found)


def _moment(value: datetime) -> str:
    naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return naive.isoformat(sep=" ")


def _float(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


# The first that fits counts: a datetime is a date too, a text is a sequence.
_CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((NoneType, bool, int, str), lambda value: value),
    (float, _float),
    (Decimal, lambda value: format(value, "f")),
    (datetime, _moment),
    (date, date.isoformat),
    ((bytes, bytearray), lambda value: value.hex()),
    (Mapping, lambda value: {str(key): plain(one) for key, one in value.items()}),
    ((Sequence, AbstractSet), lambda value: [plain(one) for one in value]),
)
_KNOWN: dict[type, Callable[[Any], Any]] = {}
"""By kind of value: of a column's millions all but the first find it here."""
