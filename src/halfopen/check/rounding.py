"""Whether rows stand in windows that they do not belong to because from and to are rounded to a coarser unit."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from halfopen.check.cause import DAY, HOUR, MINUTE, Cause, downward, outward, window_of
from halfopen.check.observe import Observation, Row
from halfopen.check.story import SECOND, Extra, Story
from halfopen.window.window import Window

_HALF = 0.5
_ALL_BUT_FEW = 0.8
Form = Callable[[Window, timedelta], Window]


class Rounding:
    """Guesses at a unit of from and to; each fits all rows that do not belong, or is none."""

    def __init__(self, story: Story, answers: Sequence[Observation]) -> None:
        self._story = story
        self._answers = answers

    def to_units(self, extras: Sequence[Extra]) -> Cause | None:
        """Every row lies in the minutes (or hours) that its window touches, or in it with both its bounds rounded down.

        A second more at a bound is no unit: what lies within one alone is told otherwise.
        """
        if not any(self._is_beyond_a_second(extra) for extra in extras):
            return None
        for step, word in ((MINUTE, "minutes"), (HOUR, "hours")):
            for form, how in ((outward, "rounded"), (downward, "rounded down")):
                if self._fits(extras, form, step):
                    text = f"from and to are {how} to whole {word}"
                    return Cause("window_rounded_to_minutes", text, tuple(extras))
        return None

    def fills_days(self, extras: Sequence[Extra]) -> bool:
        """Whether the days that the windows touch are there nearly whole."""
        return self._fills(extras, outward, DAY, _ALL_BUT_FEW)

    def _is_beyond_a_second(self, extra: Extra) -> bool:
        window = window_of(extra.observation)
        if extra.before:
            return extra.row.at is not None and extra.row.at < window.start - SECOND
        return min(self._story.moments(extra.row), default=window.end) >= window.end + SECOND

    def _fits(self, extras: Sequence[Extra], form: Form, step: timedelta) -> bool:
        rows = [(extra.row, extra.observation) for extra in extras]
        if form is downward:
            # What is cut off at the end is in no answer: that tells it from a bound that was moved alone.
            rows = [(row, answer) for answer in self._answers for row in answer.rows]
        fits = all(self._touches(row, form(window_of(answer), step)) for row, answer in rows)
        return fits and self._fills(extras, form, step, _HALF)

    def _touches(self, row: Row, window: Window) -> bool:
        """Whether a row belongs into a window; a session does from its first to its last action."""
        moments = self._story.moments(row)
        return not moments or (min(moments) < window.end and max(moments) >= window.start)

    def _fills(self, extras: Sequence[Extra], form: Form, step: timedelta, share: float) -> bool:
        """Whether so many of the known rows of all windows, rounded, are there, on the sides where any are."""
        sides = {extra.before for extra in extras}
        expected = there = 0
        for answer in self._answers:
            window = window_of(answer)
            wide = form(window, step)
            parts = [Window(wide.start, min(window.start, wide.end))] * (True in sides)
            parts += [Window(window.end, max(window.end, wide.end))] * (False in sides)
            known = set().union(*map(self._story.known, parts))
            expected += len(known)
            there += len(known & answer.ids())
        return there >= expected * share
