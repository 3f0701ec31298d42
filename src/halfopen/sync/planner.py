"""What to ask next: from what one feed has, and what time it is, to the next request or to nothing.

Pure. The newest window that has closed comes first, because freshness is what a CRM feels; then the backlog, oldest
first, in windows as wide as the product bears; then holes whose time has come; then what the ladder of re-reads owes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from halfopen.config.product import ProductConfig
from halfopen.sinks.base import Hole, Progress
from halfopen.window import arming, ladder
from halfopen.window.coverage import Coverage
from halfopen.window.due import horizon
from halfopen.window.ladder import Rung
from halfopen.window.window import EARLIEST, Window, floor

SECOND = timedelta(seconds=1)
NOTHING = Coverage()
# At a stop the short rungs read the tail; what the long ones owe stays owed, and the next run reads it.
CLOSING_RUNGS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """When one feed of one product is asked.

    So that many products take turns, `phase` shifts its live windows, and `lag` is how much later it is re-read.
    """

    cadence: timedelta
    offset: timedelta = timedelta(0)
    ladder: tuple[Rung, ...] = ()
    since: datetime | None = None
    phase: timedelta = timedelta(0)
    lag: timedelta = timedelta(0)

    @classmethod
    def of(
        cls, product: ProductConfig, feed: str, phase: timedelta = timedelta(0), lag: timedelta = timedelta(0)
    ) -> "Rhythm":
        """As the configuration has it; a phase is cut to less than a cadence."""
        return cls(
            phase=phase % product.cadence_of(feed),
            lag=lag,
            cadence=product.cadence_of(feed),
            offset=product.offset_of(feed),
            ladder=tuple(product.ladder_of(feed)),
            since=product.since,
        )


class Reason(StrEnum):
    """Why a window is asked."""

    LIVE = "live"
    BACKLOG = "backlog"
    RETRY = "retry"
    REREAD = "reread"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One request to make: rung 0 is a first ask; `holes` are the holes that it tries to fill."""

    window: Window
    rung: int
    reason: Reason
    holes: tuple[Hole, ...] = ()

    @property
    def attempts(self) -> int:
        """Requests for this window, this one included."""
        return 1 + max((hole.attempts for hole in self.holes), default=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a run may ask: by default everything that live pulling owes.

    live: windows of the cadence. wanted: spans of a backfill. until: no window goes beyond it, and the last one ends
    there. closing: re-read the tail too, for a stop. spent: what a single pass has asked already, a rung each.
    impatient: retry holes without waiting for their time. calm: after trouble, nothing but the newest window.
    resting: rungs that ask few of their spans only, see `window.arming`; at a stop the short ones are awake.
    """

    live: bool = True
    wanted: tuple[Window, ...] = ()
    until: datetime | None = None
    rereads: bool = True
    closing: bool = False
    impatient: bool = False
    calm: bool = False
    resting: frozenset[int] = frozenset()
    spent: Mapping[int, Coverage] = field(default_factory=dict)


LIVE = Scope()


def plan(
    progress: Progress,
    rhythm: Rhythm,
    now: datetime,
    width: timedelta,
    scope: Scope = LIVE,
    *,
    reverse: bool = False,
) -> Ask | None:
    """The next request, or None when nothing is owed at `now`.

    `width` is the widest window that the product bears. `reverse` turns the order round, so that a caller who does so
    now and then starves nobody, however slow the product is.
    """
    owed = _owed(progress, rhythm, now, scope)
    classes: list[Callable[[], Ask | None]] = [lambda: _newest(owed, rhythm, now, width, scope)]
    if not scope.calm:
        classes += [
            lambda: _oldest(owed, rhythm, width),
            lambda: _retry(progress, rhythm, now, width, scope),
            lambda: _reread(progress, rhythm, now, width, scope),
        ]
    found = (find() for find in (reversed(classes) if reverse else classes))
    return next((ask for ask in found if ask is not None), None)


def wake(progress: Progress, rhythm: Rhythm, now: datetime, scope: Scope = LIVE) -> datetime:
    """When to plan again after nothing was owed at `now`: the end of the next window, or the time of a hole before it.

    It must be the very `now` that `plan` was given: what comes due between two moments would be in neither.
    """
    moments = [_horizon(rhythm, now) + rhythm.cadence + rhythm.offset]
    if scope.until is not None:
        moments.append(scope.until + rhythm.offset)
    if not scope.calm:
        moments.extend(hole.next_try for hole in progress.holes)
    return min((moment for moment in moments if moment > now), default=now + rhythm.cadence)


def start(progress: Progress, rhythm: Rhythm, now: datetime) -> datetime:
    """Where live pulling of this feed begins: its ledger and `since`, else the last closed window.

    `since` counts as long as it lies before the ledger: the newest window is committed first, and a stop right after
    it must not make the backlog behind it forgotten.
    """
    known = [moment for moment in (progress.started, rhythm.since) if moment is not None]
    if not known:
        known = [hole.window.start for hole in progress.holes if hole.rung == 0]
    return min(known, default=_horizon(rhythm, now) - rhythm.cadence)


def missing(progress: Progress, wanted: Iterable[Window]) -> list[Window]:
    """What of these spans no first ask has covered yet, holes included."""
    return [gap for span in wanted for gap in progress.committed.gaps(span)]


def settles(window: Window, rung: int, steps: tuple[Rung, ...], asked_at: datetime) -> tuple[tuple[int, Window], ...]:
    """The parts of `window`, asked at `asked_at` by `rung`, that further rungs need not re-read: their time had come.

    So a backfill of the past is asked once and not once a rung, and after downtime one re-read does for all of them.
    """
    parts = (
        (number, window.intersection(Window(EARLIEST, floor(asked_at - step.after, step.span))))
        for number, step in enumerate(steps, start=1)
        if number != rung
    )
    return tuple((number, part) for number, part in parts if part is not None)


def closed(progress: Progress, rhythm: Rhythm, now: datetime, scope: Scope) -> bool:
    """Whether everything up to `scope.until` is committed, no hole is left and the tail is re-read."""
    if scope.until is None or now - rhythm.offset < scope.until:
        return False
    quiet = Scope(until=scope.until, closing=scope.closing, impatient=True, resting=scope.resting)
    return not progress.holes and plan(progress, rhythm, now, timedelta.max, quiet) is None


def _owed(progress: Progress, rhythm: Rhythm, now: datetime, scope: Scope) -> Coverage:
    """What a first ask is owed for: closed, not committed, in no hole."""
    spans = list(scope.wanted)
    if scope.live:
        end = _end(rhythm, now, scope)
        begin = start(progress, rhythm, now)
        if begin < end:
            spans.append(Window(begin, end))
    holes = Coverage.of(hole.window for hole in progress.holes if hole.rung == 0)
    return Coverage.of(missing(progress, spans)).difference(holes).difference(scope.spent.get(0, NOTHING))


def _end(rhythm: Rhythm, now: datetime, scope: Scope) -> datetime:
    """Where the newest closed window ends: on the grid, but for the last window before a stop."""
    if scope.until is None:
        return _horizon(rhythm, now)
    if now - rhythm.offset >= scope.until:
        return scope.until
    return min(_horizon(rhythm, now), scope.until)


def _horizon(rhythm: Rhythm, now: datetime) -> datetime:
    """Where the newest closed window ends, on the grid of the cadence moved by the phase."""
    return horizon(now - rhythm.phase, rhythm.offset, rhythm.cadence) + rhythm.phase


def _newest(owed: Coverage, rhythm: Rhythm, now: datetime, width: timedelta, scope: Scope) -> Ask | None:
    if not scope.live or not owed:
        return None
    end = _end(rhythm, now, scope)
    last = list(owed)[-1]
    if last.end != end:
        return None
    grid = floor(end - rhythm.phase, rhythm.cadence) + rhythm.phase
    begin = max(last.start, grid if grid < end else end - rhythm.cadence)
    return Ask(window=_cut(Window(begin, end), width, rhythm.cadence), rung=0, reason=Reason.LIVE)


def _oldest(owed: Coverage, rhythm: Rhythm, width: timedelta) -> Ask | None:
    for window in owed:
        return Ask(window=_cut(window, width, rhythm.cadence), rung=0, reason=Reason.BACKLOG)
    return None


def _retry(progress: Progress, rhythm: Rhythm, now: datetime, width: timedelta, scope: Scope) -> Ask | None:
    """Neighbouring holes whose time has come go in one request, so that an outage does not end in a storm."""
    for rung in sorted({hole.rung for hole in progress.holes}):
        holes = [hole for hole in progress.holes if hole.rung == rung]
        ready = [hole for hole in holes if scope.impatient or hole.next_try <= now]
        waiting = Coverage.of(hole.window for hole in holes if hole not in ready)
        again = Coverage.of(hole.window for hole in ready).difference(waiting).difference(done(progress, rung))
        for window in again.difference(scope.spent.get(rung, NOTHING)):
            cut = _cut(window, width, rhythm.cadence)
            touched = tuple(hole for hole in ready if hole.window.overlaps(cut))
            return Ask(window=cut, rung=rung, reason=Reason.RETRY, holes=touched)
    return None


def _reread(progress: Progress, rhythm: Rhythm, now: datetime, width: timedelta, scope: Scope) -> Ask | None:
    """Neighbouring spans of a rung go in one request."""
    if not scope.rereads:
        return None
    for number, rung in enumerate(rhythm.ladder, start=1):
        spans = Coverage.of(_rung_owes(progress, number, rung, now - rhythm.lag, scope))
        if not spans:
            continue
        holes = Coverage.of(hole.window for hole in progress.holes if hole.rung == number)
        for window in spans.difference(holes).difference(scope.spent.get(number, NOTHING)):
            return Ask(window=_cut(window, width, rhythm.cadence), rung=number, reason=Reason.REREAD)
    return None


def _rung_owes(progress: Progress, number: int, rung: Rung, now: datetime, scope: Scope) -> Iterator[Window]:
    again = progress.reread.get(number, NOTHING)
    if number in scope.resting and not (scope.closing and number <= CLOSING_RUNGS):
        yield from arming.sample(rung, progress.committed.difference(again), now)
        return
    yield from ladder.owed(rung, progress.committed, again, now)
    if scope.closing and number <= CLOSING_RUNGS:
        yield from ladder.closing(rung, progress.committed, again)


def done(progress: Progress, rung: int) -> Coverage:
    """What this pass has covered."""
    return progress.committed if rung == 0 else progress.reread.get(rung, NOTHING)


def _cut(window: Window, width: timedelta, grid: timedelta) -> Window:
    """The first piece of `window` that is no longer than `width`, cut on the grid where the width allows it."""
    if window.length <= width:
        return window
    end = window.start + max(width, SECOND)
    on_grid = floor(end, grid)
    return Window(window.start, on_grid if on_grid > window.start else floor(end, SECOND))
