"""Rules about the cursor: there, in UTC, never falling, not in the future."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from halfopen.check.behind import ENOUGH_STAMPS, HALF_HOUR, first_with, gap_of, is_up_to_now, stays_behind
from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.counted import counted
from halfopen.check.finding import Certainty, Severity
from halfopen.check.observe import Observation, Row
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified
from halfopen.check.sample import Sample, key
from halfopen.check.telling import moment, window_of, without_answers, without_rows, without_windows

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_AHEAD = timedelta(seconds=120)
_NEAR = timedelta(minutes=4)
_SOON = timedelta(seconds=20)
_RECENTLY = timedelta(minutes=3)
_ZONES = sorted([*(HALF_HOUR * n for n in range(1, 29)), *(timedelta(hours=h, minutes=45) for h in (5, 8, 12))])
"""How far the clocks of zones are ahead."""
_PAUSES = 5
"""So many times the usual pause the freshest row of a feed may be old."""
_HABIT = 3
"""One odd row is no time zone."""
_ENOUGH_COARSE = 20
_STALE = 100
_RECENT = 50
_AT_ONCE = 10
"""Rows that came for less than such a part of the pause after them are one event."""
_BUSY = 60.0
"""Seconds between rows: a feed with longer pauses may well be asleep."""
_OPTIONAL = frozenset({"bonus_list", "bonus_assignments", "sports_tournaments", "sports_events"})


def _missing(feed: FeedCase) -> Outcome:
    if ended := without_answers(feed):
        return ended
    shapes = [o for o in feed.readable if o.shape is not None] or [
        o for o in feed.answers if o.shape is not None and o.header
    ]
    if not shapes:
        return not_verified("neither rows nor a header row were seen")
    if any(o.shape is not None and o.shape.at is not None for o in shapes):
        return PASS
    if feed.name == "sports_tournaments":
        return not_applicable("the document gives tournaments no cursor")
    severity = SHOULD if feed.name in _OPTIONAL else MUST
    return failed(f"rows have no {feed.feed.cursor}", seen=shapes[0].exchange, count=len(feed.rows), severity=severity)


def _synonym(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    found = [o for o in feed.readable if o.synonym is not None]
    if not found:
        return PASS
    samples = [f"{window_of(o)}: {o.synonym} in {counted(len(o.rows), 'row')}" for o in found]
    text = f"the cursor is called {found[0].synonym}, not {feed.feed.cursor}"
    return failed(text, seen=found[0].exchange, samples=samples, count=len(found))


def _ahead(feed: FeedCase) -> list[tuple[Row, Observation, timedelta]]:
    """Rows stamped beyond the product's clock when they were answered, with how far."""
    found: dict[int, tuple[Row, Observation, timedelta]] = {}
    for o in feed.readable:
        now = o.ended + feed.skew
        for row in o.rows:
            if row.at is not None and row.at > now + _AHEAD:
                found.setdefault(id(row), (row, o, row.at - now))
    return list(found.values())


def _future(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if feed.no_windows:
        return not_applicable(feed.no_windows)
    ahead = _ahead(feed)
    if not ahead:
        return PASS
    samples = [
        Sample(key(row.key), f": {feed.feed.cursor} = {moment(row.at)}, answered {moment(o.ended)}")
        for row, o, _ in ahead
    ]
    return failed(
        f"{counted(len(ahead), 'row is', 'rows are')} stamped in the future",
        seen=ahead[0][1].exchange,
        samples=samples,
        count=len(ahead),
    )


def _not_utc(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed):
        return ended
    cause = causes_of(feed).of_extras
    if cause is not None and cause.code == "timestamps_not_utc":
        return failed(cause.text, seen=cause.observation.exchange, count=len(cause.shown))
    if not feed.rows:
        return not_verified("no rows were seen")
    ahead = _ahead(feed)
    farthest = max((ahead_by for _, _, ahead_by in ahead), default=timedelta(0))
    zone = _zone_ahead(feed, farthest)
    if zone is not None and len(ahead) >= _HABIT and _all_ahead(feed, len(ahead), farthest):
        hours = zone / timedelta(hours=1)
        text = f"the freshest stamps are {hours:g} h ahead of the clock: they are local time, not UTC"
        return failed(text, seen=ahead[0][1].exchange, count=len(ahead))
    return _behind(feed)


def _zone_ahead(feed: FeedCase, farthest: timedelta) -> timedelta | None:
    """The zone whose time the freshest stamp may be; None where it is none: of a quiet feed it may be older."""
    zone = next((one for one in _ZONES if one >= farthest - _NEAR), None)
    stamps = sorted({row.at for row in feed.rows if row.at is not None})
    if zone is None or farthest < HALF_HOUR / 2 or len(stamps) < _HABIT:
        return None
    return zone if zone - farthest <= max(_NEAR, _PAUSES * gap_of(stamps)) else None


def _all_ahead(feed: FeedCase, count: int, farthest: timedelta) -> bool:
    """Whether as many rows are stamped ahead as come in such a time, not a few odd ones."""
    hours = [o for o in feed.answers if o.probe == "hour"]
    usual = len(hours[0].rows) * (farthest / timedelta(hours=1)) if hours else 0
    return count >= usual / 2


def _behind(feed: FeedCase) -> Outcome:
    """A busy feed whose freshest stamp is always whole half hours old: likely local time of the west.

    Not one that is asleep: rows must have come while we looked.
    """
    stamps = sorted({row.at for row in feed.rows if row.at is not None})
    if len(stamps) < ENOUGH_STAMPS:
        return PASS if stamps else not_verified("no stamps were seen")
    seen = first_with(feed, stamps[-1])
    age = seen.ended + feed.skew - stamps[-1]
    steps = round(age / HALF_HOUR)
    gap = gap_of(stamps)
    near = min(max(10 * gap, _SOON), _NEAR)
    stays = stays_behind(feed) or _came_behind(feed)
    if not stays and (steps < 1 or abs(age - steps * HALF_HOUR) > near or gap * 20 > HALF_HOUR):
        return PASS
    if not stays and not any(is_up_to_now(feed, o) and o.window and o.window.start < stamps[-1] for o in feed.answers):
        return not_verified("no window up to now was asked")
    others = [f for f in feed.case.offered if f is not feed and freshest(f) is not None]
    fresh = any((at := freshest(f)) is not None and seen.ended + feed.skew - at < HALF_HOUR / 2 for f in others)
    if fresh and not stays:
        return PASS
    if not stays and not any(map(_moves, feed.case.offered)):
        return not_verified("no row came while it was looked at")
    text = f"the freshest stamp is {steps / 2:g} h old, though rows come every {gap.total_seconds():.0f} s: local time?"
    return failed(text, seen=seen.exchange, severity=SHOULD, certainty=Certainty.STATISTICAL)


def _came_behind(feed: FeedCase) -> bool:
    """Whether rows came the same half hours after their stamps, and none was ever seen that is younger."""
    story = causes_of(feed).story
    youngest, late = story.witnesses.youngest, story.latecomers
    if not late or youngest is None:
        return False
    waits = [(one.missing.started + feed.skew - one.moment, one.found.ended + feed.skew - one.moment) for one in late]
    steps = {low // HALF_HOUR + 1 for low, _ in waits}
    at = HALF_HOUR * max(steps)
    return (
        len(steps) == 1
        and all(at <= high < low + HALF_HOUR / 3 for low, high in waits)
        and at > feed.offset + HALF_HOUR / 2
        and youngest >= at - _SOON
    )


def _moves(feed: FeedCase) -> bool:
    """Whether a later answer has a fresher row than an earlier one that asked for the time up to now."""
    most: datetime | None = None
    for o in feed.answers:
        if o.window is None or o.window.end < o.started + feed.skew - _RECENTLY:
            continue
        fresh = max((row.at for row in o.rows if row.at is not None), default=None)
        if fresh is not None and most is not None and fresh > most:
            return True
        most = fresh if most is None or (fresh is not None and fresh > most) else most
    return False


def freshest(feed: FeedCase) -> datetime | None:
    """The latest stamp of a feed's rows; None where none was seen."""
    return max((row.at for row in feed.rows if row.at is not None), default=None)


def _decreased(feed: FeedCase) -> Outcome:
    """A key whose stamp is earlier in an answer that began after another, with a later stamp, had ended."""
    if ended := without_windows(feed):
        return ended
    if feed.is_aggregate:
        return not_applicable("a session's totals and stamps may fall when bets are taken back")
    readable = [o for o in feed.readable if o.probe != "other_format"]
    falls = list(_falls(readable))
    if falls:
        samples = [Sample(key(row.key), f": {moment(before)}, later {moment(row.at)}") for row, _, before in falls]
        text = f"{counted(len(falls), 'row is', 'rows are')} stamped earlier than before"
        return failed(text, seen=falls[0][1].exchange, samples=samples, count=len(falls))
    if len(readable) < 2:  # noqa: PLR2004 - a fall needs two answers
        return not_verified("no row was seen twice")
    return PASS


def _falls(readable: list[Observation]) -> Iterator[tuple[Row, Observation, datetime]]:
    """Each row that falls, once: with the answer that has it, and its stamp in an answer that had ended before."""
    by_end = sorted(readable, key=lambda o: o.ended)
    most: dict[_Identity, datetime] = {}
    told: set[_Identity] = set()
    taken = 0
    for o in sorted(readable, key=lambda o: o.started):
        while taken < len(by_end) and by_end[taken].ended <= o.started:
            for identity, row in _latest(by_end[taken]).items():
                if row.at is not None:
                    most[identity] = max(row.at, most.get(identity, row.at))
            taken += 1
        for identity, row in _latest(o).items():
            before = most.get(identity)
            if before is not None and row.at is not None and row.at < before and identity not in told:
                told.add(identity)
                yield row, o, before


_Identity = tuple[str, str | None]
"""A key; of contacts with the device, since each device of a player has a row of its own."""


def _latest(observation: Observation) -> dict[_Identity, Row]:
    """Of each key the row with the latest stamp; rows that share a key in one answer compare as one."""
    found: dict[_Identity, Row] = {}
    for row in observation.rows:
        if row.key is None or row.at is None:
            continue
        identity = row.key, row.text("push_token") if observation.feed.name == "contacts" else None
        other = found.get(identity)
        if other is None or other.at is None or row.at > other.at:
            found[identity] = row
    return found


def _stale(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed):
        return ended
    stamps = sorted({row.at for row in feed.rows if row.at is not None})
    if len(stamps) < ENOUGH_STAMPS:
        return not_verified(f"fewer than {ENOUGH_STAMPS} stamps were seen")
    recent = stamps[-_RECENT:]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(recent)]
    fresh = [o for o in feed.answers if o.window and o.window.end >= o.started + feed.skew - timedelta(minutes=3)]
    if not fresh:
        return not_verified("no window up to now was asked")
    age = (fresh[-1].started + feed.skew - stamps[-1]).total_seconds()
    usual = max(median(gaps), 1.0)
    # A quiet night is no fault: the longest pause that was seen counts too.
    if usual > _BUSY or age <= max(_STALE * usual, 3 * max(gaps), _AHEAD.total_seconds()):
        return PASS
    # What was written all at once, as by an import, was never busy.
    if (stamps[-1] - stamps[0]).total_seconds() < max(_STALE * usual, age / _AT_ONCE):
        return PASS
    text = f"the freshest row is {age:.0f} s old, though rows come every {usual:.0f} s"
    return failed(text, seen=fresh[-1].exchange, certainty=Certainty.STATISTICAL)


def _coarse(feed: FeedCase) -> Outcome:
    if ended := without_windows(feed):
        return ended
    stamps = {row.at for row in feed.rows if row.at is not None}
    if len(stamps) < _ENOUGH_COARSE:
        return not_verified(f"fewer than {_ENOUGH_COARSE} different stamps were seen")
    if any(at.second or at.microsecond for at in stamps):
        return PASS
    return failed("every stamp is a whole minute", count=len(stamps), seen=feed.readable[0].exchange)


_F = "stamps"
RULES = (
    feed_rule("cursor_field_missing", MUST, _missing, family=_F, doc="Rows have no stamp of their last change.",
              fix="Add modified_at (or updated_at) to every row.", good="modified_at in each row", bad="none"),
    feed_rule("cursor_synonym", INFO, _synonym, family=_F, doc="The cursor has another name than the document's.",
              fix="Name it as the document does, or tell the CRM.", good="updated_at", bad="modified_at in its place"),
    feed_rule("row_in_future", MUST, _future, family=_F, doc="Rows are stamped in the future.",
              fix="Stamp rows with the time of the change, in UTC.", good="now", bad="in two hours"),
    feed_rule("timestamps_not_utc", MUST, _not_utc, family=_F, doc="Stamps, or from and to, are local time.",
              fix="Store and compare moments in UTC.", good="07:00:00 (UTC)", bad="10:00:00 in Riga"),
    feed_rule("modified_at_decreased", MUST, _decreased, family=_F, doc="A row's stamp is earlier than it was before.",
              fix="Set the cursor to the time of each change, also on repairs and imports.", good="07:00, then 07:05",
              bad="07:05, then 07:00"),
    feed_rule("feed_stale", SHOULD, _stale, family=_F, doc="A busy feed has had no new row for long.",
              fix="See that what fills the feed is running.", good="a row 3 s ago", bad="a row 2 h ago",
              certainty=Certainty.STATISTICAL),
    feed_rule("modified_at_too_coarse", SHOULD, _coarse, family=_F, doc="Every stamp is a whole minute.",
              fix="Keep the seconds.", good="07:00:17", bad="07:00:00"),
)  # fmt: skip
