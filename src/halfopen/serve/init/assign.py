"""Which table is which feed's: all feeds at once, so that one odd name does not pull the others along. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from halfopen.contract.load import feeds
from halfopen.contract.model import Kind
from halfopen.serve.init.facts import Look, codes, is_code, looks
from halfopen.serve.init.links import Links
from halfopen.serve.init.match import Matcher
from halfopen.serve.init.names import Words
from halfopen.serve.init.structure import MONEY, by_structure, has_sides, is_gaming
from halfopen.serve.init.vocabulary import Phrase
from halfopen.sources.schema import Table

_ORDER: Final = (
    "players", "bonus_list", "sports_tournaments", "sports_events", "sports_bets", "sports_odds", "bonus_assignments",
    "transactions", "game_activity", "wallets", "logins", "auto_logins",
)  # fmt: skip
"""Feeds that others point at come first; contacts are looked for afterwards, for they may share a table."""

_SIGNATURES: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "transactions": (("amount",),),
    "logins": (("ip", "user_agent", "is_success", "created_at"),),
    "auto_logins": (("login_token",),),
    "wallets": (("balance", "bonus"),),
    "bonus_list": (("name",),),
    "game_activity": (("bet_amount", "win_amount", "amount"),),
    "sports_tournaments": (("name",),),
    "sports_events": (("start_date", "title", "status"),),
    "sports_bets": (("stake", "win_amount"),),
    "sports_odds": (("ratio", "status", "market"),),
}
"""Without one field of each group a table is none of this feed."""

_LEAST: Final = 0.42
_LEAST_LINKED: Final = 0.15
_BY_LINKS: Final = ("bonus_assignments", "sports_odds")
"""Feeds that are known by what they point at, whatever their table is called."""
_MOST_TABLES: Final = 5
_NAME: Final = 0.6
_SUFFIX: Final = 0.96
_PART: Final = 0.55
_AVOIDED: Final = 0.45
_AVOIDED_BEFORE: Final = 0.75
_LINKED: Final = (0.25, 0.2, 0.12)
_UNLINKED: Final = -0.35
_HUB: Final = 0.35
_NAMELESS: Final = 0.5
_PERSON: Final = {"email", "password", "username", "nickname", "birthday", "phone"}
_GAME: Final = 0.3
_LEDGER: Final = 0.75
_ONE_WAY: Final = 0.8


def called(words: Words, phrases: Sequence[Phrase], avoid: frozenset[str]) -> float:
    """How well a table's name says one of the phrases; its last words count most (`accounts_player`)."""
    best = 0.0
    for phrase in phrases:
        meant = set(phrase.words)
        for cut in range(len(words)):
            if set(words[cut:]) == meant:
                before = len(avoid & (set(words[:cut]) - meant))
                best = max(best, phrase.worth * _SUFFIX**cut * _AVOIDED_BEFORE**before)
        if meant < set(words):
            more = set(words) - meant
            best = max(best, phrase.worth * _PART * _AVOIDED ** len(avoid & more))
    return best


@dataclass(frozen=True, slots=True)
class Guess:
    """A table for a feed, by itself. `name`: how well it is called so."""

    table: str
    score: float
    name: float


@dataclass(frozen=True)
class Assigner:
    """Scores tables for feeds and picks the best set."""

    matcher: Matcher
    _guesses: dict[str, tuple[Guess, ...]] = field(default_factory=dict)

    @property
    def links(self) -> Links:
        """The links of the schema."""
        return self.matcher.links

    def guesses(self, feed: str) -> tuple[Guess, ...]:
        """The likeliest tables of a feed by themselves, the best first."""
        if feed not in self._guesses:
            found = [self.guess(feed, table) for table in self.links.schema.tables]
            least = _LEAST_LINKED if feed in _BY_LINKS else _LEAST
            kept = sorted((g for g in found if g.score >= least), key=lambda guess: (-guess.score, guess.table))
            self._guesses[feed] = tuple(kept[:_MOST_TABLES])
        return self._guesses[feed]

    def guess(self, feed: str, table: Table) -> Guess:
        """How likely a table is a feed's: its name, and how much of the feed is in it."""
        words = self.matcher.vocabulary.feeds[feed]
        name = called(self.links.names.tables[table.name], words.tables, words.avoid)
        if not all(any(self._has(feed, one, table) for one in group) for group in _SIGNATURES.get(feed, ())):
            return Guess(table.name, 0.0, name)
        if (
            (feed == "sports_events" and not self._is_planned(table))
            or (feed == "logins" and is_gaming(self.matcher, table))
            or self._is_one_way(feed, table)
        ):
            return Guess(table.name, 0.0, name)
        name = max(name, by_structure(self.matcher, feed, table))
        if feed == "game_activity" and self.mixed(table):
            name = max(name, _LEDGER)
        if feed == "players" and not name and self._is_person(table):
            name = _NAMELESS
        score = _NAME * name + (1 - _NAME) * self._coverage(feed, table) + self._extra(feed, table)
        is_likely = name or score > _NAME or feed in _BY_LINKS
        return Guess(table.name, score if is_likely else 0.0, name)

    def roles(self) -> dict[str, str]:
        """Feed -> table, for the feeds that have one."""
        best = _Search(self).best()
        return {feed: table for feed, table in best.items() if table is not None}

    def _is_one_way(self, feed: str, table: Table) -> bool:
        """Deposits and withdrawals are money on its way, whatever else their columns would fit."""
        if feed in ("transactions", "game_activity"):
            return False
        words = self.matcher.vocabulary.feeds["transactions"]
        return any(
            called(self.links.names.tables[table.name], words.lists[way], words.avoid) >= _ONE_WAY
            for way in ("incoming", "outgoing")
        )

    def _is_planned(self, table: Table) -> bool:
        """A match begins at some time, or has two sides: a catalogue of games has neither."""
        return self._has("sports_events", "start_date", table) or has_sides(self.matcher, table)

    def _is_person(self, table: Table) -> bool:
        """Somebody who signs in, and whom most rows belong to, whatever the table is called."""
        words = {
            word
            for col in table.columns
            for variant in self.links.names.columns(table.name, col.name)
            for word in variant
        }
        pointing = {t.name: len(self.pointing(t.name)) for t in self.links.schema.tables}
        is_somebody = bool(words & _PERSON) or any(Look.EMAIL in looks(col) for col in table.columns)
        return is_somebody and pointing[table.name] == max(pointing.values()) > 0

    def _has(self, feed: str, name: str, table: Table) -> bool:
        kind = None if name in feeds()[feed].fields else MONEY
        return bool(self.matcher.candidates(feed, name, table, kind))

    def _coverage(self, feed: str, table: Table) -> float:
        described = feeds()[feed].fields
        found, whole = 0.0, 0.0
        for name, kind in described.items():
            if kind.refers_to or name in ("utm_source", "utm_medium", "utm_campaign", "ref_code"):
                continue
            weight = 1.0 if kind.required else 0.35
            best = self.matcher.best(feed, name, table)
            if best is not None:
                found += weight * min(1.0, best.score)
            whole += weight
        return found / whole

    def _extra(self, feed: str, table: Table) -> float:
        if feed == "players":
            pointed = {t.name: len(self.pointing(t.name)) for t in self.links.schema.tables}
            return _HUB * pointed[table.name] / max(1, *pointed.values())
        if feed in ("game_activity", "sports_bets", "transactions"):
            game = is_gaming(self.matcher, table)
            if feed == "game_activity":
                return _GAME if game else 0.0 if self.mixed(table) else -0.5 * _GAME
            if feed == "sports_bets":
                return -_GAME if game else 0.0
            return -_GAME if game and not self.mixed(table) else 0.0
        return 0.0

    def pointing(self, table: str) -> set[str]:
        """The tables whose rows point at this one's."""
        return {
            link.table
            for links in self.links.of.values()
            for link in links
            if link.target == table and not link.backwards
        }

    def mixed(self, table: Table) -> bool:
        """Whether one ledger holds both money moved and games played."""
        vocabulary = self.matcher.vocabulary
        for candidate in self.matcher.candidates("transactions", "dir", table):
            seen = codes(candidate.column) if is_code(candidate.column) else ()
            words = {value.lower() for value in seen}
            plays = {
                w
                for w in words
                if vocabulary.meaning("game_activity", "kind", w) == "bet" and w not in ("debit", "withdraw")
            }
            moves = {w for w in words if {"deposit", "withdrawal", "withdraw", "topup", "cashout"} & {w}}
            if plays and moves:
                return True
        return False

    def link(self, feed: str, table: str, chosen: Mapping[str, str | None]) -> float:
        """What the way to the tables of the feeds that this one refers to is worth."""
        total = 0.0
        for name, kind in feeds()[feed].fields.items():
            if not kind.refers_to or not (kind.required or feed == "sports_odds"):
                continue
            target = chosen.get(kind.refers_to.partition(".")[0])
            if target is None:
                continue
            path = None if target == table else self.links.path(table, target)
            if path is None:
                total += _UNLINKED if not self._named(feed, name, table) else 0.0
            else:
                total += _LINKED[len(path) - 1]
        return total

    def points_at_all(self, feed: str, table: str, chosen: Mapping[str, str | None]) -> bool:
        """Whether a row points straight at every row that the feed refers to."""
        for kind in feeds()[feed].fields.values():
            if kind.refers_to and kind.required:
                target = chosen.get(kind.refers_to.partition(".")[0])
                if target is None or self.links.path(table, target, 1) is None:
                    return False
        return True

    def _named(self, feed: str, name: str, table: str) -> bool:
        """Whether a column's name alone says that it points there."""
        phrases = self.matcher.vocabulary.feeds[feed].fields.get(name, ())
        found = self.links.schema.table(table)
        return found is not None and any(
            self.matcher.by_name(phrases, [variant[:-1]], Kind.STRING)[0] >= 0.9  # noqa: PLR2004 - the very word
            for column in found.columns
            for variant in self.links.names.columns(table, column.name)
            if len(variant) > 1 and variant[-1] == "id"
        )


@dataclass
class _Search:
    """Depth first over the feeds with a bound; the first of equally good sets wins."""

    assigner: Assigner
    top: float = -1.0
    found: dict[str, str | None] = field(default_factory=dict)

    def best(self) -> dict[str, str | None]:
        """The set with the greatest total."""
        self._walk(0, 0.0, {})
        return self.found

    @cached_property
    def _rest(self) -> list[float]:
        """The most that the feeds from each place on can add."""
        most = [
            max((guess.score for guess in self.assigner.guesses(feed)), default=0.0) + 2 * _LINKED[0] for feed in _ORDER
        ]
        return [sum(most[at:]) for at in range(len(most) + 1)]

    def _walk(self, at: int, total: float, chosen: dict[str, str | None]) -> None:
        if total + self._rest[at] <= self.top:
            return
        if at == len(_ORDER):
            self.top, self.found = total, dict(chosen)
            return
        feed = _ORDER[at]
        for guess, score in self._ranked(feed, chosen):
            self._walk(at + 1, total + score, {**chosen, feed: guess.table})
        self._walk(at + 1, total, {**chosen, feed: None})

    def _ranked(self, feed: str, chosen: Mapping[str, str | None]) -> Iterator[tuple[Guess, float]]:
        scored = [
            (guess, guess.score + self.assigner.link(feed, guess.table, chosen))
            for guess in self.assigner.guesses(feed)
            if self._is_free(feed, guess.table, chosen)
            and (guess.name or feed not in _BY_LINKS or self.assigner.points_at_all(feed, guess.table, chosen))
        ]
        yield from sorted((s for s in scored if s[1] >= _LEAST), key=lambda entry: (-entry[1], entry[0].table))

    def _is_free(self, feed: str, table: str, chosen: Mapping[str, str | None]) -> bool:
        others = [name for name, used in chosen.items() if used == table]
        if not others:
            return True
        found = self.assigner.links.schema.table(table)
        pair = {feed, *others}
        return pair == {"transactions", "game_activity"} and found is not None and self.assigner.mixed(found)
