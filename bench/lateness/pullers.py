"""Who pulls: the ladder, with the planner and the arming rule that `halfopen sync` runs; and two that people write.

All ask a `Casino` on a virtual clock, one feed, at a minute's cadence.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from halfopen.sinks.base import Progress
from halfopen.sync.planner import Rhythm, Scope, plan, settles, wake
from halfopen.sync.progress import after_answer
from halfopen.sync.width import MOST
from halfopen.window import arming
from halfopen.window.arming import Evidence, Sighting
from halfopen.window.coverage import Coverage
from halfopen.window.ladder import DEFAULT
from halfopen.window.window import Window
from lateness.worlds import DAY, World

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# A minute is asked a second after it is over, as the document's own poller does.
PAUSE = timedelta(seconds=1)
# Long enough for the last rung to have read the last day.
AFTERWARDS = timedelta(days=4)
# When only the rungs of a day are left, a look every now and then does.
AWAKE, DOZE = timedelta(hours=3), timedelta(minutes=20)


@dataclass(slots=True)
class Tally:
    """What a puller cost and what it has: requests, rows that were sent, rows that arrived."""

    requests: int = 0
    sent: int = 0
    arrived: int = 0


class Casino:
    """Answers with the rows of a window that can be seen by then, and notes which have arrived."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tally = Tally()
        self._has = bytearray(len(world))

    def ask(self, window: Window, now: datetime) -> list[float]:
        """Stamps of the rows that had not arrived before."""
        world, moment = self.world, seconds(now)
        first = bisect_left(world.stamps, seconds(window.start))
        last = bisect_left(world.stamps, seconds(window.end))
        new = []
        sent = 0
        for row, visible in enumerate(world.visible[first:last], start=first):
            if visible <= moment:
                sent += 1
                if not self._has[row]:
                    self._has[row] = 1
                    new.append(world.stamps[row])
        self.tally.requests += 1
        self.tally.sent += sent
        self.tally.arrived += len(new)
        return new


def ladder(casino: Casino) -> None:
    """As `halfopen sync` does it: the same planner, the same rule of which rungs rest."""
    _Lane(casino).run()


def fixed_offset(casino: Casino, offset: timedelta = timedelta(minutes=2)) -> None:
    """Each minute once, `offset` after its end, as the document proposes."""
    for number in range(casino.world.days * 1440):
        window = Window(BEGIN + number * MINUTE, BEGIN + (number + 1) * MINUTE)
        casino.ask(window, window.end + offset + PAUSE)


def look_back(casino: Casino, length: timedelta = timedelta(minutes=15)) -> None:
    """Each minute the last `length`, overlapping, as incremental loaders do."""
    for number in range(casino.world.days * 1440 + length // MINUTE):
        end = BEGIN + (number + 1) * MINUTE
        casino.ask(Window(max(end - length, BEGIN), end), end + PAUSE)


PULLERS: dict[str, Callable[[Casino], None]] = {
    "ladder": ladder,
    "offset 2 min": fixed_offset,
    "look-back 15 min": look_back,
}


class _Lane:
    """One feed from the first minute to the last rung of the last day; what is known of late rows is known at once."""

    def __init__(self, casino: Casino) -> None:
        self.casino = casino
        self.rhythm = Rhythm(cadence=MINUTE, ladder=DEFAULT, since=BEGIN)
        self.progress = Progress(committed=Coverage(), reread={}, holes=(), started=BEGIN)
        self.evidence = Evidence()
        self.asked: list[tuple[Window, datetime]] = []

    def run(self) -> None:
        written = BEGIN + timedelta(days=self.casino.world.days)
        now, end = BEGIN + MINUTE, written + AFTERWARDS
        while now < end:
            # Nothing is written after the last day, and no request is counted for minutes without a row to come.
            scope = Scope(live=now <= written + PAUSE, resting=arming.resting(DEFAULT, self.evidence, now))
            ask = plan(self.progress, self.rhythm, now, MOST, scope)
            if ask is None:
                now = wake(self.progress, self.rhythm, now, scope) + PAUSE if now < written + AWAKE else now + DOZE
                continue
            new = self.casino.ask(ask.window, now)
            if ask.rung and new:
                self._found(new, now)
            if ask.rung == arming.watcher(DEFAULT):
                self.evidence = replace(self.evidence, watched=self.evidence.watched.add(ask.window))
            self.asked.append((ask.window, now))
            self.progress = after_answer(self.progress, ask, settles(ask.window, ask.rung, DEFAULT, now))

    def _found(self, stamps: list[float], now: datetime) -> None:
        """As `sync.evidence` reads it from the ledger: late rows of a minute, and the last ask without them."""
        minutes: dict[int, list[float]] = {}
        for stamp in stamps:
            minutes.setdefault(int(stamp // 60), []).append(stamp)
        for found in minutes.values():
            lowest, highest = BEGIN + timedelta(seconds=min(found)), BEGIN + timedelta(seconds=max(found))
            missed_at = next(at for window, at in reversed(self.asked) if window.contains(lowest))
            sighting = Sighting(now, max(missed_at - highest, timedelta(0)), now - lowest)
            latest = Evidence.of(DEFAULT, [sighting], Coverage()).latest
            self.evidence = replace(self.evidence, latest={**self.evidence.latest, **latest})


def seconds(moment: datetime) -> float:
    """Since the world began."""
    return (moment - BEGIN).total_seconds()


def minutes_of(world: World) -> float:
    """Of writing."""
    return world.days * DAY / 60
