"""All 13 feeds of a schema: which tables they are, and what each field is. Pure and deterministic."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.serve.init import pointer
from halfopen.serve.init.assign import Assigner, called
from halfopen.serve.init.custom import custom
from halfopen.serve.init.derived import soft_deletes
from halfopen.serve.init.doubts import Doubts
from halfopen.serve.init.expression import Choice, column
from halfopen.serve.init.facts import fits
from halfopen.serve.init.games import Games
from halfopen.serve.init.links import Links, Names
from halfopen.serve.init.match import Candidate, Matcher
from halfopen.serve.init.money import Money
from halfopen.serve.init.proposal import Filter, Part, Proposal
from halfopen.serve.init.resolve import ACTION_FIELDS, Resolver
from halfopen.serve.init.vocabulary import vocabulary
from halfopen.serve.init.wallets import Wallets
from halfopen.sources.schema import Schema, Table

_SAID: Final = 0.7
_OWN_TABLE: Final = 0.9
_BOTH: Final = 0.6
_A_TOKEN: Final = 0.85
_PLAIN: Final = (
    "players", "logins", "bonus_assignments", "bonus_list", "sports_tournaments", "sports_events", "sports_bets",
    "sports_odds",
)  # fmt: skip


@dataclass(frozen=True)
class Proposer:
    """Proposes the mapping of one schema. `given`: tables that a person named, by feed; "" is none."""

    schema: Schema
    given: Mapping[str, str] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    """Feeds whose tables a person found right as they are proposed."""

    @cached_property
    def assigner(self) -> Assigner:
        """What scores tables."""
        return Assigner(Matcher(Links(Names(self.schema, vocabulary())), vocabulary()))

    def proposals(self) -> dict[str, Proposal]:
        """Every feed's proposal, in the contract's order."""
        assigner = self.assigner
        roles = {feed: table for feed, table in {**assigner.roles(), **_whole(self.given)}.items() if table}
        resolver = Resolver(assigner.matcher, roles, self._keys(Resolver(assigner.matcher, roles), roles))
        taken = frozenset(roles.values())
        found = {feed: self._plain(resolver, feed) for feed in _PLAIN}
        found["transactions"] = Money(resolver, assigner, self.given).proposal(taken - {roles.get("transactions", "")})
        found["game_activity"] = Games(resolver, assigner).proposal(taken - {roles.get("game_activity", "")})
        found["wallets"] = Wallets(resolver).proposal()
        found["contacts"] = self._contacts(resolver, taken)
        found["auto_logins"] = self._auto_logins(resolver)
        found["players"] = self._with_custom(resolver, found)
        found = Doubts(assigner, roles, frozenset(self.given) | self.confirmed).about(found)
        return {
            feed: Proposal(feed) if self.given.get(feed) == "" else _said(found[feed], assigner) for feed in feeds()
        }

    def _with_custom(self, resolver: Resolver, found: Mapping[str, Proposal]) -> Proposal:
        role = resolver.roles.get("players")
        if role is None:
            return found["players"]
        facts = custom(resolver.links, resolver.table(role), found.values())
        return replace(found["players"], custom=tuple(facts))

    def candidates(self, feed: str) -> list[str]:
        """Tables that may be the feed's, the likeliest first."""
        if feed == "contacts":
            return []
        guesses = [self.assigner.guess(feed, table) for table in self.schema.tables]
        ranked = sorted(guesses, key=lambda guess: (-guess.score, -guess.name, guess.table))
        return [guess.table for guess in ranked if guess.score or guess.name]

    def is_sure(self, feed: str, proposal: Proposal) -> bool:
        """Whether the table's name says what it is."""
        if proposal.doubt:
            return False
        if len(proposal.tables) > 1 or (feed in ("contacts", "wallets", "auto_logins") and proposal.parts):
            return True
        return bool(proposal.parts) and all(
            self.assigner.guess(feed, table).name >= _SAID for table in map(self.schema.table, proposal.tables) if table
        )

    def columns(self, feed: str, name: str, table: str) -> list[Choice]:
        """Columns that could be a field, each made into what the field needs; the likeliest first."""
        found = self.schema.table(table)
        described = feeds()[feed].fields.get(name) or ACTION_FIELDS.get(name)
        if found is None or described is None:
            return []
        likely = list(self.assigner.matcher.candidates(feed, name, found, described))
        named = {candidate.column.name for candidate in likely}
        others = [
            Candidate(col, fits(described, col), f"a column of the type {col.type or 'unknown'}")
            for col in found.columns
            if col.name not in named and fits(described, col) and described.kind is not Kind.CHOICE
        ]
        resolver = Resolver(self.assigner.matcher, self.assigner.roles())
        made = (resolver.made(feed, name, described, found, candidate) for candidate in (*likely, *others))
        return [choice for choice in made if choice is not None]

    def money_tables(self) -> list[str]:
        """Tables that hold amounts: one of them may be the other way of deposits or withdrawals."""
        matcher = self.assigner.matcher
        return [t.name for t in self.schema.tables if not t.is_view and matcher.best("transactions", "amount", t)]

    def _keys(self, resolver: Resolver, roles: Mapping[str, str]) -> dict[str, str]:
        """What identifies a row, where it is one column."""
        keys = {}
        for feed, table in roles.items():
            key = pointer.key(resolver, feed, resolver.table(table)) if feeds()[feed].key == "id" else None
            if key is not None and key.expression.is_column:
                keys[feed] = key.expression.refs[0].column
        return keys

    def _plain(self, resolver: Resolver, feed: str) -> Proposal:
        role = resolver.roles.get(feed)
        return Proposal(feed) if role is None else _of(resolver, feed, resolver.table(role))

    def _contacts(self, resolver: Resolver, taken: frozenset[str]) -> Proposal:
        """A table of contacts that belongs to the players, else the players' own."""
        words = resolver.vocabulary.feeds["contacts"]
        players = resolver.roles.get("players")
        found: list[tuple[float, str]] = []
        for table in self.schema.tables:
            if not any(resolver.matcher.best("contacts", name, table) for name in ("email", "phone")):
                continue
            own = table.name == players
            name = called(resolver.links.names.tables[table.name], words.tables, words.avoid)
            if own:
                found.append((0.8, table.name))
            elif players and table.name not in taken and self._belongs(resolver, table, players):
                both = all(resolver.matcher.best("contacts", one, table) for one in ("email", "phone"))
                found.append((max(name, _BOTH) if both or name >= _OWN_TABLE else name / 2, table.name))
        if not found:
            return Proposal("contacts")
        return _of(resolver, "contacts", resolver.table(max(found, key=lambda entry: (entry[0], entry[1]))[1]))

    def _belongs(self, resolver: Resolver, table: Table, players: str) -> bool:
        return any(path[-1].target == players for path in resolver.links.paths(table.name, 1, backwards=True))

    def _auto_logins(self, resolver: Resolver) -> Proposal:
        """A table of tokens, else a token in the player's row."""
        role = resolver.roles.get("auto_logins")
        if role is not None:
            return _with_token(resolver, _of(resolver, "auto_logins", resolver.table(role)))
        players = resolver.roles.get("players")
        if players is None:
            return Proposal("auto_logins")
        table = resolver.table(players)
        token = resolver.matcher.best("auto_logins", "login_token", table)
        if token is None or token.score < _A_TOKEN or not _signs_in(resolver, table, token.column.name):
            return Proposal("auto_logins")
        proposal = _of(resolver, "auto_logins", table)
        choices = {
            **proposal.parts[0].choices,
            "login_token": Choice(column(token.column.name), token.score, token.ground),
        }
        ordered = {name: choices[name] for name in feeds()["auto_logins"].fields if name in choices}
        return _with_token(resolver, replace(proposal, parts=(replace(proposal.parts[0], choices=ordered),)))


def _whole(given: Mapping[str, str]) -> dict[str, str]:
    """Tables of feeds, without those that are one way of them only (`transactions.IN`)."""
    return {feed: table for feed, table in given.items() if feed in feeds()}


def _with_token(resolver: Resolver, proposal: Proposal) -> Proposal:
    """Rows without a token sign nobody in."""
    part = proposal.parts[0]
    token = part.choices.get("login_token")
    if token is None or not token.expression.is_column:
        return proposal
    found = resolver.table(part.table).column(token.expression.refs[0].column)
    if found is None or not found.nullable:
        return proposal
    filter_ = Filter(token.expression.within("{0} is not null"), "rows without a token sign nobody in")
    return replace(proposal, parts=(replace(part, where=(*part.where, filter_)),))


def _signs_in(resolver: Resolver, table: Table, name: str) -> bool:
    """A bare `token` in the player's row may be anything."""
    return any({"login", "auto", "autologin", "magic"} & set(v) for v in resolver.links.names.columns(table.name, name))


def _of(resolver: Resolver, feed: str, table: Table) -> Proposal:
    choices = resolver.choices(feed, table)
    return Proposal(feed, (Part(table.name, choices, soft_deletes(resolver.matcher, table), ""),))


def _said(proposal: Proposal, assigner: Assigner) -> Proposal:
    """Each part with why its table was taken."""
    return replace(
        proposal, parts=tuple(replace(part, ground=_why(proposal.feed, part, assigner)) for part in proposal.parts)
    )


def _why(feed: str, part: Part, assigner: Assigner) -> str:
    vocabulary_ = assigner.matcher.vocabulary.feeds[feed]
    lists = (vocabulary_.tables, *vocabulary_.lists.values())
    words = assigner.links.names.tables[part.table]
    said_so = max(called(words, phrases, vocabulary_.avoid) for phrases in lists)
    fields = sum(name in feeds()[feed].fields for name in part.choices)
    said = f"its name says {' '.join(words)!r}" if said_so else "its name does not say so"
    ground = f", {part.ground}" if part.ground else ""
    return f"{said}{ground}; {fields} of {len(feeds()[feed].fields)} fields found"
