"""Watching a product: its youngest closed seconds, again and again, since a late row shows itself only there."""

import asyncio
import math
from collections.abc import Callable, Iterable
from datetime import timedelta

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
    rounds = 0
    try:
        while feeds:
            passed = monotonic() - started
            tell(f"watching, {max(seconds - passed, 0):.0f} s left")
            now = [feed for feed in feeds if rounds % _QUIET_ROUNDS == 0 or _is_busy(feed)]
            if client.left < len(now) + keep:
                survey.spent = f"the budget of requests ended the watching after {passed:.0f} s"
                break
            await asyncio.gather(*(survey.youngest(feed.name, _span(feed)) for feed in now))
            await _confirm(survey, client, [feed.name for feed in now], keep + len(now))
            rounds += 1
            next_at = rounds * EVERY.total_seconds()
            if next_at > seconds:
                break
            await asyncio.sleep(max(started + next_at - monotonic(), 0))
    except Spent as reason:
        survey.spent = str(reason)
    finally:
        survey.watched = monotonic() - started


async def _confirm(survey: Survey, client: Client, names: list[str], keep: int) -> None:
    """Ask a window again at once that seems to have lacked a late row: in a minute the row may have moved on."""
    known = survey.case().feeds
    for name in names:
        late = causes_of(known[name]).story.latecomers
        if late and not any(one.repeated for one in late) and client.left > keep:
            await survey.ask(name, "confirm", late[-1].missing.window)


def _is_busy(feed: FeedCase) -> bool:
    return any(o.rows for o in feed.probed("hour", "watch"))


def _span(feed: FeedCase) -> timedelta:
    minutes = max((len(o.rows) for o in feed.probed("burst", "minute")), default=0)
    return SPAN if minutes * 5 < _DENSE else NARROW


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


def suggested_offset(case: Case, late: Iterable[Late]) -> int | None:
    """Seconds to wait after the end of a window before asking for it; None where no row was late.

    Not less than the largest lateness that was seen, and as far as possible not a minute more: lateness is known to lie
    between the last answer without the row and the first one with it.
    """
    skew = next((feed.skew for feed in case.feeds.values()), timedelta(0))
    spans = [
        ((one.first_asked + skew - one.stamp).total_seconds(), (one.found + skew - one.stamp).total_seconds())
        for one in late
        # What was found by chance, long after, says nothing about how late rows usually are.
        if one.found - one.first_asked <= 4 * EVERY
    ]
    if not spans:
        return None
    least = max(low for low, _ in spans)
    most = max(high for _, high in spans)
    minutes = math.ceil(most / _MINUTE) * _MINUTE
    return minutes if minutes <= least + _MINUTE else math.ceil(most / _STEP) * _STEP


def budget_kept(case: Case) -> int:
    """Requests that what follows the watching will want: a repetition of each window, and some to confirm."""
    return 2 * sum(not feed.no_windows for feed in case.offered) + 8
