"""How fast a product's past may be asked: requests and bytes a second, and the hours of the day; pure.

The past is what a backfill wants, and what lies more than a day back and was never read: windows of today are never
held up, nor are the re-reads of the ladder.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from halfopen.config.backfill import Pacing
from halfopen.config.product import ProductConfig
from halfopen.window.coverage import Coverage
from halfopen.window.window import EARLIEST, Window

RECENT = timedelta(days=1)
_LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC)
_NOTHING = Coverage()


class Pace:
    """One product's; all moments are given, none is looked up."""

    def __init__(self, rules: Pacing) -> None:
        self.rules = rules
        self._next_request = self._next_bytes = EARLIEST

    def ready_at(self, now: datetime) -> datetime:
        """When the past may be asked next: `now` or later."""
        return self.rules.opens(max(now, self._next_request, self._next_bytes))

    def began(self, now: datetime) -> None:
        """A request for the past goes out."""
        if self.rules.requests_per_second is not None:
            self._next_request = max(now, self._next_request) + timedelta(seconds=1 / self.rules.requests_per_second)

    def brought(self, began: datetime, size: int) -> None:
        """A request that went out at `began` has brought so many bytes."""
        if self.rules.bytes_per_second is not None:
            self._next_bytes = max(began, self._next_bytes) + timedelta(seconds=size / self.rules.bytes_per_second)

    def past(self, wanted: Iterable[Window], now: datetime, cadence: timedelta) -> Coverage:
        """What is paced: the spans of backfills, and the time before yesterday; never the newest windows."""
        if not self.rules.is_limited:
            return _NOTHING
        newest = Window(now - 2 * cadence, _LATEST)
        return Coverage.of([*wanted, Window(EARLIEST, now - RECENT)]).remove(newest)

    def held(self, wanted: Iterable[Window], now: datetime, cadence: timedelta) -> Coverage:
        """What may not be asked now."""
        if not self.rules.is_limited or self.ready_at(now) <= now:
            return _NOTHING
        return self.past(wanted, now, cadence)


class Paces:
    """The pace of each product, shared by its feeds."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}

    def of(self, product: ProductConfig) -> Pace:
        """The one and only of this product; a new one where its rules have changed."""
        found = self._paces.get(product.name)
        if found is None or found.rules != product.backfill:
            found = self._paces[product.name] = Pace(product.backfill)
        return found
