"""Which rungs of one feed's ladder rest, as its mirror tells of late rows: asked at first, and when there is news."""

from collections.abc import Callable, Mapping
from datetime import datetime

from halfopen.sync.evidence import Archive, Name
from halfopen.sync.planner import NOTHING, Ask
from halfopen.window import arming
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import Rung


class Rested:
    """One feed's; `clock` gives the aware UTC time."""

    def __init__(self) -> None:
        self._evidence: arming.Evidence | None = None
        self._has_news = False

    def take(self, name: Name, ladder: tuple[Rung, ...], archive: Archive, clock: Callable[[], datetime]) -> None:
        """What the configuration says from now on; what was known by another one is news."""
        self._name, self._ladder = name, ladder
        self._archive, self._clock = archive, clock
        self._has_news = self._evidence is not None

    async def look(self, reread: Mapping[int, Coverage]) -> None:
        """Learn from the mirror what there is to know; reread: by rung, what the feed's re-reads have covered."""
        if self._evidence is not None and not self._has_news:
            return
        ask = self._archive.first if self._evidence is None else self._archive.again
        self._has_news = False
        found = await ask(*self._name, self._clock())
        # A line with the watcher's number may be of the rung that had it before.
        self._evidence = found.seen_by(reread.get(arming.watcher(self._ladder), NOTHING))

    def rungs(self, now: datetime) -> frozenset[int]:
        """Those that this feed needs little of at `now`."""
        return arming.resting(self._ladder, self._evidence, now) if self._evidence else frozenset()

    def committed(self, ask: Ask, late: int, now: datetime) -> None:
        """So many late rows came with an ask.

        It is news where it may send a rung to rest or wake one: the watcher has looked, or a resting rung was old
        enough to have found them.
        """
        if ask.rung == arming.watcher(self._ladder):
            self._has_news |= ask.rung > 0
        elif late > 0:
            age = self._clock() - ask.window.start
            self._has_news |= any(self._ladder[rung - 1].after < age for rung in self.rungs(now))
