"""Faults of the window: what lies in [from, to), and what does not."""

from dataclasses import replace

from halfopen.contract.load import feeds
from halfopen.demo.faults.exchange import Request
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import HOUR, MINUTE, SECOND, Row, moment, stamp

_DAY = 24 * HOUR
_OUTSIDE = ("row_outside_window", "window_not_additive")
_EMPTY = ("empty_window_not_empty_list", "equal_window_not_empty")


class _Window(Product):
    """Reads another window than the one that is asked for."""

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if self.strikes(feed) and not self.is_catalogue(feed):
            start, end = self.bend(request, start, end)
        return super().read(request, feed, start, end)

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - now, for others
        """The window that is read."""
        return start, end


class UpperInclusive(_Window):
    """Takes rows of the second at which the window ends."""

    code, feed, also = "window_upper_bound_inclusive", "players", (*_OUTSIDE, "equal_window_not_empty")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start, end + SECOND


class UpperInclusiveBets(UpperInclusive):
    """Takes bets of the second at which the window ends."""

    feed = "sports_bets"


class UpperInclusiveExactly(_Window):
    """BETWEEN from AND to: takes rows stamped exactly at the end of the window, to the microsecond."""

    code, feed, also = "window_upper_bound_inclusive", "logins", (*_OUTSIDE, "equal_window_not_empty")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start, end + 1


class UpperInclusiveSessions(_Window):
    """Takes sessions with an action in the second at which the window ends."""

    code, feed, also = "window_upper_bound_inclusive", "game_activity", (*_OUTSIDE, "equal_window_not_empty")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start, end + SECOND


class LowerExclusive(_Window):
    """Leaves out the rows of the second at which the window begins."""

    code, feed, also = "window_lower_bound_exclusive", "transactions", ("window_not_additive",)

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start + SECOND, end


class LowerExclusiveContacts(LowerExclusive):
    """Leaves out the contacts of the second at which the window begins."""

    feed = "contacts"


class MinuteRounded(_Window):
    """Cuts the seconds off from and to."""

    code, feed = "window_rounded_to_minutes", "transactions"
    also = ("window_lower_bound_exclusive", "window_upper_bound_inclusive", *_OUTSIDE)

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start - start % MINUTE, end - end % MINUTE


class WholeMinutes(_Window):
    """Widens every window to whole minutes."""

    code, feed = "window_rounded_to_minutes", "sports_odds"
    also = ("window_upper_bound_inclusive", *_OUTSIDE, "equal_window_not_empty")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start - start % MINUTE, end + -end % MINUTE


class DateOnly(_Window):
    """Reads the days of from and to, and sends both whole."""

    code, feed = "window_date_only", "sports_bets"
    also = (
        *_OUTSIDE,
        *_EMPTY,
        "window_ignored",
        "parameters_not_supported",
        "window_upper_bound_inclusive",
        "window_rounded_to_minutes",
        "inverted_window_returns_rows",
    )

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start - start % _DAY, end - end % _DAY + _DAY


class LowerIgnored(_Window):
    """Sends everything before the end of the window."""

    code, feed, also = "window_lower_bound_ignored", "auto_logins", (*_OUTSIDE, *_EMPTY)

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return 0, end


class UpperIgnored(_Window):
    """Sends everything since the beginning of the window."""

    code, feed = "window_upper_bound_ignored", "wallets"
    also = (*_OUTSIDE, *_EMPTY, "window_upper_bound_inclusive")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:
        return start, max(end, request.now + 1)


class WindowIgnored(_Window):
    """Sends the whole table each time."""

    code, feed, also = "window_ignored", "contacts", (*_OUTSIDE, *_EMPTY, "parameters_not_supported")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return 0, request.now + 1


class CreationTime(Product):
    """Cuts by when a row was created, so that changes are never sent."""

    code, feed = "window_filters_creation_time", "transactions"
    also = (*_OUTSIDE, "window_upper_bound_ignored", "window_lower_bound_exclusive")
    created = "created_at"

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        found = super().read(request, feed, start, request.now + 1)
        return [row for row in found if start <= stamp(row.values[self.created]) < end]  # type: ignore[arg-type]  # a moment


class RegistrationTime(CreationTime):
    """Sends players by when they registered."""

    feed = "players"
    created = "registered_at"


class FractionDropped(_Window):
    """BETWEEN from AND the second before to: loses what is stamped within that second."""

    code, feed = "window_drops_fraction", "sports_odds"
    also = ("window_not_additive", "window_lower_bound_exclusive")

    def bend(self, request: Request, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - the bounds alone
        return start, max(start, end - SECOND + 1)


class FractionDroppedPlayers(FractionDropped):
    """Loses the players who are stamped within the last second of a window."""

    feed = "players"


class RoundedStamps(Product):
    """Rounds half a second up when it writes, so that rows of a window's end bear the next window's stamp."""

    code, feed = "row_outside_window", "bonus_assignments"
    also = (
        "window_lower_bound_exclusive",
        "window_not_additive",
        "window_upper_bound_inclusive",
        "window_drops_fraction",
    )

    def text(self, feed: str, column: str, value: object) -> str | None:
        if self.strikes(feed) and column == feeds()[feed].cursor:
            value = type(value).fromtimestamp(round(value.timestamp()), value.tzinfo)  # type: ignore[attr-defined]  # a moment
        return super().text(feed, column, value)


class NewestToo(Product):
    """Adds the newest row to every answer."""

    code, feed = "row_outside_window", "sports_events"
    also = (
        *_EMPTY,
        "window_upper_bound_inclusive",
        "window_upper_bound_ignored",
        "window_not_additive",
        "window_ignored",
    )

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        if not self.strikes(feed):
            return found
        newest = super().rows(request, feed, request.now - HOUR, request.now + 1)[-1:]
        return [*found, *(row for row in newest if row not in found)]


class _Capped(Product):
    """Sends no more than so many rows."""

    code = "rows_capped"
    also = ("window_not_additive",)
    most = 100

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        return found[: self.most] if self.strikes(feed) else found


class CappedAt100(_Capped):
    """Sends no more than a hundred rows."""

    feed = "transactions"


class CappedAt500(_Capped):
    """Sends no more than five hundred rows."""

    feed, most = "logins", 500


class CappedAt1000(_Capped):
    """Sends no more than a thousand rows: an hour fits, a day does not."""

    feed, most = "logins", 1000


class CappedEverywhere(_Capped):
    """Sends no more than two hundred rows of any feed."""

    most = 200


class CappedWhileMoving(_Capped):
    """Sends no more than seventy wallets, the oldest first; every third moves on while it is looked at."""

    feed, most = "wallets", 70

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().rows(request, feed, start, end)
        found = (self._moved(row, request.now) for row in self.read(request, feed, 0, request.now + 1))
        return sorted((row for row in found if start <= row.at < end), key=lambda row: row.at)[: self.most]

    def _moved(self, row: Row, now: int) -> Row:
        at = self.opened + row.number % 20 * SECOND
        if row.number % 3 or not row.at < at <= now:
            return row
        return replace(row.altered(modified_at=moment(at)), at=at)


class LosesSomeOfLong(Product):
    """Reads windows of more than ten minutes from a copy that lacks every twentieth row."""

    code, feed = "window_not_additive", "sports_odds"
    lacks = 20

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        if not self.strikes(feed) or end - start <= 10 * MINUTE:
            return found
        return [row for row in found if row.number % self.lacks]


class StaleSummary(Product):
    """Reads windows of an hour and more from a summary that ends half an hour ago: what changed since is gone."""

    code, feed, also = "window_not_additive", "wallets", ("foreign_key_violation",)

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        if not self.strikes(feed) or end - start < HOUR:
            return found
        return [row for row in found if row.at < self.opened - 30 * MINUTE]


class FlappingReplica(Product):
    """Every other answer comes from a copy that lacks every fifteenth row."""

    code = "window_not_deterministic"
    also = (
        "window_not_additive",
        "window_lower_bound_exclusive",
        "window_drops_fraction",
        "closed_window_grew",
        "late_writes",
        "session_missing_from_action_window",
        "foreign_key_violation",
        "rows_capped",
    )

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        if not self.strikes(feed) or request.number % 2:
            return found
        return [row for row in found if row.lot % 15]


class FlappingLogins(FlappingReplica):
    """Every other answer with logins lacks every fifteenth of them."""

    feed = "logins"
    turn = False

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = Product.rows(self, request, feed, start, end)
        if not self.strikes(feed):
            return found
        self.turn = not self.turn
        return [row for row in found if row.lot % 15] if self.turn else found
