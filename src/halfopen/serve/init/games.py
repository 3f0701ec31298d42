"""Game activity: sessions that are summed up already, single actions, or rounds with a stake and a win. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Field, Kind
from halfopen.serve.init import codes, pointer, reach
from halfopen.serve.init.assign import Assigner, called
from halfopen.serve.init.derived import soft_deletes
from halfopen.serve.init.expression import Choice, Expression, Ref, column, joined, literal
from halfopen.serve.init.facts import codes as codes_of
from halfopen.serve.init.facts import is_code, negative_share
from halfopen.serve.init.proposal import Filter, Kinds, Part, Proposal
from halfopen.serve.init.resolve import Resolver
from halfopen.serve.init.structure import CODE, MONEY
from halfopen.serve.init.units import divisor
from halfopen.sources.schema import Column, Table

FEED: Final = "game_activity"
_SUMS: Final = ("bet_count", "win_count", "bet_amount", "win_amount", "session_id", "updated_at")
_TEXT: Final = Field(kind=Kind.STRING, doc="")
_CALLED: Final = 0.8
_OWN_WORD: Final = 0.6
_ACTIONS: Final = Kinds("'bet'", "'win'")


@dataclass(frozen=True)
class Games:
    """Proposes the feed game_activity."""

    resolver: Resolver
    assigner: Assigner

    def proposal(self, taken: frozenset[str]) -> Proposal:
        """The best of all ways that the table allows; `taken` are tables that other feeds have."""
        role = self.resolver.roles.get(FEED)
        if role is None:
            return Proposal(FEED)
        table = self.resolver.table(role)
        ready = self._ready(table)
        if ready is not None and not ready.todo:
            return ready
        is_whole = ready is not None and self._is_whole(table)
        ways = (
            [] if is_whole else [self._by_kind(table), self._by_two_amounts(table), self._by_two_tables(table, taken)]
        )
        for child in self._children(table, taken):
            ways += [self._by_kind(child), self._by_two_amounts(child)]
        found = [way for way in ways if way is not None]
        best = max(found, key=lambda way: (-len(way.todo), way.worth), default=None)
        if best is not None and (ready is None or len(best.todo) < len(ready.todo) or "bet_count" in ready.todo):
            return best
        return ready or best or Proposal(FEED)

    def _children(self, table: Table, taken: frozenset[str]) -> list[Table]:
        """Tables whose rows belong to this one's: the rounds of a session."""
        return [
            child
            for child in self.resolver.links.schema.tables
            if child.name not in taken
            and child.name != table.name
            and any(link.target == table.name and not link.backwards for link in self.resolver.links.of[child.name])
        ]

    def _ready(self, table: Table) -> Proposal | None:
        """Rows that are whole sessions: they count their bets."""
        choices = self.resolver.choices(FEED, table)
        counted = {"bet_count", "win_count"} & set(choices) or self._is_whole(table)
        if not {"bet_amount", "win_amount"} <= set(choices) or not counted:
            return None
        if "session_id" not in choices or self._is_session(table):
            key = pointer.key(self.resolver, FEED, table) if len(table.primary_key) == 1 else None
            if key is not None:
                choices["session_id"] = replace(key, score=0.9)
        if "updated_at" not in choices and "created_at" in choices:
            choices["updated_at"] = choices["created_at"].doubted("nothing says when a session last changed")
        part = Part(
            table.name, _ordered(choices), soft_deletes(self.resolver.matcher, table), "each row is a whole session"
        )
        return Proposal(FEED, (part,))

    def _is_whole(self, table: Table) -> bool:
        """Whether a row is called a session's: then it cannot count as one bet."""
        words = set(self.resolver.links.names.tables[table.name])
        return bool(words & {"session", "summary"}) and not words & {"round", "bet", "spin", "action", "transaction"}

    def _is_session(self, table: Table) -> bool:
        return "session" in self.resolver.links.names.tables[table.name]

    def _by_kind(self, table: Table) -> Proposal | None:
        """One row an action, with a column that tells bets from wins."""
        amount = self._money(table, "amount") or self._money(table, "bet_amount")
        if amount is None:
            return None
        told = self._kind(table)
        if told is None:
            told = self._kind_by_sign(table, amount)
        if told is None:
            return None
        kind, kinds, where = told
        col = table.column(amount.expression.refs[0].column)
        if col is not None and negative_share(col):
            amount = replace(
                amount, expression=amount.expression.within("abs({0})"), ground=f"{amount.ground}; some are below zero"
            )
        choices = self._plain(table) | {"kind": kind, "amount": amount}
        round_ = self._round(table)
        if round_ is not None:
            choices["round_id"] = round_
        session = self._session(table, round_)
        if session is not None:
            choices["session_id"] = session
        filters = (*where, *soft_deletes(self.resolver.matcher, table))
        return Proposal(FEED, (Part(table.name, _ordered(choices), filters, "each row is an action"),), kinds)

    def _kind(self, table: Table) -> tuple[Choice, Kinds, tuple[Filter, ...]] | None:
        found: list[tuple[float, Choice, Kinds, tuple[Filter, ...]]] = []
        for candidate in self.resolver.matcher.candidates(FEED, "kind", table, CODE):
            told = self._told(
                candidate.column, Choice(column(candidate.column.name), candidate.score, candidate.ground)
            )
            if told is not None:
                found.append((candidate.score, *told))
        for link in self.resolver.links.of[table.name]:
            if link.backwards or link.target in self.resolver.roles.values():
                continue
            for col in self.resolver.table(link.target).columns:
                told = self._told(col, Choice(column(col.name, (link,)), 0.85, link.ground))
                if told is not None:
                    found.append((0.85, *told))
        best = max(found, key=lambda entry: entry[0], default=None)
        return best[1:] if best else None

    def _told(self, col: Column, choice: Choice) -> tuple[Choice, Kinds, tuple[Filter, ...]] | None:
        if not is_code(col) and not codes.documented(col):
            return None
        meant = codes.documented(col)
        values = tuple(dict.fromkeys((*codes_of(col), *meant)))
        said: dict[str, list[str]] = {"bet": [], "win": [], "rollback": []}
        for value in values:
            word = self.resolver.vocabulary.meaning(FEED, "kind", meant.get(value, value))
            if word:
                said[word].append(value)
        if not said["bet"] or not said["win"]:
            return None
        known = [value for group in said.values() for value in group]
        where: tuple[Filter, ...] = ()
        if len(known) < len(values):
            sql = choice.expression.within(f"{{0}} in ({codes.listed(known, col)})")
            where = (Filter(sql, f"{col.name} also holds what is no bet, win or rollback"),)
        bet, win, rollback = (codes.listed(said[word], col) for word in ("bet", "win", "rollback"))
        kinds = Kinds(bet, win, rollback or None)
        ground = f"{choice.ground}; codes by {'a comment' if meant else 'values seen'}"
        return replace(choice, ground=ground), kinds, where

    def _kind_by_sign(self, table: Table, amount: Choice) -> tuple[Choice, Kinds, tuple[Filter, ...]] | None:
        col = table.column(amount.expression.refs[0].column)
        if col is None or not 0 < negative_share(col) < 1:
            return None
        sql = amount.expression.within("case when {0} < 0 then 'bet' else 'win' end")
        return Choice(sql, 0.8, f"the sign of {col.name}"), _ACTIONS, ()

    def _by_two_amounts(self, table: Table) -> Proposal | None:
        """One row a round, with its stake and its win: a bet and, where it won, a win."""
        bet, win = self._money(table, "bet_amount"), self._money(table, "win_amount")
        if bet is None or win is None or bet.expression == win.expression or "created_at" not in self._plain(table):
            return None
        plain = self._plain(table)
        key = pointer.key(self.resolver, FEED, table) if table.primary_key else None
        round_ = key or self._round(table)
        session = self._session(table, round_)
        shared = dict(plain)
        if session is not None:
            shared["session_id"] = session
        if round_ is not None:
            shared["round_id"] = round_
        later = self._later(table, plain["created_at"])
        deleted = soft_deletes(self.resolver.matcher, table)
        parts = (
            self._side(table, shared, "bet", bet, deleted),
            self._side(table, shared | {"created_at": later}, "win", win,
                       (*deleted, Filter(win.expression.within("{0} <> 0"), "a round without a win has one action"))),
        )  # fmt: skip
        return Proposal(FEED, parts, _ACTIONS, ("a round is a bet and, where it won, a win",))

    def _side(
        self, table: Table, shared: Mapping[str, Choice], kind: str, amount: Choice, where: tuple[Filter, ...]
    ) -> Part:
        col = table.column(amount.expression.refs[0].column)
        if col is not None and negative_share(col):
            amount = replace(amount, expression=amount.expression.within("abs({0})"))
        made = Choice(Expression(literal(kind)), 0.9, f"the column {amount.expression.refs[0].column}")
        return Part(table.name, _ordered({**shared, "kind": made, "amount": amount}), where, f"its {kind}s")

    def _later(self, table: Table, created: Choice) -> Choice:
        """When a round was won: when it was settled, if that is known."""
        found = self.resolver.matcher.best(FEED, "updated_at", table)
        col = table.column(created.expression.refs[0].column)
        if found is None or col is None or found.column.name == col.name or found.column.type != col.type:
            return created
        sql = joined("coalesce({0}, {1})", (column(found.column.name), created.expression))
        return Choice(sql, found.score, found.ground)

    def _by_two_tables(self, table: Table, taken: frozenset[str]) -> Proposal | None:
        """Bets in one table, wins in another."""
        words = self.resolver.vocabulary.feeds[FEED]
        bet = self._money(table, "amount") or self._money(table, "bet_amount")
        wins = [
            (called(self.resolver.links.names.tables[t.name], words.lists["wins"], frozenset()), t)
            for t in self.resolver.links.schema.tables
            if t.name != table.name and t.name not in taken
        ]
        score, other = max(wins, key=lambda entry: entry[0], default=(0.0, table))
        win = self._money(other, "amount") or self._money(other, "win_amount")
        if bet is None or win is None or score < _CALLED:
            return None
        parts: list[Part] = []
        for side, kind, amount in ((table, "bet", bet), (other, "win", win)):
            choices = self._plain(side)
            round_ = self._round(side)
            session = self._session(side, round_)
            choices |= {"session_id": session} if session else {}
            choices |= {"round_id": round_} if round_ else {}
            if side is other and parts:
                self._from_bet(other, table, choices, parts[0].choices)
            parts.append(self._side(side, choices, kind, amount, soft_deletes(self.resolver.matcher, side)))
        return Proposal(FEED, tuple(parts), _ACTIONS)

    def _from_bet(self, win: Table, bet: Table, choices: dict[str, Choice], theirs: Mapping[str, Choice]) -> None:
        """What a win does not say itself, its bet does."""
        path = self.resolver.links.path(win.name, bet.name, 1)
        for name, choice in theirs.items() if path else ():
            own = choices.get(name)
            if name in ("kind", "amount", "created_at", "player_id") or (own is not None and own.is_sure):
                continue
            refs = tuple(Ref(ref.column, (*(path or ()), *ref.path)) for ref in choice.expression.refs)
            choices[name] = replace(choice, expression=Expression(choice.expression.template, refs))

    def _plain(self, table: Table) -> dict[str, Choice]:
        return self.resolver.choices(FEED, table, skip=_SUMS)

    def _money(self, table: Table, name: str) -> Choice | None:
        best = self.resolver.matcher.best(FEED, name, table, MONEY if name == "amount" else None)
        if best is None or best.score < _OWN_WORD:
            return None
        choice = Choice(column(best.column.name), best.score, best.ground)
        units = divisor(self.resolver.vocabulary, table, best.column, "amount", in_parts=self.resolver.counts_parts)
        if units:
            choice = replace(choice, divisor=units.divisor, ground=f"{choice.ground}; {units.ground}")
            choice = choice.doubted(units.doubt) if units.doubt else choice
        return choice

    def _round(self, table: Table) -> Choice | None:
        best = self.resolver.matcher.best(FEED, "round_id", table, _TEXT)
        if best is None or best.score < _OWN_WORD or best.column.name in table.primary_key:
            return None
        return Choice(column(best.column.name), best.score, best.ground)

    def _session(self, table: Table, round_: Choice | None) -> Choice | None:
        """The session of an action: named, reached over its round, or else the round itself."""
        logins = self.resolver.roles.get("logins")
        for candidate in self.resolver.matcher.candidates(FEED, "session_id", table):
            links = [link for link in self.resolver.links.of[table.name] if link.column == candidate.column.name]
            if candidate.score >= _OWN_WORD and not any(link.target == logins for link in links):
                return Choice(column(candidate.column.name), candidate.score, candidate.ground)
        reached = reach.reached(self.resolver, FEED, "session_id", feeds()[FEED].fields["session_id"], table)
        if reached is not None and not self._passes(reached, logins):
            return reached
        owner = self._owner(table)
        if owner is not None:
            return owner
        alone = round_ or (pointer.key(self.resolver, FEED, table) if table.primary_key else None)
        if alone is None:
            return None
        return replace(alone, score=0.72).doubted("no session is known: each round counts as one", 1.0)

    def _owner(self, table: Table) -> Choice | None:
        """The row that actions belong to and that itself belongs to a player: as good as a session."""
        players = self.resolver.roles.get("players")
        for link in self.resolver.links.of[table.name]:
            if link.backwards or link.target in set(self.resolver.roles.values()) - {self.resolver.roles.get(FEED)}:
                continue
            theirs = self.resolver.links.of[link.target]
            if any(one.target == players and not one.backwards for one in theirs):
                choice = Choice(column(link.column), 0.8, link.ground)
                return choice.doubted(f"a row of {link.target} is taken for a session")
        return None

    def _passes(self, choice: Choice, table: str | None) -> bool:
        return any(link.target == table for path in choice.expression.paths for link in path)


def _ordered(choices: Mapping[str, Choice]) -> dict[str, Choice]:
    order: Sequence[str] = (*feeds()[FEED].fields, "kind", "amount", "round_id")
    return {name: choices[name] for name in order if name in choices}
