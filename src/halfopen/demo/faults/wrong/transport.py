"""Faults of status, timing and connections."""

import asyncio

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.right.habits import Paced
from halfopen.demo.faults.rows import SECOND, Row


class _Feed(Product):
    """Spoils the good answers of one feed, or of all."""

    def pack(self, request: Request, response: Response) -> Response:
        packed = super().pack(request, response)
        return self.spoil(packed) if self.strikes(self.route(request.path) or "") else packed

    def spoil(self, response: Response) -> Response:
        """The answer as it is sent."""
        return response


class Redirects(Product):
    """Sends callers of every feed to the same path with a slash."""

    code = "redirected"

    def answer(self, request: Request) -> Response:
        if request.path.endswith("/") or self.route(request.path) is None:
            return super().answer(request)
        return Response(status=302, headers={"location": f"{request.path}/?{request.query}"})

    def route(self, path: str) -> str | None:
        return super().route(path.rstrip("/"))


class RedirectsElsewhere(Redirects):
    """Sends callers to another host, and their credentials along."""

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        if found.status != 302:  # noqa: PLR2004 - found
            return found
        port = request.header("host").rpartition(":")[2]
        return found.but(headers={"location": f"http://localhost:{port}{found.headers['location']}"})


class CsvAsHtml(_Feed):
    """Calls its CSV text/html."""

    code, feed = "content_type_wrong", "logins"

    def spoil(self, response: Response) -> Response:
        return response.but(headers={"content-type": "text/html"})


class EverythingIsText(_Feed):
    """Calls everything application/octet-stream."""

    code = "content_type_wrong"

    def spoil(self, response: Response) -> Response:
        return response.but(headers={"content-type": "application/octet-stream"})


class HtmlPage(Product):
    """Answers one feed with the page for people."""

    code, feed = "html_instead_of_data", "sports_bets"
    also = ("content_type_wrong", "unparseable_body")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed):
            return super().respond(request, feed, rows)
        body = b"<!DOCTYPE html>\n<html><body><h1>Welcome</h1></body></html>\n"
        return Response(body=body, headers={"content-type": "text/html; charset=utf-8"})


class ErrorAs200(Product):
    """Tells of an error in the body of a 200."""

    code, feed = "error_as_200", "transactions"

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed):
            return super().respond(request, feed, rows)
        body = b'{"status": "error", "message": "the report is being prepared"}'
        return Response(body=body, headers={"content-type": "application/json"})


class EveryFifthFails(Product):
    """Answers every fifth request with 500."""

    code = "server_error"
    also = (
        "large_window_failed",
        "window_missing_server_error",
        "malformed_window_server_error",
        "future_window_error",
        "auth_failure_status",
        "space_plus_rejected",
        "space_percent20_rejected",
        "empty_window_error",
    )

    def answer(self, request: Request) -> Response:
        return refusal(500, "internal error") if request.number % 5 == 4 else super().answer(request)  # noqa: PLR2004 - fifth


class BrokenFeed(Product):
    """Fails on one feed, always."""

    code, feed = "server_error", "sports_odds"

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        return [] if self.strikes(feed) else super().rows(request, feed, start, end)

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        return refusal(500, "internal error") if self.strikes(feed) else super().respond(request, feed, rows)


class HangsUp(_Feed):
    """Closes the connection without an answer."""

    code, feed = "transport_error", "bonus_assignments"

    def spoil(self, response: Response) -> Response:
        return response.but(cut=0)


class Slow(_Feed):
    """Takes eleven seconds for one feed."""

    code, feed = "slow_response", "sports_bets"
    is_slow = True

    def spoil(self, response: Response) -> Response:
        return response.but(delay=11.0)


class SlowerThanAMinute(_Feed):
    """Takes longer for a minute than a minute."""

    code, feed = "cadence_impossible", "transactions"
    also = ("slow_response", "transport_error")
    is_slow = True

    def spoil(self, response: Response) -> Response:
        return response.but(delay=62.0)


class RefusesParallel(Product):
    """Answers 429 while six requests are being answered."""

    code = "parallel_polls_refused"
    also = ("retry_after_missing",)
    at_once = 6
    in_hand = 0
    hold_seconds = 0.05

    async def handle(self, request: Request) -> Response:
        if self.in_hand >= self.at_once:
            return self.busy()
        self.in_hand += 1
        try:
            await asyncio.sleep(self.hold_seconds)
            return self.answer(request)
        finally:
            self.in_hand -= 1

    def busy(self) -> Response:
        """The refusal."""
        return refusal(429, "one after the other, please")


class RefusesParallelForASecond(RefusesParallel):
    """Answers 503 with Retry-After while six requests are being answered."""

    def busy(self) -> Response:
        return refusal(503, "busy", retry_after="1")


class ClockAhead(Product):
    """Its clock is forty seconds ahead."""

    code = "clock_skew"
    also = ("row_in_future",)

    def now(self) -> int:
        return super().now() + 40 * SECOND


class NeverCompresses(Product):
    """Sends megabytes without compression."""

    code, feed = "compression_missing", "logins"

    def values(self, feed: str, row: Row) -> dict[str, object]:
        return {**row.values, "user_agent": "Mozilla/5.0 " + "padding, " * 200} if self.strikes(feed) else row.values

    def pack(self, request: Request, response: Response) -> Response:
        return response if self.strikes(self.route(request.path) or "") else super().pack(request, response)


class SelfSigned(Product):
    """Speaks TLS with a certificate that it has signed itself."""

    code = "tls_invalid"
    also = ("transport_error",)
    is_self_signed = True


class AtMostFiveASecond(Paced):
    """Answers 429 to the sixth request of a second, and does not say how long to wait."""

    code = "retry_after_missing"
    also = ("parallel_polls_refused",)
    most = 5
    when = {}
