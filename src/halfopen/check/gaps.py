"""Why rows are missing from windows that they belong to: what the product does with from and to instead."""

from collections.abc import Callable, Sequence

from halfopen.check.cause import MINUTE, Cause, answers_of, day_of, inward, is_aligned, window_of
from halfopen.check.observe import Observation
from halfopen.check.pages import is_paginated
from halfopen.check.plan.windows import ROUND
from halfopen.check.story import FEWEST_CAPPED, SECOND, Loss, Story

_FEW_MOVED = 0.05
"""The share of missing rows that may have moved on unseen."""


class Gaps:
    """The explanations of missing rows, the narrowest first: the first that fits all is it."""

    def __init__(self, story: Story, answers: Sequence[Observation]) -> None:
        self.story = story
        self.answers = answers

    def explained(self, losses: Sequence[Loss]) -> Cause:
        """The cause of these gaps; they are not none."""
        guesses: tuple[Callable[[Sequence[Loss]], Cause | None], ...] = (
            self._by_creation,
            self._sessions,
            self._capped,
            self._flapping,
            self.empty_days,
            self._exclusive,
            self._fraction,
            self._aligned,
        )
        for guess in guesses:
            if cause := guess(losses):
                return cause
        return Cause("window_not_additive", "parts of a window and the whole do not hold the same rows", tuple(losses))

    def _by_creation(self, losses: Sequence[Loss]) -> Cause | None:
        """Every answer holds what was created in its window and nothing else."""
        if self.story.feed.is_aggregate:
            return None
        rows = [(row, window_of(answer)) for answer in self.answers for row in answer.rows]
        if not rows or any(row.created is None or not window.contains(row.created) for row, window in rows):
            return None
        if any(loss.row.created is None or window_of(loss.observation).contains(loss.row.created) for loss in losses):
            return None
        return Cause(
            "window_filters_creation_time", "windows cut on the time of creation, not on the cursor", tuple(losses)
        )

    def _sessions(self, losses: Sequence[Loss]) -> Cause | None:
        """Sessions are missing from windows of their first action alone, of their last, or of less than all of them."""
        if not self.story.feed.is_aggregate:
            return None
        gone_on = [self._goes_on(loss) for loss in losses]
        began_before = [
            loss.row.created is not None and loss.row.created < window_of(loss.observation).start for loss in losses
        ]
        if not all(map(any, zip(gone_on, began_before, strict=True))):
            return None
        if self._exclusive(losses) and not self._narrow_alone(losses):
            return None
        which = "only some of the actions"
        if all(gone_on) or all(began_before):
            which = "an earlier action than the last" if all(gone_on) else "a later action than the first"
        return Cause(
            "session_missing_from_action_window", f"windows that hold {which} of a session lack it", tuple(losses)
        )

    def _goes_on(self, loss: Loss) -> bool:
        """Whether the session has an action after the window."""
        last = self.story.newest(loss.row).at
        return last is not None and last >= window_of(loss.observation).end

    def _narrow_alone(self, losses: Sequence[Loss]) -> bool:
        """Whether the other end of sessions is found in windows just as narrow."""
        kinds = {loss.moment == loss.row.created for loss in losses}
        found = {
            moment == row.created
            for answer in self.answers
            if window_of(answer).length <= SECOND
            for row in answer.rows
            for moment in self.story.moments(row)
            if row.created != row.at and window_of(answer).start <= moment < window_of(answer).end
        }
        return bool(found - kinds)

    def _capped(self, losses: Sequence[Loss]) -> Cause | None:
        """A wide answer with a round or recurring number of rows lacks what a narrower one has."""
        lossy = answers_of(losses)
        paged = [a for a in lossy if is_paginated(a)]
        if paged:
            shown = tuple(loss for loss in losses if loss.observation in paged)
            return Cause("response_paginated", "an answer holds a page of the rows, and speaks of more", shown)
        # The same window asked again tells nothing new.
        counts = [len(answer.rows) for answer in {window_of(answer): answer for answer in lossy}.values()]
        most = max((len(answer.rows) for answer in self.answers), default=0)
        recurs = counts.count(most) > 1 or bool(self.story.full)
        if most < FEWEST_CAPPED or most not in counts or not (most in ROUND or recurs):
            return None
        if any(len(loss.observation.rows) != most for loss in losses):
            return None
        return Cause("rows_capped", f"no answer has more than {most} rows; the others are left out", tuple(losses))

    def _flapping(self, losses: Sequence[Loss]) -> Cause | None:
        """The same window, asked twice, has different rows."""
        flaps = self.story.flaps()
        if not flaps or (len(flaps) < len(losses) and self._exclusive(losses)):
            return None
        gone = "; they do not come back: were they deleted?" if self.story.are_gone else ""
        text = f"the same closed window, asked again, lacks rows that it had{gone}"
        return Cause("window_not_deterministic", text, tuple(flaps))

    def empty_days(self, losses: Sequence[Loss]) -> Cause | None:
        """Windows within one day have no rows at all, and those across midnight none of the last day."""
        within = [a for a in self.answers if day_of(window_of(a).start) == day_of(window_of(a).end)]
        if any(a.rows for a in within) or not any(loss.observation in within for loss in losses):
            return None
        before = [x for x in losses if x.observation not in within and x.moment < day_of(window_of(x.observation).end)]
        # A few of an earlier day may have moved on to the last, where no window shows them.
        if len(before) > _FEW_MOVED * len(losses):
            return None
        return Cause(
            "window_date_only", "windows within one day are empty: only the dates of from and to count", tuple(losses)
        )

    def _exclusive(self, losses: Sequence[Loss]) -> Cause | None:
        """Every missing row is stamped in the very second in which its window starts."""
        if any(loss.moment >= window_of(loss.observation).start + SECOND for loss in losses):
            return None
        if all(window_of(loss.observation).length <= SECOND for loss in losses) and self._fraction(losses):
            return self._aligned(losses)
        text = "rows stamped exactly at the start of a window are not in it"
        return Cause("window_lower_bound_exclusive", text, tuple(losses))

    def _fraction(self, losses: Sequence[Loss]) -> Cause | None:
        """Every missing row is stamped in the last second of its window."""
        if any(loss.moment < window_of(loss.observation).end - SECOND for loss in losses):
            return None
        text = "rows of the last second of a window are missing: its end is taken for a whole second earlier"
        return Cause("window_drops_fraction", text, tuple(losses))

    def _aligned(self, losses: Sequence[Loss]) -> Cause | None:
        """Windows that begin and end on whole minutes are whole; others lack rows of the minutes that they cut."""
        if any(is_aligned(window_of(a)) for a in answers_of(losses)):
            return None
        if any(inward(window_of(loss.observation), MINUTE).contains(loss.moment) for loss in losses):
            return None
        return Cause("window_rounded_to_minutes", "only windows on whole minutes hold all their rows", tuple(losses))
