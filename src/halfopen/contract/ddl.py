"""The contract as tables: the mirror's columns, and views that speak the canonical words."""

from types import MappingProxyType

from halfopen.contract.model import Feed, Field, Kind
from halfopen.contract.sql import quote

_SPECIAL = MappingProxyType(
    {
        Kind.INTEGER: "BIGINT",
        Kind.DECIMAL: "DECIMAL(38,18)",
        Kind.BOOLEAN: "BOOLEAN",
        Kind.DATETIME: "TIMESTAMP",
        Kind.DATE: "DATE",
    }
)
_TEXT = MappingProxyType({"duckdb": "VARCHAR", "postgresql": "text"})
_JSON = MappingProxyType({"duckdb": "JSON", "postgresql": "jsonb"})
DIALECTS = tuple(_TEXT)
"""Databases that this module writes DDL for."""


def column_type(field: Field, dialect: str = "duckdb") -> str:
    """The mirror's type of a field; datetimes are UTC without a zone, money is DECIMAL(38,18).

    Raises:
        KeyError: the dialect is none of `DIALECTS`.
    """
    return _SPECIAL.get(field.kind, _TEXT[dialect])


def create_table(feed: Feed, dialect: str = "duckdb") -> str:
    """`create table` for the mirror of a feed: product, the fields, `custom`, lineage.

    The primary key is (product, key); the DuckDB sink replaces it by a one-column `_id` of its own.

    Raises:
        KeyError: the dialect is none of `DIALECTS`.
    """
    fields = [
        f"{quote(name)} {column_type(field, dialect)}{' NOT NULL' if field.required else ''}"
        for name, field in feed.fields.items()
    ]
    columns = [
        f"product {_TEXT[dialect]} NOT NULL",
        *fields,
        f"custom {_JSON[dialect]}",
        "_window_start TIMESTAMP NOT NULL",
        "_window_end TIMESTAMP NOT NULL",
        "_fetched_at TIMESTAMP NOT NULL",
        "_seq BIGINT NOT NULL",
        f"PRIMARY KEY (product, {quote(feed.key)})",
    ]
    return f"CREATE TABLE {quote(feed.name)} (\n  " + ",\n  ".join(columns) + "\n)"
