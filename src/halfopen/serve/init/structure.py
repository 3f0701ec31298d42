"""What a table is by what is in it, whatever it is called. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from halfopen.contract.model import Field, Kind
from halfopen.serve.init.facts import codes, is_code
from halfopen.serve.init.match import Matcher
from halfopen.sources.schema import Table

CODE: Final = Field(kind=Kind.CHOICE, doc="", values={})
MONEY: Final = Field(kind=Kind.DECIMAL, doc="")
_SURE: Final = 0.9
_CLEAR: Final = 0.7
_LIKELY: Final = 0.5
_GAMES: Final = {"game", "slot", "spin", "gameplay", "play", "casino"}
_FAR: Final = 2
_PAIR: Final = 2
_HANDED_OUT: Final = {"bonus", "promo", "promotion", "wagering", "rollover", "freespin"}


def by_structure(matcher: Matcher, feed: str, table: Table) -> float:
    """How clearly a table's columns alone say that it is a feed's, 0 to 1, in place of a name that does not."""
    test = _TESTS.get(feed)
    return test(matcher, table) if test else 0.0


def has_sides(matcher: Matcher, table: Table) -> bool:
    """Two sides meet: home and away."""
    words = {
        word for column in table.columns for v in matcher.links.names.columns(table.name, column.name) for word in v
    }
    return {"home", "away"} <= words


def is_gaming(matcher: Matcher, table: Table) -> bool:
    """Whether its rows belong to a casino game."""
    names = matcher.links.names
    # Not of a table that is pointed at: a gaming_customer is no game.
    if (_GAMES | {"gaming"}) & set(names.tables[table.name]):
        return True
    for path in matcher.links.paths(table.name, _FAR):
        words = set(names.tables[path[-1].target])
        target = matcher.links.schema.table(path[-1].target)
        if _GAMES & words and "sport" not in words and target is not None and not has_sides(matcher, target):
            return True
    return any("game" in variant for column in table.columns for variant in names.columns(table.name, column.name))


def plays(matcher: Matcher, table: Table) -> bool:
    """Whether a column tells bets from wins, beside an amount."""
    if not _best(matcher, "game_activity", "amount", table, MONEY):
        return False
    for candidate in matcher.candidates("game_activity", "kind", table, CODE):
        seen = codes(candidate.column) if is_code(candidate.column) else ()
        words = {matcher.vocabulary.meaning("game_activity", "kind", value) for value in seen}
        if {"bet", "win"} <= words:
            return True
    return False


def _game_activity(matcher: Matcher, table: Table) -> float:
    if plays(matcher, table) and is_gaming(matcher, table):
        return _CLEAR
    both = all(_best(matcher, "game_activity", name, table) >= _LIKELY for name in ("bet_amount", "win_amount"))
    return _CLEAR if both and is_gaming(matcher, table) else 0.0


def _sports_events(matcher: Matcher, table: Table) -> float:
    return _CLEAR if has_sides(matcher, table) else 0.0


def _wallets(matcher: Matcher, table: Table) -> float:
    balance, currency = (_best(matcher, "wallets", name, table) for name in ("balance", "currency"))
    if balance >= _SURE and currency:
        return _LIKELY
    for candidate in matcher.candidates("wallets", "type", table):
        seen = codes(candidate.column) if is_code(candidate.column) else ()
        words = {matcher.vocabulary.meaning("wallets", "type", value) for value in seen}
        if "Real" in words and None not in words and balance and currency:
            return _LIKELY
    return 0.0


def _bonus_list(matcher: Matcher, table: Table) -> float:
    """A catalogue whose rows are handed out with a bonus: `member_activity (activity_id, bonus)`."""
    names = matcher.links.names
    own = set(names.tables[table.name])
    for other, links in matcher.links.of.items():
        forward = [link for link in links if not link.backwards]
        if not any(link.target == table.name for link in forward) or len({link.target for link in forward}) != _PAIR:
            continue
        found = matcher.links.schema.table(other)
        if found is None or not own < set(names.tables[other]):
            continue
        words = {word for column in found.columns for v in names.columns(other, column.name) for word in v}
        if words & _HANDED_OUT:
            return _LIKELY
    return 0.0


def _logins(matcher: Matcher, table: Table) -> float:
    return _LIKELY if all(_best(matcher, "logins", name, table) >= _CLEAR for name in ("ip", "user_agent")) else 0.0


def _transactions(matcher: Matcher, table: Table) -> float:
    if _best(matcher, "transactions", "amount", table) < _CLEAR:
        return 0.0
    for candidate in matcher.candidates("transactions", "dir", table, CODE):
        seen = codes(candidate.column) if is_code(candidate.column) else ()
        words = {matcher.vocabulary.meaning("transactions", "dir", value) for value in seen}
        if {"IN", "OUT"} <= words:
            return _LIKELY
    return 0.0


def _sports_odds(matcher: Matcher, table: Table) -> float:
    return _LIKELY if _best(matcher, "sports_odds", "ratio", table) >= _SURE else 0.0


def _best(matcher: Matcher, feed: str, name: str, table: Table, kind: Field | None = None) -> float:
    best = matcher.best(feed, name, table, kind)
    return best.score if best is not None else 0.0


_TESTS: Final[Mapping[str, Callable[[Matcher, Table], float]]] = {
    "game_activity": _game_activity,
    "sports_events": _sports_events,
    "sports_odds": _sports_odds,
    "wallets": _wallets,
    "logins": _logins,
    "transactions": _transactions,
    "bonus_list": _bonus_list,
}
