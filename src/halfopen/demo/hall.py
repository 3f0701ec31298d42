"""What all lives of SpaceVegas share: the moment, the pace, and the list that they tell their changes to.

A life is a generator: it tells what changes at `hall.at` and yields the moment (microseconds since the epoch, later
than `hall.now`) at which it wants to go on. No clock is read and no global randomness used.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halfopen.demo.records import Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE = 60 * SECOND

Life = Iterator[int]


def microseconds(moment: datetime) -> int:
    """Microseconds since the epoch, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """The aware UTC datetime of so many microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=micros)


class Hall:
    """The moment in hand (`now` in microseconds, `at` as a datetime) and what was told at it."""

    __slots__ = ("_micros_a_second", "at", "edge_micros", "now", "pace", "seed", "spawned", "start", "tell", "told")

    def __init__(self, seed: int, start: datetime, pace: float) -> None:
        self.seed = seed
        self.start = start
        self.pace = pace
        self.now = microseconds(start)
        self.at = start
        self.told: list[Record] = []
        self.tell = self.told.append
        self.spawned: list[tuple[int, Life]] = []
        self._micros_a_second = SECOND / pace
        self.edge_micros = max(SECOND, int(MINUTE / pace) // SECOND * SECOND)
        """Distance of the edges that jobs run on: a minute of casino time, whole seconds of real time."""

    def wait(self, seconds: float) -> int:
        """The moment so many seconds of casino time from now: always later than now."""
        return self.now + 1 + int(seconds * self._micros_a_second)

    def edge(self, seconds: float = 0.0) -> int:
        """The first edge later than `seconds` from now, to the microsecond."""
        return (self.wait(seconds) // self.edge_micros + 1) * self.edge_micros

    def until(self, micros: int) -> int:
        """That moment, or the next one if it has passed."""
        return max(self.now + 1, micros)

    def spawn(self, life: Life, at: int) -> None:
        """Let a life begin at a moment later than now."""
        self.spawned.append((at, life))

    def random(self, *names: object) -> Random:
        """A source of randomness for one life: the same for the same seed and names, and for no other."""
        return Random("/".join(map(str, (self.seed, *names))))  # noqa: S311 - a show, not a secret


def around(rng: Random, mean: float) -> float:
    """A waiting time of that mean without a memory, at most ten times as long."""
    return min(rng.expovariate(1 / mean), 10 * mean)


def chance(rng: Random, percent: float) -> bool:
    """True so many times in a hundred."""
    return rng.random() * 100 < percent
