"""Faults of reading from and to."""

from halfopen.demo.faults.exchange import Request, Response, refusal
from halfopen.demo.faults.product import Product, Unreadable
from halfopen.demo.faults.right.life import LiberalWindows
from halfopen.demo.faults.rows import HOUR, MINUTE, Row

_DAY = 24 * HOUR


class PlusIsRefused(Product):
    """Does not read a + as a blank: 400."""

    code = "space_plus_rejected"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        if "+" in request.query:
            raise Unreadable("write YYYY-MM-DD HH:MM:SS")
        return super().window(request, feed)


class PlusIsMidnight(Product):
    """Reads a date and a + as that day's midnight."""

    code = "space_plus_rejected"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        start, end = super().window(request, feed)
        return (start - start % _DAY, end - end % _DAY) if "+" in request.query else (start, end)


class PercentIsRefused(Product):
    """Does not decode %20: 400."""

    code = "space_percent20_rejected"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        if "%20" in request.query:
            raise Unreadable("write YYYY-MM-DD HH:MM:SS")
        return super().window(request, feed)


class LastHourAlways(Product):
    """Sends the last hour, whatever is asked for."""

    code, feed = "parameters_not_supported", "sports_bets"
    also = ("row_outside_window", "window_ignored", "empty_window_not_empty_list", "equal_window_not_empty")

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if self.strikes(feed):
            start, end = request.now - HOUR, request.now + 1
        return super().rows(request, feed, start, end)


class OtherParameters(Product):
    """Knows date_from and date_to alone, and sends all it has to who uses from and to."""

    code = "parameters_not_supported"
    also = (
        "row_outside_window",
        "window_ignored",
        "empty_window_not_empty_list",
        "equal_window_not_empty",
        "malformed_window_accepted",
        "inverted_window_returns_rows",
    )

    def window(self, request: Request, feed: str) -> tuple[int, int]:  # noqa: ARG002 - the same for all feeds
        return 0, request.now + 1


class LargeWindowFails(Product):
    """Falls over windows of more than six hours."""

    code = "large_window_failed"
    also = ("server_error",)

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        try:
            start, end = self.window(request, "")
        except Unreadable:
            return found
        return refusal(500, "out of memory") if found.status == 200 and end - start > 6 * HOUR else found  # noqa: PLR2004 - ok


class LargeWindowRefused(Product):
    """Refuses windows of more than an hour."""

    code = "large_window_refused"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        start, end = super().window(request, feed)
        if end - start > HOUR:
            raise Unreadable("an hour at most")
        return start, end


class MissingWindowFails(Product):
    """Falls over a request without from and to."""

    code = "window_missing_server_error"

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        return refusal(500, "KeyError: 'from'") if found.status == 400 and "from" not in request.parameters else found  # noqa: PLR2004 - bad


class MalformedWindowFails(Product):
    """Falls over a from that is no moment."""

    code = "malformed_window_server_error"

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        return refusal(500, "invalid input syntax") if found.status == 400 and "from" in request.parameters else found  # noqa: PLR2004 - bad


class MalformedWindowAccepted(Product):
    """Takes a from or to that it cannot read for no bound at all."""

    code = "malformed_window_accepted"
    also = ("input_offset_misread",)

    def read_moment(self, text: str) -> int:
        try:
            return super().read_moment(text)
        except Unreadable:
            return -1

    def window(self, request: Request, feed: str) -> tuple[int, int]:  # noqa: ARG002 - the same for all feeds
        start, end = (self.moment(request, name) for name in ("from", "to"))
        end = request.now + 1 if end < 0 else end
        if start > end:
            raise Unreadable("to lies before from")
        return max(start, 0), end


class MissingWindowAccepted(Product):
    """Sends everything to who gives neither from nor to."""

    code = "malformed_window_accepted"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        if not {"from", "to"} & set(request.parameters):
            return 0, request.now + 1
        return super().window(request, feed)


class InvertedIsTurned(Product):
    """Turns a window round that ends before it begins."""

    code = "inverted_window_returns_rows"

    def window(self, request: Request, feed: str) -> tuple[int, int]:  # noqa: ARG002 - the same for all feeds
        start, end = (self.moment(request, name) for name in ("from", "to"))
        return min(start, end), max(start, end)


class EqualIsAMinute(Product):
    """Takes from = to for the minute that begins there."""

    code = "equal_window_not_empty"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        start, end = super().window(request, feed)
        return start, end + MINUTE * (start == end)


class FutureIsRefused(Product):
    """Refuses windows that have not begun."""

    code = "future_window_error"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        start, end = super().window(request, feed)
        if start > request.now + MINUTE:
            raise Unreadable("from lies in the future")
        return start, end


class FutureFails(FutureIsRefused):
    """Falls over windows that have not begun."""

    code = "future_window_error"

    def answer(self, request: Request) -> Response:
        found = super().answer(request)
        return refusal(500, "internal error") if b"future" in found.body[:60] else found


class OffsetDropped(LiberalWindows):
    """Reads 07:00:00+03:00 as 07:00:00 UTC."""

    code = "input_offset_misread"

    def read_moment(self, text: str) -> int:
        return super().read_moment(text[:19] if len(text) > 19 else text)  # noqa: PLR2004 - the plain form


class EmptyIsNull(Product):
    """Says null where there are no rows."""

    code = "empty_window_not_empty_list"
    also = ("json_not_array", "csv_empty_body", "unparseable_body", "content_type_wrong")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if rows:
            return super().respond(request, feed, rows)
        return Response(body=b"null", headers={"content-type": "application/json"})


class EmptyIsAnObject(Product):
    """Says {} where there are no rows."""

    code = "empty_window_not_empty_list"
    also = ("json_not_array", "csv_empty_body", "unparseable_body", "content_type_wrong")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if rows:
            return super().respond(request, feed, rows)
        return Response(body=b"{}", headers={"content-type": "application/json"})


class EmptyIsNotFound(Product):
    """Answers 404 where there are no rows."""

    code = "empty_window_error"
    also = ("future_window_error", "equal_window_not_empty")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        return super().respond(request, feed, rows) if rows else refusal(404, "nothing found")


class EmptyFails(Product):
    """Falls over a feed that has no rows to send."""

    code, feed = "empty_window_error", "transactions"
    also = ("server_error", "future_window_error")

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if rows or not self.strikes(feed):
            return super().respond(request, feed, rows)
        return refusal(500, "division by zero")


class UnknownParameterRefused(Product):
    """Refuses parameters that it does not know."""

    code = "unknown_parameter_rejected"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        if set(request.parameters) - {"from", "to", "format"}:
            raise Unreadable("unknown parameter")
        return super().window(request, feed)


class MinutesAlone(Product):
    """Refuses windows of one feed that do not begin and end with a minute."""

    code, feed = "valid_request_refused", "logins"

    def window(self, request: Request, feed: str) -> tuple[int, int]:
        start, end = super().window(request, feed)
        if self.strikes(feed) and (start % MINUTE or end % MINUTE):
            raise Unreadable("whole minutes, please")
        return start, end
