"""What happened at the edges of windows: rows that do not belong, rows that are missing, rows that came late.

Pure: from a feed's answers alone. A row that a later answer lacks is excused where its key is seen again with a
stamp beyond that answer's window: it has moved on. A new row in a closed window never is. A session of game activity
does not move: it had an action at its first and at its last stamp, so every window with one of them holds it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise

from halfopen.check.case import FeedCase
from halfopen.check.latecomers import Latecomer, late_actions
from halfopen.check.observe import Observation, Row
from halfopen.window.window import Window

SECOND, LONG = timedelta(seconds=1), timedelta(days=1)
FEWEST_CAPPED = 10
"""So many rows at least does a product answer that leaves out some."""
CERTAIN = 3
ROUND = frozenset({10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10000, 20000, 50000})
"""Numbers of rows at which products cut answers off."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A row that its window should not hold: stamped `before` its start, or not."""

    observation: Observation
    row: Row
    before: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """A row that `observation` lacks although `seen` had it earlier; `moment` is what puts it into the window."""

    observation: Observation
    row: Row
    moment: datetime
    seen: Observation
    proven: bool
    """Whether its key was looked for beyond the window, in vain."""


class Story:
    """The edges of one feed's windows; everything is computed once, when it is first asked for."""

    def __init__(self, feed: FeedCase) -> None:
        self.feed = feed
        self.answers = feed.answers
        self._of = {id(answer): answer.ids() for answer in self.answers}

    @cached_property
    def extras(self) -> list[Extra]:
        """Rows outside of the window that they were answered for."""
        return [extra for answer in self.answers for extra in self._extras(answer)]

    @cached_property
    def losses(self) -> list[Loss]:
        """Rows that were there and are missing, less those that have moved on."""
        return [loss for loss in self._candidates() if loss.proven]

    @cached_property
    def doubts(self) -> list[Loss]:
        """Rows that are missing and for which nobody has looked beyond the window yet."""
        return [loss for loss in self._candidates() if not loss.proven]

    @cached_property
    def latecomers(self) -> list[Latecomer]:
        """Rows that appeared in closed windows, the latest answer that lacks each."""
        return [*self._latecomers(), *(late_actions(self.feed) if self.feed.is_aggregate else ())]

    @cached_property
    def is_flapping(self) -> bool:
        """Whether the same window was answered with a row, without it, and perhaps with it again."""
        return any(self._repeated(loss) for loss in self.losses)

    def flaps(self) -> list[Loss]:
        """Losses that the same window shows: asked before or after, it has the row."""
        return [loss for loss in self.losses if self._repeated(loss)]

    @cached_property
    def are_gone(self) -> bool:
        """Whether all that the same windows lack is gone for good, as what was deleted is.

        Each of these rows is missing from two answers at least, and from all after the first of them.
        """
        flaps = self.flaps()
        return bool(flaps) and all(self._is_gone(loss) for loss in flaps)

    def _is_gone(self, loss: Loss) -> bool:
        lacking = [other.observation.started for other in self.losses if other.row.key == loss.row.key]
        back = any(o.started >= min(lacking) and loss.row.key in self._of[id(o)] for o in self.answers)
        return len(lacking) > 1 and not back

    def _repeated(self, loss: Loss) -> bool:
        same = loss.observation.window
        return loss.seen.window == same or any(
            answer is not loss.observation and answer.window == same and loss.row.key in self._of[id(answer)]
            for answer in self.answers
        )

    def moments(self, row: Row) -> list[datetime]:
        """What puts a row into a window: its stamp; of a session its first and its last action."""
        if self._is_backwards(row):
            return []
        if self.feed.is_aggregate:
            return [moment for moment in (row.created, row.at) if moment is not None]
        return [row.at] if row.at is not None else []

    def _is_backwards(self, row: Row) -> bool:
        """Whether a session ends before it begins: its stamps, which have a rule of their own, place it nowhere."""
        return self.feed.is_aggregate and bool(row.created and row.at and row.created >= row.at + SECOND)

    def _extras(self, answer: Observation) -> Iterator[Extra]:
        window = answer.window
        if window is None:
            return
        for row in answer.rows:
            if row.at is None or self._is_backwards(row):
                continue
            last = row.at
            first = (row.created or row.at) if self.feed.is_aggregate else row.at
            if last < window.start:
                yield Extra(answer, row, before=True)
            elif first >= window.end:
                yield Extra(answer, row, before=False)

    @cached_property
    def full(self) -> list[Observation]:
        """Answers that are perhaps cut off: no answer has more rows, and several have as many, though not the same."""
        found = [answer for answer in self.answers if len(answer.rows) == self._most >= FEWEST_CAPPED]
        by_window = {answer.window: frozenset(self._of[id(answer)]) for answer in found}
        return found if len(set(by_window.values())) > 1 else []

    def _may_be_cut_off(self, answer: Observation) -> bool:
        """Whether an answer may lack rows for their number: a single one of the most rows, and of a round number."""
        return answer in self.full or (len(answer.rows) == self._most and self._most in ROUND)

    @cached_property
    def _most(self) -> int:
        return max((len(answer.rows) for answer in self.answers), default=0)

    @cached_property
    def are_cut_off(self) -> bool:
        """Whether that is beyond doubt: as many rows in three windows, other ones in each, are no chance."""
        return len({frozenset(self._of[id(answer)]) for answer in self.full}) >= CERTAIN

    @cached_property
    def _sightings(self) -> dict[tuple[str, datetime], tuple[Row, list[Observation]]]:
        """(key, moment) -> the row, and the answers that rightly hold it."""
        found: dict[tuple[str, datetime], tuple[Row, list[Observation]]] = {}
        for answer in self.answers:
            for row in answer.rows:
                if row.key is None:
                    continue
                for moment in self.moments(row):
                    found.setdefault((row.key, moment), (row, []))[1].append(answer)
        return found

    @cached_property
    def _in_order(self) -> list[tuple[datetime, str]]:
        return sorted((moment, key) for key, moment in self._sightings)

    @cached_property
    def _stamps(self) -> dict[str, list[tuple[datetime, Observation]]]:
        """Key -> every stamp with an observation that has it, also of answers that are not whole."""
        found: dict[str, list[tuple[datetime, Observation]]] = defaultdict(list)
        for observation in self.feed.readable:
            for row in observation.rows:
                if row.key is not None and row.at is not None:
                    found[row.key].append((row.at, observation))
        return found

    def _within(self, window: Window) -> Iterator[tuple[datetime, str]]:
        low = bisect_left(self._in_order, (window.start, ""))
        high = bisect_left(self._in_order, (window.end, ""))
        return iter(self._in_order[low:high])

    def known(self, window: Window) -> set[str]:
        """Keys of rows that were seen with a stamp in the window, and never with a later one."""
        return {key for moment, key in self._within(window) if moment >= max(at for at, _ in self._stamps[key])}

    def newest(self, row: Row) -> Row:
        """The latest stamp that a row's key was seen with, as the row that has it."""
        return self._newest.get(row.key or "", row)

    @cached_property
    def _newest(self) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for row in self.feed.rows:
            if row.key is not None and row.at is not None:
                before = found.get(row.key)
                if before is None or before.at is None or row.at > before.at:
                    found[row.key] = row
        return found

    def _candidates(self) -> Iterator[Loss]:
        for answer in self.answers:
            window = answer.window
            if window is None or window.is_empty:
                continue
            present = self._of[id(answer)]
            for moment, key in self._within(window):
                if key in present:
                    continue
                row, seen_in = self._sightings[key, moment]
                seen = next((earlier for earlier in seen_in if earlier.ended <= answer.started), None)
                if seen is None or self._has_moved(key, window) or self._has_fallen(key, moment, answer):
                    continue
                yield Loss(answer, row, moment, seen, self._looked_beyond(answer, window))

    def _has_moved(self, key: str, window: Window) -> bool:
        """Whether the key is seen anywhere with a stamp beyond the window; a session stays where it was."""
        if self.feed.is_aggregate:
            return False
        return any(at >= window.end for at, _ in self._stamps[key])

    def _has_fallen(self, key: str, moment: datetime, answer: Observation) -> bool:
        """Whether the key is seen afterwards with an earlier stamp, which has a rule of its own."""
        if self.feed.is_aggregate:
            return False
        return any(at < moment and seen.started >= answer.started for at, seen in self._stamps[key])

    def _looked_beyond(self, answer: Observation, window: Window) -> bool:
        """Whether a later answer covers everything from the end of the window up to when it was asked.

        Where stamps fall a row may as well have gone to where it came from: then there must be one from long before.
        """
        if self.feed.is_aggregate or self.feed.feed.kind == "append":
            return True
        starts = [
            later.window.start
            for later in self.answers
            if later.window is not None
            and not self._may_be_cut_off(later)
            and later.started >= answer.ended
            and later.window.start <= window.end
            and later.window.end >= later.started + self.feed.skew
        ]
        return bool(starts) and (not self.stamps_fall or min(starts) <= window.start - LONG)

    @cached_property
    def stamps_fall(self) -> bool:
        """Whether any row is stamped earlier than before, in an answer that was asked after the other had come."""
        return any(
            later < earlier and after.started >= before.ended
            for seen in self._stamps.values()
            for (earlier, before), (later, after) in pairwise(seen)
        )

    def _latecomers(self) -> Iterator[Latecomer]:
        for (key, moment), (row, seen_in) in self._sightings.items():
            first = seen_in[0]
            missing = [
                answer
                for answer in self.answers
                if answer.ended <= first.started
                and answer.window is not None
                and answer.window.contains(moment)
                and moment < self.feed.closed(answer)
                and not self._is_up_to(moment, key, answer)
                and answer not in self.full
            ]
            if not missing or self._was_elsewhere(key, moment, missing[-1]):
                continue
            repeated = any(
                later.window == answer.window and later.started >= first.started and self._is_up_to(moment, key, later)
                for answer in missing
                for later in self.answers
            )
            yield Latecomer(row, moment, missing[-1], first, repeated=repeated)

    def _is_up_to(self, moment: datetime, key: str, answer: Observation) -> bool:
        """Whether an answer has the key, and no older state of it than that of this moment; sessions have one state."""
        at = self._last[id(answer)].get(key)
        return key in self._of[id(answer)] and (self.feed.is_aggregate or at is None or at >= moment)

    @cached_property
    def _last(self) -> dict[int, dict[str, datetime]]:
        """Answer -> key -> its last stamp there."""
        found: dict[int, dict[str, datetime]] = {}
        for answer in self.answers:
            last = found.setdefault(id(answer), {})
            for row in answer.rows:
                if row.key is not None and row.at is not None:
                    last[row.key] = max(row.at, last.get(row.key, row.at))
        return found

    def _was_elsewhere(self, key: str, moment: datetime, answer: Observation) -> bool:
        """Whether a session was answered before with other stamps: then what is new is no action before the last."""
        return self.feed.is_aggregate and any(
            seen.ended <= answer.started and at >= moment for at, seen in self._stamps[key]
        )
