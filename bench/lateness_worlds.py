"""What does `halfopen sync` lose for ever, and what does it cost, in five worlds of rows that become visible late?

    .venv/bin/python bench/lateness_worlds.py [--seed 1] [--rows 864000] [--days 20] [--world clean]...

Twenty days of one feed at a minute's cadence on a virtual clock; the ladder is planned by halfopen's own planner and
arming rule. Beside it the offset of two minutes that the document proposes, and a look-back of 15 minutes. `lost`:
rows that never arrive, of all rows. `late`: rows that could not be seen when their minute was over. `requests`: a
minute, re-reads and all. `read`: how often a row is sent in the mean. Ends with 1 where the ladder misses a goal.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from lateness.pullers import PULLERS, Casino, minutes_of
from lateness.worlds import WORLDS, World, world

MOST_LOST, MOST_REQUESTS, MOST_READ = 1e-5, 1.3, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One puller in one world; lost and late are shares of all rows, requests are those a minute."""

    world: str
    puller: str
    late: float
    lost: float
    requests: float
    read: float

    @property
    def is_good(self) -> bool:
        """Whether it keeps the goals."""
        return self.lost <= MOST_LOST and self.requests <= MOST_REQUESTS and self.read <= MOST_READ


def line(place: World, puller: str) -> Line:
    """Let one puller live through one world."""
    casino = Casino(place)
    PULLERS[puller](casino)
    tally = casino.tally
    late = sum(seen > stamp // 60 * 60 + 61 for stamp, seen in zip(place.stamps, place.visible, strict=True))
    return Line(
        world=place.name,
        puller=puller,
        late=late / len(place),
        lost=(len(place) - tally.arrived) / len(place),
        requests=tally.requests / minutes_of(place),
        read=tally.sent / len(place),
    )


def table(lines: Iterable[Line]) -> str:
    """For people."""
    rows = [f"{'world':<14} {'puller':<17} {'late':>8} {'lost':>8} {'requests':>9} {'read':>6}"]
    rows += [
        f"{one.world:<14} {one.puller:<17} {one.late:>8.1e} {one.lost:>8.1e} {one.requests:>9.3f} {one.read:>6.2f}"
        for one in lines
    ]
    return "\n".join(rows)


def main() -> int:
    """Run all worlds, print one table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--rows", type=int, default=864_000)
    words.add_argument("--days", type=int, default=20)
    words.add_argument("--world", action="append", choices=list(WORLDS))
    chosen = words.parse_args()
    print(f"seed {chosen.seed}, {chosen.rows:,} rows in {chosen.days} days", flush=True)
    lines = [
        line(place, puller)
        for place in (world(name, chosen.seed, chosen.rows, chosen.days) for name in chosen.world or WORLDS)
        for puller in PULLERS
    ]
    print(table(lines))
    bad = [one for one in lines if one.puller == "ladder" and not one.is_good]
    for one in bad:
        print(f"the ladder misses a goal in {one.world}: {one}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
