"""Rules about rows that become visible after their window was closed and answered."""

from datetime import timedelta

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.finding import Severity
from halfopen.check.latecomers import Latecomer
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_verified
from halfopen.check.sample import Sample, key
from halfopen.check.telling import moment, window_of, without_windows

MUST = Severity.MUST
_YOUNG = timedelta(minutes=15)
_TRUSTED = frozenset({None, "row_outside_window", "window_upper_bound_inclusive"})


def proven(feed: FeedCase) -> list[Latecomer]:
    """Late rows beyond doubt: a whole answer about their closed seconds lacked them, and nothing comes and goes."""
    if _doubt(feed):
        return []
    found = causes_of(feed).story.latecomers
    if any(late.repeated for late in found):
        return found
    return [late for late in found if late.is_certain]


def _doubt(feed: FeedCase) -> str:
    """Why no row can be called late, whenever it is seen; empty where it can."""
    causes = causes_of(feed)
    if causes.of_extras is not None and causes.of_extras.code not in _TRUSTED:
        return "rows are answered for windows that they do not belong to, so that none can be called late"
    others = (causes_of(other).story for other in feed.case.offered)
    if causes.story.losses or any(story.is_flapping for story in others):
        return "rows come and go, so that none can be called late"
    return ""


def _unsure(feed: FeedCase) -> Outcome | None:
    """How a rule ends that saw rows which may be late and may not; None where there are none."""
    if not causes_of(feed).story.latecomers:
        return None
    return not_verified(
        _doubt(feed) or "a row may be late, but it is stamped at the edge of a window that was not asked again"
    )


def _late(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed):
        return ended
    late = [one for one in proven(feed) if one.missing.started - one.moment <= _YOUNG]
    if late:
        return _told(feed, late, "rows appear after their window was closed and answered")
    if not feed.case.watched:
        return not_verified("it was not watched: see --watch")
    if not any(o.rows for o in feed.probed("watch")):
        return not_verified("no row appeared while it was watched")
    return _unsure(feed) or PASS


def _grew(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed):
        return ended
    late = proven(feed)
    if late:
        return _told(feed, late, "a closed window has rows that it did not have")
    if unsure := _unsure(feed):
        return unsure
    windows = [o.window for o in feed.answers]
    if len(set(windows)) == len(windows):
        return not_verified("no closed window was asked twice")
    return PASS


def _told(feed: FeedCase, late: list[Latecomer], text: str) -> Outcome:
    samples = []
    for one in late:
        at = moment(one.moment)
        samples.append(
            Sample(
                key(one.row.key),
                f": {feed.feed.cursor} = {at}, {_lacked(feed, one)}, there {moment(one.found.started)}",
            )
        )
    return failed(text, seen=late[0].missing.exchange, samples=samples, count=len(late))


def _lacked(feed: FeedCase, late: Latecomer) -> str:
    """How the answer that came first stood to the row."""
    asked = f"{window_of(late.missing)} asked {moment(late.missing.started)}"
    before = [row.at for row in late.missing.rows if row.key == late.row.key and row.at is not None]
    if late.moment in before:
        return f"with smaller totals in {asked}"
    if before and feed.is_aggregate:
        return f"without this action in {asked}, where the last is of {moment(max(before))}"
    return f"not in {asked}"


_F = "lateness"
RULES = (
    feed_rule("late_writes", MUST, _late, family=_F, doc="Rows become visible after their window was closed.",
              fix="Stamp rows when they are committed, or tell the CRM the offset to wait: see the advised one.",
              good="stamped and visible within 2 s", bad="stamped 12:00:59, visible 12:01:40",
              section="Polling Cadence & Offsets"),
    feed_rule("closed_window_grew", MUST, _grew, family=_F, doc="A closed window, asked again, has further rows.",
              fix="Give rows that are written afterwards a new stamp.", good="the same rows twice",
              bad="a row imported with last week's stamp", section="Polling Cadence & Offsets"),
)  # fmt: skip
