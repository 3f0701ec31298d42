"""Windows that lose no row: the first request beyond the last horizon makes a seal, every other reads by it.

A seal is saved before the first byte of its answer leaves. So an answer that breaks off is asked for again and gets the
same rows: those that the seal has seen, and nothing that became visible later.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from halfopen.errors import SourceError, StateError
from halfopen.serve.mapping import Offer
from halfopen.serve.problems import unavailable
from halfopen.serve.seal import seals
from halfopen.serve.seal.state import Seal, Store
from halfopen.serve.windows import AHEAD, Clock, PlainWindows, Reading, Windows
from halfopen.sources.base import Source, Stream
from halfopen.sources.sealing import Detector, Identity, Seals, Served, Snapshot
from halfopen.window.window import Window
from halfopen.wire.moment import plain
from halfopen.wire.negotiate import Format

_TRIES: Final = 20
"""How often a seal is made anew because another server was faster, or the database's clock slower than ours."""

_BEHIND_SECONDS: Final = 2
_LOOK_SECONDS: Final = 0.2
_UNKNOWN: Final = "nothing is known of what was answered before"


class SealingSource(Source, Seals, Protocol):
    """A database whose windows can be sealed."""


class Observer(Protocol):
    """Is told what sealing did."""

    def sealed(self, seal: Seal, late: list[timedelta], look_seconds: float) -> None:
        """A seal was saved; `late`: of each late row how late it was at least, as far as its version tells."""
        ...

    def began(self, seal: Seal, rows: int, reason: str) -> None:
        """Seals begin anew: `rows` of the look-back are served once more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator has settled: `lateness` up to which no row is lost; `keep`, for which answers stay the same."""

    lateness: timedelta
    keep: timedelta
    refuse_unfinished: bool = False


class SealedWindows:
    """The rows by seals; catalogues, which have no windows, plainly."""

    def __init__(self, source: SealingSource, store: Store, clock: Clock, terms: Terms) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._terms = terms
        self._observer: Observer | None = None
        self._plain: Windows = PlainWindows(source, clock, refuse_unfinished=terms.refuse_unfinished)
        self._turns: dict[str, asyncio.Lock] = {}
        self._detectors: dict[str, Detector] = {}
        self._ahead = timedelta(0)
        """By how much the database's clock was last seen ahead of ours."""

    async def reading(self, offer: Offer, window: Window) -> Reading:
        """The reading of a window, after a wait for its end where that is near; the seal it needs is saved."""
        if offer.is_snapshot or window.is_empty:
            return await self._plain.reading(offer, window)
        is_over = await self._passed(window.end)
        if not is_over and self._terms.refuse_unfinished:
            return await self._plain.reading(offer, window)
        for _ in range(_TRIES):
            async with AsyncExitStack() as stack:
                reading = await self._tried(stack, offer, window, is_over=is_over)
                if reading is not None:
                    return reading
        raise unavailable("another server seals this feed at the same time: ask again", _BEHIND_SECONDS)

    def observe(self, observer: Observer) -> None:
        """Tells `observer` from now on."""
        self._observer = observer

    async def begin_all(self, offers: Iterable[Offer]) -> None:
        """Begins the seals of all feeds that have windows; one whose database is away begins with its first request."""
        for offer in offers:
            if not offer.is_snapshot:
                with contextlib.suppress(SourceError, StateError):
                    await self.begin(offer)

    async def close(self) -> None:
        """Closes the store of seals."""
        await self._store.close()

    async def begin(self, offer: Offer) -> Seal:
        """The last seal of a feed; one that begins at the database's clock where there is none that still counts."""
        async with self._turn(offer.feed.name), self._opened(offer) as snapshot:
            seal = await self._store.load(offer.feed.name)
            detector = await self.detector(offer)
            strange = _UNKNOWN if seal is None else seals.strangeness(seal, snapshot.mark, snapshot.clock, detector)
            if seal is None or strange:
                return await self._begun(offer, snapshot, seal, strange)
            return seal

    async def detector(self, offer: Offer) -> Detector:
        """How the late rows of a feed are told."""
        name = offer.feed.name
        if name not in self._detectors:
            self._detectors[name] = await self._source.detector(offer.selection)
        return self._detectors[name]

    async def _tried(self, stack: AsyncExitStack, offer: Offer, window: Window, *, is_over: bool) -> Reading | None:
        """One try; None when the state of things has changed and the next try will find it."""
        name = offer.feed.name
        seal = await self._store.load(name)
        if seal is not None and window.end <= seal.base.at:
            return await self._plain.reading(offer, window)
        by_digest = await self.detector(offer) is Detector.SET
        # Two requests that come together make one seal: the second finds it when its turn comes.
        may_seal = seal is None or seal.horizon < window.end or (by_digest and self._is_touched(offer, seal, window))
        async with self._turn(name) if may_seal else contextlib.nullcontext():
            if may_seal:
                seal = await self._store.load(name)
            snapshot = await stack.enter_async_context(self._opened(offer))
            seal = await self._trusted(offer, snapshot, seal)
            if seal is None:
                return None
            if is_over and snapshot.clock < window.end:
                await stack.aclose()
                await self._passed(window.end)
                return None
            horizon = window.end if is_over else min(window.end, snapshot.clock.replace(microsecond=0))
            hidden = frozenset[Identity]()
            if horizon > seal.horizon:
                seal = await self._sealed(offer, snapshot, seal, horizon)
            elif self._is_touched(offer, seal, window):
                if by_digest and seal.horizon > seal.base.at:
                    seal = await self._sealed(offer, snapshot, seal, seal.horizon)
                else:
                    hidden = await self._hidden(offer, snapshot, seal)
            if seal is None:
                return None
        sums = offer.selection.sessions is not None
        lifts = await self._store.lifts(name, window, open_end=sums)
        served = seals.served(seal, window, lifts, hidden, self._terms.lateness, sums=sums)
        return _reading(stack.pop_all(), snapshot, offer, seal, served, is_final=window.end <= seal.horizon)

    async def _trusted(self, offer: Offer, snapshot: Snapshot, seal: Seal | None) -> Seal | None:
        """The seal, if it says something of this state of the database; None when seals had to begin anew."""
        detector = await self.detector(offer)
        strange = _UNKNOWN if seal is None else seals.strangeness(seal, snapshot.mark, snapshot.clock, detector)
        if seal is None or strange:
            await self._begun(offer, snapshot, seal, strange)
            return None
        if seals.is_behind(seal, snapshot.mark, snapshot.lag, self._terms.lateness):
            raise unavailable("the replica is behind what was served already: ask again", _BEHIND_SECONDS)
        return seal

    async def _sealed(self, offer: Offer, snapshot: Snapshot, seal: Seal, horizon: datetime) -> Seal | None:
        """The next seal, saved; None when another was saved meanwhile; the same where it would say nothing new.

        A version that is gone by this state may come back with the same digest, and whoever is answered from this
        state goes without it. So each state that a window is answered from is a seal, where digests tell versions.
        """
        lateness = self._terms.lateness
        began = asyncio.get_running_loop().time()
        look = await snapshot.look(
            offer.selection,
            None if seal.horizon == seal.base.at else seals.look_back(seal.horizon, lateness),
            seals.look_back(horizon, lateness),
            seal.mark,
        )
        seconds = asyncio.get_running_loop().time() - began
        if horizon == seal.horizon and look.now == seal.seen:
            return seal
        made = seals.following(seal, horizon, snapshot.mark, look, lateness)
        forgotten = horizon - self._terms.keep
        if not await self._store.save(made.seal, made.lifts, replaces=seal.number, forget_before=forgotten):
            return None
        if self._observer is not None:
            late = [snapshot.clock - each.sighting.oldest for each in made.late for _ in range(each.sighting.rows)]
            self._observer.sealed(made.seal, late, seconds)
        return made.seal

    def _is_touched(self, offer: Offer, seal: Seal, window: Window) -> bool:
        """Whether what no seal has seen may lie in a window; a session may go on after it."""
        start = seals.look_back(seal.horizon, self._terms.lateness).start
        return window.end > start or offer.selection.sessions is not None

    async def _hidden(self, offer: Offer, snapshot: Snapshot, seal: Seal) -> frozenset[Identity]:
        """What the database shows by now and no seal has seen."""
        span = seals.look_back(seal.horizon, self._terms.lateness)
        look = await snapshot.look(offer.selection, span, None, seal.mark)
        return frozenset(seals.unseen(look.before, seal))

    async def _begun(self, offer: Offer, snapshot: Snapshot, seal: Seal | None, reason: str) -> Seal:
        number = 1 if seal is None else seal.number + 1
        new = seals.first(
            offer.feed.name,
            number,
            snapshot.mark,
            snapshot.clock,
            detector=await self.detector(offer),
            lateness=self._terms.lateness,
        )
        replaces = None if seal is None else seal.number
        if await self._store.save(new, (), replaces=replaces, forget_before=new.horizon) and self._observer is not None:
            rows = await _count(snapshot, offer, Window(new.base.since, new.base.at))
            self._observer.began(new, rows, reason)
        return new

    async def _passed(self, end: datetime) -> bool:
        """Whether the database's clock has passed `end`, waiting for it when it is near."""
        while (left := end - self._now()) > timedelta(0):
            if left > AHEAD:
                return False
            await asyncio.sleep(min(left.total_seconds(), _LOOK_SECONDS))
        return True

    def _now(self) -> datetime:
        return self._clock() + self._ahead

    @asynccontextmanager
    async def _opened(self, offer: Offer) -> AsyncGenerator[Snapshot, None]:
        async with self._source.snapshot(await self.detector(offer)) as snapshot:
            # Rather too little than too much: waiting a moment too long costs less than a second try.
            self._ahead = snapshot.clock - self._clock()
            yield snapshot

    def _turn(self, name: str) -> asyncio.Lock:
        return self._turns.setdefault(name, asyncio.Lock())


async def _count(snapshot: Snapshot, offer: Offer, window: Window) -> int:
    async with snapshot.stream(offer.selection, Served(window=window), Format.CSV) as stream:
        async for _ in stream:
            pass
        return stream.rows


def _reading(
    stack: AsyncExitStack, snapshot: Snapshot, offer: Offer, seal: Seal, served: Served, *, is_final: bool
) -> Reading:
    @asynccontextmanager
    async def begin(format_: Format) -> AsyncGenerator[Stream, None]:
        # The database is let go as soon as the rows are read.
        async with stack, snapshot.stream(offer.selection, served, format_) as stream:
            yield stream

    headers = {
        "Halfopen-Final": "true" if is_final else "false",
        "Halfopen-Sealed-Until": plain(seal.horizon),
        "Halfopen-Snapshot": str(seal.number),
    }
    return Reading(begin, headers, stack.aclose)
