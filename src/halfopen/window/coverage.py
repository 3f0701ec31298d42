"""Sets of moments, kept as the fewest windows: what has been asked, what is missing, how far it is whole."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import Final, final

from halfopen.window.window import Window

_START: Final = attrgetter("start")
_END: Final = attrgetter("end")


@final
class Coverage:
    """An immutable set of moments: sorted, disjoint windows with a gap between any two.

    Iterating yields these windows, `len` counts them, equality compares the moments. Places are found by bisection;
    `add` and `remove` copy the references once and build at most two new windows. Build from many with `of`.
    """

    __slots__ = ("_windows",)

    _windows: tuple[Window, ...]

    def __init__(self) -> None:
        self._windows = ()

    @classmethod
    def of(cls, windows: Iterable[Window]) -> "Coverage":
        """Make the union of windows given in any order, which may overlap or be empty."""
        merged: list[Window] = []
        for window in sorted(windows, key=_START):
            if window.is_empty:
                continue
            if not merged or window.start > merged[-1].end:
                merged.append(window)
            elif window.end > merged[-1].end:
                merged[-1] = Window(merged[-1].start, window.end)
        return cls._normalised(tuple(merged))

    @classmethod
    def _normalised(cls, windows: tuple[Window, ...]) -> "Coverage":
        coverage = cls()
        coverage._windows = windows
        return coverage

    def add(self, window: Window) -> "Coverage":
        """Give this set with the moments of the window."""
        if window.is_empty:
            return self
        mine = self._windows
        first = bisect_left(mine, window.start, key=_END)
        beyond = bisect_right(mine, window.end, lo=first, key=_START)
        if first < beyond:
            if mine[first].covers(window):
                return self
            window = window.hull(mine[first]).hull(mine[beyond - 1])
        return self._normalised(mine[:first] + (window,) + mine[beyond:])  # noqa: RUF005 - unpacking copies thrice

    def remove(self, window: Window) -> "Coverage":
        """Give this set without the moments of the window."""
        first, beyond = self._overlapping(window)
        if first == beyond:
            return self
        mine = self._windows
        pieces = [
            Window(start, end)
            for start, end in ((mine[first].start, window.start), (window.end, mine[beyond - 1].end))
            if start < end
        ]
        return self._normalised(mine[:first] + tuple(pieces) + mine[beyond:])

    def union(self, other: "Coverage") -> "Coverage":
        """Give the moments of either."""
        if not other or not self:
            return self or other
        return Coverage.of((*self, *other))

    def difference(self, other: "Coverage") -> "Coverage":
        """Give the moments of this set that the other lacks."""
        return self._normalised(tuple(gap for window in self._windows for gap in other.gaps(window)))

    def intersection(self, window: Window) -> "Coverage":
        """Give the moments of this set that lie in the window."""
        first, beyond = self._overlapping(window)
        if first == beyond:
            return Coverage()
        inside = list(self._windows[first:beyond])
        inside[0] = Window(max(inside[0].start, window.start), inside[0].end)
        inside[-1] = Window(inside[-1].start, min(inside[-1].end, window.end))
        return self._normalised(tuple(inside))

    def covers(self, window: Window) -> bool:
        """Whether every moment of the window is in this set."""
        if window.is_empty:
            return True
        first, beyond = self._overlapping(window)
        return first < beyond and self._windows[first].covers(window)

    def gaps(self, within: Window) -> list[Window]:
        """List the moments of `within` that are not in this set, as the fewest windows, in order."""
        if within.is_empty:
            return []
        first, beyond = self._overlapping(within)
        if first == beyond:
            return [within]
        inside = self._windows[first:beyond]
        starts = [within.start, *(window.end for window in inside)]
        ends = [*(window.start for window in inside), within.end]
        return [Window(start, end) for start, end in zip(starts, ends, strict=True) if start < end]

    def watermark(self, since: datetime) -> datetime:
        """Give the end of the contiguous cover that starts at or before `since`; `since` where there is none."""
        at = bisect_left(self._windows, since, key=_END)
        if at < len(self._windows) and self._windows[at].start <= since:
            return self._windows[at].end
        return since

    @property
    def frontier(self) -> datetime | None:
        """End of the newest window; None when nothing is covered."""
        return self._windows[-1].end if self._windows else None

    def _overlapping(self, window: Window) -> tuple[int, int]:
        """Give the slice of own windows that have a moment in common with the given one."""
        if window.is_empty:
            return 0, 0
        first = bisect_right(self._windows, window.start, key=_END)
        return first, bisect_left(self._windows, window.end, lo=first, key=_START)

    def __iter__(self) -> Iterator[Window]:
        return iter(self._windows)

    def __len__(self) -> int:
        return len(self._windows)

    def __bool__(self) -> bool:
        return bool(self._windows)

    def __eq__(self, other: object) -> bool:
        return self._windows == other._windows if isinstance(other, Coverage) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._windows)

    def __repr__(self) -> str:
        return f"Coverage({', '.join(map(str, self._windows))})"
