"""What came late: a row that its closed window lacked, a change of one, an action that a session did not have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from halfopen.check.case import FeedCase
from halfopen.check.observe import Observation, Row

TOTALS = ("bet_count", "win_count", "bet_amount", "win_amount")
"""What a session sums up of its actions."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Latecomer:
    """A row that `missing` lacks, or has as it was before, though its stamp was closed then; `found` has it later.

    repeated: the very same window was asked again, and then held it.
    """

    row: Row
    moment: datetime
    missing: Observation
    found: Observation
    repeated: bool

    @property
    def is_certain(self) -> bool:
        """Whether no reading of from and to puts the row into another window than the one that lacked it.

        A row that moves on is late too, and the same window never has it again: its stamp tells as much, unless it
        lies in the first or last second, which products take for either side.
        """
        window = self.missing.window
        return self.repeated or (window is not None and window.start + _SECOND <= self.moment < window.end - _SECOND)


@dataclass(frozen=True, slots=True)
class _State:
    """A session as it was last answered; `totals` are the largest that it was seen with at this stamp."""

    row: Row
    at: datetime
    answer: Observation
    totals: Sequence[Decimal]


def late_actions(feed: FeedCase) -> Iterator[Latecomer]:
    """Sessions that have an action, later on, at a moment that was closed when they were answered without it.

    A row tells all of a session, whatever window it is answered for; so this needs no second look.
    """
    # Several rows of a session are one for each kind of what it sums up: none has all.
    one_each = all(len(answer.ids()) == len(answer.rows) for answer in feed.answers)
    newest: dict[str, _State] = {}
    for answer in feed.answers:
        for row in answer.rows:
            if row.key is None or row.at is None:
                continue
            now = _State(row, row.at, answer, totals(row))
            before = newest.get(row.key)
            if before is not None and now.at < before.at:
                continue
            if before is not None and before.answer.ended <= answer.started:
                came = before.at < now.at or (one_each and _grew(before, now))
                if came and was_closed(feed, now.at, before.answer):
                    yield Latecomer(row, now.at, before.answer, answer, repeated=True)
            if before is not None and now.at == before.at:
                most = [max(pair) for pair in zip(before.totals, now.totals, strict=True)]
                now = _State(row, now.at, answer, most)
            newest[row.key] = now


def was_closed(feed: FeedCase, moment: datetime, answer: Observation) -> bool:
    """Whether a stamp was closed when this was asked: a whole second is one that was floored, and may be its end."""
    return moment + (timedelta(0) if moment.microsecond else _SECOND) <= feed.closed(answer)


def totals(row: Row) -> list[Decimal]:
    """The totals of a session; what is absent or no number counts as nothing."""
    found = []
    for name in TOTALS:
        try:
            found.append(Decimal(row.text(name) or "0"))
        except InvalidOperation:
            found.append(Decimal(0))
    return found


def _grew(before: _State, now: _State) -> bool:
    """Whether the totals are larger than they ever were at this stamp, and no window is to blame for that.

    An action of the same second as the last one, or of an earlier one, has come: so the second must have been closed.
    What was taken back may come again, and what sums up its window alone has less in another: neither is an action.
    """
    pairs = list(zip(before.totals, now.totals, strict=True))
    return (
        before.at == now.at
        and all(x <= y for x, y in pairs)
        and any(x < y for x, y in pairs)
        and (before.answer.window == now.answer.window or _are_whole(before, now))
    )


def _are_whole(one: _State, other: _State) -> bool:
    """Whether both windows hold the session from its first action, the same for both, to its last."""
    return one.row.created == other.row.created and all(
        state.answer.window is not None
        and state.row.created is not None
        and state.answer.window.start <= state.row.created
        and state.at < state.answer.window.end
        for state in (one, other)
    )
