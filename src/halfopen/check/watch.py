"""Watching a product: its youngest closed seconds, again and again, since a late row shows itself only there."""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise

from halfopen.check.case import Case, FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.client import Client, Spent
from halfopen.check.finding import Late
from halfopen.check.rules.lateness import proven
from halfopen.check.survey import Survey

EVERY = timedelta(seconds=15)
SPAN = timedelta(seconds=302)
"""So far back each look goes, where the feed is not too dense for it."""
NARROW = timedelta(seconds=122)
_DENSE = 1000
_QUIET_ROUNDS = 3
"""A feed without a row in the last hour is asked each so many rounds."""
_STEP = 10
_MINUTE = 60


async def watch(
    survey: Survey,
    client: Client,
    seconds: float,
    *,
    monotonic: Callable[[], float],
    tell: Callable[[str], None] = lambda _: None,
    keep: int = 0,
) -> None:
    """Ask every feed with a cursor for its youngest closed seconds; `keep` requests are left for what follows."""
    if seconds <= 0 or survey.spent:
        return
    started = monotonic()
    feeds = [
        feed for feed in survey.case().offered if not feed.no_windows and feed.answers and feed.name not in survey.slow
    ]
    rounds, due, gap = 0, 0.0, EVERY.total_seconds()
    try:
        while feeds and due <= seconds:
            await asyncio.sleep(max(started + due - monotonic(), 0))
            tell(f"watching, {max(seconds - due, 0):.0f} s left")
            now = [feed.name for feed in feeds if rounds % _QUIET_ROUNDS == 0 or _is_busy(feed)]
            if client.left < len(now) + keep:
                if seconds - due >= EVERY.total_seconds():
                    survey.spent = f"the budget of requests ended the watching after {due:.0f} s"
                break
            spans = {feed.name: _span(feed, gap) for feed in feeds}
            await survey.each(partial(_look, survey, spans), now)
            await _confirm(survey, client, now, keep + len(now))
            rounds += 1
            gap = _gap(seconds - due, client.left - keep, sum(map(_is_busy, feeds)), len(feeds))
            due += gap
    except Spent as reason:
        survey.spent = str(reason)
    finally:
        survey.watched = monotonic() - started


def _gap(remaining: float, requests: int, busy: int, feeds: int) -> float:
    """Seconds to the next look, so that what may still be asked lasts for as long as is watched."""
    each = max(busy + math.ceil((feeds - busy) / _QUIET_ROUNDS), 1)
    return max(EVERY.total_seconds(), remaining / max(requests // each, 1))


async def _look(survey: Survey, spans: Mapping[str, timedelta], name: str) -> None:
    await survey.youngest(name, spans[name])


async def _confirm(survey: Survey, client: Client, names: list[str], keep: int) -> None:
    """Ask a window again at once that seems to have lacked a late row: in a minute the row may have moved on."""
    known = survey.case().feeds

    async def again(name: str) -> None:
        late = causes_of(known[name]).story.latecomers
        if late and not any(one.repeated for one in late) and client.left > keep:
            await survey.ask(name, "confirm", late[-1].missing.window)

    await survey.each(again, names)


def _is_busy(feed: FeedCase) -> bool:
    return any(o.rows for o in feed.probed("hour", "watch"))


def _span(feed: FeedCase, gap: float) -> timedelta:
    """How far back a look goes: at least a minute further than the one before, which was `gap` seconds ago."""
    minutes = max((len(o.rows) for o in feed.probed("burst", "minute")), default=0)
    return max(SPAN if minutes * 5 < _DENSE else NARROW, timedelta(seconds=math.ceil(gap) + _MINUTE))


def lateness(case: Case) -> tuple[Late, ...]:
    """Every row that came late, beyond doubt."""
    found = []
    for feed in case.offered:
        for late in proven(feed):
            found.append(  # noqa: PERF401 - reads as what it is
                Late(
                    feed=feed.name,
                    key=late.row.key or "",
                    stamp=late.moment,
                    first_asked=late.missing.started,
                    found=late.found.started,
                )
            )
    return tuple(found)


def suggested_offset(case: Case, late: Sequence[Late]) -> int | None:
    """Seconds to wait after the end of a window before asking for it; None where no row was late.

    Not less than the largest lateness that was seen, and as far as possible not a minute more: lateness is known to lie
    between the last answer without the row and the first one with it.
    """
    skew = next((feed.skew for feed in case.feeds.values()), timedelta(0))
    spans = [
        ((one.first_asked + skew - one.stamp).total_seconds(), (one.found + skew - one.stamp).total_seconds())
        for one in late
        # What was found by chance, long after, says nothing about how late rows usually are.
        if one.found - one.first_asked <= max(4 * EVERY, 2 * _apart(case))
    ]
    if not spans:
        return _frontier(case, list(late))
    least = max(low for low, _ in spans)
    most = max(high for _, high in spans)
    minutes = math.ceil(most / _MINUTE) * _MINUTE
    return minutes if minutes <= least + _MINUTE else math.ceil(most / _STEP) * _STEP


def _frontier(case: Case, late: Sequence[Late]) -> int | None:
    """The age that every row has which is ever seen, where those that were late are no older by much; else None.

    A product that answers what is ten minutes old and nothing younger shows no late row to who looks back for five.
    """
    ages = []
    for feed in case.offered:
        youngest = causes_of(feed).story.witnesses.youngest
        waits = [one.first_asked + feed.skew - one.stamp for one in late if one.feed == feed.name]
        if waits and youngest is not None and max(waits) <= youngest + timedelta(minutes=1):
            ages.append(max(youngest, *waits).total_seconds())
    return math.ceil(max(ages) / _STEP) * _STEP if ages else None


def _apart(case: Case) -> timedelta:
    """The time between two looks at a feed, where it was longest."""
    looks = ([o.started for o in feed.probed("watch")] for feed in case.offered)
    return max((later - earlier for found in looks for earlier, later in pairwise(found)), default=timedelta(0))


def budget_kept(case: Case) -> int:
    """Requests that what follows the watching will want: a repetition of each window, and some to confirm."""
    return 2 * sum(not feed.no_windows for feed in case.offered) + 8
