"""Dialects of what a product has and how it moves."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.product import PASSWORD, USER, Product, Unreadable
from halfopen.demo.faults.rows import HOUR, SECOND, Row, moment, stamp, summed

MANY = 4
_AUTH = {"scheme": "basic", "user": USER, "password": PASSWORD}
_ZONED: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\s*(Z|[+-]\d\d:\d\d)?", re.ASCII | re.IGNORECASE
)


class NoSportsbook(Product):
    """Has a casino alone: its sports feeds are not found."""

    def route(self, path: str) -> str | None:
        feed = super().route(path)
        return None if feed is None or feed.startswith("sports_") else feed


class QuietFeeds(Product):
    """Some feeds have a row now and then, the last one hours ago; one has never had any."""

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().read(request, feed, start, end)
        if feed == "auto_logins":
            return []
        if feed in {"bonus_assignments", "logins", "contacts"}:
            return [row for row in found if row.lot % 20 == 0 and row.at < self.opened - 3 * HOUR]
        return found


class Deserted(Product):
    """Is about to open: no feed has a row yet."""

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:  # noqa: ARG002 - nothing anywhere
        return []


class BonusCatalogue(Product):
    """Sends the whole bonus list each time, without stamps."""

    also = ("cursor_field_missing",)

    def is_catalogue(self, feed: str) -> bool:
        return feed == "bonus_list" or super().is_catalogue(feed)

    def columns(self, feed: str) -> Sequence[str]:
        return ["id", "name"] if feed == "bonus_list" else super().columns(feed)


class TournamentsWithCursor(Product):
    """Stamps its tournaments with modified_at, and cuts them by the window."""

    def is_catalogue(self, feed: str) -> bool:  # noqa: ARG002 - none is
        return False

    def columns(self, feed: str) -> Sequence[str]:
        found = super().columns(feed)
        return [*found, "modified_at"] if feed == "sports_tournaments" else found


class HotWallets(Product):
    """Twenty wallets change every second or two: whatever window is asked, they have moved on."""

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().read(request, feed, start, end)
        if feed != "wallets":
            return found
        self.world.advance(request.now)
        hot = [row for row in list(self.world.tables[feed].last.values())[:20] if row.at <= request.now]
        moved = [self._moved(row, request.now - (number % 2) * SECOND) for number, row in enumerate(hot)]
        keys = {row.key for row in hot}
        return [row for row in found if row.key not in keys] + [row for row in moved if start <= row.at < end]

    def _moved(self, row: Row, now: int) -> Row:
        at = max(row.at, now - now % (2 * SECOND))
        beat = at // SECOND % 97
        moved = row.altered(modified_at=moment(at), balance=Decimal(str(row.values["balance"])) + beat)
        return replace(moved, at=at)


class WholeSeconds(Product):
    """Keeps its stamps in whole seconds, so that many are equal."""

    def values(self, feed: str, row: Row) -> dict[str, object]:  # noqa: ARG002 - the same anywhere
        return {n: v.replace(microsecond=0) if isinstance(v, datetime) else v for n, v in row.values.items()}


class LiberalWindows(Product):
    """Reads T, Z, fractions and offsets in from and to, rightly."""

    def read_moment(self, text: str) -> int:
        found = _ZONED.fullmatch(text)
        if found is None:
            raise Unreadable("no moment")
        day, time, fraction, zone = found.groups()
        try:
            moment = datetime.fromisoformat(f"{day}T{time}.{(fraction or '0').ljust(6, '0')}{(zone or 'Z').upper()}")
        except ValueError:
            raise Unreadable("there is no such moment") from None
        return stamp(moment.astimezone(UTC))


class Unhurried(Product):
    """Takes half a second for each answer."""

    is_slow = True

    def pack(self, request: Request, response: Response) -> Response:
        return super().pack(request, response).but(delay=0.5)


class SlowParents(Product):
    """Takes two seconds for players and bonuses, which others refer to."""

    is_slow = True

    def answer(self, request: Request) -> Response:
        slow = self.route(request.path) in {"players", "bonus_list"}
        return super().answer(request).but(delay=2.0 if slow else 0.0)


class LateAsDeclared(Product):
    """Some rows appear up to 90 s after their stamp; the caller knows, and asks two minutes later."""

    words = {"auth": _AUTH, "offset": "2m"}
    watch = 30

    def seen(self, row: Row) -> int:
        return row.at + (row.number * 7919 % 90) * SECOND if row.number % 10 == 0 else row.at


class PlayersFollow(Product):
    """Writes players twenty seconds after their contacts and logins, and stamps them then."""

    behind = 20 * SECOND
    watch = 30

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if feed != "players":
            return super().read(request, feed, start, end)
        self.world.advance(request.now)
        found = self.world.read(feed, start - self.behind, end - self.behind, request.now - self.behind)
        return [self._written(row) for row in found]

    def _written(self, row: Row) -> Row:
        at, born = row.at + self.behind, stamp(row.values["registered_at"]) + self.behind  # type: ignore[arg-type]  # a moment
        return replace(row.altered(modified_at=moment(at), registered_at=moment(born)), at=at)


class RolledBack(Product):
    """Takes bets back: the totals of some sessions fall as time passes, while no stamp does."""

    also = ("session_aggregate_decreased",)

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        if feed != "game_activity":
            return found
        return [self._netted(row, request.now) if row.lot % 10 == 0 else row for row in found]

    def _netted(self, row: Row, now: int) -> Row:
        """The second action of a session that has rested for half a minute is taken back."""
        session = self.world.sessions.by_key[row.key]
        actions = session.until(now)
        if len(actions) < MANY or now - row.at < 30 * SECOND:
            return row
        return summed(session, [actions[0], *actions[2:]])


class FreeRounds(Product):
    """Some sessions are played with free rounds: bets that are counted and cost nothing."""

    also = ("win_count_exceeds_bet_count",)

    def values(self, feed: str, row: Row) -> dict[str, object]:
        if feed == "game_activity" and row.lot % 5 == 0:
            return {**row.values, "bet_amount": Decimal(0), "balance_type": "Prize"}
        return row.values


class SeveralPhones(Product):
    """Some players have two devices: two rows of contacts that differ in the push token."""

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().read(request, feed, start, end)
        if feed != "contacts":
            return found
        second = [row.altered(push_token=f"second-{row.key[:8]}") for row in found if row.lot % 4 == 0]
        return [*found, *second]


class Coins(Product):
    """Keeps its money in cryptocurrencies, with up to 18 digits after the point."""

    def values(self, feed: str, row: Row) -> dict[str, object]:  # noqa: ARG002 - wherever there is money
        values = dict(row.values)
        if "currency" in values:
            values["currency"] = ("ETH", "SHIB", "USDT", "TON")[row.lot % 4]
        for name, value in values.items():
            if isinstance(value, Decimal) and name != "ratio":
                values[name] = (value / 7).quantize(Decimal(1).scaleb(-18)) if value else value
        return values


class NullsEverywhere(Product):
    """Leaves out what is not required in every second row."""

    def values(self, feed: str, row: Row) -> dict[str, object]:
        required = {*self.contract(feed).required, self.contract(feed).cursor}
        return {n: v if n in required or row.lot % 2 else None for n, v in row.values.items()}
