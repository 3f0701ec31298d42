"""Faults of identity and of references."""

from collections.abc import Mapping

from halfopen.demo.faults.exchange import Request
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import MINUTE, Row
from halfopen.demo.faults.spoiling import Spoilt


class RowsTwice(Product):
    """Repeats some players, as a join with their visits does."""

    code, feed = "duplicate_id", "players"

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        return found + [row for row in found if row.lot % 5 == 0] if self.strikes(feed) else found


class EveryVersion(Product):
    """Sends each balance that a wallet had in the window, not the last alone."""

    code, feed = "duplicate_id", "wallets"
    also = (
        "closed_window_grew",
        "modified_at_decreased",
    )

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().rows(request, feed, start, end)
        self.world.advance(request.now)
        return [row for row in self.world.tables[feed].rows if start <= row.at < min(end, request.now + 1)]


class NumbersBeginAgain(Product):
    """Numbers its logins from one in every ten minutes."""

    code, feed = "id_reused", "logins"
    also = ("duplicate_id", "modified_at_decreased", "created_at_changed")

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        if not self.strikes(feed):
            return found
        return [row.altered(id=f"L{row.at % (10 * MINUTE) // 1_000_000 * 3 + row.number % 3}") for row in found]


class MovingCreation(Product):
    """Writes the time of the last change as that of the creation, too."""

    code, feed, watch = "created_at_changed", "transactions", 60

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        return {**row.values, "created_at": row.values["updated_at"]} if self.strikes(feed) else row.values


class _Orphans(Spoilt):
    """Refers to something that there is not."""

    code = "foreign_key_violation"
    share = 20

    def spoil(self, value: object, row: Row) -> object:  # noqa: ARG002 - the key alone
        return f"ghost-{row.key[-8:]}"


class GhostWallets(_Orphans):
    """Some wallets belong to players who do not exist."""

    feed, column = "wallets", "player_id"


class GhostTransactions(_Orphans):
    """Some transactions are of players who do not exist."""

    feed, column = "transactions", "player_id"


class GhostLogins(_Orphans):
    """Some logins are of players who do not exist."""

    feed, column = "logins", "player_id"


class GhostSessions(_Orphans):
    """Some sessions are of players who do not exist."""

    feed, column = "game_activity", "player_id"


class GhostBonuses(_Orphans):
    """Some assignments are of bonuses that do not exist."""

    feed, column = "bonus_assignments", "bonus_id"


class GhostTournaments(_Orphans):
    """Some events are of tournaments that do not exist."""

    feed, column = "sports_events", "tournament_id"


class GhostBets(_Orphans):
    """Some legs are of bets that do not exist."""

    feed, column = "sports_odds", "bet_id"
    also = ("bet_without_odds",)


class GhostEvents(_Orphans):
    """Some legs are of events that do not exist."""

    feed, column = "sports_odds", "event_id"


class GhostTargets(_Orphans):
    """Some transactions change wallets that do not exist."""

    feed, column = "transactions", "wallet_id"


class BetsWithoutOdds(Product):
    """Some bets have no legs."""

    code, feed = "bet_without_odds", "sports_bets"

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        return (
            [row for row in found if sum(map(ord, str(row.values["bet_id"]))) % 4] if feed == "sports_odds" else found
        )
