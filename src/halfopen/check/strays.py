"""Why rows stand in windows that they do not belong to: what the product does with from and to instead."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from halfopen.check.cause import (
    DAY,
    Cause,
    answers_of,
    days_of,
    window_of,
)
from halfopen.check.gaps import Gaps
from halfopen.check.observe import Observation
from halfopen.check.rounding import Rounding
from halfopen.check.story import SECOND, Extra, Story
from halfopen.window.window import Window, floor

QUARTER = timedelta(minutes=15)
_MOMENT = timedelta(microseconds=1)
_FARTHEST = timedelta(hours=14)
_MANY = 5
"""So many known rows on a side are needed to tell."""
_MOST = 0.8
"""The share of the known rows on one side that must come for the bound there to count as ignored."""
_FEW_LACKING = 0.3
"""What a shift of the clock explains is there, for the most part."""


class Strays:
    """The explanations of rows outside of their windows, the narrowest first: the first that fits all is it."""

    def __init__(self, story: Story, answers: Sequence[Observation], gaps: Gaps) -> None:
        self.story = story
        self.answers = answers
        self._gaps = gaps
        self._rounding = Rounding(story, answers)

    def explained(self, extras: Sequence[Extra]) -> Cause:
        """The cause of these rows; they are not none."""
        guesses: tuple[Callable[[Sequence[Extra]], Cause | None], ...] = (
            self._nothing_changes,
            self._inclusive,
            self._creation,
            self._other_days,
            self._shifted,
            self._rounding.to_units,
            self._dates,
            self._ignored,
        )
        for guess in guesses:
            if cause := guess(extras):
                return cause
        return Cause(
            "row_outside_window", "rows are answered for windows that their stamps do not lie in", tuple(extras)
        )

    def _nothing_changes(self, extras: Sequence[Extra]) -> Cause | None:
        """Windows that have no moment in common are answered with the same rows."""
        full = [answer for answer in self.answers if answer.rows]
        empty = [answer for answer in self.answers if not answer.rows and answer.body_shape != "nothing"]
        apart = [
            (one, other)
            for at, one in enumerate(full)
            for other in full[at + 1 :]
            if not window_of(one).overlaps(window_of(other)) and len(one.ids() & other.ids()) >= _MOST * len(one.ids())
        ]
        sizes = [len(answer.rows) for answer in full]
        if empty or not apart or min(sizes) < _MOST * max(sizes):
            return None
        return Cause(
            "parameters_not_supported", "from and to change nothing: every window gets the same rows", tuple(extras)
        )

    def _creation(self, extras: Sequence[Extra]) -> Cause | None:
        """Every row of all answers was created in its window, wherever its cursor lies."""
        rows = [(row, window_of(answer)) for answer in self.answers for row in answer.rows]
        if any(row.created is None or not window.contains(row.created) for row, window in rows):
            return None
        if not any(row.at is not None and row.at != row.created for row, _ in rows) or self.story.feed.is_aggregate:
            return None
        return Cause(
            "window_filters_creation_time", "windows cut on the time of creation, not on the cursor", tuple(extras)
        )

    def _inclusive(self, extras: Sequence[Extra]) -> Cause | None:
        """Every extra row is stamped in the very second in which its window ends."""
        if any(
            extra.before or floor(self._first(extra), SECOND) != window_of(extra.observation).end for extra in extras
        ):
            return None
        # Stamps that were rounded up when they were written stand at the end, too, and in no later window.
        homeless = {(loss.row.key, loss.moment) for loss in (*self.story.losses, *self.story.doubts)}
        if any((extra.row.key, self._first(extra)) in homeless for extra in extras) and self._is_mixed():
            return None
        if any(window_of(extra.observation).end == self._first(extra) for extra in extras) or not self._floors():
            text = "rows stamped exactly at the end of a window are in it"
            return Cause("window_upper_bound_inclusive", text, tuple(extras))
        return None

    def _is_mixed(self) -> bool:
        """Whether some rows of a bound are in the window that begins there, or not in the one that ends there.

        So it is with stamps that are rounded when they are written; of (from, to] all of the end is there, and nothing
        of the start.
        """
        for answer in self.answers:
            window = window_of(answer)
            if any(max(self.story.moments(row), default=None) == window.start for row in answer.rows):
                return True
            end = Window(window.end, window.end + _MOMENT)
            if self.story.feed.is_closed(answer, end) and self.story.known(end) - answer.ids():
                return True
        return False

    def _shifted(self, extras: Sequence[Extra]) -> Cause | None:
        """All rows of all answers lie in their windows moved by the same quarters of an hour."""
        shifts = self._shifts()
        return _not_utc(shifts[0], extras) if shifts else None

    def _shifts(self) -> list[timedelta]:
        """By how much the windows may be moved, the likeliest first."""
        stamps = [
            (min(self.story.moments(row)), row.at, window_of(answer))
            for answer in self.answers
            for row in answer.rows
            if row.at is not None and self.story.moments(row)
        ]
        if len(stamps) < 3:  # noqa: PLR2004 - two rows prove no habit
            return []
        most = min(last - window.start for _, last, window in stamps)
        least = max(first - window.end for first, _, window in stamps)
        steps = range(-int(_FARTHEST / QUARTER), int(_FARTHEST / QUARTER) + 1)
        shifts = [QUARTER * step for step in steps if step and least < QUARTER * step <= most]
        found = sorted((self._lacking(one), abs(one), one) for one in shifts)
        return [one for lacking, _, one in found if lacking <= _FEW_LACKING]

    def _lacking(self, shift: timedelta) -> float:
        """The share of their known rows that the moved windows lack, long and short ones alike."""
        shares = []
        for answer in self.answers:
            if (window := window_of(answer)).length <= DAY:
                known = self.story.known(Window(window.start + shift, window.end + shift))
                shares += [len(known - answer.ids()) / len(known)] if known else []
        return sum(shares) / len(shares) if shares else 0.0

    def _dates(self, extras: Sequence[Extra]) -> Cause | None:
        """Every extra row lies in the days that its window touches, on both sides of it, and so do all others."""
        if {extra.before for extra in extras} != {True, False} or not self._rounding.fills_days(extras):
            return None
        return self._days(extras)

    def _other_days(self, extras: Sequence[Extra]) -> Cause | None:
        """Windows within one day are empty, and others hold all of the day in which they start.

        The few rows of a feed that is off by hours may look the same: then other feeds tell.
        """
        found = self._left_out(extras)
        shifts = self._shifts() if found is not None else []
        others = self._others() if shifts else ()
        told = next((one for other in others if (one := other.clear_shift()) in shifts), None)
        return found if told is None else _not_utc(told, extras)

    def _left_out(self, extras: Sequence[Extra]) -> Cause | None:
        return self._days(extras) if self._gaps.empty_days(self.story.losses) else None

    def _others(self) -> Iterator["Strays"]:
        for feed in self.story.feed.case.offered:
            if feed is not self.story.feed and not feed.no_windows:
                story = Story(feed)
                answers = [answer for answer in story.answers if answer.window is not None]
                yield Strays(story, answers, Gaps(story, answers))

    def clear_shift(self) -> timedelta | None:
        """By how much all windows are moved, where nothing else explains what is in them."""
        extras = self.story.extras
        shifts = self._shifts() if extras and self._left_out(extras) is None else []
        return shifts[0] if shifts else None

    def _days(self, extras: Sequence[Extra]) -> Cause | None:
        if not all(self._within(extra, days_of(window_of(extra.observation))) for extra in extras):
            return None
        return Cause(
            "window_date_only", "from and to are read as dates, the time of day counts for nothing", tuple(extras)
        )

    def _ignored(self, extras: Sequence[Extra]) -> Cause | None:
        """Nearly all known rows of one side, or of both, come whatever the bound there."""
        sides = {before for before in (True, False) if self._side_is_open(extras, before=before)}
        if {extra.before for extra in extras} - sides or not sides:
            return None
        shown = tuple(extras)
        if sides == {True}:
            return Cause(
                "window_lower_bound_ignored", "rows from before the window come too: from counts for nothing", shown
            )
        if sides == {False}:
            return Cause(
                "window_upper_bound_ignored", "rows from after the window come too: to counts for nothing", shown
            )
        return Cause(
            "window_ignored", "rows from before and after the window come too: from and to count for nothing", shown
        )

    def _side_is_open(self, extras: Sequence[Extra], *, before: bool) -> bool:
        accused = [a for a in answers_of(extras) if any(e.observation is a and e.before == before for e in extras)]
        many = False
        for answer in accused:
            window = window_of(answer)
            known = {
                row.key
                for earlier in self.answers
                if earlier.ended <= answer.started and earlier is not answer
                for row in earlier.rows
                if row.at is not None and (row.at < window.start if before else row.at >= window.end)
            }
            if known and len(known & answer.ids()) < _MOST * len(known):
                return False
            many |= len(known) >= _MANY
        return many

    def _first(self, extra: Extra) -> datetime:
        """What should have kept the row out at the end of the window."""
        row = extra.row
        moment = row.at
        if self.story.feed.is_aggregate and row.created and row.at:
            moment = min(row.created, row.at)
        assert moment is not None  # noqa: S101 - a row without a stamp is no extra
        return moment

    def _within(self, extra: Extra, window: Window) -> bool:
        moment = extra.row.at if extra.before else self._first(extra)
        return moment is not None and window.contains(moment)

    def _floors(self) -> bool:
        """Whether the feed prints whole seconds, so that a fraction may hide behind each."""
        return all(row.at is None or not row.at.microsecond for answer in self.answers for row in answer.rows)


def _not_utc(shift: timedelta, extras: Sequence[Extra]) -> Cause:
    return Cause("timestamps_not_utc", f"stamps lie {_hours(shift)} off the window: they are not UTC", tuple(extras))


def _hours(shift: timedelta) -> str:
    minutes = int(shift.total_seconds()) // 60
    return f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
