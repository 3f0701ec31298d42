"""The rows of the zoo's casino: versions of rows by their stamp, and sessions as the sums of their actions.

Stamps are whole microseconds since the epoch (UTC); texts and datetimes are made from them where a row is shown.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(stamp: int) -> datetime:
    """The stamp as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=stamp)


def stamp(moment: datetime) -> int:
    """An aware datetime as microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


@dataclass(slots=True, eq=False)
class Row:
    """One version of a row: current from `at` until the one that follows it."""

    feed: str
    key: str
    at: int
    values: dict[str, object]
    number: int
    """Counts the versions of a world; the same seed and opening give the same numbers."""
    following: "Row | None" = None
    is_kept: bool = True
    """The world holds it for good, so what is made of it may be kept too."""

    def altered(self, **changes: object) -> "Row":
        """A passing copy with other values."""
        return Row(self.feed, self.key, self.at, {**self.values, **changes}, self.number, is_kept=False)

    @property
    def lot(self) -> int:
        """0 to 99, the same for all versions of the key: which rows a fault strikes."""
        return sum(map(ord, self.key[-12:])) % 100


Seen = Callable[[Row], int]
"""When a version becomes visible to those who ask; at its stamp, in a product that keeps the contract."""


def at_once(row: Row) -> int:
    """A row is visible from its stamp on."""
    return row.at


class Table:
    """All versions of a feed's rows in the order of their stamps."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.stamps: list[int] = []
        self.last: dict[str, Row] = {}

    def put(self, row: Row) -> None:
        """Add a version that is not older than any before it."""
        before = self.last.get(row.key)
        if before is not None:
            before.following = row
        self.last[row.key] = row
        self.rows.append(row)
        self.stamps.append(row.at)

    def read(self, start: int, end: int, now: int, seen: Seen = at_once) -> list[Row]:
        """The rows as they stand at `now` whose stamp lies in [start, end)."""
        first, last = bisect_left(self.stamps, start), bisect_left(self.stamps, min(end, now + 1))
        return [row for row in self.rows[first:last] if seen(row) <= now and not _replaced(row, now, seen)]


def _replaced(row: Row, now: int, seen: Seen) -> bool:
    following = row.following
    while following is not None and following.at <= now:
        if seen(following) <= now:
            return True
        following = following.following
    return False


@dataclass(frozen=True, slots=True)
class Action:
    """One bet or one win of a session."""

    at: int
    bet: Decimal | None = None
    win: Decimal | None = None


@dataclass(slots=True, eq=False)
class Session:
    """A player at one game: what stays the same, and the actions in the order of time."""

    key: str
    values: dict[str, object]
    actions: list[Action] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    """Count of actions -> the row that sums them."""

    def until(self, now: int) -> list[Action]:
        """The actions that have happened by `now`."""
        return self.actions[: bisect_right(self.actions, now, key=lambda action: action.at)]


def summed(session: Session, actions: list[Action], number: int = -1) -> Row:
    """The session's row over these actions, of which there is at least one."""
    bets = [action.bet for action in actions if action.bet is not None]
    wins = [action.win for action in actions if action.win is not None]
    values = {
        **session.values,
        "bet_count": len(bets),
        "win_count": len(wins),
        "bet_amount": sum(bets, Decimal(0)),
        "win_amount": sum(wins, Decimal(0)),
        "created_at": moment(actions[0].at),
        "updated_at": moment(actions[-1].at),
    }
    return Row("game_activity", session.key, actions[-1].at, values, number, is_kept=number >= 0)


class Sessions:
    """All sessions, found by the time of their actions."""

    def __init__(self) -> None:
        self.stamps: list[int] = []
        self.players: list[Session] = []
        self.by_key: dict[str, Session] = {}

    def act(self, session: Session, action: Action) -> None:
        """Add an action that is not older than any before it."""
        session.actions.append(action)
        self.by_key[session.key] = session
        self.stamps.append(action.at)
        self.players.append(session)

    def touched(self, start: int, end: int, now: int) -> Iterable[Session]:
        """Each session with an action in [start, end) once."""
        first, last = bisect_left(self.stamps, start), bisect_left(self.stamps, min(end, now + 1))
        return dict.fromkeys(self.players[first:last])

    def read(self, start: int, end: int, now: int) -> list[Row]:
        """The touched sessions, each summed over all its actions up to `now`."""
        return [self.whole(session, now) for session in self.touched(start, end, now)]

    def whole(self, session: Session, now: int) -> Row:
        """The session's row as it stands at `now`."""
        actions = session.until(now)
        row = session.rows.get(len(actions))
        if row is None:
            row = session.rows[len(actions)] = summed(session, actions, number=len(actions))
        return row
