"""What is proposed for one field: SQL over columns that may stand in other tables, its ground, its doubt. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from halfopen.serve.init.dialect import CLOSE, HEX_CLOSE, HEX_OPEN, NEXT, OPEN, STANDARD, Dialect
from halfopen.serve.init.links import Path

SURE: Final = 0.7
"""Below it a mapping says that it is unsure."""


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

    def sql(self, shown: Callable[[Ref], str], dialect: Dialect = STANDARD) -> str:
        """The SQL text, each column as `shown` writes it."""
        return dialect.spelt(self.template.format(*map(shown, self.refs)))

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


def together(*parts: "Expression | str") -> Expression:
    """Texts put together; a part that is no expression is taken as it stands."""
    pieces = [
        Expression(literal(part)) if isinstance(part, str) else part.within("cast({0} as text)") for part in parts
    ]
    template = NEXT.join(f"{{{at}}}" for at in range(len(pieces)))
    return joined(f"{OPEN}{template}{CLOSE}", pieces)


def hexed(expression: Expression) -> Expression:
    """Bytes as hexadecimal digits."""
    return expression.within(f"{HEX_OPEN}{{0}}{HEX_CLOSE}")


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
