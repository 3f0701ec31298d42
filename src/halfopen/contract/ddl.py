"""The contract as tables: the mirror's columns, and views that speak the canonical words."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from halfopen.contract import vocabulary
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, Field, Kind
from halfopen.contract.sql import literal, quote

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
        "_vanished_at TIMESTAMP",
        "_version TIMESTAMP",
        f"PRIMARY KEY (product, {quote(feed.key)})",
    ]
    return f"CREATE TABLE {quote(feed.name)} (\n  " + ",\n  ".join(columns) + "\n)"


def side_tables() -> Mapping[str, tuple[Feed, str]]:
    """Tables beside those of the feeds: feed and field of which each has all values of a key."""
    return {table: (feed, field) for feed in feeds().values() for field, table in feed.several.items()}


def side_columns(feed: Feed, field: str) -> dict[str, str]:
    """The columns of such a table, with types that all dialects know."""
    return {"product": "VARCHAR", feed.key: "VARCHAR", field: "VARCHAR", "last_seen": "TIMESTAMP"}


def canonical_view(feed: Feed, dialect: str = "duckdb") -> str:
    """`create view <feed>_canonical`: the mirror's rows, words in the contract's own spelling.

    Choices as the canonical word, countries as alpha-2 (of alpha-3 codes too), currencies as the code of ISO 4217 or of
    the supported coin. A word that is not known stays as it was sent, a currency in upper case.

    Raises:
        KeyError: the dialect is none of `DIALECTS`.
    """
    columns = [
        "product",
        *(canonical(field, name, dialect) for name, field in feed.fields.items()),
        *("custom", "_window_start", "_window_end", "_fetched_at", "_seq", "_vanished_at"),
    ]
    view = quote(f"{feed.name}_canonical")
    return f"CREATE OR REPLACE VIEW {view} AS SELECT\n  " + ",\n  ".join(columns) + f"\nFROM {quote(feed.name)}"


def canonical(field: Field, name: str, dialect: str) -> str:
    """A column of the mirror in the canonical words, under its own name."""
    words = dict(vocabulary.words(field))
    if field.kind is Kind.COUNTRY:
        words |= vocabulary.alpha3()
    if field.kind is Kind.CURRENCY:
        words = {word: code for word, code in words.items() if word.upper() != code}
    if not words and field.kind is not Kind.CURRENCY:
        return quote(name)
    column = quote(name)
    unknown = f"upper({column})" if field.kind is Kind.CURRENCY else column
    return f"coalesce({_MAPPED[dialect](column, words)}, {unknown}) AS {column}"


def _mapped_duckdb(column: str, words: Mapping[str, str]) -> str:
    return f"MAP {{{', '.join(f'{literal(word)}: {literal(code)}' for word, code in words.items())}}}[lower({column})]"


def _mapped_postgresql(column: str, words: Mapping[str, str]) -> str:
    return f"{literal(json.dumps(words, ensure_ascii=False))}::jsonb ->> lower({column})"


_MAPPED = MappingProxyType({"duckdb": _mapped_duckdb, "postgresql": _mapped_postgresql})
