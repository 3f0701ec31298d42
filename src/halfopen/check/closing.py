"""The last look: the same windows again, what is missing sought beyond them, and the parents that rows point at."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from halfopen.check.case import FeedCase
from halfopen.check.causes import causes_of
from halfopen.check.client import Spent
from halfopen.check.growing import HOPELESS, WIDE_BYTES
from halfopen.check.observe import Observation
from halfopen.check.plan import windows
from halfopen.check.rules.references import orphans
from halfopen.check.rules.stamps import freshest
from halfopen.check.story import Loss, Story
from halfopen.check.survey import Survey
from halfopen.window.window import Window

_OK: Final = 200
_AHEAD: Final = timedelta(minutes=1)
_MOST_CONFIRMED: Final = 2
_QUIET: Final = timedelta(minutes=20)
_MOST_QUIET: Final = 3
_PARENT_BYTES: Final = 8 << 20
_RESERVED_BYTES: Final = 8 << 20


class Closing:
    """The last stage of a survey."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    async def finish(self) -> None:
        """Ask once more what was asked, look for what is missing, and read the parents that rows point at."""
        try:
            self._survey.tell("the same windows again")
            offered = [feed.name for feed in self._survey.case().offered]
            await self._survey.each(self._repeat, offered)
            self._survey.tell("rows that others point at")
            await self._references()
            await self._survey.each(self._excuse, offered)
            asked = [name for name in offered if self._survey.of(name, "freshest")]
            await self._survey.each(self._freshest, dict.fromkeys([*asked, *self._quiet(offered)]))
        except Spent as reason:
            self._survey.spent = str(reason)

    async def _repeat(self, name: str) -> None:
        window = self._survey.focus.get(name)
        if window is not None:
            await self._survey.again(name, window)
        feed = self._survey.case().feeds[name]
        if feed.is_aggregate and (second := windows.overtaken(feed.answers)) is not None:
            await self._survey.ask(name, "edge", second)

    async def _excuse(self, name: str) -> None:
        """Look for missing rows beyond their windows; ask windows again that lacked rows, or gained some."""
        if name in self._survey.slow:
            return
        await self._tail(name)
        story = causes_of(self._survey.case().feeds[name]).story
        doubtful = [loss.observation.window for loss in story.losses if not self._asked_twice(story.answers, loss)]
        doubtful += [late.missing.window for late in story.latecomers if not late.repeated]
        if not story.are_gone:
            doubtful += [loss.observation.window for loss in story.flaps()]
        chosen = list(dict.fromkeys(w for w in doubtful if w is not None))[:_MOST_CONFIRMED]
        for window in (*chosen, *seconds_after(story)[:_MOST_CONFIRMED]):
            await self._survey.ask(name, "confirm", window)
        if chosen:
            await self._tail(name)

    def _quiet(self, offered: list[str]) -> list[str]:
        """The busiest feeds of a product whose freshest stamps are old: are there newer ones by now?"""
        now = self._survey.product_now()
        known = self._survey.case().feeds
        feeds = [known[name] for name in offered]
        dated = [(feed, fresh) for feed in feeds if not feed.no_windows and (fresh := freshest(feed)) is not None]
        if any(fresh > now - _QUIET for _, fresh in dated):
            return []
        busiest = sorted(dated, key=lambda one: (one[1], len(one[0].rows)), reverse=True)
        return [feed.name for feed, fresh in busiest[:_MOST_QUIET] if fresh > now - windows.DAY]

    async def _freshest(self, name: str) -> None:
        fresh = freshest(self._survey.case().feeds[name])
        now = self._survey.product_now().replace(microsecond=0)
        if fresh is not None and fresh < now:
            await self._survey.ask(name, "freshest", Window(fresh.replace(microsecond=0), now))

    @staticmethod
    def _asked_twice(answers: Iterable[Observation], loss: Loss) -> bool:
        return sum(answer.window == loss.observation.window for answer in answers) > 1

    async def _tail(self, name: str) -> None:
        story = causes_of(self._survey.case().feeds[name]).story
        # Sessions are lost without a doubt; but whether they went on tells why.
        doubts = story.losses if story.feed.is_aggregate else story.doubts
        ends = [loss.observation.window.end for loss in doubts if loss.observation.window]
        if not ends:
            return
        now = self._survey.product_now().replace(microsecond=0)
        beyond = await self._survey.ask(name, "tail", Window(min(ends), max(now + _AHEAD, min(ends))))
        if beyond.exchange.status != _OK:
            # Perhaps it takes no window that ends later than now.
            await self._survey.ask(name, "tail", Window(min(ends), max(now + timedelta(seconds=1), min(ends))))

    async def _references(self) -> None:
        """Read the feeds that rows point at from their beginning; and their youngest rows again before accusing."""
        known = self._survey.case()
        wanted = {
            target.refers_to.partition(".")[0]
            for feed in known.offered
            if feed.rows
            for target in feed.feed.fields.values()
            if target.refers_to
        }
        if known.feeds.get("sports_odds") and known.feeds["sports_odds"].offered:
            wanted.add("sports_odds")
        parents = [feed.name for feed in known.offered if feed.name in wanted and not self._is_hopeless(feed)]
        share = (self._survey.client.bytes_left - _RESERVED_BYTES) // max(len(parents), 1)
        most = max(min(share, _PARENT_BYTES), WIDE_BYTES)
        await self._survey.each(lambda name: self._all(name, most), parents)
        known = self._survey.case()
        accused = {
            parent.name
            for feed in known.offered
            for name, field in feed.feed.fields.items()
            if field.refers_to and (parent := known.feeds.get(field.refers_to.partition(".")[0])) and parent.offered
            if orphans(feed, name, parent)
        }
        await self._survey.each(self._refresh, sorted(accused))

    @staticmethod
    def _is_hopeless(feed: FeedCase) -> bool:
        return any(o.exchange.seconds > HOPELESS for o in feed.signed)

    async def _all(self, name: str, most_bytes: int) -> None:
        now = self._survey.product_now().replace(microsecond=0)
        whole = await self._survey.ask(name, "all", Window(windows.BEGINNING, now + _AHEAD), most_bytes=most_bytes)
        if whole.exchange.status is not None and 400 <= whole.exchange.status < 500:  # noqa: PLR2004 - it was refused
            # Perhaps it takes no window that ends later than now.
            whole = await self._survey.ask(name, "all", Window(windows.BEGINNING, now), most_bytes=most_bytes)
        await self._survey.reach_back(name, whole)

    async def _refresh(self, name: str) -> None:
        now = self._survey.product_now().replace(microsecond=0)
        await self._survey.ask(name, "refresh", Window(now - 10 * windows.MINUTE, now + _AHEAD))


def seconds_after(story: Story) -> list[Window]:
    """The seconds that begin where a window ends with rows of that very stamp, and that nobody has asked for.

    A bound that is included is in both; a stamp that was rounded up when it was written is in no later window.
    """
    if story.feed.is_aggregate:
        return []
    asked = {answer.window for answer in story.answers}
    ends = dict.fromkeys(
        extra.observation.window.end
        for extra in story.extras
        if extra.observation.window is not None and extra.row.at == extra.observation.window.end
    )
    seconds = [Window(end, end + windows.SECOND) for end in ends]
    return [second for second in seconds if second not in asked]
