"""Wallets: a table of theirs, or balances beside each other in one row, of a wallet or of the player. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init.derived import soft_deletes
from halfopen.serve.init.expression import Choice, Expression, column, literal, together
from halfopen.serve.init.facts import fits
from halfopen.serve.init.match import Candidate
from halfopen.serve.init.proposal import Part, Proposal, doubted
from halfopen.serve.init.resolve import Resolver
from halfopen.serve.init.structure import MONEY
from halfopen.serve.init.units import divisor
from halfopen.sources.schema import Family, Table

FEED: Final = "wallets"
_IN_PLAYER: Final = 0.65
_BONUS: Final = 0.75


@dataclass(frozen=True)
class Wallets:
    """Proposes the feed wallets."""

    resolver: Resolver

    def proposal(self) -> Proposal:
        """A row a wallet, or a row a balance."""
        table = self._table()
        if table is None:
            return Proposal(FEED)
        balances = self._balances(table)
        choices = self.resolver.choices(FEED, table, skip=("balance", "type"))
        if table.name == self.resolver.roles.get("players"):
            self._of_player(table, choices)
        kind = self._type(table)
        if len(balances) == 1 or kind is not None:
            found = {**choices, "balance": balances["Real"]} if "Real" in balances else choices
            found["type"] = kind or Choice(
                Expression(literal("Real")), 0.75, "one balance, and nothing tells kinds of money apart",
                "is all of it real money?",
            )  # fmt: skip
            part = self._part(table, found)
            other = None if kind else self._other_money(table, part)
            if other:
                part = doubted(part, f"{other} may be another balance, a wallet by itself")
            return Proposal(FEED, (part,))
        parts = tuple(self._part(table, self._one(choices, word, balance)) for word, balance in balances.items())
        return Proposal(FEED, parts, notes=("each balance of a row is a wallet; its kind is put behind the id",))

    def _table(self) -> Table | None:
        role = self.resolver.roles.get(FEED)
        if role:
            return self.resolver.table(role)
        players = self.resolver.roles.get("players")
        if players is None:
            return None
        table = self.resolver.table(players)
        best = self._real(table)
        return table if best is not None and best.score >= _IN_PLAYER else None

    def _real(self, table: Table) -> Candidate | None:
        found = self.resolver.matcher.candidates(FEED, "balance", table)
        bonus = self._bonus(table)
        return next((c for c in found if bonus is None or c.column.name != bonus.column.name), None)

    def _bonus(self, table: Table) -> Candidate | None:
        best = self.resolver.matcher.best(FEED, "bonus", table, MONEY)
        return best if best is not None and best.score >= _BONUS else None

    def _balances(self, table: Table) -> dict[str, Choice]:
        found = {}
        for word, candidate in (("Real", self._real(table)), ("Prize", self._bonus(table))):
            if candidate is None:
                continue
            choice = Choice(column(candidate.column.name), candidate.score, candidate.ground)
            units = divisor(
                self.resolver.vocabulary, table, candidate.column, "balance", in_parts=self.resolver.counts_parts
            )
            if units:
                choice = replace(choice, divisor=units.divisor, ground=f"{choice.ground}; {units.ground}")
                choice = choice.doubted(units.doubt) if units.doubt else choice
            found[word] = choice
        return found

    def _one(self, choices: Mapping[str, Choice], word: str, balance: Choice) -> dict[str, Choice]:
        kind = Choice(Expression(literal(word)), 0.9, f"the column {balance.expression.refs[0].column} holds it")
        found = {**choices, "balance": balance, "type": kind}
        if "id" in found:
            sql = together(found["id"].expression, "-" + {"Real": "real", "Prize": "bonus"}[word])
            found["id"] = replace(found["id"], expression=sql)
        found.pop("is_primary", None)
        found["is_primary"] = Choice(Expression("true" if word == "Real" else "false"), 0.8, "real money first")
        return found

    def _of_player(self, table: Table, choices: dict[str, Choice]) -> None:
        """A wallet inside of the player's row is as old as the player."""
        players = self.resolver.choices("players", table)
        for ours, theirs in (("created_at", "registered_at"), ("modified_at", "modified_at")):
            if theirs in players:
                choices[ours] = players[theirs]
        choices.pop("is_primary", None)

    def _type(self, table: Table) -> Choice | None:
        if table.name == self.resolver.roles.get("players"):
            return None
        for col in table.columns:
            if col.family is not Family.BOOLEAN:
                continue
            for variant in self.resolver.links.names.columns(table.name, col.name):
                if set(variant) - {"is"} in ({"bonus"}, {"promo"}, {"bonus", "wallet"}):
                    sql = column(col.name).within("case when {0} then 'Prize' else 'Real' end")
                    return Choice(sql, 0.9, f"{col.name} says so")
        return self.resolver.choices(FEED, table).get("type")

    def _other_money(self, table: Table, part: Part) -> str:
        """An amount beside the balance that no word explains."""
        used = {ref.column for choice in part.choices.values() for ref in choice.expression.refs}
        vocabulary = self.resolver.vocabulary
        known = vocabulary.lexicon.known
        for col in table.columns:
            is_known = any(word in known for word in vocabulary.words(col.name))
            is_number = col.family in (Family.DECIMAL, Family.INTEGER) and not self.resolver.is_pointer(table, col)
            if is_number and col.name not in used and not is_known and fits(MONEY, col):
                return col.name
        return ""

    def _part(self, table: Table, choices: Mapping[str, Choice]) -> Part:
        ordered = {name: choices[name] for name in feeds()[FEED].fields if name in choices}
        return Part(table.name, ordered, soft_deletes(self.resolver.matcher, table), "the likeliest table")
