"""Proves that a mirror equals its product over a span: reads it again, compares row by row, repairs what differs.

A plain product has no digest to give, so every row of the span is asked again, in windows as wide as the product
bears, at the pace that it is owed, between two requests of live pulling. A row that the mirror has and the product no
longer serves in its window may have moved on meanwhile; only what is found nowhere, up to now, is extra.
"""

import asyncio
import contextlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from pathlib import Path

import msgspec

from halfopen.errors import ContractError, SinkError
from halfopen.sinks.base import Answer, Applied, Sink
from halfopen.sinks.compare import Comparison, Day, Extra
from halfopen.sync import backoff, skew
from halfopen.sync.client import ProductClient
from halfopen.sync.events import Compared
from halfopen.sync.fetched import Fetched
from halfopen.sync.lane import MOST_BYTES, Lane
from halfopen.sync.planner import SECOND
from halfopen.sync.refusal import Refusal
from halfopen.sync.spool import unspool
from halfopen.sync.surroundings import Surroundings
from halfopen.sync.width import Width
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window, floor
from halfopen.wire.moment import plain

PASS = -1
"""In the ledger, of answers that a repair has written."""
ATTEMPTS = 5
MOST_SOUGHT = 100_000
MOST_SECOND_LOOKS = 50
_SAMPLES = 5
_MARGIN = timedelta(seconds=5)
# A row that moves on while it is looked for is found a little later: stamps have whole seconds, and may commit late.
_WAITS = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=5))


class DayProof(msgspec.Struct, frozen=True, kw_only=True):
    """One day, in UTC by the rows' cursor, None where they have none: counts of rows, and a digest of those served.

    The digest is the sum of the rows' SHA-256, in four pieces of 64 bits: equal rows give an equal digest, in whatever
    order and windows they came.
    """

    day: str | None
    rows: int
    equal: int
    missing: int
    stale: int
    extra: int
    digest: str


class FeedProof(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one feed.

    unusable: rows that the mirror holds back for what they are; written: rows that a repair wrote; marked: extra rows
    that it marked as vanished; trouble: what could not be compared, and why; samples: some of what differs.
    """

    feed: str
    start: str
    end: str
    days: list[DayProof]
    unusable: int = 0
    written: int = 0
    marked: int = 0
    requests: int = 0
    trouble: list[str] = []
    samples: list[str] = []

    def differences(self) -> int:
        """Rows that are missing, stale or extra."""
        return sum(day.missing + day.stale + day.extra for day in self.days)


@dataclass(kw_only=True)
class _Found:
    """What has been learnt so far."""

    days: dict[date | None, Day] = field(default_factory=dict)
    extras: dict[str, Extra] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    uncounted: dict[date | None, int] = field(default_factory=lambda: defaultdict(int))
    samples: list[str] = field(default_factory=list)
    unusable: int = 0
    written: int = 0
    marked: int = 0
    requests: int = 0
    trouble: list[str] = field(default_factory=list)


class Reconciliation:
    """One feed of one product, once."""

    def __init__(
        self,
        lane: Lane,
        client: ProductClient,
        around: Surroundings,
        *,
        span: Window | None,
        repair: bool,
        stopped: asyncio.Event,
    ) -> None:
        self._lane = lane
        self._client = client
        self._around = around
        self._repair = repair
        self._stopped = stopped
        self._pace = around.paces.of(lane.product)
        self._whole = lane.feed.name in lane.product.catalogues
        self._started_at = around.clock()
        self._span = span
        self._width = Width(max(Width().length, lane.rhythm.cadence))
        self._found = _Found()

    async def run(self) -> FeedProof | None:
        """Read, compare, look twice, repair; None where the mirror has nothing to compare and no span was named."""
        span = self._chosen()
        if span is None:
            return None
        # As of now: what moves on later than that may seem extra, however whole the mirror is by the end of it.
        claimed = self._claimed() or self._started_at
        if await self._read(span):
            await self._look_again(span, claimed)
            if self._repair:
                await self._mark()
        return self._proof(span)

    def _chosen(self) -> Window | None:
        """The span that was named, or all that the mirror says it has; of a catalogue all that there is now."""
        now = floor(self._around.clock(), SECOND)
        if self._whole:
            return Window(now - self._lane.rhythm.cadence, now) if self._span or self._lane.progress.started else None
        if self._span is not None:
            return self._span
        started = self._lane.progress.started
        end = self._settled()
        return Window(started, end) if started is not None and end is not None and started < end else None

    def _claimed(self) -> datetime | None:
        """Up to where the mirror says that it is whole; live pulling may move it on meanwhile."""
        started = self._lane.progress.started
        return None if started is None else self._lane.progress.committed.watermark(started)

    def _settled(self) -> datetime | None:
        """Up to where the ladder has looked again: what came late after that, it has still to find."""
        started, claimed = self._lane.progress.started, self._claimed()
        if started is None or claimed is None:
            return claimed
        again = reduce(Coverage.union, self._lane.progress.reread.values(), Coverage()).watermark(started)
        return min(again, claimed) if again > started else claimed

    async def _read(self, span: Window) -> bool:
        """Compare all of the span; whether it was read to its end."""
        at = span.start
        while at < span.end and not self._stopped.is_set():
            window = span if self._whole else Window(at, min(at + self._width.length, span.end))
            read = await self._compared(window, sought=tuple(self._found.extras)[:MOST_SOUGHT])
            if read is None:
                return False
            asked, found = read
            self._learn(asked, found)
            at = asked.end
        return at >= span.end

    def _learn(self, window: Window, found: Comparison) -> None:
        known = self._found
        for day in found.days:
            known.days[day.day] = known.days.get(day.day, Day(day=day.day)).plus(day)
        for key in found.found:
            known.extras.pop(key, None)
        for extra in found.extras:
            known.extras[extra.key] = extra
            known.windows[extra.key] = window
        if found.extra > len(found.extras):
            known.uncounted[window.start.astimezone(UTC).date()] += found.extra - len(found.extras)
        known.unusable += found.unusable
        known.samples += [f"{kind}: {what}" for kind, what in found.samples][: max(0, _SAMPLES - len(known.samples))]

    async def _look_again(self, span: Window, claimed: datetime) -> None:
        """Ask for what seems extra where it was, then in what has happened since `claimed`: it may have moved on."""
        if self._whole:
            return
        windows = dict.fromkeys(self._found.windows[key] for key in self._found.extras)
        for window in list(windows)[:MOST_SECOND_LOOKS]:
            await self._seek(window)
        since = max(span.end, min(self._started_at, claimed) - _MARGIN)
        for wait in _WAITS:
            if not self._found.extras or self._stopped.is_set():
                return
            await self._sleep(wait)
            await self._seek_all(Window(since, max(floor(self._around.clock(), SECOND), since)))

    async def _seek_all(self, window: Window) -> None:
        """Forget the extras that are served anywhere in this window."""
        at = window.start
        while at < window.end and self._found.extras and not self._stopped.is_set():
            asked = await self._seek(Window(at, min(at + self._width.length, window.end)))
            if asked is None:
                return
            at = asked.end

    async def _seek(self, window: Window) -> Window | None:
        """Forget the extras that this window serves; which window was asked."""
        sought = tuple(self._found.extras)[:MOST_SOUGHT]
        read = await self._compared(window, sought=sought, writes=False) if sought else None
        if read is None:
            return None
        asked, found = read
        for key in found.found:
            self._found.extras.pop(key, None)
        return asked

    async def _mark(self) -> None:
        """Extra rows are kept, with since when they are known to be gone."""
        keys = list(self._found.extras)
        if keys:
            name, at = (self._lane.product.name, self._lane.feed.name), self._around.clock()
            self._found.marked = await self._around.writer.call(lambda sink: sink.vanish(*name, keys, at))

    async def _compared(
        self, window: Window, *, sought: tuple[str, ...], writes: bool = True
    ) -> tuple[Window, Comparison] | None:
        """One window, or as much of it as the product bears; None, with the trouble noted, when it cannot be had."""
        failures = 0
        while not self._stopped.is_set():
            try:
                return window, await self._ask(window, sought, writes=writes)
            except (Refusal, SinkError, ContractError) as error:
                failures += 1
                if isinstance(error, SinkError) or failures >= ATTEMPTS:
                    self._found.trouble.append(self._client.hidden(str(error)))
                    return None
                named = None
                if isinstance(error, Refusal):
                    named = error.retry_after
                    window = self._narrower(window, error)
                await self._sleep(backoff.delay(failures, self._around.dice.random(), named))
        self._found.trouble.append(f"{self._lane.product.name} {self._lane.feed.name} {window}: stopped before it")
        return None

    def _narrower(self, window: Window, refusal: Refusal) -> Window:
        if not refusal.narrower or self._whole:
            return window
        self._width = self._width.after_trouble(window, self._lane.rhythm.cadence, too_big=refusal.too_big)
        return Window(window.start, min(window.start + self._width.length, window.end))

    async def _ask(self, window: Window, sought: tuple[str, ...], *, writes: bool) -> Comparison:
        """Fetch, compare, and write what differs where that is asked for; nobody else asks this feed meanwhile."""
        await self._wait_for_pace()
        async with self._lane.turn:
            seq = next(self._around.seq)
            body = self._around.spool / f"{seq}.body"
            began = self._around.clock()
            self._pace.began(began)
            try:
                fetched = await self._fetched(window, body)
                self._found.requests += fetched.requests
                self._pace.brought(began, fetched.size)
                skew.demand_over(window, fetched, f"{self._lane.product.name} {self._lane.feed.name}")
                answer = Answer(
                    product=self._lane.product.name,
                    feed=self._lane.feed,
                    window=window,
                    rung=PASS,
                    seq=seq,
                    body=fetched.body,
                    format=fetched.format,
                    columns=self._lane.product.columns.get(self._lane.feed.name, {}),
                    asked_at=fetched.asked_at,
                    fetched_at=fetched.fetched_at,
                    server_date=fetched.server_date,
                    digest=fetched.digest,
                    attempts=fetched.requests,
                    zone=self._lane.product.dialect.timezone,
                    whole=self._whole,
                )
                found = await self._against_mirror(answer, sought)
                if writes and self._repair and found.differs:
                    self._found.written += (await self._written(answer)).changed
            finally:
                await unspool(body)
        rows = sum(day.rows for day in found.days)
        if not self._whole:
            self._width = self._width.after_answer(window, rows, fetched.size)
        if writes:
            self._tell(window, found, rows)
        return found

    async def _fetched(self, window: Window, body: Path) -> Fetched:
        """What the product answers; Refusal too at a stop, which waits for no product that hangs."""
        most = None if self._whole else MOST_BYTES
        fetching = asyncio.ensure_future(self._client.fetch(self._lane.feed.name, window, body, most))
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait((fetching, stopping), return_when=asyncio.FIRST_COMPLETED)
            if fetching.done():
                return await fetching
        finally:
            stopping.cancel()
            fetching.cancel()
        await asyncio.wait([fetching])
        raise Refusal("stopped while it was asked")

    async def _against_mirror(self, answer: Answer, sought: tuple[str, ...]) -> Comparison:
        claimed = self._claimed() or answer.window.end

        def compare(sink: Sink) -> Comparison:
            return sink.compare(answer, claimed=claimed, sought=sought)

        return await self._around.writer.call(compare)

    async def _written(self, answer: Answer) -> Applied:
        """What differs, over whatever the version rule says; a catalogue is not told by it what has vanished."""
        return await self._around.writer.apply(replace(answer, overrules=True, whole=False))

    async def _wait_for_pace(self) -> None:
        while (wait := self._pace.ready_at(self._around.clock()) - self._around.clock()) > timedelta(0):
            if self._stopped.is_set():
                return
            await self._sleep(wait)

    async def _sleep(self, length: timedelta) -> None:
        """So long, or until it is to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), length.total_seconds())

    def _tell(self, window: Window, found: Comparison, rows: int) -> None:
        with contextlib.suppress(ConnectionError):  # whoever listens over a socket may have gone
            self._around.events.tell(
                Compared(
                    at=self._around.clock(),
                    product=self._lane.product.name,
                    feed=self._lane.feed.name,
                    start=window.start,
                    end=window.end,
                    rung=PASS,
                    rows=rows,
                    missing=sum(day.missing for day in found.days),
                    stale=sum(day.stale for day in found.days),
                    extra=found.extra,
                )
            )

    def _proof(self, span: Window) -> FeedProof:
        known = self._found
        extra: dict[date | None, int] = defaultdict(int, known.uncounted)
        for one in known.extras.values():
            extra[one.cursor.astimezone(UTC).date() if one.cursor is not None else None] += 1
        days = {**{day: Day(day=day) for day in extra}, **known.days}
        ordered = sorted(days.values(), key=lambda day: day.day or date.max)
        gone = [f"extra: {key}" for key in list(known.extras)[:_SAMPLES]]
        return FeedProof(
            feed=self._lane.feed.name,
            start=plain(span.start),
            end=plain(span.end),
            days=[_day_proof(day, extra[day.day]) for day in ordered],
            unusable=known.unusable,
            written=known.written,
            marked=known.marked,
            requests=known.requests,
            trouble=known.trouble,
            samples=[*known.samples, *gone],
        )


def _day_proof(day: Day, extra: int) -> DayProof:
    return DayProof(
        day=day.day.isoformat() if day.day is not None else None,
        rows=day.rows,
        equal=day.rows - day.missing - day.stale,
        missing=day.missing,
        stale=day.stale,
        extra=extra,
        digest="".join(f"{piece:016x}" for piece in day.digest),
    )
