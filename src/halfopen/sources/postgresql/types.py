"""Which types the operator's expressions have: PostgreSQL knows before it reads a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from halfopen.sources.postgresql.pool import Connection


class Shape(Enum):
    """What types have in common when they are printed."""

    BOOLEAN = auto()
    INTEGER = auto()
    NUMERIC = auto()
    FLOAT = auto()
    MONEY = auto()
    TEXT = auto()
    PADDED = auto()
    """character(n), whose blanks at the end do not count."""
    ZONED = auto()
    """A stamp that is a moment."""
    STAMP = auto()
    """A stamp without a zone."""
    DATE = auto()
    ADDRESS = auto()
    JSON = auto()
    BYTES = auto()
    ARRAY = auto()
    FORMLESS = auto()
    """Several values at once, or none."""
    OTHER = auto()
    """uuid, enums and the like: their own text is right."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type by its name and shape, domains resolved."""

    name: str
    shape: Shape


_SHAPES: Final = {
    "bool": Shape.BOOLEAN,
    **dict.fromkeys(("int2", "int4", "int8", "oid"), Shape.INTEGER),
    "numeric": Shape.NUMERIC,
    **dict.fromkeys(("float4", "float8"), Shape.FLOAT),
    "money": Shape.MONEY,
    **dict.fromkeys(("text", "varchar", "name", "citext", "unknown"), Shape.TEXT),
    "bpchar": Shape.PADDED,
    "timestamptz": Shape.ZONED,
    "timestamp": Shape.STAMP,
    "date": Shape.DATE,
    **dict.fromkeys(("inet", "cidr"), Shape.ADDRESS),
    **dict.fromkeys(("json", "jsonb"), Shape.JSON),
    "bytea": Shape.BYTES,
    **dict.fromkeys(("record", "_record", "_bytea", "void"), Shape.FORMLESS),
}


def plain_text(sql: str, type_: Type) -> str:
    """A value of any type as text."""
    if type_.shape is Shape.TEXT:
        return sql
    if type_.shape is Shape.ARRAY:
        return f"array_to_string({sql}, ', ')"
    if type_.shape is Shape.JSON:
        return f"({sql} #>> '{{}}')"
    return f"({sql})::text"


async def types_of(connection: Connection, relation: str, expressions: Sequence[str]) -> list[Type]:
    """The type of each expression over the relation; reads no row."""
    if not expressions:
        return []
    told = ", ".join(f"pg_catalog.pg_typeof(e{at})::oid" for at in range(len(expressions)))
    named = ", ".join(f"({sql}) as e{at}" for at, sql in enumerate(expressions))
    # The join holds for no row, so that nothing is computed; its left side makes one row of nulls that have types.
    row = await connection.fetchrow(
        f"select {told} from (values (1)) as halfopen_one "
        f"left join (select {named} from {relation}) as halfopen_all on false"
    )
    if row is None:
        raise RuntimeError("an outer join of one row gave none")
    known = await _resolved(connection, set(row))
    return [known[oid] for oid in row]


async def _resolved(connection: Connection, oids: set[int]) -> dict[int, Type]:
    rows = await connection.fetch(
        """with recursive base(oid, at) as (
             select t, t from unnest($1::oid[]) as t
             union all
             select base.oid, p.typbasetype from base join pg_catalog.pg_type p on p.oid = base.at and p.typtype = 'd')
           select base.oid, p.typname::text as name, p.typcategory = 'A' as is_array,
                  p.typtype = 'c' as is_row
           from base join pg_catalog.pg_type p on p.oid = base.at where p.typtype <> 'd'""",
        sorted(oids),
    )
    return {row["oid"]: Type(row["name"], _shape(row)) for row in rows}


def _shape(row: Mapping[str, Any]) -> Shape:
    other = Shape.ARRAY if row["is_array"] else Shape.FORMLESS if row["is_row"] else Shape.OTHER
    return _SHAPES.get(row["name"], other)
