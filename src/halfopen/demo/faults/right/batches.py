"""Correct dialects that look odd at a glance: batches of the night, and codes that look like numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from halfopen.demo.faults.exchange import Request
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import HOUR, Row, moment

_BEFORE = ("created_at", "email_confirmed_at", "phone_confirmed_at")


class NightlyBatch(Product):
    """Collects its contacts in a batch each night, which stamps all that have changed with one moment."""

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if feed != "contacts":
            return super().read(request, feed, start, end)
        nights = (self.opened - 3 * HOUR, self.opened - 27 * HOUR)
        stamped = [_stamped(row, nights[row.lot % 2]) for row in super().read(request, feed, 0, nights[0])]
        return [row for row in stamped if start <= row.at < end]


class CodesInCsv(Product):
    """Has a custom field of texts, some of which look like numbers."""

    also = ("unknown_field",)

    def columns(self, feed: str) -> Sequence[str]:
        return [*super().columns(feed), "code"] if feed == "players" else super().columns(feed)

    def values(self, feed: str, row: Row) -> Mapping[str, object]:
        codes = ("1", "true", "0", "x,y", "17", "00123", "5")
        return {**row.values, "code": codes[row.lot % 7]} if feed == "players" else row.values


def _stamped(row: Row, at: int) -> Row:
    """The row as it was written in that night; it was added before."""
    before = {name: _no_later(row.values.get(name), moment(at)) for name in _BEFORE}
    return replace(row.altered(**before, modified_at=moment(at)), at=at)


def _no_later(value: object, at: datetime) -> object:
    return min(value, at) if isinstance(value, datetime) else value
