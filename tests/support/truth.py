"""What is true of a feed, and from when on it can be seen."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from halfopen.contract.load import feed as contract_feed
from halfopen.wire import moment


@dataclass(frozen=True, kw_only=True)
class Row:
    """One version of a row: the texts of its fields, its cursor, and when it can be seen."""

    values: dict[str, str | None]
    cursor: datetime
    visible: datetime


@dataclass
class Truth:
    """Rows of one feed by key; a newer version takes the place of the older one, as in a casino's table."""

    feed: str
    rows: dict[str, Row] = field(default_factory=dict)
    waiting: list[Row] = field(default_factory=list)

    def put(self, values: dict[str, str | None], cursor: datetime, *, late: timedelta = timedelta(0)) -> None:
        """A version with this cursor that can be seen from `cursor + late` on."""
        cut = cursor.replace(microsecond=0)
        whole = {**values, contract_feed(self.feed).cursor: moment.plain(cursor)}
        self.waiting.append(Row(values=whole, cursor=cut, visible=cursor + late))

    def now(self, at: datetime) -> dict[str, Row]:
        """What a query sees at the time `at`."""
        ready = sorted((row for row in self.waiting if row.visible <= at), key=lambda row: row.cursor)
        self.waiting = [row for row in self.waiting if row.visible > at]
        for row in ready:
            key = row.values[contract_feed(self.feed).key] or ""
            if key not in self.rows or self.rows[key].cursor <= row.cursor:
                self.rows[key] = row
        return self.rows

    def window(self, start: datetime, end: datetime, at: datetime) -> list[dict[str, str | None]]:
        """The rows of a window as seen at `at`."""
        return [row.values for row in self.now(at).values() if start <= row.cursor < end]
