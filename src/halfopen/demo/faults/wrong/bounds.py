"""Faults of from and to in one feed alone, and of what stands where no row is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.right.shapes import JsonOnly
from halfopen.demo.faults.rows import HOUR, SECOND, Row, moment

_DAY = 24 * HOUR
_FIFTH = 5
_2099 = 4_070_908_800 * SECOND


class LeftOpen(Product):
    """Reads (from, to]: what is stamped at the end is in a window, and what is stamped at its start is not."""

    code, feed = "window_upper_bound_inclusive", "auto_logins"
    also = ("row_outside_window", "window_lower_bound_exclusive", "window_not_additive")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        more = SECOND if self.strikes(feed) else 0
        return super().read(request, feed, start + more, end + more)


class ArchiveTakesTheEnd(Product):
    """Reads windows of an hour and more from an archive, with the second at which they end."""

    code, feed, also = "window_upper_bound_inclusive", "transactions", ("row_outside_window", "window_not_additive")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        more = SECOND if self.strikes(feed) and end - start >= HOUR else 0
        return super().read(request, feed, start, end + more)


class SecondTooEarly(Product):
    """Begins every window of wallets a second early, lest anything be lost."""

    code, feed, also = "row_outside_window", "wallets", ("equal_window_not_empty", "window_not_additive")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        return super().read(request, feed, start - SECOND if self.strikes(feed) else start, end)


class HoursRoundedDown(Product):
    """Cuts minutes and seconds off from and to."""

    code, feed = "window_rounded_to_minutes", "contacts"
    also = ("row_outside_window", "window_not_additive", "window_lower_bound_exclusive")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if self.strikes(feed):
            start, end = start - start % HOUR, end - end % HOUR
        return super().read(request, feed, start, end)


class PlusIsMidnightHere(Product):
    """Reads a date and a + as that day's midnight, in one feed that is written otherwise than the rest."""

    code, feed = "space_plus_rejected", "players"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        start, end = super().window(request, feed)
        if self.strikes(feed) and "+" in request.query:
            return start - start % _DAY, end - end % _DAY
        return start, end


class KeptForEver(Product):
    """Stamps some auto logins with the year 2099, so that they do not end."""

    code, feed, also = "row_in_future", "auto_logins", ("created_after_updated", "timestamps_not_utc")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        kept = [row for row in super().read(request, feed, start, end) if row.lot % 10]
        if start <= _2099 < end:
            ever = super().read(request, feed, 0, request.now + 1)
            kept += [replace(row.altered(updated_at=moment(_2099)), at=_2099) for row in ever if not row.lot % 10]
        return kept


class ThreeHoursBehind(Product):
    """Reads and writes the moments of transactions in the time of a zone three hours to the west."""

    code, feed, watch = "timestamps_not_utc", "transactions", 30
    also = ("feed_stale", "late_writes", "closed_window_grew", "created_after_updated")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        shift = 3 * HOUR if self.strikes(feed) else 0
        return super().read(request, feed, start + shift, end + shift)

    def text(self, feed: str, column: str, value: object) -> str | None:
        if self.strikes(feed) and isinstance(value, datetime):
            value -= timedelta(hours=3)
        return super().text(feed, column, value)


class NothingInAnArray(JsonOnly):
    """Says in an array that there is nothing."""

    code, feed = "empty_window_not_empty_list", "transactions"

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        if rows or not self.strikes(feed):
            return super().json(feed, rows)
        return b'[{"message": "no data"}]'


class EveryFifthIsAnError(JsonOnly):
    """Answers every fifth poll of transactions 200, with an error."""

    code, feed = "error_as_200", "transactions"
    also = ("json_not_array", "foreign_key_violation")
    polls = 0

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed):
            return super().respond(request, feed, rows)
        self.polls += 1
        if self.polls % _FIFTH:
            return super().respond(request, feed, rows)
        body = b'{"error": "Lock wait timeout exceeded"}'
        return Response(body=body, headers={"content-type": "application/json"})


class TrueAndFalse(JsonOnly):
    """Sends true and false in a custom field of players, which is none of the five types."""

    code, feed, also = "custom_field_type", "players", ("unknown_field",)

    def columns(self, feed: str) -> Sequence[str]:
        return [*super().columns(feed), "is_vip"] if self.strikes(feed) else super().columns(feed)

    def scalar(self, feed: str, column: str, value: object) -> str:
        return "true" if column == "is_vip" else super().scalar(feed, column, value)
