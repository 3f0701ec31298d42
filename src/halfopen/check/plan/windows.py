"""Windows to ask for, from the clock and from the rows that were seen: boundaries lie at real stamps."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

from halfopen.check.observe import Observation, Row
from halfopen.window.window import Window, ceil, floor

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
HALF_DAY: Final = DAY / 2
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
EMPTY: Final = Window(BEGINNING, BEGINNING + MINUTE)
"""A minute in which no product has rows."""
ROUND: Final = frozenset({10, 20, 25, 50, 100, 200, 250, 300, 500, 1000, 2000, 2500, 5000, 10000, 20000, 50000})
"""Numbers of rows at which products cut answers off."""
_FAR: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Rows that are kept for ever are stamped 2099 or so."""
FEW: Final = 6
"""So many rows make a window worth looking at closely."""
MANY: Final = 1500
"""More rows than these are not asked for again and again."""
_CROWD: Final = 20
_SOME: Final = 400
_PART: Final = timedelta(minutes=8)
_PARTS: Final = 5
_LAST_SECOND: Final = 59
_DENSE: Final = 0.75
"""A stretch with such a share of the rows of the densest one will do, for the sake of where it begins."""


def last_minute(now: datetime, offset: timedelta = timedelta(0)) -> Window:
    """The last closed minute."""
    end = floor(now - offset, MINUTE)
    return Window(end - MINUTE, end)


def settled(now: datetime, offset: timedelta = timedelta(0)) -> datetime:
    """A whole minute before which all is quiet: the end of the hour and the day to look at."""
    return floor(now - offset - MINUTE, MINUTE)


def future(now: datetime, length: timedelta = 6 * HOUR) -> Window:
    """A window that no row can be in: also not one that is stamped two minutes early."""
    start = ceil(now, MINUTE) + 5 * MINUTE
    return Window(start, start + length)


def far_future(now: datetime) -> Window:
    """All the time that no row can be in."""
    return Window(future(now).start, _FAR)


def are_of_one_moment(rows: Sequence[Row]) -> bool:
    """Whether so many rows bear one stamp that it tells nothing of each: are there any others?"""
    return len(rows) >= _CROWD and len({row.at for row in rows}) == 1


def is_recent(rows: Iterable[Row], since: datetime) -> bool:
    """Whether no row is older than that, as where a product takes its own earliest moment for from."""
    return all(row.at is None or row.at >= since for row in rows)


def older(answer: Observation) -> Window | None:
    """The time before the oldest row of an answer with a round number of them; None where they are no such number.

    Products that cut answers off often send the newest rows, which a shorter window has as well: only there are others.
    """
    stamps = [row.at for row in answer.rows if row.at is not None]
    if answer.window is None or not answer.is_whole or len(answer.rows) not in ROUND or not stamps:
        return None
    end = floor(min(stamps), SECOND)
    return Window(answer.window.start, end) if end > answer.window.start else None


def parts(end: datetime) -> list[Window]:
    """Short windows before a moment, for a feed that fails over an hour: is it the length, or what is in it?"""
    return [Window(end - (n + 1) * _PART, end - n * _PART) for n in range(_PARTS)]


def youngest(now: datetime, offset: timedelta, length: timedelta) -> Window:
    """The youngest closed seconds."""
    end = floor(now - offset - 2 * SECOND, SECOND)
    return Window(end - length, end)


def focus(candidates: Iterable[Observation], *, aggregate: bool = False) -> Window | None:
    """The window to look at closely: the first candidate with enough rows, or the part of it that is dense enough."""
    best: tuple[int, Observation] | None = None
    for o in candidates:
        count = len(_stamps(o, aggregate=aggregate))
        if best is None or count > best[0]:
            best = count, o
        if count >= FEW:
            best = count, o
            break
    if best is None or not best[0] or best[1].window is None:
        return None
    count, o = best
    if o.is_whole and count <= MANY and o.window is not None:
        return o.window
    stamps = _stamps(o, aggregate=aggregate)
    low = max(len(stamps) // 2 - _SOME // 2, 0)
    high = min(low + _SOME, len(stamps)) - 1
    start, end = floor(stamps[low], MINUTE), ceil(stamps[high] + SECOND, MINUTE)
    if end - start > MINUTE and sum(start <= at < end for at in stamps) > MANY:
        end = start + MINUTE
    return Window(start, end)


def strays(candidates: Iterable[Observation]) -> Window | None:
    """The minutes of rows that were answered, whatever for; None where there are none.

    Where no answer has a row of its own window, this one tells more: it should hold them all.
    """
    found = sorted(row.at for o in candidates if o.is_whole for row in o.rows if row.at is not None)
    if not found:
        return None
    near = found[-_SOME:]
    return Window(floor(near[0], MINUTE), ceil(near[-1] + SECOND, MINUTE))


def cuts(rows: Iterable[Row], window: Window) -> list[Window]:
    """Parts of a window that meet at real stamps: one second after a busy one, and exactly at another."""
    counted = _seconds(rows, window)
    inner = {at: n for at, n in counted.items() if window.start < at < window.end - SECOND}
    if not inner:
        return []
    ordered = sorted(inner)
    # A short part among long ones, where most rows are: some products lose a few rows of long windows alone.
    short = max(window.length / 8, 2 * SECOND)
    ahead = _ahead(ordered, inner, short)
    dense = [at for at in ordered if ahead[at] >= _DENSE * max(ahead.values())]
    first = _preferred(dense, ahead, _LAST_SECOND) + SECOND
    later = [at for at in ordered if first < at <= first + short and at > first + short * 0.75] or [
        at for at in ordered if at > first
    ]
    if not later:
        return _nonempty([Window(window.start, first), Window(first, window.end)])
    second = _preferred(later, inner, 0)
    return _nonempty([Window(window.start, first), Window(first, second), Window(second, window.end)])


def _ahead(ordered: Sequence[datetime], weights: dict[datetime, float], length: timedelta) -> dict[datetime, float]:
    """Stamp -> rows stamped in so long a time after it; `ordered` are the stamps of `weights`."""
    sums = [0.0, *accumulate(weights[at] for at in ordered)]
    return {at: sums[bisect_right(ordered, at + length)] - sums[n + 1] for n, at in enumerate(ordered)}


def edges(rows: Iterable[Row], window: Window, taken: Sequence[Window] = ()) -> list[Window]:
    """Single seconds around real stamps: the one before a stamp, and the stamp's own; once more for another stamp.

    And as long a window as the one they lie in, which ends at a third: some products ask long ones of another table.
    """
    counted = _seconds(rows, window)
    if not counted:
        return []
    used = {cut.start for cut in taken}
    first = _preferred(sorted(counted), {at: n - (at in used) * 0.5 for at, n in counted.items()}, 0)
    found = [Window(first - SECOND, first), Window(first, first + SECOND)]
    others = [at for at in sorted(counted) if at not in {first, first - SECOND}]
    if others:
        # A second with a single row: some products answer one row otherwise than several.
        alone = [at for at in others if counted[at] == 1] or others
        second = _preferred(alone, counted, _LAST_SECOND)
        found.append(Window(second, second + SECOND))
        if further := [at for at in others if at not in used and at != second]:
            third = _preferred(further, counted, 0)
            found.append(Window(third - window.length, third))
    return found


def session_edges(rows: Iterable[Row], now: datetime) -> list[Window]:
    """Seconds of first and of last actions of sessions that lasted a while and are over."""
    lasted = [
        (row.created, row.at)
        for row in rows
        if row.created and row.at and row.created + 2 * SECOND <= row.at < now - MINUTE
    ]
    if not lasted:
        return []
    by_start = sorted(set(lasted), key=lambda pair: (pair[0].second != 0, pair[0]))
    longest = max(lasted, key=lambda pair: pair[1] - pair[0])
    chosen = list(dict.fromkeys([by_start[0], longest]))
    found = []
    for created, _ in chosen:
        start = floor(created, SECOND)
        found.append(Window(start, start + SECOND))
    end = floor(longest[1], SECOND)
    found.append(Window(end, end + SECOND))
    first = floor(by_start[0][0], SECOND)
    found.append(Window(first - SECOND, first))
    return list(dict.fromkeys(found))


def overtaken(answers: Iterable[Observation]) -> Window | None:
    """The second of a session's last action as it was told at first, once others have followed: it is in the midst."""
    first: dict[str, datetime] = {}
    found: list[tuple[timedelta, datetime]] = []
    for row in (row for answer in answers for row in answer.rows):
        if row.key is None or row.created is None or row.at is None:
            continue
        at = first.setdefault(row.key, row.at)
        if row.created + 2 * SECOND <= at <= row.at - 2 * SECOND:
            found.append((at - row.created, at))
    if not found:
        return None
    start = floor(max(found)[1], SECOND)
    return Window(start, start + SECOND)


def busiest(rows: Iterable[Row], window: Window) -> datetime | None:
    """The second with most rows, whole minutes first."""
    counted = _seconds(rows, window)
    return _preferred(sorted(counted), counted, 0) if counted else None


def _stamps(observation: Observation, *, aggregate: bool) -> list[datetime]:
    window = observation.window
    if window is None:
        return []
    found = []
    for row in observation.rows:
        moments = (row.created, row.at) if aggregate else (row.at,)
        inside = [at for at in moments if at is not None and window.contains(at)]
        if inside:
            found.append(inside[-1])
    return sorted(found)


def _seconds(rows: Iterable[Row], window: Window) -> dict[datetime, float]:
    """Second -> rows stamped in it; an exact second counts for more, where fractions are shown."""
    counted: Counter[datetime] = Counter()
    for row in rows:
        if row.at is not None and window.contains(row.at):
            counted[floor(row.at, SECOND)] += 1
    return {at: float(n) for at, n in counted.items()}


def _preferred(stamps: Sequence[datetime], weights: dict[datetime, float], second: int) -> datetime:
    """The heaviest stamp at this second of its minute, or the heaviest at all; of equals the middle one."""
    fitting = [at for at in stamps if at.second == second] or list(stamps)
    most = max(weights.get(at, 0) for at in fitting)
    heaviest = [at for at in fitting if weights.get(at, 0) == most]
    return heaviest[len(heaviest) // 2]


def _nonempty(windows: Iterable[Window]) -> list[Window]:
    return [window for window in windows if not window.is_empty]
