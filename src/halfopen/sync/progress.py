"""What one feed has after an answer or a failure, as the mirror itself keeps it; pure."""

from dataclasses import replace

from halfopen.sinks.base import Hole, Progress
from halfopen.sync.planner import NOTHING, Ask, done


def after_answer(progress: Progress, ask: Ask) -> Progress:
    """The answer to `ask` is committed; holes that are covered now are filled."""
    if ask.rung == 0:
        started = min(progress.started or ask.window.start, ask.window.start)
        grown = replace(progress, committed=progress.committed.add(ask.window), started=started)
    else:
        again = progress.reread.get(ask.rung, NOTHING).add(ask.window)
        grown = replace(progress, reread={**progress.reread, ask.rung: again})
    return replace(grown, holes=tuple(hole for hole in grown.holes if not done(grown, hole.rung).covers(hole.window)))


def after_failure(progress: Progress, failed: tuple[Hole, ...]) -> Progress:
    """The windows of `failed` are holes, in the place of what was known of them."""
    again = {(hole.rung, hole.window) for hole in failed}
    kept = tuple(hole for hole in progress.holes if (hole.rung, hole.window) not in again)
    return replace(progress, holes=kept + failed)
