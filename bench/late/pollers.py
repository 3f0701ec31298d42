"""Pollers that know nothing of us: they ask each closed window until they have one whole answer, and never come back.

What they got is kept as they would upsert it, with all stamps that they saw.
"""

import asyncio
import csv
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import aiohttp

from late.casino import FEEDS, Feed, content

_RETRY_SECONDS = 0.05
_HEADERS = {"Accept-Encoding": "identity"}
_WHOLE = 200


@dataclass(frozen=True, slots=True)
class Got:
    """One version of a row as an answer brought it; `stamp` as on the wire, `at` real seconds since the epoch."""

    content: str
    stamp: str
    window: int
    at: float


@dataclass(slots=True)
class Received:
    """All that a poller got: by feed and key, in the order of arrival."""

    rows: dict[str, dict[str, list[Got]]] = field(default_factory=lambda: {name: defaultdict(list) for name in FEEDS})
    refused: int = 0
    outside: int = 0
    windows: int = 0
    answered: set[str] = field(default_factory=set)
    """Feeds that have had a whole answer."""
    errors: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Horizon:
    """Until when is asked: nobody knows before the writers have stopped."""

    first: datetime
    width: timedelta
    last: datetime | None = None

    def window(self, number: int) -> tuple[datetime, datetime]:
        """Both edges of a window."""
        start = self.first + number * self.width
        return start, start + self.width

    def is_over(self, number: int) -> bool:
        """Whether this window is asked no more."""
        return self.last is not None and self.window(number)[1] > self.last


@dataclass(slots=True, kw_only=True)
class Poller:
    """Asks every feed at `delay` real seconds after the end of each window; several `urls` take turns.

    `gives_up`: a window that is refused once is not asked again, as some pollers do.
    """

    variant: str
    delay: float
    said: str
    """The delay in words."""
    urls: Sequence[str]
    horizon: Horizon
    gives_up: bool = False
    received: Received = field(default_factory=Received)
    asking: int = 0
    """Requests that have no whole answer yet."""

    async def run(self, client: aiohttp.ClientSession) -> None:
        """Returns when the horizon is reached in every feed."""
        async with asyncio.TaskGroup() as group:
            for feed in FEEDS.values():
                group.create_task(self._poll(client, feed))

    async def _poll(self, client: aiohttp.ClientSession, feed: Feed) -> None:
        rng = Random(f"{self.variant}/{self.said}/{feed.name}")
        number = 0
        while True:
            # Everybody asks at the same moment; who comes first must be luck, or the first variant would look fastest.
            due = self.horizon.window(number)[1].timestamp() + self.delay + rng.uniform(0, 0.002)
            await asyncio.sleep(max(0.0, due - time.time()))
            if self.horizon.is_over(number):
                return
            await self._until_whole(client, feed, number)
            number += 1

    async def _until_whole(self, client: aiohttp.ClientSession, feed: Feed, number: int) -> None:
        asks = number
        while (body := await self._ask(client, feed, number, self.urls[asks % len(self.urls)])) is None:
            self.received.refused += 1
            if self.gives_up:
                return
            asks += 1
            await asyncio.sleep(_RETRY_SECONDS)
        self._take(feed, number, body)

    async def _ask(self, client: aiohttp.ClientSession, feed: Feed, number: int, url: str) -> str | None:
        start, end = self.horizon.window(number)
        self.asking += 1
        try:
            return await ask(client, url, feed, start, end)
        except (aiohttp.ClientError, TimeoutError, Refused) as error:
            self.received.errors[str(error) or type(error).__name__] += 1
            return None
        finally:
            self.asking -= 1

    def _take(self, feed: Feed, number: int, body: str) -> None:
        start, end = map(plain, self.horizon.window(number))
        at, kept = time.time(), self.received.rows[feed.name]
        for key, said, stamp, began in rows(feed, body):
            kept[key].append(Got(said, stamp, number, at))
            # A session's row tells all of it: it may go on after the window.
            inside = start <= stamp and began < end if feed.is_sum else start <= stamp < end
            self.received.outside += not inside
        self.received.windows += 1
        self.received.answered.add(feed.name)


class Refused(Exception):  # noqa: N818 - no error of ours, an answer
    """Any status but 200."""


async def ask(client: aiohttp.ClientSession, url: str, feed: Feed, start: datetime, end: datetime) -> str:
    """One whole answer as CSV; Refused or aiohttp's errors otherwise."""
    params = {"from": plain(start), "to": plain(end), "format": "csv"}
    async with client.get(url + feed.path, params=params, headers=_HEADERS) as answer:
        if answer.status != _WHOLE:
            raise Refused(f"{answer.status} {(await answer.text())[:200]}")
        return await answer.text()


def rows(feed: Feed, body: str) -> Iterable[tuple[str, str, str, str]]:
    """Key, content, stamp and, of sessions, the first action's stamp of each row."""
    lines = csv.reader(body.splitlines())
    head = next(lines)
    key, cursor = head.index(feed.key), head.index(feed.cursor)
    wanted = [head.index(name) for name in feed.content]
    began = head.index("created_at") if feed.is_sum else cursor
    for line in lines:
        yield line[key], content([line[place] for place in wanted]), line[cursor], line[began]


def plain(moment: datetime) -> str:
    """As it stands on the wire."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
