"""Which types the operator's expressions have: the server tells them with a result that has no rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from pymysql.constants import FIELD_TYPE, FLAG  # type: ignore[import-untyped] # it ships no types

from halfopen.sources.mysql.connections import Connection

_BINARY: Final = 63
"""The character set of bytes."""


class Shape(Enum):
    """What types have in common when they are printed."""

    INTEGER = auto()
    BIT = auto()
    DECIMAL = auto()
    FLOAT = auto()
    TEXT = auto()
    ZONED = auto()
    """timestamp, which is a moment; our sessions see it in UTC."""
    STAMP = auto()
    """datetime, a stamp without a zone."""
    DATE = auto()
    TIME = auto()
    JSON = auto()
    BYTES = auto()
    OTHER = auto()
    """null, geometry and what is to come: their own text."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `places`: decimals of a number, or digits of a stamp's fraction; None when they are not fixed.

    padded: printed with zeros in front (zerofill), or with zeros at the end that nobody wrote (our own casts).
    digits: how many a float surely holds.
    """

    shape: Shape
    places: int | None = None
    padded: bool = False
    digits: int = 15


_SHAPES: Final = {
    **dict.fromkeys(
        (
            FIELD_TYPE.TINY,
            FIELD_TYPE.SHORT,
            FIELD_TYPE.INT24,
            FIELD_TYPE.LONG,
            FIELD_TYPE.LONGLONG,
            FIELD_TYPE.YEAR,
        ),
        Shape.INTEGER,
    ),
    FIELD_TYPE.BIT: Shape.BIT,
    **dict.fromkeys((FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), Shape.DECIMAL),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), Shape.FLOAT),
    FIELD_TYPE.TIMESTAMP: Shape.ZONED,
    FIELD_TYPE.DATETIME: Shape.STAMP,
    **dict.fromkeys((FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE), Shape.DATE),
    FIELD_TYPE.TIME: Shape.TIME,
    FIELD_TYPE.JSON: Shape.JSON,
    **dict.fromkeys((FIELD_TYPE.ENUM, FIELD_TYPE.SET), Shape.TEXT),
    FIELD_TYPE.GEOMETRY: Shape.BYTES,
}
_FLOAT_DIGITS: Final = 6
_TEXTS: Final = (
    FIELD_TYPE.VARCHAR,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.STRING,
    FIELD_TYPE.TINY_BLOB,
    FIELD_TYPE.BLOB,
    FIELD_TYPE.MEDIUM_BLOB,
    FIELD_TYPE.LONG_BLOB,
)


def types_of(connection: Connection, relation: str, expressions: Sequence[str]) -> list[Type]:
    """The type of each expression over the relation; reads no row."""
    if not expressions:
        return []
    told = ", ".join(f"{sql} as e{at}" for at, sql in enumerate(expressions))
    return [_type(field) for field in connection.fields(f"select {told} from {relation} limit 0")]


def _type(field: Any) -> Type:
    if field.type_code in _TEXTS:
        listed = field.flags & (FLAG.ENUM | FLAG.SET)
        return Type(Shape.BYTES if field.charsetnr == _BINARY and not listed else Shape.TEXT)
    shape = _SHAPES.get(field.type_code, Shape.OTHER)
    # 31 and 39 stand for a number of places that is not fixed.
    places = field.scale if field.scale < 31 else None  # noqa: PLR2004 - told in the comment
    if shape is Shape.DECIMAL:
        places = field.scale
    digits = _FLOAT_DIGITS if field.type_code == FIELD_TYPE.FLOAT else 15
    return Type(shape, places, padded=bool(field.flags & FLAG.ZEROFILL), digits=digits)
