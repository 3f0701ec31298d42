"""Correct dialects that were met in products of other makers."""

from collections.abc import Sequence

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.right.shapes import JsonOnly
from halfopen.demo.faults.rows import Row

_BEFORE = 90
"""Requests that are answered before anything is erased."""


class NotImplementedYet(Product):
    """Answers 501 for the feeds that it does not have."""

    def answer(self, request: Request) -> Response:
        if (self.route(request.path) or "").startswith("sports"):
            return refusal(501, "not implemented")
        return super().answer(request)


class StatusEnvelope(JsonOnly):
    """Says status ok and code 200 beside the rows of JSON, which stand two levels down."""

    also = ("json_not_array",)

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        count = b"%d" % len(rows)
        inner = super().json(feed, rows)
        return b'{"result": {"rows": %b, "total": %b, "next": null}, "status": "ok", "code": 200}' % (inner, count)


class Erased(Product):
    """Erases some logins while one looks, as people may demand."""

    also = ("window_not_deterministic",)
    share = 3

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        rows = super().read(request, feed, start, end)
        if feed != "logins" or request.number < _BEFORE:
            return rows
        return [row for row in rows if row.lot >= self.share]
