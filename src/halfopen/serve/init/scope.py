"""What fields are looked for in: a schema's links, and which table is which feed's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from halfopen.serve.init.expression import Choice
from halfopen.serve.init.links import Links
from halfopen.serve.init.match import Matcher
from halfopen.serve.init.units import is_in_parts
from halfopen.serve.init.vocabulary import Vocabulary
from halfopen.sources.schema import Column, Table

A_STEP: Final = 0.93
"""What each link on the way takes off a score."""
_MONEY: Final = {"amount", "balance", "stake", "payout", "money"}


@dataclass(frozen=True)
class Scope:
    """A schema once it is known which table is which feed's (`roles`)."""

    matcher: Matcher
    roles: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Feed -> the column of its table that identifies a row."""

    @property
    def links(self) -> Links:
        """The links of the schema."""
        return self.matcher.links

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the trade."""
        return self.matcher.vocabulary

    @cached_property
    def counts_parts(self) -> bool:
        """Whether whole numbers of money are cents somewhere in the schema: then they are everywhere."""
        return any(
            is_in_parts(column)
            for table in self.links.schema.tables
            for column in table.columns
            if not self.is_pointer(table, column)
            and any(_MONEY & set(words) for words in self.links.names.columns(table.name, column.name))
        )

    def table(self, name: str) -> Table:
        """A table that is known to be there."""
        found = self.links.schema.table(name)
        if found is None:
            raise KeyError(name)
        return found

    def is_pointer(self, table: Table, col: Column) -> bool:
        """Whether the column points at another row."""
        return any(link.column == col.name and not link.backwards for link in self.links.of[table.name])

    def column(self, table: Table, choice: Choice) -> Column:
        """The column that a choice of one column is made of."""
        found = table.column(choice.expression.refs[0].column)
        if found is None:
            raise KeyError(choice.expression.refs[0].column)
        return found
