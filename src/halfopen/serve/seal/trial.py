"""What sealing will cost and whether it can work, found out at start: each feed's look-back is read, once or twice."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from halfopen.errors import SourceError
from halfopen.serve.mapping import Offer
from halfopen.serve.seal.seals import look_back
from halfopen.sources.sealing import Detector, Identity, Seals

SECONDS: Final = 10.0
"""For one look at one feed."""

_PAUSE_SECONDS: Final = 1.1
"""Between two looks: what an expression like now() prints has changed by then."""

_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """What looking back costs: how late rows are told, rows in the look-back, milliseconds; `trouble` says why not."""

    detector: Detector | None = None
    rows: int | None = None
    milliseconds: float | None = None
    trouble: str = ""
    shown: Mapping[Identity, int] | None = None


async def costs(source: Seals, offers: Iterable[Offer], lateness: timedelta) -> dict[str, Cost]:
    """The cost of each feed that has windows, by its name."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(offer: Offer) -> Cost:
        async with turns:
            return await _cost(source, offer, lateness)

    sealed = [offer for offer in offers if not offer.is_snapshot]
    found = await asyncio.gather(*map(one, sealed))
    return {offer.feed.name: cost for offer, cost in zip(sealed, found, strict=True)}


async def unsteady(source: Seals, offers: Iterable[Offer], lateness: timedelta, first: Mapping[str, Cost]) -> list[str]:
    """Feeds whose rows show something else each time they are read, though nobody writes: all would be late, always."""
    suspects = [offer for offer in offers if _may_be_unsteady(first.get(offer.feed.name))]
    if not suspects:
        return []
    await asyncio.sleep(_PAUSE_SECONDS)
    second = await costs(source, suspects, lateness)
    return [
        offer.feed.name
        for offer in suspects
        if (again := second[offer.feed.name].shown) and not set(again) & set(first[offer.feed.name].shown or ())
    ]


def refusals(found: Mapping[str, Cost], changing: Iterable[str], most: int) -> list[str]:
    """What cannot be sealed, a line each with what would mend it."""
    lines = [
        f"serve.feeds.{name}: each reading shows other values in every row, so that late rows cannot be told; "
        "take now(), random() and the like out of its columns"
        for name in changing
    ]
    for name, cost in found.items():
        if cost.detector is Detector.SET and cost.rows is not None and cost.rows > most:
            lines.append(
                f"serve.feeds.{name}: {cost.rows:,} rows in the look-back would be compared with each window, more "
                f"than serve.set_rows_max = {most}; make serve.allowed_lateness shorter, map a table in place of a "
                "SELECT, or raise serve.set_rows_max"
            )
    return lines


async def _cost(source: Seals, offer: Offer, lateness: timedelta) -> Cost:
    detector: Detector | None = None
    try:
        async with asyncio.timeout(SECONDS):
            detector = await source.detector(offer.selection)
            async with source.snapshot(detector) as snapshot:
                began = time.perf_counter()
                look = await snapshot.look(offer.selection, None, look_back(snapshot.clock, lateness), None)
                milliseconds = (time.perf_counter() - began) * 1000
        rows = sum(look.now.values()) if detector is Detector.SET else None
        return Cost(detector, rows, milliseconds, shown=look.now)
    except TimeoutError:
        return Cost(
            detector, trouble=f"looking back takes longer than {SECONDS:g} s: an index on the cursor is missing"
        )
    except SourceError as error:
        return Cost(detector, trouble=f"looking back failed: {error}")


def _may_be_unsteady(cost: Cost | None) -> bool:
    return cost is not None and cost.detector is Detector.SET and bool(cost.shown)
