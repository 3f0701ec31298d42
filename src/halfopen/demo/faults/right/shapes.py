"""Dialects of paths, columns and bodies."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from halfopen.contract.load import feeds
from halfopen.demo.faults import writing
from halfopen.demo.faults.exchange import Request, Response
from halfopen.demo.faults.product import PASSWORD, USER, Product
from halfopen.demo.faults.rows import Row

_AUTH = {"scheme": "basic", "user": USER, "password": PASSWORD}


class Plain(Product):
    """CSV with CRLF, JSON for who asks for it, basic sign-in, tournaments as a catalogue."""


class CsvOnly(Product):
    """Speaks CSV alone, whatever is asked for."""

    def wants_json(self, request: Request) -> bool:  # noqa: ARG002 - it listens to nobody
        return False


class JsonOnly(Product):
    """Speaks JSON alone, whatever is asked for."""

    def wants_json(self, request: Request) -> bool:  # noqa: ARG002 - it listens to nobody
        return True


class _Json(JsonOnly):
    """What the dialects of JSON share."""


class OtherPaths(Product):
    """Has its own paths, which the caller knows."""

    words = {"auth": _AUTH, "paths": {name: f"/v2/export/{name.replace('_', '')}.php" for name in feeds()}}

    def route(self, path: str) -> str | None:
        return {known: name for name, known in self.words["paths"].items()}.get(path)


class OtherColumns(Product):
    """Has its own names for some columns, which the caller knows."""

    words = {
        "auth": _AUTH,
        "columns": {
            "players": {"id": "uid", "modified_at": "last_modified"},
            "wallets": {"id": "wallet", "modified_at": "updated_at"},
            "transactions": {"dir": "direction"},
        },
    }

    def columns(self, feed: str) -> Sequence[str]:
        theirs = self.words["columns"].get(feed, {})
        return [theirs.get(name, name) for name in super().columns(feed)]

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        theirs = self.words["columns"].get(feed, {})
        return {theirs.get(name, name): value for name, value in row.values.items()}


class Envelope(_Json):
    """Puts the rows of JSON under data.items."""

    also = ("json_not_array",)

    def json(self, feed: str, rows: Sequence[Row]) -> bytes:
        return b'{"data": {"items": ' + super().json(feed, rows) + b'}, "error": null}'


class DecimalsAsStrings(_Json):
    """Writes amounts in JSON as strings, to keep their digits."""

    def scalar(self, feed: str, column: str, value: object) -> str:
        if isinstance(value, Decimal):
            return writing.quoted(writing.text(value))
        return super().scalar(feed, column, value)


class BooleansAsDigits(Product):
    """Writes 1 and 0 for true and false, but where only true and false are allowed."""

    def text(self, feed: str, column: str, value: object) -> str | None:
        if isinstance(value, bool) and column != "is_primary":
            return str(int(value))
        return super().text(feed, column, value)

    def scalar(self, feed: str, column: str, value: object) -> str:
        if isinstance(value, bool):
            return self.text(feed, column, value) or ""
        return super().scalar(feed, column, value)


class Synonyms(Product):
    """Uses the other words of choices, in other case."""

    also = ("enum_case",)

    def values(self, feed: str, row: Row) -> Mapping[str, object]:  # noqa: ARG002 - the words are the same anywhere
        words = {"Real": "normal", "Prize": "BONUS", "Success": "SUCCESS", "IN": "in", "OUT": "Out", "slot": "Slot"}
        choices = ("type", "balance_type", "status", "dir", "game_type")
        return {name: words.get(str(v), v) if name in choices else v for name, v in row.values.items()}


class LfLines(Product):
    """Ends the lines of CSV with LF."""

    also = ("csv_line_end",)

    def csv(self, feed: str, rows: Sequence[Row]) -> bytes:
        return super().csv(feed, rows).replace(b"\r\n", b"\n")


class EverythingQuoted(Product):
    """Quotes every field of CSV but the null ones."""

    def line(self, feed: str, row: Row) -> bytes:
        values = self.values(feed, row)
        cells = (self.text(feed, column, values.get(column)) for column in self.columns(feed))
        quoted = ("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells)
        return (",".join(quoted) + "\r\n").encode()


class Gzip(Product):
    """Compresses all its answers for who takes it, the empty ones too."""

    def pack(self, request: Request, response: Response) -> Response:
        if "gzip" not in request.header("accept-encoding"):
            return response
        return response.but(body=gzip.compress(response.body, mtime=0), headers={"content-encoding": "gzip"})


class Chunked(Product):
    """Streams its answers without Content-Length."""

    def pack(self, request: Request, response: Response) -> Response:
        return super().pack(request, response).but(is_chunked=True)


class Shuffled(Product):
    """Sends the rows in another order each time."""

    def rows(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        found = super().rows(request, feed, start, end)
        return sorted(found, key=lambda row: hash((row.number * 7919, request.number)))


class StampsWithZone(Product):
    """Writes moments in the strict form of ISO 8601, 2026-01-01T07:00:00.123Z."""

    also = ("datetime_not_plain",)

    def text(self, feed: str, column: str, value: object) -> str | None:
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
        return super().text(feed, column, value)


class RequiredOnly(Product):
    """Sends the required columns, the cursor, and nothing else."""

    def columns(self, feed: str) -> Sequence[str]:
        contract = feeds()[feed]
        wanted = {*contract.required, contract.cursor} - {n for n, f in contract.fields.items() if f.extra}
        return [name for name in super().columns(feed) if name in wanted]


class CustomFields(Product):
    """Players have custom fields of the five kinds."""

    also = ("unknown_field",)

    def columns(self, feed: str) -> Sequence[str]:
        own = ["vip_level", "lifetime_value", "favourite", "last_call", "tags"] if feed == "players" else []
        return [*super().columns(feed), *own]

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        if feed != "players":
            return row.values
        lot = row.lot
        return {
            **row.values,
            "vip_level": lot % 6,
            "lifetime_value": Decimal(lot * 137 + 25).scaleb(-2),
            "favourite": "Lucky Lion" if lot % 3 else None,
            "last_call": row.values["registered_at"],
            "tags": ["new", "high"][: lot % 3],
        }

    def scalar(self, feed: str, column: str, value: object) -> str:
        if isinstance(value, list):
            return "[" + ",".join(map(writing.quoted, value)) + "]"
        return super().scalar(feed, column, value)


class ExtraFields(Product):
    """Sends columns that the requirements do not know, in feeds that have no custom fields."""

    also = ("unknown_field",)

    def columns(self, feed: str) -> Sequence[str]:
        return [*super().columns(feed), "brand", "revision"]

    def values(self, feed: str, row: Row) -> Mapping[str, object]:  # noqa: ARG002 - the same anywhere
        return {**row.values, "brand": "zoo", "revision": row.number % 1000}


class NumericIds(_Json):
    """Identifies bets by small numbers, sent as strings."""

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        column = {"sports_bets": "id", "sports_odds": "bet_id"}.get(feed)
        if column is None:
            return row.values
        return {**row.values, column: str(int(str(row.values[column])[4:12], 16))}
