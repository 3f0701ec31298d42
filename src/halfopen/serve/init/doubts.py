"""Doubts about a whole table: then every field that is taken from it says so. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from halfopen.contract.load import feeds
from halfopen.serve.init.assign import Assigner, called
from halfopen.serve.init.proposal import Part, Proposal, doubted
from halfopen.sources.schema import Table

_SAID: Final = 0.5
"""A table that is called so at least this well is not doubted for its name."""
_HUB: Final = 2
_AS_WELL: Final = 0.04
_AS_LIKELY: Final = 0.08
_BY_LINKS: Final = ("bonus_assignments", "sports_odds")
_OF_PLAYERS: Final = ("contacts", "wallets", "auto_logins")
"""Feeds whose fields may stand in the player's row: their columns' names say enough."""


@dataclass(frozen=True)
class Doubts:
    """Looks at proposals once all of them are known."""

    assigner: Assigner
    roles: Mapping[str, str]
    given: frozenset[str] = frozenset()
    """Feeds whose table a person named: nothing to doubt there."""

    def about(self, proposals: Mapping[str, Proposal]) -> dict[str, Proposal]:
        """The same proposals, with the doubts about their tables."""
        used = {table for proposal in proposals.values() for table in proposal.tables}
        return {feed: self._doubted(proposal, used) for feed, proposal in proposals.items()}

    def _doubted(self, proposal: Proposal, used: set[str]) -> Proposal:
        parts: list[Part] = []
        whole = ""
        for part in proposal.parts:
            is_given = proposal.feed in self.given
            doubt = "" if is_given else self._name(proposal.feed, part) or self._rival(proposal.feed, part, used)
            if not doubt and proposal.feed == "players" and not is_given:
                doubt = self._hub(part)
            if not doubt and proposal.one_way and not is_given:
                doubt = f"only {part.table} was found, the other way not"
            whole = whole or doubt
            session = part.choices.get("session_id")
            if not doubt and proposal.kinds and session is not None and session.doubt:
                doubt = "sums and games are told by session"
            parts.append(doubted(part, doubt) if doubt else part)
        return replace(proposal, parts=tuple(parts), doubt=whole)

    def _name(self, feed: str, part: Part) -> str:
        table = self._table(part.table)
        if self._said(feed, table) >= _SAID or (feed in _OF_PLAYERS and part.table == self.roles.get("players")):
            return ""
        if feed in _BY_LINKS and self._points_by_keys(feed, table):
            return ""
        return f"nothing in its name says that {part.table} holds {feeds()[feed].title.lower()}"

    def _hub(self, part: Part) -> str:
        """Nothing points at this table, while much points at another: that may be the player."""
        pointing = {table.name: self.assigner.pointing(table.name) for table in self.assigner.links.schema.tables}
        most = max(pointing, key=lambda name: (len(pointing[name]), name))
        if pointing[part.table] or len(pointing[most]) < _HUB:
            return ""
        return f"no table points at {part.table}, but {len(pointing[most])} point at {most}"

    def _rival(self, feed: str, part: Part, used: set[str]) -> str:
        """Another table, of no other use, that is called so as well and holds as much."""
        own = self.assigner.guess(feed, self._table(part.table)) if feed != "contacts" else None
        if own is None:
            return ""
        for table in self.assigner.links.schema.tables:
            if table.name in used or table.is_view:
                continue
            other = self.assigner.guess(feed, table)
            if other.name >= own.name - _AS_WELL and other.score >= own.score - _AS_LIKELY:
                return f"{table.name} is as likely"
        return ""

    def _said(self, feed: str, table: Table) -> float:
        words = self.assigner.matcher.vocabulary.feeds[feed]
        name = self.assigner.links.names.tables[table.name]
        return max(called(name, phrases, words.avoid) for phrases in (words.tables, *words.lists.values()))

    def _points_by_keys(self, feed: str, table: Table) -> bool:
        targets = {link.target for link in self.assigner.links.of[table.name] if link.declared and not link.backwards}
        wanted = {
            self.roles.get(kind.refers_to.partition(".")[0])
            for kind in feeds()[feed].fields.values()
            if kind.refers_to and kind.required
        }
        return None not in wanted and wanted <= targets

    def _table(self, name: str) -> Table:
        found = self.assigner.links.schema.table(name)
        if found is None:
            raise KeyError(name)
        return found
