"""The fields of a feed in one table: its own columns, the rows that it points at, what can be made of them. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.serve.init import codes, pointer, reach
from halfopen.serve.init.cursor import settle
from halfopen.serve.init.derived import states, two_sides
from halfopen.serve.init.expression import Choice, Expression, Ref, column
from halfopen.serve.init.match import Candidate
from halfopen.serve.init.own import OPTIONAL, own_columns
from halfopen.serve.init.scope import A_STEP, Scope
from halfopen.serve.init.units import divisor
from halfopen.sources.schema import Column, Family, Table

_NEAR: Final = 0.06
_WHOLE: Final = 0.8


ACTION_FIELDS: Final = {
    "kind": Field(kind=Kind.CHOICE, doc="Whether it is a bet, a win or a rollback"),
    "amount": Field(kind=Kind.DECIMAL, doc="Amount of the action"),
    "round_id": Field(kind=Kind.STRING, doc="Round that the action belongs to"),
}
"""What actions have beside the contract's fields, as far as a person can be asked for it."""


@dataclass(frozen=True)
class Resolver(Scope):
    """Finds fields in tables."""

    def choices(self, feed: str, table: Table, skip: Collection[str] = ()) -> dict[str, Choice]:
        """What each field is in this table; fields that cannot be found are left out."""
        described = feeds()[feed]
        found = {}
        own = own_columns(self.matcher, feed, table, skip)
        for name, kind in described.fields.items():
            if name in skip:
                continue
            choice = self._field(feed, name, kind, table, own.get(name))
            if choice is not None:
                found[name] = choice
        self._made_up(feed, table, found, skip)
        settle(self, feed, table, found)
        return {name: found[name] for name in described.fields if name in found}

    def _made_up(self, feed: str, table: Table, found: dict[str, Choice], skip: Collection[str]) -> None:
        """Fields that are read off others, or taken from the row that owns this one."""
        if feed == "players":
            states(self.matcher, table, found)
        if feed == "sports_events":
            title = two_sides(self.matcher, table)
            if title is not None and ("title" not in found or found["title"].score < _WHOLE):
                found["title"] = title
        inherit = self.vocabulary.inherit.get(feed)
        if inherit is None:
            return
        owner = self.roles.get(inherit.feed)
        if not owner:
            return
        path = () if owner == table.name else self.links.path(table.name, owner)
        if path is None or feed == inherit.feed:
            return
        theirs_all = self.choices(inherit.feed, self.table(owner))
        for ours, theirs in inherit.fields.items():
            taken = theirs_all.get(theirs)
            if taken is None or ours in found or ours in skip:
                continue
            if not path:
                found[ours] = taken
                continue
            refs = tuple(Ref(ref.column, (*path, *ref.path)) for ref in taken.expression.refs)
            ground = f"no stamp of its own; {path[-1].ground}"
            expression = Expression(taken.expression.template, refs)
            found[ours] = Choice(expression, taken.score * A_STEP, ground, f"stands in: {theirs} of {owner}")

    def _field(self, feed: str, name: str, kind: Field, table: Table, own: Candidate | None) -> Choice | None:
        if kind.refers_to:
            return pointer.reference(self, feed, name, kind.refers_to.partition(".")[0], table)
        if name == feeds()[feed].key:
            return pointer.key(self, feed, table)
        made = self.made(feed, name, kind, table, own) if own else None
        reached = reach.reached(self, feed, name, kind, table)
        if reached and (made is None or made.score < reached.score):
            return reached if kind.required or reached.score >= OPTIONAL else made
        return made

    def made(self, feed: str, name: str, kind: Field, table: Table, own: Candidate) -> Choice | None:
        """A column as the field needs it: booleans and choices are turned into the contract's words."""
        choice = self._chosen(own, column(own.column.name))
        if kind.kind is Kind.BOOLEAN:
            made = codes.truth(self.vocabulary, own.column, choice.expression, opposite=own.opposite)
            if made is None:
                return None
            ground = f"{choice.ground}, {made[1]}" if made[1] else choice.ground
            return replace(choice, expression=made[0], ground=ground)
        if kind.kind is Kind.CHOICE and own.column.family is Family.BOOLEAN:
            return self._either(feed, name, kind, table, choice)
        if kind.kind is Kind.CHOICE:
            return self._coded(feed, name, kind, own.column, choice)
        if kind.kind is Kind.DECIMAL:
            units = divisor(self.vocabulary, table, own.column, name, in_parts=self.counts_parts)
            if units:
                choice = replace(choice, divisor=units.divisor, ground=f"{choice.ground}; {units.ground}")
                choice = choice.doubted(units.doubt) if units.doubt else choice
        return self._rivalled(feed, name, table, own, choice)

    def _either(self, feed: str, name: str, kind: Field, table: Table, choice: Choice) -> Choice | None:
        """`is_outright` for a choice of two words."""
        if len(kind.values) != len(("this", "that")):
            return None
        for variant in self.links.names.columns(table.name, choice.expression.refs[0].column):
            word = self.vocabulary.meaning(feed, name, "".join(part for part in variant if part != "is"))
            if word is not None:
                other = next(one for one in kind.values if one != word)
                return replace(
                    choice, expression=choice.expression.within(f"case when {{0}} then '{word}' else '{other}' end")
                )
        return None

    def _coded(self, feed: str, name: str, kind: Field, col: Column, choice: Choice) -> Choice | None:
        coded = codes.coded(self.vocabulary, feed, name, kind, col, choice.expression)
        if coded is None:
            if col.samples or col.values:
                return None
            return choice.doubted("the table is empty, so its words are not known")
        made = replace(
            choice, expression=coded.expression, ground=f"{choice.ground}; {coded.ground}",
            score=choice.score * (0.5 + 0.5 * coded.share),
        )  # fmt: skip
        return made.doubted(f"{coded.missing} of its values have no word of the contract") if coded.missing else made

    def _chosen(self, own: Candidate, expression: Expression) -> Choice:
        return Choice(expression, own.score, own.ground)

    def _rivalled(self, feed: str, name: str, table: Table, own: Candidate, choice: Choice) -> Choice:
        others = [
            c
            for c in self.matcher.candidates(feed, name, table, ACTION_FIELDS.get(name))
            if c.column.name != own.column.name
        ]
        near = [c.column.name for c in others if c.score >= own.score - _NEAR]
        described = feeds()[feed].fields.get(name)
        is_needed = described is None or described.required
        return choice.doubted(f"{', '.join(near)} is as likely", 1.0) if near and is_needed else choice
