"""SpaceVegas as a pure function of (seed, time): the same seed tells the same story, in whatever pieces it is read.

`World(seed, players, start, pace).events()` yields records in the order of time, each stamped with an aware UTC
datetime of microseconds, from `start` on and without end. `pace` says how many seconds of casino time pass in one
second of real time; stamps are real time. Nothing here reads a clock or a global source of randomness.
"""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime

from halfopen.demo import names
from halfopen.demo.book import Book
from halfopen.demo.hall import Hall, Life, around, microseconds, moment
from halfopen.demo.lives import life
from halfopen.demo.records import Bonus, Record

ARRIVAL_SECONDS = 72_000.0
"""Casino time in which as many newcomers arrive as there were players at the beginning; half of them come at all."""


class World:
    """A casino with `players` from its first minute, and half as many who come later.

    Args:
        seed: which of all possible stories.
        players: how many at the beginning; player 0 is the whale with 20 digits before the point.
        start: aware UTC moment of the first record.
        pace: seconds of casino time in a second of real time.
    """

    def __init__(self, seed: int, players: int, start: datetime, pace: float = 1.0) -> None:
        if start.tzinfo is not UTC:
            raise ValueError(f"the world starts at an aware UTC moment: found {start!r}")
        self.seed = seed
        self.players = players
        self.start = start
        self.pace = pace

    def events(self) -> Iterator[Record]:
        """All records from the start on, each time anew."""
        hall = Hall(self.seed, self.start, self.pace)
        hall.spawn(self._opening(hall), hall.now)
        waiting: list[tuple[int, int, Life]] = []
        order = 0
        told = hall.told
        while True:
            for at, each in hall.spawned:
                order += 1
                heapq.heappush(waiting, (at, order, each))
            hall.spawned.clear()
            hall.now, rank, each = heapq.heappop(waiting)
            hall.at = moment(hall.now)
            following = next(each, None)
            if following is not None:
                heapq.heappush(waiting, (following, rank, each))
            if told:
                yield from told
                told.clear()

    def _opening(self, hall: Hall) -> Life:
        book = Book(hall)
        hall.spawn(_bonuses(hall), hall.now + 1)
        for number in range(len(names.SPORTS)):
            hall.spawn(book.season(number), hall.wait(number))
        rng = hall.random("opening")
        for number in range(self.players):
            hall.spawn(life(hall, book, number, old_hand=True), hall.wait(60 * rng.random()))
        for number in range(self.players, self.players + self.players // 2):
            yield hall.wait(around(rng, ARRIVAL_SECONDS / max(1, self.players)))
            hall.spawn(life(hall, book, number, old_hand=False), hall.now + 1)


def _bonuses(hall: Hall) -> Life:
    """The catalogue of bonuses: added at the opening, renamed on an edge every few hours."""
    opened = microseconds(hall.at)
    rng = hall.random("bonuses")
    edition = 0
    while True:
        for number, name in enumerate(names.BONUSES):
            if edition == 0 or rng.random() < 0.3:  # noqa: PLR2004 - a third gets a new name
                title = name if edition == 0 else f"{name} ({edition})"
                hall.tell(Bonus(hall.at, id=f"bonus-{number}", name=title, created_at=moment(opened)))
        edition += 1
        yield hall.edge(around(rng, 1_800))
