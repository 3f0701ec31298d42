"""Asks what the rules need to see, stage by stage: each stage is planned from what the ones before it brought."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from halfopen.check import case as cases
from halfopen.check.behind import half_hours_old
from halfopen.check.case import Case, FeedCase
from halfopen.check.client import Client, LeftAlone, Spent
from halfopen.check.exchange import Exchange, shown_address
from halfopen.check.growing import HOPELESS, WIDE_BYTES, Growing
from halfopen.check.observe import Observation, Observer
from halfopen.check.plan import odd, windows
from halfopen.config.product import ProductConfig
from halfopen.window.window import Window, floor

_OK = 200
_PIGS = 3
_SLOW = 5.0
"""Seconds."""
_WIDE = frozenset({"day", "older", "wide", "all"})
_KNOCKS = 2
"""So many feeds are asked again before the check goes away from a closed door."""
_STEPS = 60


class Survey:
    """The look at one product. `tell` is called with what is being done, in a few words.

    Attributes:
        observations: everything that was answered, in the order of answering.
        spent: why it ended early; empty when it did not.
    """

    def __init__(
        self,
        product: ProductConfig,
        client: Client,
        observer: Observer,
        *,
        names: Iterable[str],
        clock: Callable[[], datetime],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.product = product
        self.client = client
        self._observer = observer
        self.names = tuple(names)
        self._clock = clock
        self.tell = tell
        self._started = clock()
        self.observations: list[Observation] = []
        self._by_number: dict[int, Observation] = {}
        self.focus: dict[str, Window] = {}
        self._other_format: bool | None = None
        self._waits: Counter[str] = Counter()
        self.slow: set[str] = set()
        """Feeds whose answers take too long to ask for many: what every rule needs is asked, and no more.

        A single long wait may be anybody's hiccup; and wide windows may take their time.
        """
        self.watched = 0.0
        self.spent = ""
        self.looked = False
        """Whether everything was asked that is asked before the watching."""

    def record(self, exchange: Exchange) -> None:
        """Take what the client asked; it is called for every exchange."""
        observation = self._observer.observe(exchange)
        self.observations.append(observation)
        self._by_number[exchange.number] = observation

    def case(self) -> Case:
        """What is known so far."""
        return cases.build(
            self.product,
            self.observations,
            started=self._started,
            finished=self._clock(),
            asked=self.names,
            watched=self.watched,
            token_lifetime=self.client.sign_in.lifetime,
            spaces=self.client.spaces,
        )

    @property
    def reachable(self) -> bool:
        """Whether anything at all was answered as it should be to the right credentials."""
        return any(o.exchange.credentials == "right" and o.exchange.status == _OK for o in self.observations)

    async def look(self, *, deep: bool = False) -> None:
        """All stages but the watching and the last: from one minute of every feed to the edges of windows."""
        try:
            await self._burst()
            if not await self._is_let_in():
                return
            await self.each(Growing(self).grow, self.names)
            offered = [feed.name for feed in self.case().offered]
            self.tell("edges of windows")
            pigs = self._pigs(offered)
            await self.each(lambda name: self._probe(name, pigs), offered)
            if deep:
                self.tell("every minute of an hour")
                await self.each(self._minutes, offered)
            self.looked = True
        except Spent as reason:
            self.spent = str(reason)

    async def ask(self, name: str, probe: str, window: Window | None, **how: object) -> Observation:
        """One observation."""
        exchange = await self.client.ask(name, probe, window, **how)  # type: ignore[arg-type]  # the words of ask
        if exchange.seconds > _SLOW and exchange.credentials == "right" and probe not in _WIDE:
            self._waits[name] += 1
            if self._waits[name] > 1 or exchange.seconds > HOPELESS:
                self.slow.add(name)
        return self._by_number[exchange.number]

    async def again(self, name: str, window: Window) -> Observation:
        """A window that was asked before; for free that tells whether + may stand for a blank, unless that is known.

        Where it brings other rows so, it is asked as ever, too.
        """
        if self.client.spaces[name] != "%20" or self.of(name, "plus"):
            return await self.ask(name, "repeat", window)
        before = [o for o in self.observations if o.feed.name == name and o.window == window and o.is_whole]
        found = await self.ask(name, "plus", window, query=odd.spaced(window, "+"))
        if not before or not odd.is_read_alike(before[-1], found):
            return await self.ask(name, "repeat", window)
        self.rename(name, {"plus"}, "repeat")
        return self._by_number[found.exchange.number]

    async def reach_back(self, name: str, answer: Observation) -> None:
        """Ask for rows that are older than those of an answer which may be cut off; and the same again if it has any.

        What a window lacks is known only where its rows were seen before.
        """
        older = windows.older(answer)
        if older is None:
            return
        found = await self.ask(name, "older", older, most_bytes=WIDE_BYTES)
        if found.ids() - answer.ids():
            await self.ask(name, answer.probe, answer.window, most_bytes=WIDE_BYTES)

    async def youngest(self, name: str, length: timedelta) -> None:
        """The youngest closed seconds of a feed."""
        offset = self.product.offset_of(name)
        await self.ask(name, "watch", windows.youngest(self.product_now(), offset, length))

    async def each(self, step: Callable[[str], Awaitable[None]], names: Iterable[str]) -> None:
        """The step for each feed, at the client's pace; what was sent is waited for, also when the budget is spent."""
        tasks = [asyncio.ensure_future(step(name)) for name in names]
        try:
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException) and not isinstance(error, LeftAlone):
                raise error

    async def _burst(self) -> None:
        """All feeds in the same second, as the CRM polls them."""
        self.tell("the last minute of every feed")
        now = self._clock()

        async def poll(name: str) -> None:
            await self.ask(name, "burst", windows.last_minute(now, self.product.offset_of(name)), burst=True)

        await self.each(poll, self.names)

    async def _is_let_in(self) -> bool:
        """Whether it is worth going on: some feed answers anything but a refusal, perhaps when it is asked alone."""
        polls = [self.of(name, "burst")[-1] for name in self.names]
        if any(o.exchange.status not in {None, 401, 403} for o in polls):
            return True
        knocks = [o.feed.name for o in polls[:_KNOCKS]]

        async def knock(name: str) -> None:
            await self.ask(name, "minute", self.of(name, "burst")[-1].window)

        # At once, since each may have to be waited for.
        await self.each(knock, knocks)
        return any(o.exchange.status not in {None, 401, 403} for name in knocks for o in self.of(name, "minute"))

    def rename(self, name: str, probes: set[str], probe: str, but: Observation | None = None) -> None:
        """Have asked a feed for these reasons, all but one, for another."""
        for place, o in enumerate(self.observations):
            if o.feed.name == name and o.probe in probes and o is not but:
                renamed = replace(o, exchange=replace(o.exchange, probe=probe))
                self.observations[place] = self._by_number[o.exchange.number] = renamed

    def forget(self, name: str, path: str) -> None:
        """A path that was only guessed says nothing about the feed."""
        base = shown_address(self.product.url + path)
        self.observations = [
            o for o in self.observations if o.feed.name != name or o.exchange.url.partition("?")[0] != base
        ]

    def _pigs(self, offered: list[str]) -> list[str]:
        """The feeds that are asked what need not be asked of each: those with most rows in their windows."""
        known = self.case().feeds
        usable = [known[name] for name in offered if not known[name].no_windows and known[name].answers]
        usable.sort(key=lambda feed: (feed.is_aggregate, not feed.rows, -len(feed.rows)))
        return [feed.name for feed in usable[:_PIGS]]

    async def _probe(self, name: str, pigs: list[str]) -> None:
        """Everything that is planned from the rows of one feed."""
        feed = self.case().feeds[name]
        if not any(o.exchange.status == _OK for o in feed.valid):
            return
        window = await self._focused(feed)
        if window is not None:
            await self._edges(name, window)
        if name in self.slow:
            await self._credentials(name, window or feed.valid[-1].window, None)
            return
        minute = window or self.of(name, "hour", "burst")[-1].window
        await self._credentials(name, minute, pigs.index(name) if name in pigs else None)
        if not feed.is_catalogue:
            await self.ask(name, "empty", windows.EMPTY)
            await self.ask_future(feed)
        await self._format(name, window or minute)
        if window is not None and name in pigs:
            await self.ask(name, "plus" if self.client.spaces[name] == "%20" else "percent20", window,
                           query=odd.spaced(window, "+" if self.client.spaces[name] == "%20" else "%20"))  # fmt: skip
            if (at := windows.busiest(feed.rows, window)) is not None:
                await self.ask(name, "equal", None, query=odd.equal(at, self.client.spaces[name]))
        if name in pigs[:2]:
            await self._oddities(name, window or minute)
        if (fresh := half_hours_old(self.case().feeds[name])) is not None:
            # Does it stay as old when rows come? Then its clock is behind.
            await self.ask(name, "freshest", Window(*(floor(at, windows.SECOND) for at in (fresh, self.product_now()))))

    async def ask_future(self, feed: FeedCase) -> None:
        """All that is to come; where so much is refused, a few hours of it."""
        now = self.product_now()
        if any(o.exchange.status == _OK for o in feed.valid if o.probe in _WIDE):
            if (await self.ask(feed.name, "future", windows.far_future(now), most_bytes=WIDE_BYTES)).is_whole:
                return
            again = await self.ask(feed.name, "future", windows.future(now))
            self.rename(feed.name, {"future"}, "far_future", but=again)
        else:
            await self.ask(feed.name, "future", windows.future(now, windows.HOUR))

    async def _focused(self, feed: FeedCase) -> Window | None:
        if feed.no_windows or feed.name in self.slow:
            return None
        found = [o for o in feed.valid if o.probe in {"hour", "part", "day", "wide"} and o.exchange.status == _OK]
        window = windows.focus(found, aggregate=feed.is_aggregate)
        if window is None:
            return await self._strays(feed.name, found)
        if all(o.window != window for o in feed.answers):
            await self.ask(feed.name, "focus", window)
        self.focus[feed.name] = window
        return window

    async def _strays(self, name: str, found: Iterable[Observation]) -> Window | None:
        """The window of rows that were answered for others alone; None where it has none either."""
        window = windows.strays(found)
        if window is None or not (await self.ask(name, "focus", window)).rows:
            return None
        self.focus[name] = window
        return window

    async def _edges(self, name: str, window: Window) -> None:
        feed = self.case().feeds[name]
        rows = [row for o in feed.answers if o.window == window for row in o.rows]
        parts = windows.cuts(rows, window)
        around = windows.edges(rows, window, parts)
        if feed.is_aggregate:
            around = windows.session_edges(rows, self.product_now()) or around
        for part in parts:
            await self.ask(name, "cut", part)
        for second in around:
            await self.ask(name, "edge", second)

    async def _credentials(self, name: str, window: Window | None, place: int | None) -> None:
        if self.product.auth.get("scheme") == "none":
            return
        await self.ask(name, "anonymous", window, credentials="none")
        if place is not None:
            await self.ask(name, "wrong", window, credentials="wrong" if place == 0 else "wrong_start")

    async def _format(self, name: str, window: Window | None) -> None:
        """The other format, where the product has two: one feed tells whether it does."""
        if self.product.format != "auto" or self._other_format is False:
            return
        usual = next((o.format for o in self.observations if o.feed.name == name and o.is_whole and o.format), "")
        if usual not in {"csv", "json"}:
            return
        if self._other_format is None:
            self._other_format = False
        accept = "application/json" if usual == "csv" else "text/csv"
        found = await self.ask(name, "other_format", window, accept=accept)
        if found.format != usual:
            self._other_format = True

    async def _oddities(self, name: str, window: Window | None) -> None:
        await self.ask(name, "missing", None, query="")
        for word, query, meant in odd.queries(window, self.product_now(), self.client.spaces[name]):
            await self.ask(name, word, meant, query=query)

    async def _minutes(self, name: str) -> None:
        """Each minute of the window that is looked at, or as many equal parts of it."""
        window = self.focus.get(name)
        if window is None:
            return
        step = max(window.length // _STEPS, windows.MINUTE)
        for part in window.partition(step):
            await self.ask(name, "cut", part)

    def of(self, name: str, *probes: str) -> list[Observation]:
        """What a feed was asked for these reasons."""
        return [o for o in self.observations if o.feed.name == name and o.probe in probes]

    def product_now(self) -> datetime:
        """The product's clock, as far as its Date headers tell."""
        skew = cases.skew_of(o.exchange for o in self.observations)
        return self._clock() + (skew if skew is not None and abs(skew) > timedelta(seconds=2) else timedelta(0))
