"""Faults that were met in products of other makers, and written as those write them."""

import gzip
from collections.abc import Sequence

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.right.shapes import JsonOnly
from halfopen.demo.faults.rows import HOUR, Row

_DAY = 24 * HOUR


class ReadsLocalTime(Product):
    """Reads from and to of wallets as the time of a zone three hours ahead, and writes UTC."""

    code, feed, also = "timestamps_not_utc", "wallets", ("row_outside_window", "late_writes", "closed_window_grew")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        shift = 3 * HOUR if self.strikes(feed) else 0
        return super().read(request, feed, start - shift, end - shift)


class LastDayLeftOut(Product):
    """Reads from and to as days, and leaves the day of to out."""

    code, feed = "window_date_only", "transactions"
    also = ("row_outside_window", "window_not_additive", "feed_stale")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if self.strikes(feed):
            start, end = start // _DAY * _DAY, end // _DAY * _DAY
        return super().read(request, feed, start, end)


class LeadsToLogin(Product):
    """Sends who has not signed in to a page with a form."""

    code, also = "auth_failure_status", ("auth_failure_as_200", "redirected", "html_instead_of_data")

    def answer(self, request: Request) -> Response:
        if request.path == "/login":
            return Response(body=b"<html><form>sign in</form></html>", headers={"content-type": "text/html"})
        return super().answer(request)

    def unauthorised(self) -> Response:
        return Response(status=302, headers={"location": "/login"})


class NotOk(Product):
    """Says ok: false in a 200 where events are due."""

    code, feed, also = "error_as_200", "sports_events", ("json_not_array", "content_type_wrong")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed):
            return super().respond(request, feed, rows)
        body = b'{"ok": false, "description": "the store is away"}'
        return Response(body=body, headers={"content-type": "application/json"})


class ErrorInWords(Product):
    """Says in words, with status 200, that it could not read the logins."""

    code, feed, also = "error_as_200", "logins", ("unparseable_body", "content_type_wrong")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed):
            return super().respond(request, feed, rows)
        return Response(body=b"ERROR: could not connect to server", headers={"content-type": "text/plain"})


class NoRecordsFound(Product):
    """Says so in words where there are no rows."""

    code, also = "empty_window_not_empty_list", ("unparseable_body", "content_type_wrong")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if rows:
            return super().respond(request, feed, rows)
        return Response(body=b"No records found", headers={"content-type": "text/csv"})


class CompressedTwice(Product):
    """Compresses what has been compressed already."""

    code, feed = "content_encoding_broken", "bonus_assignments"

    def pack(self, request: Request, response: Response) -> Response:
        if not self.strikes(self.route(request.path) or ""):
            return super().pack(request, response)
        body = gzip.compress(gzip.compress(response.body, 1, mtime=0), 1, mtime=0)
        return response.but(body=body, headers={"content-encoding": "gzip"})


class RowThatCannotBeWritten(Product):
    """Falls over some transactions, whatever window they are in."""

    code, feed = "server_error", "transactions"
    also = ("large_window_failed", "foreign_key_violation")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if self.strikes(feed) and any(row.lot % 25 == 0 for row in rows):
            return refusal(500, "KeyError")
        return super().respond(request, feed, rows)


class ArraysInTheArray(JsonOnly):
    """Sends rows of JSON as arrays of values, without the names."""

    code, feed = "json_not_array", "logins"

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        if not self.strikes(feed):
            return super().json(feed, rows)
        lines = (",".join(self.scalar(feed, name, row.values.get(name)) for name in self.columns(feed)) for row in rows)
        return b"[" + b",".join(b"[" + line.encode() + b"]" for line in lines) + b"]"
