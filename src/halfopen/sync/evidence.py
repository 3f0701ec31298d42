"""What a mirror knows of its late rows, so that rungs of the ladder may rest; nothing is kept but ledger and late rows.

The SQL is plain enough for every mirror, and is asked beside the pulling.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from halfopen.config.product import ProductConfig
from halfopen.contract.sql import literal
from halfopen.errors import SinkError
from halfopen.sync.query import Query
from halfopen.window.arming import Evidence, Sighting, proof, watcher
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import Rung
from halfopen.window.window import Window

Name = tuple[str, str]

_LATEST = "SELECT product, feed, max(found_at) FROM halfopen.late_rows GROUP BY product, feed"
# A line that an answer's first ask settled has that ask's sequence: nobody looked a second time.
_WATCHED = """
SELECT product, feed, pass, window_start, window_end FROM halfopen.ledger
WHERE state = 'committed' AND window_end > {since} AND {which}
    AND seq NOT IN (SELECT seq FROM halfopen.ledger WHERE pass = 0 AND seq IS NOT NULL AND window_end > {since})
"""
# The last ask before a row was found is in the ledger; where its line was written over, the first one was no later.
_SIGHTINGS = """
WITH found AS (
    SELECT window_start, found_at, min(first_asked_at) AS first_asked_at, min(cursor) AS lowest,
        max(cursor) AS highest
    FROM halfopen.late_rows WHERE {of_feed} AND found_at > {since} GROUP BY window_start, found_at
), asked AS (
    SELECT window_start, window_end, asked_at, committed_at FROM halfopen.ledger
    WHERE {of_feed} AND state = 'committed' AND window_end > (SELECT min(lowest) FROM found)
)
SELECT f.found_at, f.lowest, f.highest, coalesce(max(a.asked_at), f.first_asked_at)
FROM found f LEFT JOIN asked a
    ON a.window_start <= f.lowest AND a.window_end > f.lowest AND a.committed_at < f.found_at
GROUP BY f.window_start, f.found_at, f.first_asked_at, f.lowest, f.highest
"""


class Archive:
    """Evidence of every feed of a mirror: of all at once when it is first asked for, of one feed again later.

    `query` answers a reading statement beside the pulling.
    """

    def __init__(self, query: Query, products: Mapping[str, ProductConfig]) -> None:
        self._query = query
        self._products = products
        self._latest: dict[Name, datetime] = {}
        self._watched: dict[Name, Coverage] = {}
        self._begun: asyncio.Task[None] | None = None

    async def first(self, product: str, feed: str, now: datetime) -> Evidence:
        """The evidence of a feed as a run begins; none where the mirror cannot be asked, and then no rung rests."""
        ladder = self._ladder(product, feed)
        if not ladder:
            return Evidence()
        if self._begun is None:
            self._begun = asyncio.ensure_future(self._begin(now))
        await asyncio.shield(self._begun)
        if self._latest.get((product, feed), now - proof(ladder)) > now - proof(ladder):
            return await self.again(product, feed, now)
        return Evidence(watched=self._watched.get((product, feed), Coverage()))

    async def again(self, product: str, feed: str, now: datetime) -> Evidence:
        """The evidence of a feed as the mirror has it by now."""
        ladder = self._ladder(product, feed)
        of_feed = f"product = {literal(product)} AND feed = {literal(feed)}"
        try:
            _, seen = await self._query(_SIGHTINGS.format(of_feed=of_feed, since=_moment(now - proof(ladder))))
            _, lines = await self._query(
                _WATCHED.format(since=_moment(_since(ladder, now)), which=f"{of_feed} AND pass = {watcher(ladder)}")
            )
        except SinkError:
            return Evidence()
        watched = Coverage.of(_window(*line[3:]) for line in lines)
        return Evidence.of(ladder, (_sighting(*row) for row in seen), watched)

    async def _begin(self, now: datetime) -> None:
        ladders = {tuple(product.ladder) for product in self._products.values() if product.ladder}
        if not ladders:
            return
        numbers = {name: watcher(tuple(product.ladder)) for name, product in self._products.items()}
        passes = ", ".join(str(number) for number in sorted({*numbers.values()} - {0}))
        since = min(_since(ladder, now) for ladder in ladders)
        try:
            _, latest = await self._query(_LATEST)
            _, lines = await self._query(_WATCHED.format(since=_moment(since), which=f"pass IN ({passes})"))
        except SinkError:
            return
        self._latest = {(product, feed): _aware(found) for product, feed, found in latest}
        spans: dict[Name, list[Window]] = {}
        for product, feed, number, start, end in lines:
            if numbers.get(product) == number:
                spans.setdefault((product, feed), []).append(_window(start, end))
        self._watched = {name: Coverage.of(windows) for name, windows in spans.items()}

    def _ladder(self, product: str, feed: str) -> tuple[Rung, ...]:
        return tuple(self._products[product].ladder_of(feed))


def _since(ladder: tuple[Rung, ...], now: datetime) -> datetime:
    """From where on it matters what the watcher saw."""
    rung = ladder[watcher(ladder) - 1]
    return now - proof(ladder) - rung.after - 3 * rung.span


def _sighting(found_at: datetime, lowest: datetime, highest: datetime, missed_at: datetime) -> Sighting:
    zero = timedelta(0)
    return Sighting(
        found_at=_aware(found_at),
        missed_after=max(missed_at - highest, zero),
        found_after=max(found_at - lowest, zero),
    )


def _window(start: datetime, end: datetime) -> Window:
    return Window(_aware(start), _aware(end))


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP {literal(moment.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'microseconds'))}"
