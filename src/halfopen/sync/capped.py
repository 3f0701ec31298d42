"""Answers that may have been cut at a limit: a product that sends at most 5,000 rows says so nowhere.

Such an answer ends cleanly, and its window would pass for whole. What gives it away is its count: a round number, a
power of two, or the very count of an answer to a window of another length. Then the window is asked again in halves,
each of which counts by itself. Halves with more rows than the whole had prove the limit; where the count was chance,
two requests more have shown that.
"""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

FEWEST = 100
"""Rows below which nobody cuts."""
_ROUND = 50
_LIKE = 1.25
_REMEMBERED = 256
_BLOCK_BYTES = 1 << 20


@dataclass(slots=True)
class Limit:
    """What one feed of one product has shown of a limit; `known` is one that is proved.

    Windows of the cadence are not doubted before that: a busy feed has round minutes.
    """

    known: int | None = None
    _taken: deque[tuple[int, Window]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def is_suspicious(self, rows: int, window: Window) -> bool:
        """Whether an answer of so many rows to a wide window may have been cut."""
        return rows == self.known or (
            rows >= FEWEST and (rows % _ROUND == 0 or rows & (rows - 1) == 0 or self._is_again(rows, window))
        )

    def _is_again(self, rows: int, window: Window) -> bool:
        """Whether a window of another length had just so many; of an even stream, those of the same length do."""
        return any(
            rows == other and not 1 / _LIKE < window.length / before.length < _LIKE for other, before in self._taken
        )

    def took(self, rows: int, window: Window) -> None:
        """A wide answer was taken for whole."""
        if rows >= FEWEST:
            self._taken.append((rows, window))

    def proved(self, rows: int) -> list[Window]:
        """It is a limit: the windows that were taken for whole with just so many rows."""
        self.known = rows
        found = [window for other, window in self._taken if other == rows]
        self._taken = deque((one for one in self._taken if one[0] != rows), maxlen=_REMEMBERED)
        return found


def rows_in(body: Path, format_: Format) -> int:
    """Lines of a body that may be rows: of a CSV with line ends inside of texts they are more than its rows."""
    lines, last = 0, b"\n"
    with body.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            lines += block.count(b"\n")
            last = block[-1:]
    lines += last != b"\n"
    return max(lines - 1, 0) if format_ is Format.CSV else lines
