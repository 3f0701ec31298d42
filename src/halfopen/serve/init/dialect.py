"""How an engine writes what the engines write differently: names, texts put together, types. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from halfopen.contract.model import Kind
from halfopen.serve.init.vocabulary import vocabulary

OPEN: Final = "\x01"
NEXT: Final = "\x02"
CLOSE: Final = "\x03"
"""Marks around and between texts that are put together: `a || b`, or `concat(a, b)` where || means something else."""
HEX_OPEN: Final = "\x04"
HEX_CLOSE: Final = "\x05"
"""Marks around bytes that are shown as hexadecimal digits."""

_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
_AS_TEXT: Final = " as text)"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One engine's way. `types`: what a null is cast to."""

    engine: str
    quote: str = '"'
    together: tuple[str, str, str] = ("", " || ", "")
    text: str = "text"
    hexed: tuple[str, str] = ("lower(hex(", "))")
    has_schemas: bool = True
    types: Mapping[Kind, str] = field(default_factory=dict)

    def name(self, identifier: str) -> str:
        """An identifier, quoted where it must be."""
        if _PLAIN.fullmatch(identifier) and identifier not in vocabulary().sql:
            return identifier
        return self.quote + identifier.replace(self.quote, 2 * self.quote) + self.quote

    def table(self, table: str) -> str:
        """A table, its schema before it where it has one."""
        parts = table.split(".") if self.has_schemas else [table]
        return ".".join(self.name(part) for part in parts)

    def spelt(self, sql: str) -> str:
        """SQL with our marks as this engine's own SQL."""
        marks = (OPEN, NEXT, CLOSE, HEX_OPEN, HEX_CLOSE)
        for mark, written in zip(marks, (*self.together, *self.hexed), strict=True):
            sql = sql.replace(mark, written)
        return sql.replace(_AS_TEXT, f" as {self.text})")

    def null(self, kind: Kind) -> str:
        """A null of the kind's type, for the parts of a union that have nothing to say."""
        return f"cast(null as {self.types.get(kind, self.text)})"


def dialect(engine: str) -> Dialect:
    """The dialect of an engine, by its URL scheme."""
    return _DIALECTS.get(engine, STANDARD)


_TYPES: Final = {
    Kind.DATETIME: "timestamp",
    Kind.DATE: "date",
    Kind.DECIMAL: "numeric",
    Kind.INTEGER: "bigint",
    Kind.BOOLEAN: "boolean",
}
_MYSQL: Final = {
    Kind.DATETIME: "datetime(6)",
    Kind.DATE: "date",
    Kind.DECIMAL: "decimal(38, 18)",
    Kind.INTEGER: "signed",
    Kind.BOOLEAN: "signed",
}

STANDARD: Final = Dialect("", types=_TYPES)
_DIALECTS: Final = {
    "sqlite": Dialect("sqlite", has_schemas=False, types=_TYPES),
    "postgresql": Dialect("postgresql", hexed=("encode(", ", 'hex')"), types=_TYPES),
    "duckdb": Dialect("duckdb", types={**_TYPES, Kind.DECIMAL: "decimal(38, 18)"}),
    "mysql": Dialect("mysql", quote="`", together=("concat(", ", ", ")"), text="char", types=_MYSQL),
}
