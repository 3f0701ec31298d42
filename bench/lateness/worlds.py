"""Five casinos that differ in how late their rows become visible.

Moments are seconds since the world began, at midnight UTC; a row is a stamp and the moment from which it can be seen.
Stamps have whole seconds, as the wire has them. Every row is written once, so that a row that is missing stays missing.
"""

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

DAY = 86_400.0
MINUTE = 60.0
HOUR = 3600.0
# An ordinary transaction commits within a moment; those near a full minute make it slightly late all the same.
ORDINARY_SECONDS = 0.02
# Shares of the rows that take the long way.
IN_THE_TAIL, QUEUED, BY_HAND = 1.3e-3, 0.138, 5e-3


@dataclass(frozen=True, slots=True)
class World:
    """Rows by stamp: `stamps` ascending, `visible` in the same order; `days` of writing."""

    name: str
    days: int
    stamps: "array[float]"
    visible: "array[float]"

    def __len__(self) -> int:
        return len(self.stamps)


def _heavy_tail(dice: Random, stamp: float, _days: int) -> float:
    """Pareto with exponent 0.7: no mean; one late row in 400 is later than two days."""
    return stamp + 30 * dice.random() ** (-1 / 0.7) if dice.random() < IN_THE_TAIL else stamp


def _nightly_batch(_dice: Random, stamp: float, _days: int) -> float:
    """One transaction from 03:00 to 03:30 each night, which stamps as it goes and commits at its end."""
    begin, end = 3 * HOUR, 3.5 * HOUR
    return stamp - stamp % DAY + end if begin <= stamp % DAY < end else stamp


def _regime_shift(dice: Random, stamp: float, days: int) -> float:
    """Clean until the middle, then a queue in front: 13.8 % of the rows wait, by 10 minutes in the mean."""
    shifted = stamp >= days / 2 * DAY
    return stamp + MINUTE + dice.expovariate(1 / (10 * MINUTE)) if shifted and dice.random() < QUEUED else stamp


def _back_dated(dice: Random, stamp: float, _days: int) -> float:
    """One row in 200 is entered by hand with a stamp of up to 30 hours ago."""
    return stamp + dice.uniform(0, 30 * HOUR) if dice.random() < BY_HAND else stamp


def _clean(_dice: Random, stamp: float, _days: int) -> float:
    return stamp


WORLDS: dict[str, Callable[[Random, float, int], float]] = {
    "heavy tail": _heavy_tail,
    "nightly batch": _nightly_batch,
    "regime shift": _regime_shift,
    "back-dated": _back_dated,
    "clean": _clean,
}


def world(name: str, seed: int, rows: int, days: int) -> World:
    """`rows` rows over `days` days, evenly but for chance."""
    dice = Random(f"{seed} {name}")
    visible_at = WORLDS[name]
    stamps = array("d", sorted(math.floor(dice.uniform(0, days * DAY)) for _ in range(rows)))
    visible = array("d", (max(visible_at(dice, stamp, days), stamp + ORDINARY_SECONDS) for stamp in stamps))
    return World(name, days, stamps, visible)
