"""Faults that show as time passes, and stamps of another clock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from halfopen.contract.load import feeds
from halfopen.demo.faults.exchange import Request
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import MINUTE, SECOND, Action, Row, stamp, summed

_OUTSIDE = ("row_outside_window", "window_not_additive", "window_ignored")


class LateWrites(Product):
    """Every other transaction appears up to 40 s after its stamp."""

    code, feed, also, watch = "closed_window_grew", "transactions", ("late_writes",), 60
    longest = 40
    share = 2

    def seen(self, row: Row) -> int:
        if row.feed != self.feed or row.number % self.share:
            return row.at
        return row.at + (10 + row.number // self.share % (self.longest - 9)) * SECOND


class LateLogins(LateWrites):
    """Every other login appears up to 90 s after its stamp."""

    feed, longest = "logins", 90


class LateOdds(LateWrites):
    """Every other leg of a bet appears up to 20 s after its stamp."""

    feed, longest = "sports_odds", 20


class NothingYoung(Product):
    """Answers what is twenty seconds old and nothing younger: a bet that changes is in no window meanwhile."""

    code, feed, also, watch = "closed_window_grew", "sports_bets", ("late_writes",), 60
    oldest_hidden = 20 * SECOND

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().read(request, feed, start, end)
        if not self.strikes(feed):
            return found
        return [row for row in found if row.at < request.now - self.oldest_hidden]


class MinuteByMinute(NothingYoung):
    """Copies its wallets at the end of each minute: what changes is in no window until then."""

    feed = "wallets"

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = Product.read(self, request, feed, start, end)
        if not self.strikes(feed):
            return found
        return [row for row in found if row.at < request.now - request.now % MINUTE]


class LateActions(Product):
    """Every other session hears of its actions a quarter of a minute late."""

    code, feed, also, watch = "closed_window_grew", "game_activity", ("late_writes", "session_aggregate_decreased"), 60

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().rows(request, feed, start, end)
        late = request.now - 15 * SECOND
        sessions = self.world.sessions
        found = [row for row in super().rows(request, feed, start, end) if row.lot % 2]
        return found + [
            sessions.whole(session, late)
            for session in sessions.touched(start, end, late)
            if sessions.whole(session, late).lot % 2 == 0
        ]


class SteppingClocks(Product):
    """Two servers write the wallets, and the clock of one is a quarter of an hour behind."""

    code, feed, watch = "modified_at_decreased", "wallets", 60
    also = ("closed_window_grew", "late_writes", "window_not_deterministic")
    behind = 15 * 60 * SECOND

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        found = (self._stamped(row) for row in super().read(request, feed, start, end + self.behind))
        return [row for row in found if start <= row.at < end]

    def _stamped(self, row: Row) -> Row:
        moved = row.at - self.behind
        if row.number % 2 or moved < stamp(row.values["created_at"]):  # type: ignore[arg-type]  # a moment
            return row
        return _at(row, moved, "modified_at")


class RestoredWallets(Product):
    """Whatever changes in a wallet while it is looked at is stamped half an hour early."""

    code, feed, watch = "modified_at_decreased", "wallets", 60
    also = ("closed_window_grew", "late_writes", "created_after_updated", "window_not_deterministic")
    early = 30 * 60 * SECOND

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        found = (self._stamped(row) for row in super().read(request, feed, start, end + self.early))
        return [row for row in found if start <= row.at < end]

    def _stamped(self, row: Row) -> Row:
        return row if row.at < self.opened else _at(row, row.at - self.early, "modified_at")


class _Zone(Product):
    """Keeps another time than UTC, in its stamps and in the windows that it reads."""

    code = "timestamps_not_utc"
    also: ClassVar[tuple[str, ...]] = (
        "row_in_future",
        "feed_stale",
        "closed_window_grew",
        "late_writes",
        "created_after_updated",
        "foreign_key_violation",
    )
    shift = timedelta(0)

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        shift = self.shift // timedelta(microseconds=1) if self.strikes(feed) else 0
        return super().read(request, feed, start - shift, end - shift)

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        if not self.strikes(feed):
            return row.values
        return {n: v + self.shift if isinstance(v, datetime) else v for n, v in row.values.items()}


class TwoHoursAhead(_Zone):
    """Keeps the time of a zone two hours ahead of UTC."""

    shift = timedelta(hours=2)


class FiveHoursBehind(_Zone):
    """Keeps the time of a zone five hours behind UTC."""

    shift = timedelta(hours=-5)


class LoginsInLocalTime(_Zone):
    """Keeps its logins in the time of a zone five and a half hours ahead."""

    feed = "logins"
    shift = timedelta(hours=5, minutes=30)


class WritesLocalTime(_Zone):
    """Cuts by UTC, and writes the time of a zone three hours ahead."""

    feed = "sports_bets"
    shift = timedelta(hours=3)
    also = (*_Zone.also, *_OUTSIDE, "window_upper_bound_inclusive", "window_upper_bound_ignored")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        return Product.read(self, request, feed, start, end)


class WritesSessionsInLocalTime(WritesLocalTime):
    """Finds sessions by UTC, and writes their actions in the time of a zone three hours ahead."""

    feed = "game_activity"


class StampedAhead(Product):
    """Stamps some events with the time at which they are to start, an hour from now."""

    code, feed, also = "row_in_future", "sports_events", ("timestamps_not_utc", "modified_at_decreased")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        found = super().read(request, feed, 0, request.now + 1)
        ahead = (_at(row, row.at + 65 * MINUTE, "updated_at") if row.lot % 5 == 0 else row for row in found)
        return [row for row in ahead if start <= row.at < end]


class StandsStill(Product):
    """Has no login of the last fifty minutes, after one every few seconds."""

    code, feed, also = "feed_stale", "logins", ("timestamps_not_utc",)

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if self.strikes(feed):
            end = max(start, min(end, self.opened - 50 * MINUTE))
        return super().read(request, feed, start, end)


class WholeMinuteStamps(Product):
    """Keeps the minute of a change, and not its second."""

    code, feed = "modified_at_too_coarse", "auto_logins"
    also = ("row_outside_window", "closed_window_grew", "late_writes", "modified_at_decreased")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        found = super().read(request, feed, start - start % MINUTE, end + MINUTE)
        coarse = (_at(row, row.at - row.at % MINUTE, feeds()[feed].cursor) for row in found)
        return [row for row in coarse if start <= row.at < end]


class NoCursor(Product):
    """Sends wallets without the stamp of their last change."""

    code, feed, also = "cursor_field_missing", "wallets", ("required_field_missing",)

    def columns(self, feed: str) -> Sequence[str]:
        return [name for name in super().columns(feed) if not self.strikes(feed) or name != "modified_at"]


class ShrinkingSessions(Product):
    """Forgets what is older than ten seconds: the totals of sessions fall while people play."""

    code, feed, watch = "session_aggregate_decreased", "game_activity", 60
    also = (
        "session_partial_aggregate",
        "session_contradicts_itself",
        "session_missing_from_action_window",
        "created_at_changed",
        "row_outside_window",
        "window_not_deterministic",
    )

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        return [self._forgetting(row, request.now) for row in found] if self.strikes(feed) else found

    def _forgetting(self, row: Row, now: int) -> Row:
        actions: list[Action] = self.world.sessions.by_key[row.key].until(now)
        young = [action for action in actions[1:] if action.at > now - 10 * SECOND]
        return summed(self.world.sessions.by_key[row.key], [actions[0], *young, actions[-1]])


class StatusGoesBack(Product):
    """Payments begin as Success and become New."""

    code, feed, watch = "status_regressed", "transactions", 60

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        turned = {"New": "Success", "Success": "New"}
        if not self.strikes(feed):
            return row.values
        return {**row.values, "status": turned.get(str(row.values["status"]), row.values["status"])}


def _at(row: Row, at: int, cursor: str) -> Row:
    """A passing copy with another stamp."""
    moved = timedelta(microseconds=at - row.at)
    return replace(row.altered(**{cursor: row.values[cursor] + moved}), at=at)  # type: ignore[operator]  # a moment


class Migrated(Product):
    """Has stamped all its contacts in one go, and changed none since."""

    code, feed = "cursor_never_changes", "contacts"
    also = ("feed_stale", "closed_window_grew", "modified_at_decreased")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        at = self.opened - 30 * MINUTE
        rows = self.world.read(feed, 0, at, at, self.seen) if start <= at < end else []
        return [_at(row, at, "modified_at") for row in rows]


class OtherCursor(Product):
    """Calls the last change of wallets updated_at, and tells nobody."""

    code, feed = "cursor_synonym", "wallets"
    also = ("cursor_field_missing", "required_field_missing", "unknown_field")

    def columns(self, feed: str) -> Sequence[str]:
        known = super().columns(feed)
        return [{"modified_at": "updated_at"}.get(name, name) for name in known] if self.strikes(feed) else known

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        return {**row.values, "updated_at": row.values["modified_at"]} if self.strikes(feed) else row.values
