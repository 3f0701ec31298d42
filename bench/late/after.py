"""What is asked of a sealed server when all is over: its answered windows again, and one window over everything."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from late.casino import FEEDS, Feed
from late.pollers import Horizon, Poller, Refused, ask, rows
from late.truth import Final

_TRIES = 100
_SAMPLES = 5
_RETRY_SECONDS = 0.1


@dataclass(slots=True, kw_only=True)
class After:
    """What was found.

    asked: windows that were asked again; added: rows that were not in the first answer; changed: rows with another
    stamp than then. whole: rows of the one big window; missing, doubled, differing: against the database.
    """

    asked: int = 0
    added: int = 0
    changed: int = 0
    whole: int = 0
    missing: int = 0
    doubled: int = 0
    differing: int = 0
    samples: list[str] = field(default_factory=list)
    """Of rows added and stamps changed: what came again, and what had come of that key."""

    @property
    def faults(self) -> int:
        """All that should be 0."""
        return self.added + self.changed + self.missing + self.doubled + self.differing

    def __str__(self) -> str:
        again = f"{self.asked:,} answered windows asked again: {self.added} rows added, {self.changed} stamps changed"
        whole = f"one window over everything: {self.whole:,} rows, {self.missing} missing, {self.doubled} doubled"
        return "\n".join([again, *self.samples, f"{whole}, {self.differing} not the final version"])


async def after(client: aiohttp.ClientSession, poller: Poller, truth: Final) -> After:
    """Both checks on the server of this poller, which has asked every window of its horizon."""
    found = After()
    async with asyncio.TaskGroup() as group:
        for feed in FEEDS.values():
            group.create_task(_again(client, poller, feed, found))
    for feed in FEEDS.values():
        await _whole(client, poller, feed, truth[feed.name], found)
    return found


async def _again(client: aiohttp.ClientSession, poller: Poller, feed: Feed, found: After) -> None:
    first: dict[int, dict[str, str]] = defaultdict(dict)
    for key, got in poller.received.rows[feed.name].items():
        for one in got:
            first[one.window][key] = one.stamp
    number = 0
    while not poller.horizon.is_over(number):
        body = await _answer(client, poller, feed, number)
        for key, said, stamp, _ in rows(feed, body):
            then = first[number].get(key)
            # A session that went on has a later stamp by right.
            changed = then is not None and then != stamp and not feed.is_sum
            found.added += then is None
            found.changed += changed
            if (then is None or changed) and len(found.samples) < _SAMPLES:
                had = ", ".join(f"{one.content} at {one.stamp}" for one in poller.received.rows[feed.name].get(key, ()))
                start = poller.horizon.window(number)[0]
                found.samples.append(
                    f"{feed.name} {key}: {said} at {stamp} in the window from {start:%H:%M:%S}; had {had}"
                )
        found.asked += 1
        number += 1


async def _whole(
    client: aiohttp.ClientSession, poller: Poller, feed: Feed, truth: Mapping[str, str], found: After
) -> None:
    horizon = poller.horizon
    assert horizon.last is not None, "the writers have stopped"  # noqa: S101 - a mistake of the harness
    whole = Poller(
        variant="", delay=0, said="", urls=poller.urls, horizon=Horizon(horizon.first, horizon.last - horizon.first)
    )
    body = await _answer(client, whole, feed, 0)
    seen: dict[str, str] = {}
    for key, said, _, _ in rows(feed, body):
        found.doubled += key in seen
        seen[key] = said
        found.whole += 1
    found.missing += len(truth.keys() - seen.keys())
    found.differing += sum(truth.get(key) != said for key, said in seen.items())


async def _answer(client: aiohttp.ClientSession, poller: Poller, feed: Feed, number: int) -> str:
    for _ in range(_TRIES):
        try:
            return await ask(client, poller.urls[number % len(poller.urls)], feed, *poller.horizon.window(number))
        except (aiohttp.ClientError, Refused) as error:
            last = error
            await asyncio.sleep(_RETRY_SECONDS)
    raise last
