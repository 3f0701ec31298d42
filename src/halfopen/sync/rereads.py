"""What each rung of a ladder has read again, told by when it was asked and not by the number that it had then.

A ledger's line of a re-read has the number of its rung. Ladders change: a rung comes in or goes, or another cadence
stretches all of them, and then a number means another rung. Whoever went by it would take looks for made that nobody
has made. So a rung has read what any answer covers that came as late as its own would; a line of its own number that
came too early counts for nothing. Lines of the ladder that there is always came late enough: the ledger is read closely
only for feeds where one did not, which one look at all lines tells of all feeds.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from halfopen.contract.sql import literal
from halfopen.errors import SinkError
from halfopen.sinks.base import Hole, Progress
from halfopen.sinks.compaction import DAY, KEPT, ONE_DAY
from halfopen.sinks.database import naive
from halfopen.sync import skew
from halfopen.sync.query import Query
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import Rung
from halfopen.window.window import EPOCH, Window, floor

Name = tuple[str, str]
Ladder = tuple[Rung, ...]

# Of lines that compaction may have merged, `asked` is the earliest: it is counted from where they begin, for each part
# was asked that late at least.
_LINES = f"""
SELECT product, feed, pass, EXTRACT(epoch FROM window_start) AS starts, EXTRACT(epoch FROM window_end) AS ends,
    EXTRACT(epoch FROM asked_at) AS asked, window_end <= {{old}} AND {ONE_DAY} AS merged
FROM halfopen.ledger WHERE state = 'committed' AND window_start < window_end AND {{which}}
"""
_TOO_EARLY = """
SELECT DISTINCT product, feed FROM ({lines}) l JOIN (VALUES {rungs}) AS r(number, span, late) ON r.number = l.pass
WHERE CASE WHEN merged THEN asked < starts + late ELSE ends > floor((asked - late) / span) * span END
"""
_LATEST = """
SELECT product, feed, EXTRACT(epoch FROM max(asked_at - window_start))
FROM halfopen.ledger WHERE state = 'committed' GROUP BY product, feed
"""
# How far the product's clock was behind is not kept. A first ask is never before its window is over by that clock, so
# it was behind by no more than the promptest of the last first asks came after its end.
_NEAR = 50
_READ = f"""
WITH lines AS (
    SELECT *, min(CASE WHEN pass = 0 AND asked >= ends THEN asked - ends END)
        OVER (ORDER BY asked ROWS BETWEEN {_NEAR} PRECEDING AND CURRENT ROW) AS prompt
    FROM ({{lines}}) l
), late AS (
    SELECT number, pass, span, starts, ends, asked - late - CASE
        WHEN pass = number OR prompt <= {skew.COARSE.total_seconds()} THEN 0
        ELSE least(coalesce(prompt, {skew.MOST.total_seconds()}), {skew.MOST.total_seconds()}) END AS till,
        pass = number AND merged AND asked >= starts + late AS own
    FROM lines CROSS JOIN (VALUES {{rungs}}) AS r(number, span, late)
), spans AS (
    SELECT * FROM (
        SELECT number, starts, CASE WHEN own THEN ends ELSE least(ends, floor(till / span) * span) END AS ends FROM late
    ) p WHERE starts < ends
)
SELECT number, min(starts), max(ends) FROM (
    SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY number ORDER BY starts, ends) AS island FROM (
        SELECT *, coalesce(starts > max(ends) OVER (PARTITION BY number ORDER BY starts, ends
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS begins FROM spans
    ) s
) i GROUP BY number, island
"""


class Rereads:
    """Of all feeds of a mirror; `query` answers a reading statement beside the pulling."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._early: dict[Ladder, asyncio.Task[set[Name]]] = {}
        self._reach: asyncio.Task[dict[Name, timedelta]] | None = None

    def forget(self) -> None:
        """The ledger has grown since it was looked at: look anew for lanes that are made from now on."""
        self._early = {}
        self._reach = None

    async def checked(self, name: Name, ladder: Ladder, known: Progress, now: datetime) -> Progress:
        """What a feed has by this ladder, of what the mirror gave by numbers; SinkError."""
        if not ladder or not known.committed or not await self._is_odd(name, ladder, known, now):
            return known
        return await self._derived(name, ladder, known, now)

    async def changed(self, name: Name, ladder: Ladder, known: Progress, now: datetime) -> Progress:
        """The same for a ladder that is another for certain; where nobody can tell, all is owed again."""
        try:
            return await self._derived(name, ladder, known, now)
        except SinkError:
            return replace(known, reread={})

    async def _derived(self, name: Name, ladder: Ladder, known: Progress, now: datetime) -> Progress:
        if not ladder:
            return known
        product, feed = name
        which = f"product = {literal(product)} AND feed = {literal(feed)} AND pass >= 0"
        _, rows = await self._query(_READ.format(lines=_lines(which, now), rungs=_values(ladder)))
        again = {number: Coverage() for number in range(1, len(ladder) + 1)}
        spans: dict[int, list[Window]] = {}
        for number, starts, ends in rows:
            spans.setdefault(int(number), []).append(Window(_moment(starts), _moment(ends)))
        again |= {number: Coverage.of(windows) for number, windows in spans.items()}
        # What failed was to be looked at again: nothing before it does for it.
        for hole in known.holes:
            if hole.rung in again:
                again[hole.rung] = again[hole.rung].remove(hole.window)
        holes = tuple(hole for hole in known.holes if _is_due(hole, ladder, now))
        return replace(known, reread={**known.reread, **again}, holes=holes)

    async def _is_odd(self, name: Name, ladder: Ladder, known: Progress, now: datetime) -> bool:
        """Whether a rung's number has lines that it cannot have made, or lacks lines though others came as late."""
        if self._early.get(ladder) is None:
            self._early[ladder] = asyncio.ensure_future(self._too_early(ladder, now))
        if name in await asyncio.shield(self._early[ladder]):
            return True
        unread = [rung for number, rung in enumerate(ladder, start=1) if not known.reread.get(number)]
        if not unread:
            return False
        if self._reach is None:
            self._reach = asyncio.ensure_future(self._latest())
        reach = (await asyncio.shield(self._reach)).get(name, timedelta(0))
        return any(reach >= rung.after + rung.span for rung in unread)

    async def _too_early(self, ladder: Ladder, now: datetime) -> set[Name]:
        """Feeds of which a line has the number of a rung that would have asked later."""
        sql = _TOO_EARLY.format(lines=_lines("pass > 0", now), rungs=_values(ladder))
        _, rows = await self._query(sql)
        return {(product, feed) for product, feed in rows}

    async def _latest(self) -> dict[Name, timedelta]:
        """How long after its beginning a window of a feed was asked at most."""
        _, rows = await self._query(_LATEST)
        return {(product, feed): timedelta(seconds=float(seconds or 0)) for product, feed, seconds in rows}


def _is_due(hole: Hole, ladder: Ladder, now: datetime) -> bool:
    """Whether what failed is to be tried again now; what the rung of its number asks later is owed by the ladder."""
    return not 0 < hole.rung <= len(ladder) or hole.window.end + ladder[hole.rung - 1].after <= now


def _lines(which: str, now: datetime) -> str:
    old = f"{literal(str(naive(floor(now - KEPT, DAY))))}::timestamp"
    return _LINES.format(old=old, which=which)


def _values(ladder: Ladder) -> str:
    rungs = enumerate(ladder, start=1)
    return ", ".join(f"({number}, {_seconds(rung.span)}, {_seconds(rung.after)})" for number, rung in rungs)


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.6f}"


def _moment(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=float(seconds))
