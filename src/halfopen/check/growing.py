"""The first look at each feed: a minute, an hour, a day, and more where there are hardly any rows."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from halfopen.check.observe import Observation
from halfopen.check.plan import windows
from halfopen.contract.load import feeds
from halfopen.window.window import Window

if TYPE_CHECKING:
    from halfopen.check.survey import Survey

_OK, _NOT_FOUND, _SERVER, _NOT_IMPLEMENTED = 200, {404, 410}, 500, 501
HOPELESS: Final = 25.0
"""Seconds."""
_HOUR_BYTES: Final = 1 << 20
WIDE_BYTES: Final = 768 << 10
"""Of a huge feed the beginning of a wide window is enough: the product streams it, and its rows are known."""


class Growing:
    """The stage of a survey in which windows grow."""

    def __init__(self, survey: "Survey") -> None:
        self._survey = survey

    async def grow(self, name: str) -> None:
        """From a minute to an hour to a day, and on where there are hardly any rows."""
        first = self._survey.of(name, "burst")[-1]
        if first.exchange.seconds > HOPELESS:
            return
        if first.exchange.status != _OK or first.exchange.error:
            first = await self._survey.ask(name, "minute", first.window)
        if first.exchange.status == _NOT_IMPLEMENTED:
            return
        if first.exchange.status in _NOT_FOUND and not await self._found(name):
            return
        await self._widen(name, first)

    async def _widen(self, name: str, first: Observation) -> None:
        end = windows.settled(self._survey.product_now(), self._survey.product.offset_of(name))
        hour = await self._first_window(name, Window(end - windows.HOUR, end))
        if hour.exchange.seconds > HOPELESS:
            return
        if (hour.exchange.status or 0) >= _SERVER and first.exchange.status == _OK:
            for part in windows.parts(end):
                await self._survey.ask(name, "part", part)
        day = await self._survey.ask(name, "day", Window(end - windows.DAY, end), most_bytes=WIDE_BYTES)
        if not any(o.exchange.status == _OK for o in (first, hour, day)):
            return
        if (day.exchange.status or 0) >= _SERVER and hour.exchange.status == _OK:
            # Is it the length, or chance?
            day = await self._survey.ask(name, "day", Window(end - windows.DAY, end), most_bytes=WIDE_BYTES)
        await self._beyond(name, end, hour, day)

    async def _beyond(self, name: str, end: datetime, hour: Observation, day: Observation) -> None:
        """More than a day where there are hardly any rows, and old ones where only young ones were read."""
        whole = Window(end - windows.DAY, end)
        if len(day.rows) < windows.FEW and day.is_whole:
            month = await self._survey.ask(name, "wide", Window(end - 30 * windows.DAY, end), most_bytes=WIDE_BYTES)
            if len(month.rows) < windows.FEW and month.is_whole:
                await self._survey.ask(name, "wide", Window(windows.BEGINNING, end), most_bytes=WIDE_BYTES)
        elif windows.are_of_one_moment(day.rows):
            await self._survey.ask(name, "wide", Window(windows.BEGINNING, end), most_bytes=WIDE_BYTES)
        elif windows.older(day) is not None:
            await self._survey.reach_back(name, day)
        elif day.is_whole and windows.is_recent(day.rows, end - windows.HALF_DAY):
            await self._older(name, whole)
        elif day.exchange.cut and hour.is_whole:
            await self._within(name, whole, len(hour.rows))

    async def _within(self, name: str, day: Window, hourly: int) -> None:
        """Some rows of the middle of a day that is too long to be read: all rows that were read may be young."""
        length = windows.HOUR if hourly <= windows.MANY else windows.MINUTE
        middle = day.start + windows.HALF_DAY
        await self._survey.ask(name, "older", Window(middle - length, middle), most_bytes=WIDE_BYTES)

    async def _older(self, name: str, day: Window) -> None:
        """The first half of a day that seems to have no rows: does it have them when it is asked alone?"""
        half = Window(day.start, day.start + windows.HALF_DAY)
        older = await self._survey.ask(name, "older", half, most_bytes=WIDE_BYTES)
        if older.rows:
            await self._survey.ask(name, "day", day, most_bytes=WIDE_BYTES)

    async def _first_window(self, name: str, window: Window) -> Observation:
        """The hour; where a blank written %20 seems to be what it stumbles over, with + from then on."""
        hour = await self._survey.ask(name, "hour", window, most_bytes=_HOUR_BYTES)
        if hour.exchange.status in {None, _OK, 401, 403} or self._survey.client.spaces[name] != "%20":
            return hour
        if any(o.exchange.status == _OK for o in self._survey.of(name, "burst", "minute")):
            return hour
        self._survey.client.spaces[name] = "+"
        again = await self._survey.ask(name, "hour", window, most_bytes=_HOUR_BYTES)
        if again.exchange.status == _OK:
            self._survey.rename(name, {"burst", "minute", "hour"}, "percent20", but=again)
            return again
        self._survey.client.spaces[name] = "%20"
        return hour

    async def _found(self, name: str) -> bool:
        """Whether a feed that was not found is there after all: at a wider window, or at another path."""
        end = windows.settled(self._survey.product_now())
        wide = await self._survey.ask(name, "hour", Window(end - windows.HOUR, end))
        if wide.exchange.status not in _NOT_FOUND:
            return True
        if name in self._survey.product.paths:
            return False
        for alias in feeds()[name].aliases:
            before = self._survey.client.paths[name]
            self._survey.client.paths[name] = alias
            there = await self._survey.ask(name, "minute", wide.window)
            if there.exchange.status not in _NOT_FOUND:
                self._survey.forget(name, before)
                return True
            self._survey.client.paths[name] = before
        return False
