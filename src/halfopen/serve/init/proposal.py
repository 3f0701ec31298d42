"""What init proposes for a feed, before it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init.expression import Choice, Expression


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows of a table count, and why."""

    expression: Expression
    ground: str


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table; a feed that is made of several is their union. `ground`: why this table."""

    table: str
    choices: Mapping[str, Choice]
    where: tuple[Filter, ...] = ()
    ground: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it needs no other table."""
        expressions = [choice.expression for choice in self.choices.values()] + [f.expression for f in self.where]
        return not any(expression.paths for expression in expressions)


@dataclass(frozen=True, slots=True)
class Kinds:
    """The literals that tell actions apart, as SQL lists."""

    bet: str
    win: str
    rollback: str | None = None


@dataclass(frozen=True, slots=True)
class Custom:
    """One proposed custom field. `kind`: integer, fractional, string, date or array."""

    name: str
    kind: str
    expression: Expression


_SUMMED: Final = {
    "bet_count": {"kind", "session_id"},
    "win_count": {"kind", "session_id"},
    "bet_amount": {"kind", "session_id", "amount"},
    "win_amount": {"kind", "session_id", "amount"},
    "updated_at": {"session_id", "created_at"},
}


def doubted(part: Part, doubt: str, factor: float = 0.95) -> Part:
    """The same rows, every field of them less sure."""
    return replace(part, choices={name: choice.doubted(doubt, factor) for name, choice in part.choices.items()})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A feed's mapping. Without parts nothing was found; `kinds` when the rows are single game actions.

    In actions the choices `kind`, `amount` and `round_id` stand beside the contract's fields.
    """

    feed: str
    parts: tuple[Part, ...] = ()
    kinds: Kinds | None = None
    notes: tuple[str, ...] = field(default=())
    custom: tuple[Custom, ...] = ()
    """Of players: what may be sent beside the contract's fields."""
    doubt: str = ""
    """What makes the tables themselves doubtful; every field says so too."""
    one_way: bool = False
    """Money that goes one way only: the table of the other way was not found."""

    @property
    def todo(self) -> tuple[str, ...]:
        """Required fields for which nothing was found; empty when no table was found at all."""
        if not self.parts:
            return ()
        made = {"bet_count", "win_count", "bet_amount", "win_amount", "updated_at"} if self.kinds else set()
        return tuple(
            name
            for name in feeds()[self.feed].required
            if name not in made and not all(name in part.choices for part in self.parts)
        )

    @property
    def unsure(self) -> list[str]:
        """The fields that a person should look at; sums of actions are as unsure as what they are summed from."""
        parts = {name for part in self.parts for name, choice in part.choices.items() if not choice.is_sure}
        made = {name for name, origins in _SUMMED.items() if self.kinds and parts & origins}
        return [name for name in feeds()[self.feed].fields if name in parts | made]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that rows are taken from."""
        return tuple(dict.fromkeys(part.table for part in self.parts))

    @property
    def worth(self) -> float:
        """The part of the required fields that is mapped, by how surely: for comparing proposals of one feed."""
        if not self.parts:
            return 0.0
        required = feeds()[self.feed].required
        missing = set(self.todo)
        scores = [
            0.0
            if name in missing
            else min((part.choices[name].score for part in self.parts if name in part.choices), default=0.9)
            for name in required
        ]
        return sum(scores) / len(required)
