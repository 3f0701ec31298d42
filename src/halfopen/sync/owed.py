"""What a lane owes of a span, and how it is told to."""

from dataclasses import replace
from datetime import datetime

from halfopen.sync.events import Owes
from halfopen.sync.lane import Lane
from halfopen.sync.planner import Scope
from halfopen.window.window import Window


def owes(lane: Lane, window: Window) -> Owes:
    """What a backfill of `window` has before it, as an event."""
    return Owes(
        at=lane.gained_at,
        product=lane.product.name,
        feed=lane.feed.name,
        start=window.start,
        end=window.end,
        rung=0,
        gaps=tuple((gap.start, gap.end) for gap in lane.gaps(window)),
    )


def widened(scope: Scope, window: Window) -> Scope:
    """Also the span of a backfill."""
    return replace(scope, wanted=(*scope.wanted, window))


def narrowed(scope: Scope, window: Window) -> Scope:
    """Without the span of a backfill."""
    return replace(scope, wanted=tuple(one for one in scope.wanted if one != window))


def left_of(lane: Lane, end: datetime) -> list[str]:
    """What keeps a lane from its stop: what is not committed yet, and holes of re-reads."""
    started = lane.progress.started
    gaps = lane.gaps(Window(started, end)) if started is not None and started < end else []
    again = [hole.window for hole in lane.progress.holes if hole.rung]
    return [str(window) for window in (*gaps, *again)]
