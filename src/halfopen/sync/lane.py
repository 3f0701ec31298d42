"""One feed of one product: plans, asks, has the answer stored; one request in flight, whatever it is for."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from halfopen.config.product import ProductConfig
from halfopen.contract.model import Feed
from halfopen.errors import ContractError, HalfopenError, LostTurnError, SinkError
from halfopen.sinks.base import Answer, Applied, Hole, Progress, Sink
from halfopen.sync import capped, mistakes, planner, progress, record, skew, spread
from halfopen.sync.client import ProductClient
from halfopen.sync.events import Answered, Asked, Committed, Event, Failed
from halfopen.sync.fetched import Fetched
from halfopen.sync.patience import Patience
from halfopen.sync.planner import NOTHING, Ask, Rhythm, Scope
from halfopen.sync.refusal import Refusal
from halfopen.sync.rested import Rested
from halfopen.sync.spool import unspool
from halfopen.sync.surroundings import Surroundings
from halfopen.sync.trouble import Trouble
from halfopen.sync.width import MOST, OUTAGE_PARTS, Width
from halfopen.window.coverage import Coverage
from halfopen.window.window import Window
from halfopen.wire.moment import plain

# Every so many requests without a rest the order is turned round, so that a slow product starves no hole.
_TURN = 4
# In seconds: timers know no less.
_SHORTEST_REST = 0.001
# A single pass waits so long for a product's pace, and leaves the rest owed.
_LONGEST_WAIT = timedelta(minutes=1)
# A wider window than the cadence may not bring more than this in one answer; it is halved then.
MOST_BYTES = 1 << 30
_DOUBT = "exactly {rows:,} rows: asked again in halves, for the product may cut its answers there"


class Lane:
    """One feed of one product, from what the mirror has of it on."""

    def __init__(
        self,
        product: ProductConfig,
        feed: Feed,
        client: ProductClient,
        known: Progress,
        around: Surroundings,
    ) -> None:
        self.feed = feed
        self.progress = known
        self.scope = Scope(live=False, rereads=False)
        self.answers = 0
        self.last_refusal: Refusal | None = None
        self.gained_at = around.clock()
        """When something was last committed, or may be at last where a pace holds it up."""
        self.turn = asyncio.Lock()
        """Held over each request, so that there is one in flight, whoever asks."""
        self._rested = Rested()
        self._busy = 0
        self._stopping = False
        self._fetching: asyncio.Future[Fetched] | None = None
        self._poked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._take(product, client, around)

    def _take(self, product: ProductConfig, client: ProductClient, around: Surroundings) -> None:
        """All that follows from the configuration, and what was learnt of a product that may be another now."""
        self.product = product
        cadence = product.cadence_of(self.feed.name)
        phase = spread.phase(product.name, around.lanes, cadence)
        lag = spread.lag(product.name, self.feed.name, around.lanes, cadence)
        self.rhythm = Rhythm.of(product, self.feed.name, phase, lag)
        self._client = client
        self._around = around
        # A catalogue is whole each time: however much is owed, one request does for all of it.
        self._whole = self.feed.name in product.catalogues
        self._width = Width(MOST if self._whole else max(Width().length, self.rhythm.cadence))
        self._limit = capped.Limit(self.rhythm.cadence)
        self._pace = around.paces.of(product)
        self._behind = timedelta(0)
        self._rested.take((product.name, self.feed.name), self.rhythm.ladder, around.archive, around.clock)
        self._trouble = Trouble(around.dice)

    async def pull(self) -> None:
        """Ask what is owed, rest until something is, until `stop`, or until a stop that `scope` names is reached."""
        while not self._stopping:
            await self._rested.look(self.progress.reread)
            now = self._now()
            ask, rhythm = self._next(now), self.rhythm
            if ask is not None:
                async with self.turn:
                    if self.rhythm is rhythm:  # else it was planned by a configuration that is gone
                        await self._fulfil(ask)
            elif self._is_closed(now):
                return
            else:
                await self._rest(now)

    async def pass_once(self) -> None:
        """Ask everything that is owed by now once, then stop, whatever failed; sooner where nothing comes of it."""
        await self._rested.look(self.progress.reread)
        began = self._now()
        spent = dict.fromkeys(range(len(self.rhythm.ladder) + 1), NOTHING)
        self.scope = Scope(impatient=True, spent=spent)
        patience = Patience()
        while not (self._stopping or self._client.breaker.is_open or patience.is_over):
            # An answer may have told that the product's clock is behind: what is not over there is not due.
            ask, width = await self._paced(min(began, self._now())), self._width
            if ask is None:
                return
            async with self.turn:
                await self._fulfil(ask)
            patience.asked(width, self._width, failed=self._trouble.failures > 0)
            spent[ask.rung] = spent.get(ask.rung, NOTHING).add(ask.window)

    def start(self, *, once: bool = False) -> asyncio.Task[None]:
        """Run `pull` or `pass_once` as a task, if none runs."""
        if self._task is None or self._task.done():
            self._stopping = False
            self._task = asyncio.ensure_future(self.pass_once() if once else self.pull())
        return self._task

    async def stop(self) -> None:
        """End it: an answer that is being stored is finished, one that is on its way is dropped and stays owed."""
        self._stopping = True
        if self._fetching is not None:
            self._fetching.cancel()
        await self.finish()

    async def finish(self) -> None:
        """End it after the request in hand."""
        self._stopping = True
        self._poked.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def adopt(self, product: ProductConfig, client: ProductClient, around: Surroundings) -> None:
        """Ask by another configuration from the next request on; the one in hand ends as it began.

        Another ladder has other rungs under the same numbers: what each has read is told anew.
        """
        async with self.turn:
            ladder, known = product.ladder_of(self.feed.name), self.progress
            if ladder != self.rhythm.ladder:
                known = await around.rereads.changed((product.name, self.feed.name), ladder, known, around.clock())
            self._take(product, client, around)
            self.progress = known
        self._poked.set()

    def owe(self, scope: Scope) -> None:
        """From now on this is what may be asked."""
        self.scope = scope
        self._poked.set()

    def raise_failure(self) -> None:
        """Raise what ended `pull` though nobody asked it to: a mistake of ours."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    def gaps(self, window: Window) -> list[Window]:
        """What of `window` no first ask has covered yet."""
        return planner.missing(self.progress, [window])

    def _is_closed(self, now: datetime) -> bool:
        scope = replace(self.scope, resting=self._rested.rungs(now))
        return planner.closed(self.progress, self.rhythm, now, scope)

    def _next(self, now: datetime) -> Ask | None:
        """What to ask now; nothing before a time that the product named, little right after a failure."""
        breaker, clock = self._client.breaker, now + self._behind
        if now < self._trouble.quiet_until or not breaker.lets(clock):
            return None
        ask = self._plan(now, replace(self.scope, calm=now < self._trouble.calm_until), held=self._held(clock))
        if ask is not None:
            breaker.asked(clock)
        return ask

    async def _paced(self, now: datetime) -> Ask | None:
        """The next of a single pass; waits for the pace of the past, but not for its hours."""
        while True:
            clock = self._around.clock()
            ask = self._plan(now, self.scope, held=self._held(clock))
            if ask is not None or self._stopping:
                return ask
            wait = self._pace.ready_at(clock) - clock
            if self._plan(now, self.scope) is None or wait > _LONGEST_WAIT:
                return None
            await asyncio.sleep(max(wait.total_seconds(), _SHORTEST_REST))

    def _held(self, clock: datetime) -> Coverage:
        """What of the past may not be asked at `clock`."""
        return self._pace.held(self.scope.wanted, clock, self.rhythm.cadence)

    def _is_past(self, ask: Ask) -> bool:
        past = self._pace.past(self.scope.wanted, self._around.clock(), self.rhythm.cadence)
        return ask.rung == 0 and bool(past.intersection(ask.window))

    def _plan(self, now: datetime, scope: Scope, *, held: Coverage = NOTHING) -> Ask | None:
        reverse = self._busy % _TURN == _TURN - 1
        if held:
            scope = replace(scope, spent={**scope.spent, 0: scope.spent.get(0, NOTHING).union(held)})
        scope = replace(scope, resting=self._rested.rungs(now))
        return planner.plan(self.progress, self.rhythm, now, self._width.length, scope, reverse=reverse)

    async def _rest(self, now: datetime) -> None:
        """Sleep until there may be something to ask, or somebody pokes.

        now: the moment for which nothing was found to ask. With a later one, what came due between the two would be
        taken for asked, and slept over until the next window ends.
        """
        self._busy = 0
        until = self._wakes(now)
        if self._stopping:
            return
        self._poked.clear()
        # A timer may fire a little early. A re-read that is owed would go out then, and the live window wait behind it.
        while not self._poked.is_set() and (left := (until - self._now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(left, _SHORTEST_REST)):  # wait_for would make a task for each lane
                    await self._poked.wait()

    def _wakes(self, now: datetime) -> datetime:
        """When there may be something to ask after nothing was at `now`; both by the product's clock, as `_now` is."""
        clock = now + self._behind
        if not self._client.breaker.lets(clock):
            return self._client.breaker.until(clock) - self._behind
        scope = replace(self.scope, calm=now < self._trouble.calm_until)
        until = max(planner.wake(self.progress, self.rhythm, now, scope), self._trouble.quiet_until)
        if scope.calm:
            until = min(until, max(self._trouble.calm_until, self._trouble.quiet_until))
        if self._held(clock) and self._plan(now, scope) is not None:
            ready = self._pace.ready_at(clock)
            until = min(until, ready - self._behind)
            self.gained_at = max(self.gained_at, ready)
        return until

    async def _fulfil(self, ask: Ask, of: int | None = None) -> int:
        """One ask from request to ledger; how many rows there were. What fails becomes a hole, mistakes of ours too.

        of: the count of rows of a wider answer that this is a half of, which may have been cut.
        """
        self._busy += 1
        seq = next(self._around.seq)
        body = self._around.spool / f"{seq}.body"
        self._tell(Asked, ask, reason=ask.reason.value)
        began, is_past = self._around.clock(), self._is_past(ask)
        if is_past:
            self._pace.began(began)
        try:
            fetched = await self._fetch(ask, body, of)
            if fetched is not None:
                if is_past:
                    self._pace.brought(began, fetched.size)
                if fetched.doubted is not None:
                    await unspool(body)
                    return await self._in_halves(ask, fetched.doubted)
                settles = planner.settles(ask.window, ask.rung, self.rhythm.ladder, fetched.asked_at - self._behind)
                answer = record.answer(self.product, self.feed, ask, fetched, seq, settles)
                applied = await self._around.writer.apply(answer)
                self._committed(ask, answer, applied, fetched.size)
                return applied.rows
        except LostTurnError:
            raise  # nothing more can be stored: whoever started this process is told
        except (Refusal, SinkError, ContractError) as error:
            await self._failed(ask, error)
        except Exception as error:  # noqa: BLE001 - see `mistakes`: one answer must not end all other lanes
            await self._failed(ask, mistakes.told(error, f"{self.product.name} {self.feed.name} {ask.window}"))
        finally:
            await unspool(body)
        return 0

    async def _in_halves(self, ask: Ask, rows: int) -> int:
        """The same in two requests, each with a line in the ledger of its own; their rows, which may prove a limit."""
        found = 0
        for half in ask.window.halves():
            if not self._stopping:
                found += await self._fulfil(replace(ask, window=half), of=rows)
        if self._limit.is_deaf:
            return found
        if found > rows:
            self._width = self._width.after_trouble(ask.window, self.rhythm.cadence, too_big=True)
            for cut in self._limit.proved(rows):
                await self._in_halves(replace(ask, window=cut, holes=()), rows)
        elif not (self._stopping or self._trouble.failures):
            self._limit.cleared(rows, ask.window)
            self._width = self._width.after_answer(ask.window, found, 0)
        return found

    async def _fetch(self, ask: Ask, body: Path, of: int | None) -> Fetched | None:
        """None when a stop came in between."""
        most = MOST_BYTES if ask.window.length > self.rhythm.cadence and not self._whole else None
        self._fetching = asyncio.ensure_future(self._client.fetch(self.feed.name, ask.window, body, most))
        try:
            fetched = await self._fetching
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return None
        finally:
            self._fetching = None
        self.answers += 1
        self._behind = skew.behind(fetched)
        seconds = (fetched.fetched_at - fetched.asked_at).total_seconds()
        doubted = None if self._whole else await self._limit.doubted(fetched, ask.window, of)
        notes = fetched.notes if doubted is None else (*fetched.notes, _DOUBT.format(rows=doubted))
        self._tell(Answered, ask, size=fetched.size, seconds=seconds, notes=notes)
        skew.demand_over(ask.window, fetched, f"{self.product.name} {self.feed.name}")
        return replace(fetched, doubted=doubted)

    def _committed(self, ask: Ask, answer: Answer, applied: Applied, size: int) -> None:
        self.progress = progress.after_answer(self.progress, ask, answer.settles)
        if not self._whole:
            self._width = self._width.after_answer(ask.window, applied.rows, size)
            self._limit.saw(applied.rows)
        self._rested.committed(ask, applied.late, self._now())
        self._trouble.over()
        self.gained_at = self._around.clock()
        started = self.progress.started or ask.window.start
        self._tell(
            Committed,
            ask,
            rows=applied.rows,
            changed=applied.changed,
            late=applied.late,
            quarantined=applied.quarantined,
            findings=applied.findings,
            holes=len(self.progress.holes),
            watermark=self.progress.committed.watermark(started),
            remark=applied.remark,
        )

    async def _failed(self, ask: Ask, error: HalfopenError) -> None:
        """The window, or the holes that were to be filled, are owed again after a while; newer windows go on."""
        now = self._around.clock()
        named = None
        if isinstance(error, Refusal):
            self.last_refusal = error
            named = error.retry_after
            if error.narrower and not self._whole:
                parts = 1 if self.scope.spent else OUTAGE_PARTS  # a single pass would leave a hole for each
                self._width = self._width.after_trouble(
                    ask.window, self.rhythm.cadence, too_big=error.too_big, parts=parts
                )
        next_try = self._trouble.failed(now, ask.attempts, named)
        where = f"{self.product.name} {self.feed.name} {plain(ask.window.start)} to {plain(ask.window.end)}"
        text = self._client.hidden(mistakes.located(error, where))
        holes = record.holes(self.product.name, self.feed.name, ask, text, now, next_try)
        self.progress = progress.after_failure(self.progress, holes)
        # A mirror that cannot even note the hole is full or gone; the window stays uncommitted, so it stays owed.
        with contextlib.suppress(SinkError):
            await self._around.writer.call(lambda sink: _note(sink, holes))
        self._tell(Failed, ask, error=text, attempts=ask.attempts, next_try=next_try, holes=len(self.progress.holes))

    def _now(self) -> datetime:
        """The time, held back where the product's clock is known to be behind: its window has not closed yet."""
        return self._around.clock() - self._behind

    def _tell(self, kind: type[Event], ask: Ask, **more: Any) -> None:
        self._around.events.tell(
            kind(
                at=self._around.clock(),
                product=self.product.name,
                feed=self.feed.name,
                start=ask.window.start,
                end=ask.window.end,
                rung=ask.rung,
                **more,
            )
        )


def _note(sink: Sink, holes: tuple[Hole, ...]) -> None:
    for hole in holes:
        sink.fail(hole)
