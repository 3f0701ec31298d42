"""Answers that may have been cut at a limit: a product that sends at most 5,000 rows says so nowhere.

Such an answer ends cleanly, and its window would pass for whole. What gives it away is its count: a round number, a
power of two, the size of a usual page, or the very count of an answer to a window of another length. Then the window
is asked again in halves, each of which counts by itself. Halves with more rows than the whole had prove the limit;
where the count was chance, two requests more have shown that.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from halfopen.sync.fetched import Fetched
from halfopen.window.window import SECOND, Window
from halfopen.wire.negotiate import Format

FEWEST = 10
"""Rows below which nobody cuts."""
_FEWEST_ROUND = 100
_ROUND = 50
_PAGES = frozenset({10, 15, 20, 25, 30, 50})
"""Counts below 100 that are usual for a page: others that are as round come by chance too often."""
_WIDE = 4
"""So many cadences a window has at least that is doubted for the count of a page."""
_MORE = 2
"""An answer of so many times a small count is none that was cut there; lines may be some more than rows."""
_CHANCES = 3
_LIKE = 1.25
_REMEMBERED = 256
_BLOCK_BYTES = 1 << 20


@dataclass(slots=True)
class Limit:
    """What one feed of one product has shown of a limit; `known` is one that is proved.

    Windows of the cadence are not doubted before that: a busy feed has round minutes. Small counts come by chance more
    often than large ones, above all over a feed with few rows. So they are doubted only until an answer had far more,
    until they were chance (once for the size of a page, thrice for a count that comes twice), and not beside a window
    that overlaps: rows that come all at once are just as many in each re-read of theirs.
    """

    cadence: timedelta = timedelta(minutes=1)
    known: int | None = None
    is_deaf: bool = False
    """Whether windows that share no moment had the very same rows: a whole list for each, of which nothing is cut."""
    _bodies: dict[str, Window] = field(default_factory=dict)
    _most: int = 0
    _chance: Counter[int] = field(default_factory=Counter)
    _taken: deque[tuple[int, Window]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    async def doubted(self, fetched: Fetched, window: Window, of: int | None) -> int | None:
        """The count of rows of an answer that may have been cut; None for a good one.

        of: the count that is in doubt already; what is cut there is cut at the same.
        """
        if of is not None and self._is_elsewhere(fetched.digest, window):
            self.is_deaf = True
        limits = {of, self.known} - {None}
        wide = window.length > self.cadence
        if self.is_deaf or fetched.size < FEWEST or window.length < 2 * SECOND or not (wide or limits):
            return None
        rows = await asyncio.to_thread(rows_in, fetched.body, fetched.format)
        if rows in limits or (wide and of is None and self.is_suspicious(rows, window)):
            if of is None:
                self._bodies.clear()
            self._bodies.setdefault(fetched.digest, window)
            return rows
        self.took(rows, window)
        return None

    def _is_elsewhere(self, digest: str, window: Window) -> bool:
        """Whether the rows in doubt came for another part of the window, too; a part of the same may have them all."""
        before = self._bodies.get(digest, window)
        if digest in self._bodies and window.length < before.length:
            self._bodies[digest] = window
        return not before.overlaps(window)

    def is_suspicious(self, rows: int, window: Window) -> bool:
        """Whether an answer of so many rows to a wide window may have been cut."""
        if rows == self.known:
            return True
        if rows >= _FEWEST_ROUND:
            return rows % _ROUND == 0 or rows & (rows - 1) == 0 or self._is_again(rows, window)
        if rows < FEWEST or self._most >= _MORE * rows:
            return False
        is_page = rows in _PAGES and window.length >= _WIDE * self.cadence and not self._chance[rows]
        return is_page or (self._chance[rows] < _CHANCES and self._is_again(rows, window, apart=True))

    def _is_again(self, rows: int, window: Window, *, apart: bool = False) -> bool:
        """Whether a window of another length had just so many; of an even stream, those of the same length do."""
        return any(
            rows == other
            and not 1 / _LIKE < window.length / before.length < _LIKE
            and not (apart and window.overlaps(before))
            for other, before in self._taken
        )

    def took(self, rows: int, window: Window) -> None:
        """A wide answer was taken for whole."""
        if rows >= FEWEST:
            self._taken.append((rows, window))

    def cleared(self, rows: int, window: Window) -> None:
        """The halves of a window that was in doubt had no more rows than the whole."""
        self._chance[rows] += 1
        self.took(rows, window)

    def saw(self, rows: int) -> None:
        """An answer of so many rows was stored, whatever its window: the product cuts at no less than half of them."""
        self._most = max(self._most, rows)

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
