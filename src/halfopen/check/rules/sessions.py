"""Rules about game sessions: one row each, the same all-time totals in whatever window it is answered."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.counted import counted
from halfopen.check.finding import Certainty, Severity
from halfopen.check.latecomers import TOTALS, totals
from halfopen.check.observe import Observation, Row
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_verified
from halfopen.check.sample import Id, Sample
from halfopen.check.telling import holder, moment, window_of, without_rows

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO


def _split(feed: FeedCase) -> Outcome:
    return _several(feed, by_currency=True)


def _not_unique(feed: FeedCase) -> Outcome:
    return _several(feed, by_currency=False)


def _several(feed: FeedCase, *, by_currency: bool) -> Outcome:
    if ended := without_rows(feed):
        return ended
    bad: dict[str, tuple[Observation, list[Row]]] = {}
    for o in feed.readable:
        sessions: dict[str, list[Row]] = defaultdict(list)
        for row in o.rows:
            if row.key is not None:
                sessions[row.key].append(row)
        for key, rows in sessions.items():
            differs = len({(row.text("currency") or "").upper() for row in rows}) > 1
            if len(rows) > 1 and differs == by_currency:
                bad.setdefault(key, (o, rows))
    if not bad:
        return PASS
    samples = [Sample(Id(key), f": {counted(len(rows), 'row')} in {window_of(o)}") for key, (o, rows) in bad.items()]
    why = ", one for each currency" if by_currency else ""
    return failed(
        f"{counted(len(bad), 'session has', 'sessions have')} several rows in one answer{why}",
        seen=next(iter(bad.values()))[0].exchange,
        samples=samples,
    )


def _values(row: Row) -> tuple[str | None, ...]:
    return tuple(_plain(row.text(name)) for name in TOTALS)


def _plain(text: str | None) -> str | None:
    try:
        return None if text is None else str(Decimal(text).normalize())
    except InvalidOperation:
        return text


def _disagreements(feed: FeedCase) -> Iterator[tuple[Row, Observation, Row, Observation]]:
    """Sessions that one window sums up otherwise than another, which was asked before and after.

    That one agrees with itself, so it is the window that makes the difference, not the time. The odd row and answer
    come first.
    """
    seen: dict[str, list[tuple[Row, Observation]]] = defaultdict(list)
    for o in sorted(feed.answers, key=lambda o: o.started):
        for row in o.rows:
            if row.key is not None and row.at is not None:
                seen[row.key].append((row, o))
    for found in seen.values():
        for place, (odd, between) in enumerate(found):
            later = {
                _state(row)
                for row, o in found[place + 1 :]
                if o.started >= between.ended and o.window != between.window
            }
            for row, before in found[:place]:
                if before.ended > between.started or before.window == between.window:
                    continue
                if _state(row) != _state(odd) and _state(row) in later:
                    yield odd, between, row, before
                    break


def _state(row: Row) -> tuple[object, ...]:
    return (row.created, row.at, *_values(row))


def _partial(feed: FeedCase) -> Outcome:
    """A narrow window has less of a session than a wide one, before and after it."""
    if ended := without_rows(feed):
        return ended
    bad = [found for found in _disagreements(feed) if _is_part(*found)]
    if not bad:
        return PASS if _was_compared(feed) else not_verified("no session was answered for two windows")
    return _told(bad, "a window sums up only its own part of a session")


def _contradicts(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    bad = [found for found in _disagreements(feed) if _same_stamps(found[0], found[2]) or not _is_part(*found)]
    if not bad:
        return PASS if _was_compared(feed) else not_verified("no session was answered for two windows")
    return _told(bad, "the same session has other totals in another window")


def _same_stamps(one: Row, other: Row) -> bool:
    return (one.created, one.at) == (other.created, other.at)


def _was_compared(feed: FeedCase) -> bool:
    windows: dict[str, set[object]] = defaultdict(set)
    for o in feed.answers:
        for key in o.ids():
            windows[key].add(o.window)
    return any(len(found) > 1 for found in windows.values())


def _is_part(odd: Row, between: Observation, whole: Row, before: Observation) -> bool:
    """Less of everything, in a window that does not hold the whole session while the other holds more of it."""
    a, b = between.window, before.window
    if a is None or b is None or odd.at is None or whole.at is None:
        return False
    # The row with less of it is the part, whichever of the two was asked in between.
    less = all(x <= y for x, y in zip(totals(odd), totals(whole), strict=True))
    more = all(x >= y for x, y in zip(totals(odd), totals(whole), strict=True))
    return (less and a.length <= b.length) or (more and b.length <= a.length) or less or more


def _told(bad: list[tuple[Row, Observation, Row, Observation]], text: str) -> Outcome:
    samples = [
        Sample(Id(odd.key), f": {_shown(odd)} in {window_of(between)}, {_shown(row)} in {window_of(before)}")
        for odd, between, row, before in bad
    ]
    return failed(text, seen=bad[0][1].exchange, samples=samples, count=len({odd.key for odd, *_ in bad}))


def _shown(row: Row) -> str:
    counts = "/".join(row.text(name) or "null" for name in TOTALS)
    return f"{counts} until {moment(row.at)}"


def _missing(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    causes = causes_of(feed)
    cause = causes.of_losses
    if cause is not None and cause.code == "session_missing_from_action_window":
        samples = [
            Sample(
                Id(loss.row.key),
                f" had an action at {moment(loss.moment)} and is missing from {window_of(loss.observation)}",
            )
            for loss in cause.shown
            if hasattr(loss, "moment")
        ]
        return failed(cause.text, seen=cause.observation.exchange, samples=samples)
    if not any(o.probe == "edge" for o in feed.answers):
        return not_verified("no window around a session's first action was asked")
    return PASS


def _decreased(feed: FeedCase) -> Outcome:
    """Totals that fall from one answer to a later one of the same window."""
    if ended := without_rows(feed):
        return ended
    if any(len(o.ids()) < len(o.rows) for o in feed.readable):
        return not_verified("sessions have several rows in one answer")
    most: dict[tuple[str, object], tuple[Row, Observation]] = {}
    bad: dict[str, tuple[Row, Row, Observation]] = {}
    compared = False
    for o in sorted(feed.answers, key=lambda o: o.started):
        for row in o.rows:
            if row.key is None:
                continue
            before = most.get((row.key, o.window))
            if before is not None and before[1].ended <= o.started:
                compared = True
                if any(x < y for x, y in zip(totals(row), totals(before[0]), strict=True)):
                    bad.setdefault(row.key, (before[0], row, o))
            most[row.key, o.window] = (row, o)
    if bad:
        samples = [Sample(Id(key), f": {_shown(before)}, later {_shown(row)}") for key, (before, row, _) in bad.items()]
        text = f"the totals of {counted(len(bad), 'session')} fall, which is right only where bets are taken back"
        return failed(text, seen=next(iter(bad.values()))[2].exchange, samples=samples, certainty=Certainty.STATISTICAL)
    return PASS if compared else not_verified("no window with sessions was asked twice")


def _more_wins(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    bad = [row for row in feed.rows if _counts(row)[1] > _counts(row)[0]]
    if not bad:
        return PASS
    samples = [
        Sample(Id(row.key), f": {row.text('win_count')} wins of {row.text('bet_count')} bets") for row in bad[:20]
    ]
    return failed(
        f"{counted(len(bad), 'session has', 'sessions have')} more wins than bets",
        samples=samples,
        count=len(bad),
        seen=holder(feed, bad[0]),
    )


def _counts(row: Row) -> tuple[Decimal, Decimal]:
    bet, win, *_ = totals(row)
    return bet, win


_F = "sessions"
_S = "Casino Game Activity"
_G = ("game_activity",)
RULES = (
    feed_rule("session_row_not_unique", MUST, _not_unique, family=_F, doc="A session has several rows in one answer.",
              fix="Group by session_id alone.", good="one row a session", bad="one row a bet", section=_S, feeds=_G),
    feed_rule("session_split_by_currency", MUST, _split, family=_F, doc="A session has a row for each currency.",
              fix="Give each currency its own session_id, or sum it up in one.", good="s1-EUR, s1-USD", bad="s1 twice",
              section=_S, feeds=_G),
    feed_rule("session_partial_aggregate", MUST, _partial, family=_F,
              doc="A window sums up only the actions that lie in it, not the whole session.",
              fix="Find the sessions with an action in the window, then sum up all their actions.",
              good="13 bets in any window",
              bad="4 bets in one minute, 9 in the next", section=_S, feeds=_G),
    feed_rule("session_contradicts_itself", MUST, _contradicts, family=_F,
              doc="The same session has other totals in another window.",
              fix="Sum up all actions of a session, whatever window it is asked for.", good="13 bets in any window",
              bad="13 bets here, 5 bets and more wins there", section=_S, feeds=_G),
    feed_rule("session_missing_from_action_window", MUST, _missing, family=_F,
              doc="A window that holds one of a session's actions lacks the session.",
              fix="Choose sessions by their actions, not by their last (or first) one.",
              good="in the window of each action",
              bad="in the window of updated_at alone", section=_S, feeds=_G),
    feed_rule("session_aggregate_decreased", SHOULD, _decreased, family=_F, doc="A session's totals fall.",
              fix="Check that no action is lost between answers; rollbacks alone may do this.", good="13 bets, then 15",
              bad="13 bets, then 9", section=_S, feeds=_G, certainty=Certainty.STATISTICAL),
    feed_rule("win_count_exceeds_bet_count", INFO, _more_wins, family=_F, doc="A session has more wins than bets.",
              fix="Count rounds that won; free rounds are bets too.", good="13 bets, 5 wins", bad="5 bets, 13 wins",
              section=_S, feeds=_G),
)  # fmt: skip
