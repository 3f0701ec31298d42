"""Transactions: one table with a direction, with signs or with two amounts; or deposits and withdrawals apart. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init import codes, reach
from halfopen.serve.init.assign import Assigner, called
from halfopen.serve.init.derived import soft_deletes
from halfopen.serve.init.expression import Choice, Expression, column, joined, literal, together
from halfopen.serve.init.facts import codes as codes_of
from halfopen.serve.init.facts import is_code, negative_share
from halfopen.serve.init.proposal import Filter, Part, Proposal
from halfopen.serve.init.resolve import Resolver
from halfopen.serve.init.structure import CODE
from halfopen.serve.init.units import divisor
from halfopen.serve.init.vocabulary import bare
from halfopen.sources.schema import Column, Family, Table

FEED: Final = "transactions"
_CALLED: Final = 0.8
_SURE_NAME: Final = 0.85
_MOST: Final = 0.75


@dataclass(frozen=True)
class Money:
    """Proposes the feed transactions."""

    resolver: Resolver
    assigner: Assigner
    given: Mapping[str, str] = field(default_factory=dict)
    """Tables that a person named: of the feed, or of one way (`transactions.IN`, `transactions.OUT`)."""

    def proposal(self, taken: frozenset[str]) -> Proposal:
        """The better of one table and two; `taken` are tables that other feeds have."""
        role = self.resolver.roles.get(FEED)
        single = self._single(self.resolver.table(role)) if role else Proposal(FEED)
        pair = self._pair(taken)
        if not pair.parts or self.given.get(FEED):
            return single
        if any(f"{FEED}.{way}" in self.given for way in ("IN", "OUT")):
            return pair
        is_ledger = role is not None and self.assigner.mixed(self.resolver.table(role))
        one_way = role in pair.tables
        return pair if is_ledger or one_way or pair.worth >= single.worth else single

    def _single(self, table: Table) -> Proposal:
        way = self._one_way(table)
        if way:
            return Proposal(
                FEED,
                (self._constant(table, way),),
                notes=(f"only {table.name}: the other way was not found",),
                one_way=True,
            )
        choices = self.resolver.choices(FEED, table, skip=("dir", "type", "amount"))
        where = list(soft_deletes(self.resolver.matcher, table))
        amount = self._amount(table)
        direction = self._by_code(table) or self._by_flag(table)
        two = self._two_amounts(table)
        if two is not None and (direction is None or amount is None):
            amount, direction = two
        elif direction is None and amount is not None:
            direction = self._by_sign(table, amount)
        if amount is not None:
            choices["amount"] = self._unsigned(table, amount)
        if direction is not None:
            choices["dir"] = direction
            where += self._money_only(table, direction)
        kind = self._type(table)
        if kind is not None:
            choices["type"] = kind
        return Proposal(FEED, (Part(table.name, _ordered(choices), tuple(where), "the likeliest table"),))

    def _pair(self, taken: frozenset[str]) -> Proposal:
        ways: dict[str, list[tuple[float, Table]]] = {"IN": [], "OUT": []}
        for table in self.resolver.links.schema.tables:
            way = self._way(table)
            if way and table.name not in taken and self._amount(table):
                ways[way[0]].append((way[1], table))
        sides = {way: max(found, key=lambda f: (f[0], f[1].name))[1] for way, found in ways.items() if found}
        sides |= {
            side: self.resolver.table(self.given[f"{FEED}.{side}"])
            for side in ("IN", "OUT")
            if self.given.get(f"{FEED}.{side}")
        }
        if len(sides) == 1 and "OUT" in sides:
            role = self.resolver.roles.get(FEED)
            if role and role != sides["OUT"].name and self._by_code(self.resolver.table(role)) is None:
                sides["IN"] = self.resolver.table(role)
        if not sides or ("IN" not in sides and self.resolver.roles.get(FEED)):
            return Proposal(FEED)
        parts = tuple(self._constant(sides[way], way) for way in ("IN", "OUT") if way in sides)
        if len(parts) > 1:
            parts = tuple(self._apart(part) for part in parts)
        notes = ("deposits and withdrawals count by themselves: their tables' names are put before the ids",)
        return Proposal(FEED, parts, notes=notes if len(parts) > 1 else (), one_way=len(parts) == 1)

    def _way(self, table: Table) -> tuple[str, float] | None:
        words = self.resolver.vocabulary.feeds[FEED]
        found = {
            way: called(self.resolver.links.names.tables[table.name], words.lists[key], words.avoid)
            for way, key in (("IN", "incoming"), ("OUT", "outgoing"))
        }
        way = max(found, key=lambda w: found[w])
        return (way, found[way]) if found[way] >= _CALLED else None

    def _one_way(self, table: Table) -> str | None:
        way = self._way(table)
        return way[0] if way else None

    def _constant(self, table: Table, way: str) -> Part:
        choices = self.resolver.choices(FEED, table, skip=("dir", "type", "amount"))
        amount = self._amount(table)
        if amount is not None:
            choices["amount"] = self._unsigned(table, amount)
        said = self._way(table)
        direction = Choice(Expression(literal(way)), 0.95, f"every row of {table.name} is one")
        choices["dir"] = direction if said else direction.doubted("only because the other table holds the other way")
        return Part(table.name, _ordered(choices), soft_deletes(self.resolver.matcher, table), "named so")

    def _apart(self, part: Part) -> Part:
        """Ids of two tables may be the same: the table's name goes before."""
        own = part.choices.get("id")
        if own is None:
            return part
        sql = together(part.table.rpartition(".")[2] + "-", own.expression)
        return replace(part, choices={**part.choices, "id": replace(own, expression=sql)})

    def _amount(self, table: Table) -> Choice | None:
        best = self.resolver.matcher.best(FEED, "amount", table)
        if best is None:
            return None
        choice = Choice(column(best.column.name), best.score, best.ground)
        return self._in_units(table, best.column, choice)

    def _in_units(self, table: Table, col: Column, choice: Choice) -> Choice:
        units = divisor(self.resolver.vocabulary, table, col, "amount", in_parts=self.resolver.counts_parts)
        if units is None:
            return choice
        choice = replace(choice, divisor=units.divisor, ground=f"{choice.ground}; {units.ground}")
        return choice.doubted(units.doubt) if units.doubt else choice

    def _unsigned(self, table: Table, amount: Choice) -> Choice:
        col = table.column(amount.expression.refs[0].column)
        if col is None or not negative_share(col):
            return amount
        if amount.expression.template != "{0}":
            return amount
        return replace(
            amount, expression=amount.expression.within("abs({0})"), ground=f"{amount.ground}; some are below zero"
        )

    def _by_code(self, table: Table) -> Choice | None:
        """A column, or a look-up table, whose values say in and out."""
        kind = feeds()[FEED].fields["dir"]
        found = []
        for candidate in self.resolver.matcher.candidates(FEED, "dir", table, CODE):
            coded = self._debit_credit(candidate.column) or codes.coded(
                self.resolver.vocabulary, FEED, "dir", kind, candidate.column, column(candidate.column.name)
            )
            if coded is not None and len(coded.words) > 1:
                score = candidate.score * (0.3 + 0.7 * self._money_share(candidate.column, coded.share))
                found.append(Choice(coded.expression, score, f"{candidate.ground}; {coded.ground}"))
        looked_up = reach.looked_up(self.resolver, FEED, "dir", kind, table)
        if looked_up is not None:
            found.append(looked_up)
        best = max(found, key=lambda choice: choice.score, default=None)
        if best is not None:
            return best
        empty = self.resolver.matcher.best(FEED, "dir", table, CODE)
        if empty is not None and not empty.column.samples and not empty.column.values:
            sql = column(empty.column.name)
            return Choice(sql, empty.score * 0.8, empty.ground).doubted(
                "the table is empty, so its words are not known"
            )
        return None

    def _debit_credit(self, col: Column) -> codes.Coded | None:
        """C and D beside each other are credit and debit, not deposit."""
        said = {value.strip().upper() for value in codes_of(col)} if is_code(col) else set()
        if not (said and said <= _SIDES.keys() and len({_SIDES[word] for word in said}) > 1):
            return None
        meanings = {value: _SIDES[value.strip().upper()] for value in codes_of(col)}
        expression = codes.cases(column(col.name), meanings, col)
        return codes.Coded(expression, 1.0, frozenset(meanings.values()), "credit and debit", 0)

    def _money_share(self, col: Column, share: float) -> float:
        """In a ledger that holds games too, only the money's words have to be known."""
        games = [value for value in codes_of(col) if self._is_game(value)]
        total = len(codes_of(col)) or 1
        return min(1.0, share * total / max(1, total - len(games))) if games else share

    def _is_game(self, value: str) -> bool:
        return bare(value) in self.resolver.vocabulary.played

    def _money_only(self, table: Table, direction: Choice) -> list[Filter]:
        if not direction.expression.refs or direction.expression.refs[0].path:
            return []
        col = table.column(direction.expression.refs[0].column)
        if col is None:
            return []
        games = [value for value in codes_of(col) if self._is_game(value)] if is_code(col) else []
        if not games:
            return []
        sql = column(col.name).within(f"{{0}} not in ({codes.listed(games, col)})")
        return [Filter(sql, f"{col.name} also holds bets and wins, which are game activity")]

    def _by_flag(self, table: Table) -> Choice | None:
        for col in table.columns:
            if col.family not in (Family.BOOLEAN, Family.INTEGER):
                continue
            for variant in self.resolver.links.names.columns(table.name, col.name):
                words = set(variant) - {"is"}
                way = "IN" if words in _INWARD else "OUT" if words in _OUTWARD else None
                if way and (col.family is Family.BOOLEAN or {str(v) for v in col.samples} <= {"0", "1"}):
                    test = "{0}" if col.family is Family.BOOLEAN else "{0} = 1"
                    other = "OUT" if way == "IN" else "IN"
                    sql = column(col.name).within(f"case when {test} then '{way}' else '{other}' end")
                    return Choice(sql, 0.85, f"{col.name} says so")
        return None

    def _by_sign(self, table: Table, amount: Choice) -> Choice | None:
        col = table.column(amount.expression.refs[0].column)
        if col is None:
            return None
        sql = amount.expression.within("case when {0} < 0 then 'OUT' else 'IN' end")
        if negative_share(col):
            return Choice(sql, 0.85, f"the sign of {col.name}")
        if not col.samples:
            return None
        return None

    def _two_amounts(self, table: Table) -> tuple[Choice, Choice] | None:
        """`credit` and `debit`, `amount_in` and `amount_out`."""
        sides: dict[str, Column] = {}
        for col in table.columns:
            if col.family not in (Family.DECIMAL, Family.INTEGER) or self.resolver.is_pointer(table, col):
                continue
            for variant in self.resolver.links.names.columns(table.name, col.name):
                words = set(variant) - {"amount", "sum", "money", "cent", "value"}
                if words in ({"credit"}, {"in"}, {"deposit"}, {"incoming"}):
                    sides.setdefault("IN", col)
                if words in ({"debit"}, {"out"}, {"withdrawal"}, {"outgoing"}):
                    sides.setdefault("OUT", col)
        if len(sides) < len(("IN", "OUT")):
            return None
        refs = (column(sides["IN"].name), column(sides["OUT"].name))
        names = f"{sides['IN'].name} and {sides['OUT'].name}"
        amount = Choice(joined("coalesce(nullif({0}, 0), {1})", refs), 0.85, f"whichever of {names} is not zero")
        direction = joined("case when coalesce({0}, 0) <> 0 then 'IN' else 'OUT' end", refs[:1])
        return self._in_units(table, sides["IN"], amount), Choice(direction, 0.85, f"which of {names} is not zero")

    def _type(self, table: Table) -> Choice | None:
        kind = feeds()[FEED].fields["type"]
        best: Choice | None = None
        for candidate in self.resolver.matcher.candidates(FEED, "type", table):
            coded = codes.coded(
                self.resolver.vocabulary, FEED, "type", kind, candidate.column, column(candidate.column.name)
            )
            if coded is not None and coded.share >= _MOST:
                choice = Choice(coded.expression, candidate.score * coded.share, f"{candidate.ground}; {coded.ground}")
                if best is None or choice.score > best.score:
                    best = choice
        return best


_SIDES: Final = {"C": "IN", "CR": "IN", "CREDIT": "IN", "D": "OUT", "DR": "OUT", "DEBIT": "OUT"}
_INWARD: Final = ({"deposit"}, {"credit"}, {"in"}, {"incoming"}, {"income"})
_OUTWARD: Final = ({"withdrawal"}, {"debit"}, {"out"}, {"outgoing"}, {"payout"})


def _ordered(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    return {name: choices[name] for name in feeds()[FEED].fields if name in choices}
