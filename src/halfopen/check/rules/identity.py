"""Rules about keys: one row a key in an answer, and one thing a key for ever."""

from collections import defaultdict
from itertools import pairwise

from halfopen.check.case import FeedCase
from halfopen.check.counted import counted
from halfopen.check.finding import Severity
from halfopen.check.observe import Observation, Row
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable
from halfopen.check.sample import Id, Sample
from halfopen.check.telling import holder, moment, window_of, without_rows

MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO
_BACK = {"success": {"new", "process"}, "fail": {"new"}}


def _duplicate(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if feed.is_aggregate:
        return not_applicable("sessions have a rule of their own")
    bad: dict[str, tuple[Observation, int]] = {}
    for o in feed.readable:
        by_key: dict[str, list[Row]] = defaultdict(list)
        for row in o.rows:
            if row.key is not None:
                by_key[row.key].append(row)
        for key, rows in by_key.items():
            if len(rows) > 1 and not _are_devices(feed, rows):
                bad.setdefault(key, (o, len(rows)))
    if not bad:
        return PASS
    samples = [Sample(Id(key), f": {counted(times, 'row')} in {window_of(o)}") for key, (o, times) in bad.items()]
    first = next(iter(bad.values()))[0]
    return failed(
        f"{counted(len(bad), 'key has', 'keys have')} several rows in one answer", seen=first.exchange, samples=samples
    )


def _are_devices(feed: FeedCase, rows: list[Row]) -> bool:
    """Several rows of one player's contacts, each with another device."""
    return feed.name == "contacts" and len({row.text("push_token") for row in rows}) == len(rows)


def _by_key(feed: FeedCase) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in feed.rows:
        if row.key is not None:
            found[row.key].append(row)
    return found


def _reused(feed: FeedCase) -> Outcome:
    """The same key with another owner: another player, or another parent of any other kind."""
    if ended := without_rows(feed):
        return ended
    owner = "player_id" if "player_id" in feed.feed.fields and feed.feed.key != "player_id" else None
    if owner is None:
        return not_applicable("its rows belong to no player beside their key")
    bad, shown = [], []
    for key, rows in _by_key(feed).items():
        owners = sorted({text for row in rows if (text := row.text(owner))})
        if len(owners) > 1:
            parts = [part for one in owners[:3] for part in (" and ", Id(one))][1:]
            bad.append(Sample(Id(key), f": {owner} ", *parts))
            shown.append(rows[-1])
    if not bad:
        return PASS
    return failed(
        f"{counted(len(bad), 'key stands', 'keys stand')} for rows of several players",
        seen=holder(feed, shown[0]),
        samples=bad,
    )


def _created_changed(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    if feed.is_aggregate:
        return not_applicable("a session's first action may be taken back")
    if not any(row.created is not None for row in feed.rows):
        return not_applicable("its rows do not say when they were created")
    bad, shown = [], []
    for key, rows in _by_key(feed).items():
        created = sorted({row.created.replace(microsecond=0) for row in rows if row.created is not None})
        if len(created) > 1 and not (feed.name == "contacts" and _are_devices(feed, rows)):
            bad.append(Sample(Id(key), f": {' and '.join(moment(at) for at in created[:3])}"))
            shown.append(rows[-1])
    if not bad:
        return PASS
    return failed(
        f"{counted(len(bad), 'row was', 'rows were')} created at several times",
        seen=holder(feed, shown[0]),
        samples=bad,
    )


def _regressed(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    bad, shown = [], []
    for key, rows in _by_key(feed).items():
        ordered = sorted(
            (row for row in rows if row.at is not None and row.text("status")), key=lambda row: str(row.at)
        )
        for earlier, later in pairwise(ordered):
            before, after = (str(row.text("status")).lower() for row in (earlier, later))
            if after in _BACK.get(before, ()):
                bad.append(Sample(Id(key), f": {before}, later {after}"))
                shown.append(later)
    if not bad:
        return PASS
    return failed(
        f"{counted(len(bad), 'transaction goes', 'transactions go')} back from a final status",
        seen=holder(feed, shown[0]),
        samples=bad,
    )


_F = "identity"
_S = "Endpoints Overview"
RULES = (
    feed_rule("duplicate_id", MUST, _duplicate, family=_F, doc="A key has several rows in one answer.",
              fix="Send one row a key, its current state: a join may have multiplied them.", good="17 once",
              bad="17 twice", section=_S),
    feed_rule("id_reused", MUST, _reused, family=_F, doc="A key stands for rows of several players.",
              fix="Never give an identifier a second time.", good="17 is a payment of Ann", bad="and later one of Bob",
              section=_S),
    feed_rule("created_at_changed", SHOULD, _created_changed, family=_F, doc="A row was created at several times.",
              fix="Set created_at once.", good="07:00:00 always", bad="07:00:00, later 07:05:00", section=_S),
    feed_rule("status_regressed", INFO, _regressed, family=_F, doc="A transaction goes back from a final status.",
              fix="Send a new transaction for what happens afterwards.", good="New, Success", bad="Success, New",
              section="Transactions", feeds=("transactions",)),
)  # fmt: skip
