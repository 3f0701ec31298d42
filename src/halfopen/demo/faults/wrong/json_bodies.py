"""Faults of JSON."""

import json
from collections.abc import Sequence

from halfopen.contract.load import feeds
from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.right.shapes import JsonOnly
from halfopen.demo.faults.rows import Row


class ObjectByKey(JsonOnly):
    """Sends an object with a row under each key, where an array is due."""

    code, feed = "json_not_array", "players"
    also = ("empty_window_not_empty_list", "unparseable_body")

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        if not self.strikes(feed):
            return super().json(feed, rows)
        pairs = (json.dumps(row.key).encode() + b": " + self.record(feed, row) for row in rows)
        return b"{" + b",".join(pairs) + b"}"


class LoneRow(JsonOnly):
    """Sends the row itself where there is one, an array where there are more."""

    code, feed = "json_not_array", "sports_events"
    also = ("unparseable_body", "error_as_200", "window_lower_bound_exclusive")

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        found = super().json(feed, rows)
        return found[1:-1] if self.strikes(feed) and len(rows) == 1 else found


class Lines(JsonOnly):
    """Sends one object a line, and calls it JSON."""

    code, feed = "json_lines", "game_activity"
    also = ("json_not_array", "unparseable_body", "empty_window_not_empty_list")

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        if not self.strikes(feed):
            return super().json(feed, rows)
        return b"".join(self.record(feed, row) + b"\n" for row in rows)


class NotANumber(JsonOnly):
    """Writes NaN where a balance is not known."""

    code, feed = "json_nan", "wallets"
    also = ("unparseable_body",)

    def scalar(self, feed: str, column: str, value: object) -> str:
        spoilt = self.strikes(feed) and column == "balance" and str(value)[-1] in "37"
        return "NaN" if spoilt else super().scalar(feed, column, value)


class MarkedJson(JsonOnly):
    """Begins JSON with a byte order mark."""

    code, feed = "csv_bom", "sports_bets"

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        return b"\xef\xbb\xbf" * self.strikes(feed) + super().json(feed, rows)


class TrailingComma(JsonOnly):
    """Puts a comma after the last field, as the requirements' own example does."""

    code, feed = "unparseable_body", "bonus_list"

    def record(self, feed: str, row: Row) -> bytes:
        found = super().record(feed, row)
        return found[:-1] + b",}" if self.strikes(feed) else found


class UnquotedStamps(JsonOnly):
    """Writes stamps without quotes, as the requirements' own example does."""

    code, feed = "unparseable_body", "bonus_assignments"

    def scalar(self, feed: str, column: str, value: object) -> str:
        found = super().scalar(feed, column, value)
        return found.strip('"') if self.strikes(feed) and column == "created_at" else found


class CutArray(JsonOnly):
    """Does not close the array of a large answer."""

    code, feed = "unparseable_body", "logins"
    also = ("body_truncated",)

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        found = super().json(feed, rows)
        return found[:-1] if self.strikes(feed) and len(rows) > 10 else found  # noqa: PLR2004 - a few


class Pages(JsonOnly):
    """Sends the first hundred rows and the address of the next page."""

    code, feed = "response_paginated", "sports_odds"
    also = ("rows_capped", "json_not_array", "window_not_additive", "foreign_key_violation")
    size = 100

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed):
            return super().respond(request, feed, rows)
        page = int(request.parameters.get("page", "1"))
        shown = rows[(page - 1) * self.size : page * self.size]
        more = "null" if len(rows) <= page * self.size else f'"{feeds()[feed].path}?{request.query}&page={page + 1}"'
        head = f'{{"page": {page}, "per_page": {self.size}, "total": {len(rows)}, "next": {more}, "data": '
        body = head.encode() + self.json(feed, shown) + b"}"
        return self.pack(request, Response(body=body, headers={"content-type": "application/json"}))
