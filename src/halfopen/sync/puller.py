"""Pulls all feeds of all products at once into one mirror; may run inside any event loop, without signal handlers.

A lane for each feed of each product plans and asks; one writer thread owns the mirror and stores what has arrived.
"""

import asyncio
import contextlib
import itertools
import random
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp

from halfopen.config.product import ProductConfig
from halfopen.errors import ConfigError, ProductError, SinkError
from halfopen.sinks.base import Progress, Sink
from halfopen.sync.events import Events
from halfopen.sync.evidence import Archive
from halfopen.sync.heap import seldom_collected
from halfopen.sync.lane import Lane
from halfopen.sync.lanes import Lanes
from halfopen.sync.lateness import lateness
from halfopen.sync.live import Live
from halfopen.sync.owed import left_of, narrowed, owes, widened
from halfopen.sync.planner import Scope
from halfopen.sync.query import Found, Questions, Row
from halfopen.sync.reconcile import FeedProof, Reconciliation
from halfopen.sync.replay import Counts, Reading, replay
from halfopen.sync.report import with_lag
from halfopen.sync.rereads import Rereads
from halfopen.sync.surroundings import Surroundings
from halfopen.sync.writer import Writer
from halfopen.window.clock import utc_now
from halfopen.window.window import Window

_WATCH_SECONDS = 0.2
_TIDY_SECONDS = 3600.0
_SOON_SECONDS = 60.0
_NO_PATIENCE = timedelta(minutes=10)
RECONCILED_AT_ONCE = 4
"""Feeds of one product: reading all again is to be no burden."""


class Puller:
    """An open mirror and the products that are pulled into it; use it as an async context.

    products: by name. chosen: names of the products, and feeds: names of the feeds, that `run`, `once` and `drain`
    pull; empty means all that are configured. spool: a folder for answers on their way, made and emptied here;
    by default a temporary one.
    """

    def __init__(
        self,
        products: Mapping[str, ProductConfig],
        sink: Sink,
        *,
        chosen: Collection[str] = (),
        feeds: Collection[str] = (),
        spool: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        dice: random.Random | None = None,
    ) -> None:
        self.events = Events()
        self._products = dict(products)
        self._feeds = frozenset(feeds)
        self._chosen = self._pairs(products, chosen)
        self._sink = sink
        self._writer = Writer(sink)
        self.questions = Questions(sink)
        self._clock = clock
        self._dice = dice or random.Random()  # noqa: S311 - it spreads retries, it keeps no secret
        self._spool = spool
        self._known = dict(products)
        """Also those that are gone from the configuration: a lane may still look at its ladder."""
        self._live: Live | None = None
        self._stopped = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._writer.open()
        spool = self._spool or Path(tempfile.mkdtemp(prefix="halfopen-"))
        # What a killed process left there is owed again, and will be asked again.
        shutil.rmtree(spool, ignore_errors=True)
        spool.mkdir(parents=True, mode=0o700)
        self._around = Surroundings(
            writer=self._writer,
            archive=Archive(self.query, self._known),
            rereads=Rereads(self.query),
            events=self.events,
            clock=self._clock,
            dice=self._dice,
            seq=itertools.count(await self._writer.call(lambda sink: sink.next_seq())),
            spool=spool,
        )
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "halfopen"},
        )
        self._lanes = Lanes(self._products, self._around, self._session)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lanes.halt()
        await self._session.close()
        await self._writer.close()
        shutil.rmtree(self._around.spool, ignore_errors=True)

    async def run(self, length: timedelta | None = None) -> None:
        """Pull live until `stop`, or for `length`; then end cleanly: nothing half stored, the rest stays owed."""
        with seldom_collected():
            await self._run(length)

    async def _run(self, length: timedelta | None) -> None:
        async with Live(self._lanes) as live:
            self._live = live
            tidying = asyncio.ensure_future(self._tidy())
            try:
                await live.begin(self._chosen)
                await self._until_stopped([live.over], length)
            finally:
                self._live = None
                tidying.cancel()
        await self._tidied()

    def reload(self, products: Mapping[str, ProductConfig], chosen: Collection[str] = ()) -> None:
        """Go on by other products; `chosen` as at the start, the feeds stay those of the start.

        Requests that are on their way are not cut: their lanes end, or take the new words, after them. Lanes of new
        products and feeds start from the ledger.

        Raises:
            ConfigError: none of the feeds is left; then nothing has changed.
        """
        self._chosen = self._pairs(products, chosen)
        self._products = dict(products)
        self._known |= products
        self._lanes.adopt(products)
        if self._live is not None:
            self._live.begin_later(self._chosen)

    async def once(self) -> int:
        """Ask every due window, owed hole and owed re-read once; how many holes are left.

        Raises:
            ProductError: nothing at all was answered, because nobody is there or nobody lets us in.
        """
        lanes = await self._chosen_lanes()
        await self._until_stopped([lane.start(once=True) for lane in lanes])
        await self._lanes.halt(lanes)
        await self._writer.call(lambda sink: sink.compact(self._clock()))
        refusals = [lane.last_refusal for lane in lanes if lane.last_refusal is not None]
        if refusals and not any(lane.answers for lane in lanes) and all(refusal.hopeless for refusal in refusals):
            raise ProductError(str(refusals[0]))
        return sum(len(lane.progress.holes) for lane in lanes)

    async def drain(self, until: datetime, give_up: timedelta = _NO_PATIENCE) -> dict[str, list[str]]:
        """Pull until every chosen feed is committed past `until`, without holes, and owed re-reads are done.

        The short rungs of the ladder re-read the tail too, which no later run may do. What is left after `give_up`
        without progress is told, by product and feed; empty when all is done. `run` ends with it.
        """
        end = until.replace(microsecond=0) + timedelta(seconds=1)
        lanes = await self._chosen_lanes()
        for lane in lanes:
            lane.owe(Scope(until=end, closing=True, impatient=True))
        tasks = {lane.start(): lane for lane in lanes}
        await self._watched(lambda: [lane for task, lane in tasks.items() if not task.done()], give_up)
        left = [lane for task, lane in tasks.items() if not task.done()]
        await self._lanes.halt(lanes)
        for task in tasks:
            task.result()
        return {f"{lane.product.name}.{lane.feed.name}": left_of(lane, end) for lane in left}

    async def backfill(
        self, product: str, window: Window, feeds: Collection[str] = (), give_up: timedelta = _NO_PATIENCE
    ) -> dict[str, list[str]]:
        """Ask what of `window` is missing, all feeds at once, until nothing is owed in it.

        What is left after `give_up` without progress is told, by feed, as texts of windows; empty when all is done.
        May run beside `run`: each feed still has one request in flight.
        """
        lanes = [await self._lanes.lane(product, name) for name in self._names(product, feeds)]
        for lane in lanes:
            lane.gained_at = self._clock()
            self.events.tell(owes(lane, window))
            lane.owe(widened(lane.scope, window))
            lane.start()
        try:
            # A feed that is taken out of the configuration meanwhile is waited for no longer.
            await self._watched(lambda: [lane for lane in lanes if lane.gaps(window) and lane in self._lanes], give_up)
        finally:
            for lane in lanes:
                lane.owe(narrowed(lane.scope, window))
            idle = [lane for lane in lanes if not lane.scope.live and not lane.scope.wanted and lane in self._lanes]
            await self._lanes.halt(idle)
        return {lane.feed.name: [str(gap) for gap in lane.gaps(window)] for lane in lanes if lane.gaps(window)}

    async def reconcile(
        self, product: str, span: Window | None = None, feeds: Collection[str] = (), *, repair: bool = False
    ) -> list[FeedProof]:
        """Ask all of `span` again, by default all that the mirror has, and compare; `repair` writes what differs.

        May run beside `run`: each feed still has one request in flight. Ends early at `stop`, with what it has.

        Raises:
            ProductError: nothing at all was answered, because nobody is there or nobody lets us in.
        """
        lanes = [await self._lanes.lane(product, name) for name in self._names(product, feeds)]
        gate = asyncio.Semaphore(RECONCILED_AT_ONCE)

        async def one(lane: Lane) -> FeedProof | None:
            async with gate:
                work = Reconciliation(
                    lane, self._lanes.client(product), self._around, span=span, repair=repair, stopped=self._stopped
                )
                return await work.run()

        found = [proof for proof in await asyncio.gather(*map(one, lanes)) if proof is not None]
        if found and all(proof.trouble and not proof.requests for proof in found) and not self._stopped.is_set():
            raise ProductError(found[0].trouble[0])
        return found

    async def snapshot(self, file: Path | None, parquet: Path | None) -> dict[str, int]:
        """Write a copy of the mirror for readers, beside the pulling; rows by feed. SinkError."""
        return await self.questions.snapshot(file, parquet)

    def reading(self, sql: str) -> contextlib.AbstractAsyncContextManager[Found[list[Row]]]:
        """What one reading statement finds, piece by piece as it is taken, beside the pulling; SinkError."""
        return self.questions.reading(sql, list)

    def stop(self) -> None:
        """End `run` and the others soon and cleanly."""
        self._stopped.set()

    async def status(self) -> dict[str, Any]:
        """The status of section 6 of the design, of every configured feed."""
        found = await self._writer.call(lambda sink: sink.status())
        late = await lateness(self.query, self._products)
        return with_lag(found, self._products, self._clock(), late)

    async def query(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and all rows of one short reading statement, beside the pulling; SinkError."""
        return await asyncio.to_thread(self._sink.query, sql)

    async def replay(
        self, readings: Mapping[str, Reading], feeds: Collection[str] = (), code: str | None = None
    ) -> Counts:
        """Judge rows in quarantine again, read as `readings` says; by product and feed, what came of them."""
        return await replay(self._writer, readings, feeds, code, self._around.spool)

    async def forget(self, product: str, player: str) -> dict[str, Any]:
        """Erase a person; what was found of it, see `sinks.forget.Forgotten`."""
        now = self._clock()
        found = await self._writer.call(lambda sink: sink.forget(product, player, now))
        return found.as_plain()

    def _names(self, product: str, feeds: Collection[str]) -> list[str]:
        """Feeds of a product that are configured, as far as they are wanted; none named means all."""
        if product not in self._products:
            raise ConfigError(f"the owner of the mirror knows no product {product!r}; start it again with this config")
        return [feed for feed in self._products[product].feeds if not feeds or feed in feeds]

    def standing(self) -> dict[tuple[str, str], tuple[Progress, timedelta]]:
        """How far each feed is that is pulled, and how old its watermark is when all is well."""
        return {
            (lane.product.name, lane.feed.name): (lane.progress, lane.rhythm.cadence + lane.rhythm.offset)
            for lane in self._lanes
            if lane.scope.live
        }

    def down(self) -> dict[str, bool]:
        """Of each product whether it is left in peace because it does not answer."""
        return self._lanes.down()

    async def alive(self) -> None:
        """Come back when the mirror has taken everything that was given to it by now; SinkError when it is gone."""
        for lane in self._lanes:
            lane.raise_failure()
        await self._writer.call(lambda _: None)

    async def _tidy(self) -> None:
        """Tidy now, soon after, for what new products send, and every hour."""
        for rest in itertools.chain([_SOON_SECONDS], itertools.repeat(_TIDY_SECONDS)):
            await self._tidied()
            await asyncio.sleep(rest)

    async def _tidied(self) -> None:
        """Keep the ledger small and views new; a mirror that cannot even do that says so where it matters."""
        with contextlib.suppress(SinkError):
            await self._writer.call(lambda sink: sink.compact(self._clock()))

    def _pairs(self, products: Mapping[str, ProductConfig], chosen: Collection[str]) -> list[tuple[str, str]]:
        """The products and feeds to pull live."""
        every = [(product.name, feed) for product in products.values() for feed in product.feeds]
        pairs = [(p, f) for p, f in every if (not chosen or p in chosen) and (not self._feeds or f in self._feeds)]
        if self._feeds and not pairs:
            named = ", ".join(sorted(self._feeds))
            raise ConfigError(f"none of the feeds {named} is pulled; see feeds of the product")
        return pairs

    async def _chosen_lanes(self) -> list[Lane]:
        return [await self._lanes.lane(product, feed) for product, feed in self._chosen]

    async def _until_stopped(self, tasks: Sequence[asyncio.Future[None]], length: timedelta | None = None) -> None:
        """Until all tasks have ended, one has failed, `stop`, or `length` is over."""
        stopped = asyncio.ensure_future(self._stopped.wait())
        waiting = {stopped, asyncio.ensure_future(_all_of(tasks))}
        try:
            timeout = length.total_seconds() if length is not None else None
            finished, _ = await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            for one in finished:
                one.result()
        finally:
            for one in waiting:
                one.cancel()

    async def _watched(self, unfinished: Callable[[], list[Lane]], give_up: timedelta) -> None:
        """Until nothing is unfinished, `stop`, or no unfinished lane has gained anything for `give_up`."""
        while (left := unfinished()) and not self._stopped.is_set():
            if self._clock() - max(lane.gained_at for lane in left) > give_up:
                return
            for lane in left:
                lane.raise_failure()
            await asyncio.sleep(_WATCH_SECONDS)


async def _all_of(tasks: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.gather(*tasks)
