"""Whether a row that is missing is gone: what later answers bear witness of, and how long a product hides a change.

A product that answers what is so many seconds old and nothing younger takes a row that changes out of its old window
at once, and puts it into the new one seconds later. In between it is nowhere: hidden, and not lost.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from halfopen.check.case import CLOSED_AFTER
from halfopen.check.latecomers import Latecomer
from halfopen.check.observe import Observation

if TYPE_CHECKING:
    from halfopen.check.story import Loss, Story

SECOND, LONG = timedelta(seconds=1), timedelta(days=1)
YOUNG = timedelta(minutes=15)
"""What shows itself later than this was imported, or corrected: it says nothing of how late rows usually are."""


class Witnesses:
    """What later answers tell of the rows that earlier ones lack, for one feed's story."""

    def __init__(self, story: "Story") -> None:
        self._story = story
        self._feed = story.feed

    def prove(self, loss: "Loss") -> bool:
        """Whether the row should be there: it is seen again as it was, or was looked for beyond its window, in vain."""
        if self._feed.is_aggregate:
            return not self._is_young(loss)
        if loss.back or self._feed.feed.kind == "append":
            return True
        looked = self._last_look(loss)
        return looked is not None and not self._may_be_hidden(loss, looked)

    @cached_property
    def hides_for(self) -> timedelta:
        """How long a change may be hidden: as late as rows were seen to come, or as the product declares."""
        declared = self._feed.offset + CLOSED_AFTER if self._feed.offset else timedelta(0)
        return max([declared, *(late.found.started + self._feed.skew - late.moment for late in self._settled)])

    @cached_property
    def hides_all(self) -> bool:
        """Whether no row is ever seen that is only seconds old: one that changes all the time is then never seen."""
        youngest = self.youngest
        return bool(self._settled) and youngest is not None and youngest > CLOSED_AFTER + SECOND

    @cached_property
    def youngest(self) -> timedelta | None:
        """The age of the youngest row that was ever seen, by the product's clock; None without any."""
        ages = [
            answer.started + self._feed.skew - max(stamps)
            for answer in self._story.answers
            if (stamps := [row.at for row in answer.rows if row.at is not None])
        ]
        return min(ages, default=None)

    @cached_property
    def _settled(self) -> list[Latecomer]:
        """Rows that came late and stayed; none where most of those that came are missing again, or rows come back.

        Then narrow windows have what wide ones lack, or copies differ: no matter of time.
        """
        late = [
            one
            for one in self._story.latecomers
            if one.is_certain and one.missing.started + self._feed.skew - one.moment <= YOUNG
        ]
        absent: dict[tuple[str | None, datetime], datetime] = {}
        for loss in self._story.absent:
            if loss.back and not self._feed.is_aggregate:
                return []
            place = (loss.row.key, loss.moment)
            absent[place] = max(loss.observation.started, absent.get(place, loss.observation.started))
        stayed = [one for one in late if absent.get((one.row.key, one.moment), one.missing.started) < one.found.ended]
        return stayed if 2 * len(stayed) >= len(late) else []

    def _is_young(self, loss: "Loss") -> bool:
        """Whether the session's action was younger than what the product shows, when its window was asked."""
        return loss.observation.started + self._feed.skew - loss.moment <= self.hides_for

    def _may_be_hidden(self, loss: "Loss", looked: datetime) -> bool:
        """Whether the row may have changed so lately that the last look beyond could not see it yet."""
        return self.hides_all or looked <= self._gone_since(loss) + self.hides_for

    def _gone_since(self, loss: "Loss") -> datetime:
        """When the first answer had come that lacks the key for good: it had changed by then."""
        key = loss.row.key or ""
        seen = max(answer.ended for _, answer in self._story.stamps[key])
        lacking = [other.ended for other in self._lacking[key] if other.started >= seen]
        return min(lacking, default=loss.observation.ended)

    def _last_look(self, loss: "Loss") -> datetime | None:
        """When the last answer was asked that covers all from the end of the window up to then; None without any.

        Where stamps fall a row may as well have gone to where it came from: then there must be one from long before.
        """
        window = loss.observation.window
        found = list(self._looks(loss))
        if not found or window is None:
            return None
        starts = [look.window.start for look in found if look.window is not None]
        if self.stamps_fall and min(starts) > window.start - LONG:
            return None
        return max(look.started for look in found)

    def _looks(self, loss: "Loss") -> Iterator[Observation]:
        """Answers that show everything beyond the window; one that lacks other rows as well may not show this one."""
        answer, window = loss.observation, loss.observation.window
        for later in self._story.answers:
            if (
                window is not None
                and later.window is not None
                and later.started >= answer.ended
                and later.window.start <= window.end
                and later.window.end >= later.started + self._feed.skew
                and not self._story.may_be_cut_off(later)
                and self._lacked[id(later)] in (set(), {loss.row.key})
            ):
                yield later

    @cached_property
    def _lacked(self) -> dict[int, set[str | None]]:
        """Answer -> keys that it lacks."""
        found: dict[int, set[str | None]] = defaultdict(set)
        for loss in self._story.absent:
            found[id(loss.observation)].add(loss.row.key)
        return found

    @cached_property
    def _lacking(self) -> dict[str, list[Observation]]:
        """Key -> answers that lack it."""
        found: dict[str, list[Observation]] = defaultdict(list)
        for loss in self._story.absent:
            found[loss.row.key or ""].append(loss.observation)
        return found

    @cached_property
    def stamps_fall(self) -> bool:
        """Whether any row is stamped earlier than before, in an answer that was asked after the other had come."""
        return any(
            later < earlier and after.started >= before.ended
            for seen in self._story.stamps.values()
            for (earlier, before), (later, after) in pairwise(seen)
        )
