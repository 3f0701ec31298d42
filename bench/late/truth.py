"""What a poller has, against what the database says when all is over."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from late.casino import FEEDS, content
from late.engines.base import Engine
from late.pollers import Received
from late.world import Book

Final = Mapping[str, Mapping[str, str]]
"""By feed: the content of each key's last version."""


async def final(engine: Engine) -> Final:
    """The last version of every row."""
    found = {}
    for feed in FEEDS.values():
        found[feed.name] = {str(key): content(values) for key, *values in await engine.rows(feed.truth)}
    return found


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one poller made of it. Freshness is seconds of the product, from the commit to the whole answer.

    rows: final versions in the database. lost: keys whose row at the poller is not the final version. doubled: answers
    that brought a version again. outside: rows outside the window asked for. decreasing: rows whose stamp is smaller
    than the key's last one. unknown: versions that nobody committed.
    """

    rows: int = 0
    lost: int = 0
    doubled: int = 0
    outside: int = 0
    decreasing: int = 0
    unknown: int = 0
    refused: int = 0
    p50: float = 0.0
    p99: float = 0.0
    lost_in: dict[str, int] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)


def judge(received: Received, truth: Final, book: Book, factor: float) -> Figures:
    """Compares; `factor` is seconds of the product in a real one."""
    figures = Figures(outside=received.outside, refused=received.refused)
    waits: list[float] = []
    for name, rows in truth.items():
        figures.rows += len(rows)
        lost = [
            key for key, said in rows.items() if not (got := received.rows[name].get(key)) or got[-1].content != said
        ]
        if lost:
            figures.lost += len(lost)
            figures.lost_in[name] = len(lost)
            figures.samples += [f"{name} {key}" for key in lost[:3]]
        _judge_feed(figures, waits, name, received, book)
    if waits:
        waits.sort()
        figures.p50 = statistics.median(waits) * factor
        figures.p99 = waits[int(len(waits) * 0.99)] * factor
    return figures


def _judge_feed(figures: Figures, waits: list[float], name: str, received: Received, book: Book) -> None:
    is_sum = FEEDS[name].is_sum
    for key, got in received.rows[name].items():
        falls = [(earlier, later) for earlier, later in pairwise(got) if later.stamp < earlier.stamp]
        figures.decreasing += len(falls)
        figures.samples += [f"{name} {key}: {earlier}, then {later}" for earlier, later in falls[:1]]
        if is_sum:
            # A session is told again in every window that it was touched in, so once an action at most.
            figures.doubled += max(0, len(got) - book.actions[key])
        first: dict[str, float] = {}
        times: dict[str, int] = {}
        for one in got:
            first.setdefault(one.content, one.at)
            times[one.content] = times.get(one.content, 0) + 1
        for said, at in first.items():
            version = name, key, said
            written = book.times[version]
            if not is_sum:
                figures.unknown += not written
                figures.doubled += max(0, times[said] - written)
            if written == 1:
                waits.append(max(0.0, at - book.moments[version]))
