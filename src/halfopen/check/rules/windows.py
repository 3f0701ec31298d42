"""Rules about the edges of windows: from <= cursor < to, all of it and nothing else, each time."""

from dataclasses import replace
from functools import partial

from halfopen.check.case import FeedCase
from halfopen.check.cause import Cause
from halfopen.check.causes import causes_of
from halfopen.check.counted import counted
from halfopen.check.finding import Severity, Status
from halfopen.check.pages import is_paginated
from halfopen.check.rule import PASS, Outcome, Rule, failed, feed_rule, not_verified
from halfopen.check.sample import Sample, key
from halfopen.check.story import Extra
from halfopen.check.telling import moment, window_of, without_answers, without_windows

MUST = Severity.MUST
_NARROW = ("cut", "edge")


def _told(cause: Cause) -> Outcome:
    samples = []
    for one in cause.shown:
        at = moment(one.row.at)
        what = "is in" if isinstance(one, Extra) else "is missing from"
        samples.append(Sample(key(one.row.key), f" of {at} {what} {window_of(one.observation)}"))
    return failed(cause.text, seen=cause.observation.exchange, samples=samples, count=len(samples))


def _caused(code: str, feed: FeedCase) -> Outcome:
    """Whether this explains what is wrong with the feed's windows."""
    if ended := without_windows(feed):
        return ended
    causes = causes_of(feed)
    for cause in causes.all():
        if cause.code == code:
            return _told(cause)
    if not any(o.rows for o in feed.answers):
        return not_verified("no window had rows")
    if not any(o.probe in _NARROW for o in feed.answers):
        return not_verified("no window around a real stamp was asked")
    if causes.story.doubts and not code.endswith("_inclusive"):
        return not_verified("rows are missing that may have moved on: nobody looked beyond the window")
    return PASS


def _outside(feed: FeedCase) -> Outcome:
    """Any row outside of its window, whatever explains it."""
    if ended := without_windows(feed):
        return ended
    causes = causes_of(feed)
    extras = causes.story.extras
    if not extras:
        return PASS if any(o.rows for o in feed.answers) else not_verified("no window had rows")
    return _told(
        Cause(
            "row_outside_window",
            f"{counted(len(extras), 'row is', 'rows are')} outside of the window they answer",
            tuple(extras),
        )
    )


def _ignored(feed: FeedCase) -> Outcome:
    found = _caused("window_ignored", feed)
    cause = causes_of(feed).of_extras if found is PASS else None
    return _told(cause) if cause is not None and cause.code == "parameters_not_supported" else found


def _deterministic(feed: FeedCase) -> Outcome:
    """What is gone for good may have been deleted, which the document does not forbid."""
    found = _caused("window_not_deterministic", feed)
    if found.status is Status.FAIL and causes_of(feed).story.are_gone:
        return replace(found, severity=Severity.SHOULD)
    return found


def _additive(feed: FeedCase) -> Outcome:
    """Rows that parts and whole do not share, unless a more special rule says it."""
    found = _caused("window_not_additive", feed)
    if found is not PASS:
        return found
    cause = causes_of(feed).of_losses
    if cause is not None and cause.code in {"rows_capped", "window_drops_fraction", "window_lower_bound_exclusive"}:
        return _told(
            Cause("window_not_additive", "parts of a window and the whole do not hold the same rows", cause.shown)
        )
    return PASS


def _paginated(feed: FeedCase) -> Outcome:
    if ended := without_answers(feed):
        return ended
    paged = [o for o in feed.valid if o.exchange.status == 200 and is_paginated(o)]  # noqa: PLR2004 - OK
    if paged:
        names = ", ".join(sorted(paged[0].around)) or "a Link header"
        return failed(f"the answer is a page, with {names}", seen=paged[0].exchange, count=len(paged))
    return PASS


def _rule(code: str, doc: str, fix: str, good: str, bad: str) -> Rule:
    return feed_rule(code, MUST, partial(_caused, code), family="window", doc=doc, fix=fix, good=good, bad=bad)


RULES = (
    feed_rule("row_outside_window", MUST, _outside, family="window",
              doc="An answer holds rows that are not of its window.",
              fix="Answer the rows with from <= cursor < to and no others.", good="07:12:09 in [07:00, 08:00)",
              bad="06:59:59 in [07:00, 08:00)"),
    _rule("window_upper_bound_inclusive", "Rows stamped exactly at `to` are in the window.",
          "Compare cursor < to, not <=, and do not use BETWEEN.", "modified_at < :to", "modified_at <= :to"),
    _rule("window_lower_bound_exclusive", "Rows stamped exactly at `from` are not in the window, nor in any other.",
          "Compare cursor >= from, not >.", "modified_at >= :from", "modified_at > :from"),
    _rule("window_rounded_to_minutes", "The seconds of from and to are dropped.",
          "Compare with the moments as they were given.", "from=07:00:17", "07:00 is used"),
    _rule("window_date_only", "Only the dates of from and to count.", "Compare moments, not dates.",
          "modified_at >= :from", "date(modified_at) = date(:from)"),
    _rule("window_lower_bound_ignored", "Rows from before `from` come too.", "Add cursor >= from to the condition.",
          "modified_at >= :from and modified_at < :to", "modified_at < :to"),
    _rule("window_upper_bound_ignored", "Rows from after `to` come too.", "Add cursor < to to the condition.",
          "modified_at >= :from and modified_at < :to", "modified_at >= :from"),
    feed_rule("window_ignored", MUST, _ignored, family="window", doc="Rows from before and after the window come too.",
              fix="Answer the rows with from <= cursor < to.", good="an hour of rows", bad="everything"),
    _rule("window_filters_creation_time", "The window cuts on the time of creation.",
          "Cut on the cursor: a row that changes must be answered again.", "modified_at >= :from",
          "created_at >= :from"),
    feed_rule("window_not_additive", MUST, _additive, family="window",
              doc="Parts of a window and the whole do not hold the same rows.",
              fix="Every row must be in exactly one of two windows that meet.", good="hour = its parts",
              bad="rows at a cut are in neither part"),
    _rule("window_drops_fraction", "Rows of the last second of a window are in no window.",
          "Compare cursor < to with fractions of seconds; do not take a second off `to`.", "modified_at < '08:00:00'",
          "modified_at <= '07:59:59'"),
    _rule("rows_capped", "No answer has more than a certain number of rows.",
          "Answer all rows of a window: nobody asks for the rest.",
          "4,711 rows", "1,000 rows, always"),
    feed_rule("response_paginated", MUST, _paginated, family="window", doc="An answer holds one page of several.",
              fix="Answer all rows of a window at once.", good="all rows", bad='{"page": 1, "pages": 3}'),
    feed_rule("window_not_deterministic", MUST, _deterministic, family="window",
              doc="The same closed window, asked again, has other rows.",
              fix="Read from one database, or from replicas that have all of it.", good="the same rows twice",
              bad="every other answer lacks some"),
)  # fmt: skip
