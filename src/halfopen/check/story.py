"""What happened at the edges of windows: rows that do not belong, rows that are missing, rows that came late.

Pure: from a feed's answers alone. A row that a later answer lacks is excused where its key is seen again with a
later stamp: it has moved on. A new row in a closed window never is. A session of game activity
does not move: it had an action at its first and at its last stamp, so every window with one of them holds it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from halfopen.check.case import FeedCase
from halfopen.check.latecomers import Latecomer, late_actions, was_closed
from halfopen.check.observe import Observation, Row
from halfopen.check.plan.windows import ROUND
from halfopen.check.witnesses import Witnesses
from halfopen.window.window import Window

SECOND = timedelta(seconds=1)
FEWEST_CAPPED = 10
"""So many rows at least does a product answer that leaves out some."""
CERTAIN = 3


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
    back: bool
    """Whether the row is seen again afterwards, as it was."""
    proven: bool = False
    """Whether it should be there: it is back, or its key was looked for beyond the window, in vain."""


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
        return [loss for loss in self._judged if loss.proven]

    @cached_property
    def doubts(self) -> list[Loss]:
        """Rows that are missing, which nobody has looked for beyond the window yet, or which may be hidden there."""
        return [loss for loss in self._judged if not loss.proven]

    @cached_property
    def _judged(self) -> list[Loss]:
        return [replace(loss, proven=self.witnesses.prove(loss)) for loss in self.absent]

    @cached_property
    def absent(self) -> list[Loss]:
        """Rows that were there and are missing, and are not seen with a later stamp."""
        return list(self._candidates())

    @cached_property
    def witnesses(self) -> Witnesses:
        """What later answers tell of those."""
        return Witnesses(self)

    @cached_property
    def latecomers(self) -> list[Latecomer]:
        """Rows that appeared in closed windows, the latest answer that lacks each."""
        return [*self._latecomers(), *(late_actions(self.feed) if self.feed.is_aggregate else ())]

    @cached_property
    def is_flapping(self) -> bool:
        """Whether the same window was answered with a row and without it, and the row is seen again."""
        return any(loss.back and self._repeated(loss) for loss in self.losses)

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

    def may_be_cut_off(self, answer: Observation) -> bool:
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
    def stamps(self) -> dict[str, list[tuple[datetime, Observation]]]:
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
        return {key for moment, key in self._within(window) if moment >= max(at for at, _ in self.stamps[key])}

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
                if seen is None or self._has_moved(key, moment) or self._has_fallen(key, moment, answer):
                    continue
                back = any(later.started >= answer.ended for later in seen_in)
                yield Loss(answer, row, moment, seen, back)

    def _has_moved(self, key: str, moment: datetime) -> bool:
        """Whether the key is seen anywhere with a later stamp; a session stays where it was.

        Also within the window: if it was there by then, it is the row with that stamp which is missing.
        """
        if self.feed.is_aggregate:
            return False
        return any(at > moment for at, _ in self.stamps[key])

    def _has_fallen(self, key: str, moment: datetime, answer: Observation) -> bool:
        """Whether the key is seen afterwards with an earlier stamp, which has a rule of its own."""
        if self.feed.is_aggregate:
            return False
        return any(at < moment and seen.started >= answer.started for at, seen in self.stamps[key])

    def _latecomers(self) -> Iterator[Latecomer]:
        for (key, moment), (row, seen_in) in self._sightings.items():
            first = seen_in[0]
            missing = [
                answer
                for answer in self.answers
                if answer.ended <= first.started
                and answer.window is not None
                and answer.window.contains(moment)
                and was_closed(self.feed, moment, answer)
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
            seen.ended <= answer.started and at >= moment for at, seen in self.stamps[key]
        )
