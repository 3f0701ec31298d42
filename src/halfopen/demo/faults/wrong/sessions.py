"""Faults of casino sessions: the row of a session sums all its actions, in whatever window it is asked."""

from collections.abc import Iterable

from halfopen.demo.faults.exchange import Request
from halfopen.demo.faults.product import Product
from halfopen.demo.faults.rows import HOUR, SECOND, Action, Row, Session, summed

_MANY = 3


class _Sessions(Product):
    """Makes its own rows of the sessions that are touched."""

    feed = "game_activity"

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        if not self.strikes(feed):
            return super().read(request, feed, start, end)
        self.world.advance(request.now)
        touched = self.world.sessions.touched(start, end, request.now)
        return [row for session in touched for row in self.rows_of(session, start, end, request.now)]

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        """The rows of a session that has an action in [start, end)."""
        raise NotImplementedError


class NeighbouringHours(Product):
    """Also sends the sessions of the hours before and after the window."""

    code, feed = "row_outside_window", "game_activity"
    also = ("window_not_additive", "equal_window_not_empty")

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        more = HOUR if self.strikes(feed) else 0
        return super().read(request, feed, start - more, end + more)


class RowPerKind(_Sessions):
    """Sends two rows for a session: its bets, and its wins."""

    code = "session_row_not_unique"
    also = (
        "duplicate_id",
        "session_partial_aggregate",
        "session_contradicts_itself",
        "count_without_amount",
        "win_count_exceeds_bet_count",
        "row_outside_window",
        "session_missing_from_action_window",
        "session_aggregate_decreased",
    )

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:  # noqa: ARG002 - all actions
        actions = session.until(now)
        for kind in ("bet", "win"):
            some = [action for action in actions if getattr(action, kind) is not None]
            if some:
                yield summed(session, some)


class RowPerAction(_Sessions):
    """Sends a row for each action of the window."""

    code = "session_row_not_unique"
    also = (
        "duplicate_id",
        "session_partial_aggregate",
        "session_contradicts_itself",
        "count_without_amount",
        "win_count_exceeds_bet_count",
        "modified_at_decreased",
        "created_at_changed",
        "field_always_empty",
    )

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        return (summed(session, [action]) for action in _within(session, start, min(end, now + 1)))


class SplitByCurrency(_Sessions):
    """Groups by session and currency: two rows where the player changed the wallet."""

    code = "session_split_by_currency"
    also = (
        "session_row_not_unique",
        "duplicate_id",
        "session_contradicts_itself",
        "session_partial_aggregate",
        "row_outside_window",
        "session_aggregate_decreased",
    )

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:  # noqa: ARG002 - all actions
        actions = session.until(now)
        if len(actions) < _MANY:
            return [summed(session, actions)]
        other = "EUR" if session.values["currency"] != "EUR" else "USD"
        return [summed(session, actions[:2]), summed(session, actions[2:]).altered(currency=other)]


class SumsOfTheWindow(_Sessions):
    """Sums the actions of the window alone."""

    code = "session_partial_aggregate"
    also = (
        "session_contradicts_itself",
        "session_aggregate_decreased",
        "created_at_changed",
        "modified_at_decreased",
        "count_without_amount",
        "win_count_exceeds_bet_count",
        "window_not_deterministic",
    )

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        return [summed(session, list(_within(session, start, min(end, now + 1))))]


class SumsUpToTheEnd(_Sessions):
    """Sums the actions before the end of the window, and not the later ones."""

    code = "session_partial_aggregate"
    also = ("session_contradicts_itself", "session_aggregate_decreased", "modified_at_decreased")

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:  # noqa: ARG002 - the end
        return [summed(session, session.until(min(end - 1, now)))]


class SumsSinceTheStart(_Sessions):
    """Sums the actions since the beginning of the window, and not the earlier ones."""

    code = "session_partial_aggregate"
    also = (
        "session_contradicts_itself",
        "session_aggregate_decreased",
        "created_at_changed",
        "count_without_amount",
        "win_count_exceeds_bet_count",
    )

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:  # noqa: ARG002 - the start
        return [summed(session, list(_within(session, start, now + 1)))]


class StampsWithoutSums(_Sessions):
    """Bears the first and last stamp of the session, and the sums of the window."""

    code = "session_contradicts_itself"
    also = (
        "session_partial_aggregate",
        "session_aggregate_decreased",
        "count_without_amount",
        "win_count_exceeds_bet_count",
    )

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        whole = summed(session, session.until(now)).values
        part = summed(session, list(_within(session, start, min(end, now + 1))))
        return [part.altered(created_at=whole["created_at"], updated_at=whole["updated_at"])]


class LastActionCounts(_Sessions):
    """Sends a session in the window of its last action alone."""

    code = "session_missing_from_action_window"
    also = ("window_not_additive", "window_lower_bound_exclusive")

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        row = self.world.sessions.whole(session, now)
        return [row] if start <= row.at < end else []


class FirstActionCounts(_Sessions):
    """Sends a session in the window of its first action alone."""

    code = "session_missing_from_action_window"
    also = ("window_not_additive", "window_filters_creation_time")

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        return [self.world.sessions.whole(session, now)] if start <= session.actions[0].at < end else []


class EndsAloneCount(_Sessions):
    """Sends a session in the windows of its first and of its last action, and in none between."""

    code, watch = "session_missing_from_action_window", 60
    also = ("window_not_additive",)

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:
        row = self.world.sessions.whole(session, now)
        return [row] if any(start <= at < end for at in (session.actions[0].at, row.at)) else []


class NextMinuteToo(_Sessions):
    """Sends the sessions of the minute after the window, too."""

    code = "row_outside_window"
    also = (
        "window_upper_bound_inclusive",
        "equal_window_not_empty",
        "window_not_additive",
        "window_rounded_to_minutes",
    )

    def read(self, request: Request, feed: str, start: int, end: int) -> list[Row]:
        return super().read(request, feed, start, end + 60 * SECOND if self.strikes(feed) else end)

    def rows_of(self, session: Session, start: int, end: int, now: int) -> Iterable[Row]:  # noqa: ARG002 - all actions
        return [self.world.sessions.whole(session, now)]


def _within(session: Session, start: int, end: int) -> Iterable[Action]:
    return (action for action in session.actions if start <= action.at < end)
