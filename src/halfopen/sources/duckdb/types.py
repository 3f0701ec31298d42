"""Which types the operator's expressions have: DuckDB knows before it reads a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import duckdb


class Shape(Enum):
    """What types have in common when they are printed."""

    BOOLEAN = auto()
    INTEGER = auto()
    DECIMAL = auto()
    FLOAT = auto()
    TEXT = auto()
    ZONED = auto()
    """A stamp that is a moment."""
    STAMP = auto()
    """A stamp without a zone."""
    NANOS = auto()
    """The same, to the nanosecond; a cast to another stamp would round it."""
    DATE = auto()
    JSON = auto()
    BYTES = auto()
    ARRAY = auto()
    OTHER = auto()
    """uuid, enums, structs and the like: their own text is right."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type by its name and shape.

    places: of a decimal. width: digits of a decimal, or of a whole number that is one in a decimal. digits: how many a
    float surely holds.
    """

    name: str
    shape: Shape
    places: int = 0
    digits: int = 15
    width: int | None = None


_SHAPES: Final = {
    "BOOLEAN": Shape.BOOLEAN,
    **dict.fromkeys(
        (
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "BIGNUM",
            "VARINT",
        ),
        Shape.INTEGER,
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE"), Shape.FLOAT),
    "VARCHAR": Shape.TEXT,
    "TIMESTAMP WITH TIME ZONE": Shape.ZONED,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"), Shape.STAMP),
    "TIMESTAMP_NS": Shape.NANOS,
    "DATE": Shape.DATE,
    "JSON": Shape.JSON,
    "BLOB": Shape.BYTES,
    "GEOMETRY": Shape.BYTES,
}
_FLOAT_DIGITS: Final = 6
_WIDTHS: Final = {
    **dict.fromkeys(("TINYINT", "UTINYINT"), 3),
    **dict.fromkeys(("SMALLINT", "USMALLINT"), 5),
    **dict.fromkeys(("INTEGER", "UINTEGER"), 10),
    "BIGINT": 19,
    "UBIGINT": 20,
}


def types_of(connection: duckdb.DuckDBPyConnection, relation: str, expressions: Sequence[str]) -> list[Type]:
    """The type of each expression over the relation; reads no row."""
    if not expressions:
        return []
    told = ", ".join(f"({sql}) as e{at}" for at, sql in enumerate(expressions))
    return [_type(row[1]) for row in connection.execute(f"describe select {told} from {relation}").fetchall()]


def _type(told: str) -> Type:
    if told.endswith("]"):
        return Type(told, Shape.ARRAY)
    if told.startswith("DECIMAL("):
        width, places = told.removeprefix("DECIMAL(")[:-1].split(",")
        return Type(told, Shape.DECIMAL, int(places), width=int(width))
    return Type(
        told, _SHAPES.get(told, Shape.OTHER), digits=_FLOAT_DIGITS if told == "FLOAT" else 15, width=_WIDTHS.get(told)
    )
