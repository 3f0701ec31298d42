"""Rules about rows that point at rows of another feed."""

from datetime import datetime, timedelta

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.counted import counted
from halfopen.check.finding import Certainty, Severity
from halfopen.check.observe import Observation, Row
from halfopen.check.rule import PASS, Outcome, failed, feed_rule, not_applicable, not_verified
from halfopen.check.rules.lateness import proven
from halfopen.check.sample import Sample, key
from halfopen.check.telling import holder, lines, without_rows

_LOSE_ROWS = frozenset(
    {"parameters_not_supported", "timestamps_not_utc", "window_date_only", "window_rounded_to_minutes"}
)
"""What windows may be wrong in so that one over all time need not hold all rows."""
YOUNG = timedelta(minutes=5)
"""So long after its stamp a row may wait for what it points at: as long as five polls, and the declared offset."""
_AS_USUAL, _FEW = 3, 5
"""So many times as many parents as usual may change within the declared offset, and so many more."""
MUST, SHOULD, INFO = Severity.MUST, Severity.SHOULD, Severity.INFO


def known(parent: FeedCase) -> set[str] | None:
    """Every key of a feed that was read whole, from the beginning of time to now; None where it was not."""
    causes = causes_of(parent)
    if causes.of_losses is not None or (causes.of_extras is not None and causes.of_extras.code in _LOSE_ROWS):
        # Its windows lack rows, so what a wide one lacks proves nothing.
        return None
    if proven(parent):
        # What it has may show itself later yet.
        return None
    whole = [o for o in parent.signed if o.probe == "all" and o.is_whole]
    if not whole and parent.is_catalogue:
        whole = [o for o in parent.answers if o.rows]
    if not whole or _reaches_beyond(parent, whole):
        return None
    return {key for o in parent.readable for key in o.ids()}


def _reaches_beyond(parent: FeedCase, whole: list[Observation]) -> bool:
    """Whether rows are stamped beyond all that was read, though they were there by then: others may be, too."""
    ends = [o.window.end for o in whole if o.window is not None and o.probe == "all"]
    if not ends:
        return False
    end = max(ends)
    early = (o for o in parent.readable if o.ended + parent.skew <= end)
    return any(row.at is not None and row.at >= end for o in early for row in o.rows)


def orphans(feed: FeedCase, name: str, parent: FeedCase) -> list[Row] | None:
    """Rows whose `name` is no key of the parent feed; None where that cannot be told."""
    keys = known(parent)
    if keys is None:
        return None
    last = _last_read(parent)
    # What was answered after the parents were read may point at parents that are younger still.
    early = {id(row) for o in feed.readable if o.ended <= last for row in o.rows}
    return [row for row in feed.rows if id(row) in early and (text := row.text(name)) and text not in keys]


def _last_read(parent: FeedCase) -> datetime:
    """When the last answer had come that has all parents, or all of the youngest."""
    last = max((o.ended for o in parent.signed if o.probe in {"all", "refresh"} and o.is_whole), default=None)
    return max(o.ended for o in parent.answers) if last is None else last


def _is_young(row: Row, feed: FeedCase, parent: FeedCase) -> bool:
    """Whether what the row points at may be on its way: feeds are written in any order, and read apart."""
    since = min((at for at in (row.created, row.at) if at is not None), default=None)
    patience = YOUNG + max(feed.offset, parent.offset)
    return since is not None and since >= _last_read(parent) + parent.skew - patience


def _may_be_hidden(rows: list[Row], name: str, parent: FeedCase) -> bool:
    """Whether so many parents may have changed so lately that, as is declared, they do not show themselves yet."""
    if not parent.offset:
        return False
    end = _last_read(parent) + parent.skew - parent.offset
    usual = {row.key for row in parent.rows if row.at is not None and end - parent.offset <= row.at < end}
    return len({row.text(name) for row in rows}) <= _AS_USUAL * len(usual) + _FEW


def _foreign(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    refers = {name: field.refers_to for name, field in feed.feed.fields.items() if field.refers_to}
    if not refers:
        return not_applicable("its rows point at no other feed")
    unread: list[str] = []
    bad: list[tuple[Row, str]] = []
    sure = False
    for name, target in refers.items():
        parent = feed.case.feeds.get(target.partition(".")[0])
        if parent is None or not parent.offered:
            unread.append(f"{name}: the feed {target.partition('.')[0]} is not offered or was left out")
            continue
        missing = orphans(feed, name, parent)
        if missing is None:
            unread.append(f"{name}: the feed {parent.name} could not be read whole, from its beginning to its last row")
        else:
            old = [row for row in missing if not _is_young(row, feed, parent)]
            if len(old) < len(missing):
                young = counted(len(missing) - len(old), "row points", "rows point")
                unread.append(f"{name}: {young} at nothing yet, but only just came: {parent.name} may follow")
            if old and _may_be_hidden(old, name, parent):
                unread.append(
                    f"{name}: of {parent.name}, what has just changed shows itself only after what is declared"
                )
                continue
            bad.extend((row, name) for row in old)
            sure |= bool(old) and not parent.offset
    if bad:
        fields = sorted({name for _, name in bad})
        text = f"{counted(len(bad), 'row points', 'rows point')} at nothing: {', '.join(fields)}"
        return failed(
            text,
            seen=holder(feed, bad[0][0]),
            samples=lines(bad, are_ids=True),
            count=len(bad),
            severity=MUST if sure else SHOULD,
            certainty=Certainty.PROOF if sure else Certainty.STATISTICAL,
        )
    return not_verified("; ".join(unread)) if unread else PASS


def _without_odds(feed: FeedCase) -> Outcome:
    if ended := without_rows(feed):
        return ended
    odds = feed.case.feeds.get("sports_odds")
    if odds is None or not odds.offered:
        return not_applicable("odds are not offered")
    if known(odds) is None:
        return not_verified("the odds could not be read from their beginning")
    bets = {row.text("bet_id") for row in odds.rows}
    last = max((o.ended for o in odds.signed if o.probe == "all"), default=None)
    bare = [row for o in feed.readable if last and o.ended <= last for row in o.rows if row.key not in bets]
    bare = list({row.key: row for row in bare}.values())
    if not bare:
        return PASS
    return failed(
        f"{counted(len(bare), 'bet has', 'bets have')} no odds",
        samples=[Sample(key(row.key)) for row in bare[:20]],
        count=len(bare),
        certainty=Certainty.STATISTICAL,
        seen=holder(feed, bare[0]),
    )


_F = "references"
_S = "Endpoints Overview"
RULES = (
    feed_rule("foreign_key_violation", MUST, _foreign, family=_F, doc="A row points at a row that is nowhere.",
              fix="Send the parent too, by the same identifier as its own feed does.",
              good="player_id of a known player",
              bad="player_id that no player has", section=_S),
    feed_rule("bet_without_odds", INFO, _without_odds, family=_F, doc="A bet has no odds.",
              fix="Send at least one leg for each bet.", good="one leg or more", bad="none", section="Sports Bets",
              feeds=("sports_bets",), certainty=Certainty.STATISTICAL),
)  # fmt: skip
