"""Faults of CSV."""

from collections.abc import Sequence

from halfopen.demo.faults import writing
from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.right.shapes import CsvOnly
from halfopen.demo.faults.rows import Row


class NoHeader(CsvOnly):
    """Sends the rows without the line that names the columns."""

    code, feed = "csv_header_missing", "logins"
    also = ("csv_empty_body", "csv_header_changes", "required_field_missing", "unknown_field")

    def header(self, feed: str) -> bytes:
        return b"" if self.strikes(feed) else super().header(feed)


class RaggedRows(CsvOnly):
    """Leaves empty columns at the end of a row out."""

    code, feed = "csv_ragged_row", "transactions"
    also = ("unparseable_body", "csv_unescaped")

    def line(self, feed: str, row: Row) -> bytes:
        found = super().line(feed, row)
        return found.rstrip(b",\r\n") + b"\r\n" if self.strikes(feed) else found


class Unescaped(CsvOnly):
    """Joins the fields with commas, whatever they hold."""

    code, feed = "csv_ragged_row", "players"
    also = ("csv_unescaped", "unparseable_body")

    def line(self, feed: str, row: Row) -> bytes:
        if not self.strikes(feed):
            return super().line(feed, row)
        values = self.values(feed, row)
        cells = (self.text(feed, column, values.get(column)) or "" for column in self.columns(feed))
        return (",".join(cells) + "\r\n").encode()


class JoinedByHand(Unescaped):
    """Joins fields with commas and rows with line ends, so that the last row has none."""

    feed = "game_activity"

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        found = super().csv(feed, rows)
        return found.removesuffix(b"\r\n") if self.strikes(feed) else found


class BareQuotes(CsvOnly):
    """Quotes the fields that need it, and forgets to double the quotes within."""

    code, feed = "csv_unescaped", "transactions"
    also = ("csv_ragged_row", "unparseable_body")

    def line(self, feed: str, row: Row) -> bytes:
        found = super().line(feed, row)
        return found.replace(b'""', b'"') if self.strikes(feed) else found


class Semicolons(CsvOnly):
    """Separates the fields by semicolons, as a spreadsheet does in some countries."""

    code, feed = "csv_delimiter", "wallets"
    also = ("required_field_missing", "unknown_field")

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        found = super().csv(feed, rows)
        return found.replace(b",", b";") if self.strikes(feed) else found


class Tabs(CsvOnly):
    """Separates the fields of all feeds by tabs."""

    code = "csv_delimiter"
    also = ("required_field_missing", "unknown_field", "cursor_field_missing")

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        return super().csv(feed, rows).replace(b",", b"\t")


class ByteOrderMark(CsvOnly):
    """Begins with a byte order mark."""

    code, feed = "csv_bom", "contacts"

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        return b"\xef\xbb\xbf" * self.strikes(feed) + super().csv(feed, rows)


class WaveringHeader(CsvOnly):
    """Sends the columns that hold something in the rows at hand."""

    code, feed = "csv_header_changes", "transactions"

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        if not self.strikes(feed):
            return super().csv(feed, rows)
        held = {name for row in rows for name, value in row.values.items() if value is not None}
        needed = held | set(self.contract(feed).required)
        columns = [name for name in self.columns(feed) if name in needed]
        return writing.line(columns) + b"".join(
            writing.line(self.text(feed, name, row.values.get(name)) for name in columns) for row in rows
        )


class TurningColumns(CsvOnly):
    """Sends the columns in the order of a hash: every other answer the other way round."""

    code, feed = "csv_header_changes", "sports_bets"

    def respond(self, request: Request, feed: str, rows: list[Row]) -> Response:
        if not self.strikes(feed) or request.number % 2:
            return super().respond(request, feed, rows)
        columns = list(reversed(self.columns(feed)))
        body = writing.line(columns) + b"".join(
            writing.line(self.text(feed, name, row.values.get(name)) for name in columns) for row in rows
        )
        return self.pack(request, Response(body=body, headers={"content-type": "text/csv; charset=utf-8"}))


class NothingForNothing(CsvOnly):
    """Sends no byte where there are no rows."""

    code, feed = "csv_empty_body", "bonus_assignments"
    also = ("csv_header_missing", "csv_header_changes", "empty_window_not_empty_list")

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        return super().csv(feed, rows) if rows or not self.strikes(feed) else b""


class LfEnds(CsvOnly):
    """Ends lines with LF."""

    code, feed = "csv_line_end", "sports_odds"

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        found = super().csv(feed, rows)
        return found.replace(b"\r\n", b"\n") if self.strikes(feed) else found
