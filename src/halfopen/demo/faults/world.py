"""The zoo's casino as a pure function of (seed, opening, now): 26 hours of past, the last one busy, and then on.

Nothing here reads a clock: `read(feed, start, end, now)` tells what a product would answer at `now`.
"""

import heapq
import random
from collections.abc import Callable, Mapping
from datetime import datetime

from halfopen.contract.load import feeds
from halfopen.demo.faults.bookmaker import Bookmaker
from halfopen.demo.faults.house import House
from halfopen.demo.faults.rows import HOUR, MINUTE, SECOND, Row, Seen, Sessions, Table, at_once, moment, stamp

PAST = 26 * HOUR + 30 * MINUTE
BUSY = 65 * MINUTE
QUIET_GAP_SECONDS = 40.0
BUSY_GAP_SECONDS = 1.2
EDGE_ACTS = 3
"""Deeds at a minute's last second, and as many at its very beginning: where windows are cut."""


class World:
    """A casino and a sportsbook, told in the order of time.

    Args:
        seed: which of all possible stories.
        opened: aware UTC moment when the product is first asked; the story begins `PAST` before it.
    """

    def __init__(self, seed: int, opened: datetime) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a story, no secret
        self.tables = {name: Table() for name in feeds() if name != "game_activity"}
        self.sessions = Sessions()
        self.now = stamp(opened) - PAST
        self._busy = stamp(opened) - BUSY
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._acts: list[Callable[[], None]] = []
        self._weights: list[int] = []
        house = House(self)
        self._join(house.acts())
        self._join(Bookmaker(self, house).acts())
        self.after(1, self._moment)
        self.after((-self.now) % MINUTE, self._edge)

    def read(self, feed: str, start: int, end: int, now: int, seen: Seen = at_once) -> list[Row]:
        """The rows of a window [start, end) as they stand at `now`; all are microseconds since the epoch."""
        self.advance(now)
        if feed == "game_activity":
            return self.sessions.read(start, end, now)
        return self.tables[feed].read(start, end, now, seen)

    def advance(self, now: int) -> None:
        """Tell the story up to and with `now`."""
        while self._waiting[0][0] <= now:
            self.now, _, act = heapq.heappop(self._waiting)
            act()

    def after(self, delay: float, act: Callable[[], None]) -> None:
        """Do something `delay` microseconds from the moment that is being told."""
        self._count += 1
        heapq.heappush(self._waiting, (self.now + max(int(delay), 0), self._count, act))

    def record(self, feed: str, key: str, **changes: object) -> None:
        """The next version of a row, with this moment in its cursor (and as its creation, the first time)."""
        contract, table = feeds()[feed], self.tables[feed]
        before = table.last.get(key)
        at = moment(self.now)
        first: Mapping[str, object] = {contract.key: key}
        if "created_at" in contract.fields:
            first = {**first, "created_at": at}
        values = {**(before.values if before else first), **changes, contract.cursor: at}
        self._count += 1
        table.put(Row(feed, key, self.now, values, self._count))

    @property
    def is_busy(self) -> bool:
        """The last hour before the opening, and all time after it."""
        return self.now >= self._busy

    def name(self, prefix: str = "") -> str:
        """A new identifier."""
        digits = f"{self.rng.getrandbits(96):024x}"
        return f"{prefix}{digits[:8]}-{digits[8:16]}-{digits[16:]}"

    def _join(self, acts: Mapping[Callable[[], None], int]) -> None:
        self._acts.extend(acts)
        self._weights.extend(acts.values())

    def _moment(self) -> None:
        self.rng.choices(self._acts, self._weights)[0]()
        gap = BUSY_GAP_SECONDS if self.is_busy else QUIET_GAP_SECONDS
        self.after(SECOND * self.rng.expovariate(1 / gap) + 1, self._moment)

    def _edge(self) -> None:
        """The first instant of a minute: deeds now, and in the last second of this minute."""
        for delay in (0, 59 * SECOND + self.rng.randrange(100_000, SECOND)):
            for _ in range(EDGE_ACTS if self.is_busy else self.rng.random() < 0.3):  # noqa: PLR2004 - now and then
                self.after(delay, self.rng.choice(self._acts))
        self.after(MINUTE, self._edge)
