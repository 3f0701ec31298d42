"""Why the edges of windows are wrong: the one explanation that fits every answer of a feed.

Each explanation is a guess at what the product does with from and to; the first that fits all the evidence wins.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from halfopen.check.case import FeedCase
from halfopen.check.observe import Observation
from halfopen.check.pages import is_paginated
from halfopen.check.story import FEWEST_CAPPED, ROUND, SECOND, Extra, Loss, Story
from halfopen.window.window import Window, ceil, floor

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUARTER = timedelta(minutes=15)
_FARTHEST = timedelta(hours=14)
_MANY = 5
"""So many known rows on a side are needed to tell."""
_MOST = 0.8
"""The share of the known rows on one side that must come for the bound there to count as ignored."""

_FEW_MOVED = 0.05
"""The share of missing rows that may have moved on unseen."""
_FEW_LACKING = 0.3
"""What a shift of the clock explains is there, for the most part."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What a feed does wrong with windows: a rule's code, one sentence, and the answers that show it."""

    code: str
    text: str
    shown: tuple[Extra | Loss, ...]

    @property
    def observation(self) -> Observation:
        """The first answer that shows it."""
        return self.shown[0].observation


def causes_of(feed: FeedCase) -> "Causes":
    """The explanations of a feed, worked out once."""
    found = feed.memory.get("causes")
    if not isinstance(found, Causes):
        found = feed.memory["causes"] = Causes(Story(feed))
    return found


class Causes:
    """The explanations of one feed's story."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.answers = [answer for answer in story.answers if answer.window is not None]

    @cached_property
    def of_extras(self) -> Cause | None:
        """Why there are rows outside of their windows; None when there are none."""
        extras = self.story.extras
        if not extras:
            return None
        guesses: tuple[Callable[[Sequence[Extra]], Cause | None], ...] = (
            self._nothing_changes,
            self._creation,
            self._inclusive,
            self._other_days,
            self._shifted,
            self._rounded,
            self._dates,
            self._ignored,
        )
        for guess in guesses:
            if cause := guess(extras):
                return cause
        return Cause(
            "row_outside_window", "rows are answered for windows that their stamps do not lie in", tuple(extras)
        )

    @cached_property
    def of_losses(self) -> Cause | None:
        """Why rows are missing; None when none is, or when what explains the extra rows explains it too."""
        losses = self.story.losses or self._cut_off()
        extras = self.of_extras
        if not losses or (
            extras is not None and extras.code not in {"row_outside_window", "window_upper_bound_inclusive"}
        ):
            return None
        strays = {(extra.row.key, extra.row.at) for extra in self.story.extras}
        if sum((loss.row.key, loss.moment) in strays for loss in losses) * 2 >= len(losses):
            # The row stands in the window before: what is wrong is its stamp, which was rounded when it was written.
            return None
        guesses: tuple[Callable[[Sequence[Loss]], Cause | None], ...] = (
            self._by_creation,
            self._sessions,
            self._capped,
            self._flapping,
            self._empty_days,
            self._exclusive,
            self._fraction,
            self._aligned,
        )
        for guess in guesses:
            if cause := guess(losses):
                return cause
        return Cause("window_not_additive", "parts of a window and the whole do not hold the same rows", tuple(losses))

    def _cut_off(self) -> list[Loss]:
        """What answers lack that are cut off: what lies beyond their windows need not be known for that."""
        return [loss for loss in self.story.doubts if loss.observation in self.story.full] * self.story.are_cut_off

    def all(self) -> list[Cause]:
        """The causes that were found."""
        return [cause for cause in (self.of_extras, self.of_losses) if cause is not None]

    # --- rows that do not belong

    def _nothing_changes(self, extras: Sequence[Extra]) -> Cause | None:
        """Windows that have no moment in common are answered with the same rows."""
        full = [answer for answer in self.answers if answer.rows]
        empty = [answer for answer in self.answers if not answer.rows and answer.body_shape != "nothing"]
        apart = [
            (one, other)
            for at, one in enumerate(full)
            for other in full[at + 1 :]
            if not _window(one).overlaps(_window(other)) and len(one.ids() & other.ids()) >= _MOST * len(one.ids())
        ]
        sizes = [len(answer.rows) for answer in full]
        if empty or not apart or min(sizes) < _MOST * max(sizes):
            return None
        return Cause(
            "parameters_not_supported", "from and to change nothing: every window gets the same rows", tuple(extras)
        )

    def _creation(self, extras: Sequence[Extra]) -> Cause | None:
        """Every row of the accused answers was created in its window, wherever its cursor lies."""
        accused = _observations(extras)
        rows = [(row, _window(answer)) for answer in accused for row in answer.rows]
        if any(row.created is None or not window.contains(row.created) for row, window in rows):
            return None
        if not any(row.at is not None and row.at != row.created for row, _ in rows) or self.story.feed.is_aggregate:
            return None
        return Cause(
            "window_filters_creation_time", "windows cut on the time of creation, not on the cursor", tuple(extras)
        )

    def _inclusive(self, extras: Sequence[Extra]) -> Cause | None:
        """Every extra row is stamped in the very second in which its window ends."""
        if any(extra.before or floor(self._first(extra), SECOND) != _window(extra.observation).end for extra in extras):
            return None
        # Stamps that were rounded up when they were written stand at the end, too; but they are in no later window.
        homeless = {(loss.row.key, loss.moment) for loss in (*self.story.losses, *self.story.doubts)}
        if any((extra.row.key, self._first(extra)) in homeless for extra in extras):
            return None
        if any(_window(extra.observation).end == self._first(extra) for extra in extras) or not self._floors():
            text = "rows stamped exactly at the end of a window are in it"
            return Cause("window_upper_bound_inclusive", text, tuple(extras))
        return None

    def _shifted(self, extras: Sequence[Extra]) -> Cause | None:
        """All rows of all answers lie in their windows moved by the same quarters of an hour."""
        stamps = [
            (min(self.story.moments(row)), row.at, _window(answer))
            for answer in self.answers
            for row in answer.rows
            if row.at is not None and self.story.moments(row)
        ]
        if len(stamps) < 3:  # noqa: PLR2004 - two rows prove no habit
            return None
        most = min(last - window.start for _, last, window in stamps)
        least = max(first - window.end for first, _, window in stamps)
        steps = range(-int(_FARTHEST / QUARTER), int(_FARTHEST / QUARTER) + 1)
        shifts = [QUARTER * step for step in steps if step and least < QUARTER * step <= most]
        if not shifts:
            return None
        lacking, shift = min(((self._lacking(one), one) for one in shifts), key=lambda one: (one[0], abs(one[1])))
        if lacking > _FEW_LACKING:
            return None
        return Cause(
            "timestamps_not_utc", f"stamps lie {_hours(shift)} off the window: they are not UTC", tuple(extras)
        )

    def _lacking(self, shift: timedelta) -> float:
        """The share of their known rows that the moved windows lack, long and short ones alike."""
        shares = []
        for answer in self.answers:
            if (window := _window(answer)).length <= DAY:
                known = self.story.known(Window(window.start + shift, window.end + shift))
                shares += [len(known - answer.ids()) / len(known)] if known else []
        return sum(shares) / len(shares) if shares else 0.0

    def _rounded(self, extras: Sequence[Extra]) -> Cause | None:
        """Every extra row lies in the minutes (or hours) that its window touches."""
        if all(not e.before and floor(self._first(e), SECOND) == _window(e.observation).end for e in extras):
            return None
        for step, word in ((MINUTE, "minutes"), (HOUR, "hours")):
            fits = all(self._within(extra, _outward(_window(extra.observation), step)) for extra in extras)
            if fits and self._fills(extras, step):
                return Cause("window_rounded_to_minutes", f"from and to are rounded to whole {word}", tuple(extras))
        return None

    def _fills(self, extras: Sequence[Extra], step: timedelta, share: float = 0.5) -> bool:
        """Whether so many of the known rows of all windows, rounded, are there, on the sides where any are."""
        sides = {extra.before for extra in extras}
        expected = there = 0
        for answer in self.answers:
            window = _window(answer)
            wide = _outward(window, step)
            parts = [Window(wide.start, window.start)] * (True in sides)
            parts += [Window(window.end, wide.end)] * (False in sides)
            known = set().union(*map(self.story.known, parts))
            expected += len(known)
            there += len(known & answer.ids())
        return there >= expected * share

    def _dates(self, extras: Sequence[Extra]) -> Cause | None:
        """Every extra row lies in the days that its window touches, on both sides of it, and so do all others."""
        if {extra.before for extra in extras} != {True, False} or not self._fills(extras, DAY, _MOST):
            return None
        return self._days(extras)

    def _other_days(self, extras: Sequence[Extra]) -> Cause | None:
        """Windows within one day are empty, and others hold all of the day in which they start."""
        return self._days(extras) if self._empty_days(self.story.losses) else None

    def _days(self, extras: Sequence[Extra]) -> Cause | None:
        if not all(self._within(extra, _days_of(_window(extra.observation))) for extra in extras):
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
        accused = [a for a in _observations(extras) if any(e.observation is a and e.before == before for e in extras)]
        many = False
        for answer in accused:
            window = _window(answer)
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

    # --- rows that are missing

    def _by_creation(self, losses: Sequence[Loss]) -> Cause | None:
        """Every answer holds what was created in its window and nothing else."""
        if self.story.feed.is_aggregate:
            return None
        rows = [(row, _window(answer)) for answer in self.answers for row in answer.rows]
        if not rows or any(row.created is None or not window.contains(row.created) for row, window in rows):
            return None
        if any(loss.row.created is None or _window(loss.observation).contains(loss.row.created) for loss in losses):
            return None
        return Cause(
            "window_filters_creation_time", "windows cut on the time of creation, not on the cursor", tuple(losses)
        )

    def _sessions(self, losses: Sequence[Loss]) -> Cause | None:
        """Sessions are missing from windows of their first action alone, or from all but that of their last."""
        if not self.story.feed.is_aggregate:
            return None
        gone_on = all(
            (at := self.story.newest(loss.row).at) is not None and at >= _window(loss.observation).end
            for loss in losses
        )
        began_before = all(
            loss.row.created is not None and loss.row.created < _window(loss.observation).start for loss in losses
        )
        if not gone_on and not began_before:
            return None
        if self._exclusive(losses) and not self._narrow_alone(losses):
            return None
        which = "an earlier action than the last" if gone_on else "a later action than the first"
        return Cause(
            "session_missing_from_action_window", f"windows that hold {which} of a session lack it", tuple(losses)
        )

    def _narrow_alone(self, losses: Sequence[Loss]) -> bool:
        """Whether the other end of sessions is found in windows just as narrow."""
        kinds = {loss.moment == loss.row.created for loss in losses}
        found = {
            moment == row.created
            for answer in self.answers
            if _window(answer).length <= SECOND
            for row in answer.rows
            for moment in self.story.moments(row)
            if row.created != row.at and _window(answer).start <= moment < _window(answer).end
        }
        return bool(found - kinds)

    def _capped(self, losses: Sequence[Loss]) -> Cause | None:
        """A wide answer with a round or recurring number of rows lacks what a narrower one has."""
        lossy = _observations(losses)
        paged = [a for a in lossy if is_paginated(a)]
        if paged:
            shown = tuple(loss for loss in losses if loss.observation in paged)
            return Cause("response_paginated", "an answer holds a page of the rows, and speaks of more", shown)
        # The same window asked again tells nothing new.
        counts = [len(answer.rows) for answer in {_window(answer): answer for answer in lossy}.values()]
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

    def _empty_days(self, losses: Sequence[Loss]) -> Cause | None:
        """Windows within one day have no rows at all, and those across midnight none of the last day."""
        within = [a for a in self.answers if _day(_window(a).start) == _day(_window(a).end)]
        if any(a.rows for a in within) or not any(loss.observation in within for loss in losses):
            return None
        before = [x for x in losses if x.observation not in within and x.moment < _day(_window(x.observation).end)]
        # A few of an earlier day may have moved on to the last, where no window shows them.
        if len(before) > _FEW_MOVED * len(losses):
            return None
        return Cause(
            "window_date_only", "windows within one day are empty: only the dates of from and to count", tuple(losses)
        )

    def _exclusive(self, losses: Sequence[Loss]) -> Cause | None:
        """Every missing row is stamped in the very second in which its window starts."""
        if any(loss.moment >= _window(loss.observation).start + SECOND for loss in losses):
            return None
        if all(_window(loss.observation).length <= SECOND for loss in losses) and self._fraction(losses):
            return self._aligned(losses)
        text = "rows stamped exactly at the start of a window are not in it"
        return Cause("window_lower_bound_exclusive", text, tuple(losses))

    def _fraction(self, losses: Sequence[Loss]) -> Cause | None:
        """Every missing row is stamped in the last second of its window."""
        if any(loss.moment < _window(loss.observation).end - SECOND for loss in losses):
            return None
        text = "rows of the last second of a window are missing: its end is taken for a whole second earlier"
        return Cause("window_drops_fraction", text, tuple(losses))

    def _aligned(self, losses: Sequence[Loss]) -> Cause | None:
        """Windows that begin and end on whole minutes are whole; others lack rows of the minutes that they cut."""
        if any(_is_aligned(_window(a)) for a in _observations(losses)):
            return None
        if any(_inward(_window(loss.observation), MINUTE).contains(loss.moment) for loss in losses):
            return None
        return Cause("window_rounded_to_minutes", "only windows on whole minutes hold all their rows", tuple(losses))

    # --- small words

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


def _window(observation: Observation) -> Window:
    window = observation.window
    assert window is not None  # noqa: S101 - a story holds no other answers
    return window


def _observations(found: Iterable[Extra | Loss]) -> list[Observation]:
    return list({id(one.observation): one.observation for one in found}.values())


def _outward(window: Window, step: timedelta) -> Window:
    return Window(floor(window.start, step), ceil(window.end, step))


def _days_of(window: Window) -> Window:
    """The days of both bounds, that of `to` with its end: also where `to` is a midnight, as just after one."""
    return Window(_day(window.start), _day(window.end) + DAY)


def _inward(window: Window, step: timedelta) -> Window:
    start = ceil(window.start, step)
    return Window(start, max(floor(window.end, step), start))


def _is_aligned(window: Window) -> bool:
    return floor(window.start, MINUTE) == window.start and floor(window.end, MINUTE) == window.end


def _day(moment: datetime) -> datetime:
    return floor(moment, DAY)


def _hours(shift: timedelta) -> str:
    minutes = int(shift.total_seconds()) // 60
    return f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
