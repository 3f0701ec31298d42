"""What is proposed for one field: SQL over columns that may stand in other tables, its ground, its doubt. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from halfopen.serve.init.links import Path
from halfopen.serve.init.vocabulary import vocabulary

SURE: Final = 0.7
"""Below it a mapping says that it is unsure."""

_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ref:
    """A column of the feed's table, or of the table at the end of a path from there."""

    column: str
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """SQL with {0}, {1} for columns; braces of its own are doubled."""

    template: str
    refs: tuple[Ref, ...] = ()

    @property
    def is_column(self) -> bool:
        """Whether it is a column of the feed's table and nothing else."""
        return self.template == "{0}" and not self.refs[0].path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The ways that it takes to other tables."""
        return tuple(ref.path for ref in self.refs if ref.path)

    def sql(self, shown: Callable[[Ref], str]) -> str:
        """The SQL text, each column as `shown` writes it."""
        return self.template.format(*map(shown, self.refs))

    def within(self, template: str) -> "Expression":
        """This expression put at {0} of a template without columns of its own."""
        return Expression(template.replace("{0}", self.template), self.refs)


def column(name: str, path: Path = ()) -> Expression:
    """A column as it is."""
    return Expression("{0}", (Ref(name, path),))


def joined(template: str, parts: Iterable[Expression]) -> Expression:
    """Several expressions in a template with one {n} each."""
    refs: tuple[Ref, ...] = ()
    texts = []
    for part in parts:
        texts.append(part.template.format(*(f"{{{len(refs) + at}}}" for at in range(len(part.refs)))))
        refs += part.refs
    return Expression(template.format(*texts), refs)


def literal(value: str) -> str:
    """A text as an SQL literal, ready for a template."""
    return "'" + value.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def name(identifier: str) -> str:
    """An identifier, quoted where it must be."""
    if _PLAIN.fullmatch(identifier) and identifier not in vocabulary().sql:
        return identifier
    return '"' + identifier.replace('"', '""') + '"'


def table_name(table: str, engine: str) -> str:
    """A table, its schema before it where it has one."""
    if engine == "sqlite":
        return name(table)
    return ".".join(name(part) for part in table.split("."))


@dataclass(frozen=True, slots=True)
class Choice:
    """A field's proposal. `ground`: why, for people; `doubt`: what a person should look at, nothing when it is sure."""

    expression: Expression
    score: float
    ground: str
    doubt: str = ""
    divisor: int | None = None

    @property
    def is_sure(self) -> bool:
        """Whether nobody needs to look."""
        return not self.doubt and self.score >= SURE

    def doubted(self, doubt: str, factor: float = 0.9) -> "Choice":
        """The same, less sure."""
        return replace(self, doubt=f"{self.doubt}; {doubt}" if self.doubt else doubt, score=self.score * factor)
