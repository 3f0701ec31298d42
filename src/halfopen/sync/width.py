"""How wide a window the product bears: grows while answers are small, shrinks when they are too big or fail.

Aimed at answers that a mirror takes in a second or two: about 200,000 rows or 64 MiB.
"""

from dataclasses import dataclass
from datetime import timedelta

from halfopen.window.window import Window

TARGET_ROWS = 200_000
TARGET_BYTES = 64 << 20
FIRST = timedelta(hours=1)
MOST = timedelta(days=32)
LEAST = timedelta(seconds=1)
# How far a failing product narrows the windows: an outage says nothing about size, so pieces stay near the cadence.
OUTAGE_PARTS = 8
# A product's limit is tried again after about so many answers below it: it may have been raised.
_CEILING_STEPS = 16


@dataclass(frozen=True, slots=True)
class Width:
    """The widest window to ask for now; `ceiling` is what was too big lately, which answers raise by little steps."""

    length: timedelta = FIRST
    ceiling: timedelta = MOST

    def after_answer(self, window: Window, rows: int, size: int) -> "Width":
        """After a whole answer of `rows` rows and `size` bytes: at most twice as wide; narrow if dense."""
        load = max(rows / TARGET_ROWS, size / TARGET_BYTES)
        if window.length < self.length and load <= 1:
            return self  # a narrow window with a small answer does not tell what a wide one would bring
        fitting = min(2.0, 1 / load) if load else 2.0
        return Width(
            _clamped(min(window.length * fitting, self.ceiling), LEAST),
            min(self.ceiling + max(self.ceiling / _CEILING_STEPS, LEAST), MOST),
        )

    def after_trouble(self, window: Window, cadence: timedelta, *, too_big: bool, parts: int = OUTAGE_PARTS) -> "Width":
        """After a failure: half of what was asked; below a part of the cadence only if the size is known to be why.

        parts: how many of these a cadence has.
        """
        least = LEAST if too_big else max(LEAST, cadence / parts)
        length = _clamped(min(self.length, window.length / 2), least)
        return Width(length, length if too_big else self.ceiling)


def _clamped(length: timedelta, least: timedelta) -> timedelta:
    return timedelta(seconds=int(min(max(length, least), MOST).total_seconds()))
