"""What one feed has after an answer or a failure, as the mirror itself keeps it; pure."""

from dataclasses import replace

from halfopen.sinks.base import Hole, Progress
from halfopen.sync.planner import NOTHING, Ask, done
from halfopen.window.window import Window


def after_answer(progress: Progress, ask: Ask, settles: tuple[tuple[int, Window], ...] = ()) -> Progress:
    """The answer to `ask` is committed, and does for the rungs that it settles; holes that are covered are filled."""
    if ask.rung == 0:
        started = min(progress.started or ask.window.start, ask.window.start)
        grown = replace(progress, committed=progress.committed.add(ask.window), started=started)
    else:
        grown = progress
    again = {
        rung: grown.reread.get(rung, NOTHING).add(part) for rung, part in ((ask.rung, ask.window), *settles) if rung
    }
    grown = replace(grown, reread={**grown.reread, **again})
    return replace(grown, holes=tuple(hole for hole in grown.holes if not done(grown, hole.rung).covers(hole.window)))


def after_failure(progress: Progress, failed: tuple[Hole, ...]) -> Progress:
    """The windows of `failed` are holes, in the place of what was known of them."""
    again = {(hole.rung, hole.window) for hole in failed}
    kept = tuple(hole for hole in progress.holes if (hole.rung, hole.window) not in again)
    return replace(progress, holes=kept + failed)
