"""What the operator is told of each feed at start: which index finds its rows, how many there are, and how fast.

Nothing of it may hold the start up: a feed has two seconds for all its questions, and what took longer is told as such.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from halfopen.contract.load import feeds
from halfopen.errors import SourceError
from halfopen.serve.mapping import Offer, Offers
from halfopen.serve.seal.trial import Cost
from halfopen.sources.base import Explains, QueryPlan, Source
from halfopen.sources.sealing import Detector
from halfopen.window.window import Window, floor
from halfopen.wire.negotiate import Format

SECONDS: Final = 2.0
"""For one feed."""

_AT_ONCE: Final = 2
_DETECTED: Final = {Detector.XID: "transaction number", Detector.SET: "digest"}
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found about one feed; None for what was not asked, or not in time. `trouble` says why.

    rows: in the hour before the last full minute's end, or in the whole catalogue. milliseconds: of that minute's
    window, or of the catalogue. without_cursor: there are rows whose cursor is null.
    """

    plan: QueryPlan | None = None
    rows: int | None = None
    milliseconds: float | None = None
    without_cursor: bool = False
    trouble: str = ""


async def survey(source: Source, offers: Offers, now: datetime, *, seconds: float = SECONDS) -> dict[str, Facts]:
    """The facts of every offered feed, by its name; `seconds` for each of them."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(offer: Offer) -> Facts:
        async with turns:
            return await _facts(source, offer, floor(now, _MINUTE), seconds)

    found = await asyncio.gather(*map(one, offers.offered.values()))
    return dict(zip(offers.offered, found, strict=True))


def lines(offers: Offers, facts: Mapping[str, Facts], costs: Mapping[str, Cost] | None = None) -> list[str]:
    """One line a feed: where it is served, from what, and what is known of it; or why it is not served.

    costs: of looking back for late rows, where windows are sealed.
    """
    wide = max(map(len, feeds()))
    told = costs or {}
    return [f"{name:{wide}}  {_line(offers, name, facts.get(name, Facts()), told.get(name))}" for name in feeds()]


def warnings(facts: Mapping[str, Facts]) -> list[str]:
    """A line for each feed whose every window reads all rows, or whose windows miss some, with what would mend it."""
    return [
        f"serve.feeds.{name}: no index finds a window, every poll reads all rows ({found.plan.text}); {found.plan.mend}"
        for name, found in facts.items()
        if found.plan is not None and found.plan.index is None
    ] + [
        f"serve.feeds.{name}: some rows have no cursor, and no window ever holds them; give cursor an expression like "
        "coalesce(updated_at, created_at), or leave them out with where"
        for name, found in facts.items()
        if found.without_cursor
    ]


async def _facts(source: Source, offer: Offer, end: datetime, seconds: float) -> Facts:
    facts = Facts()
    try:
        async with asyncio.timeout(seconds):
            minute = Window(end - _MINUTE, end)
            if isinstance(source, Explains) and not offer.is_snapshot:
                facts = replace(facts, plan=await source.explain(offer.selection, minute))
            began = time.perf_counter()
            rows = await _count(source, offer, None if offer.is_snapshot else minute)
            facts = replace(facts, milliseconds=(time.perf_counter() - began) * 1000)
            if not offer.is_snapshot:
                rows = await _count(source, offer, Window(end - _HOUR, end))
            facts = replace(facts, rows=rows)
            return replace(facts, without_cursor=await _is_some_without(source, offer))
    except TimeoutError:
        return replace(facts, trouble=f"not measured further: it took longer than {seconds:g} s")
    except SourceError as error:
        return replace(facts, trouble=f"not measured: {error}")


async def _is_some_without(source: Source, offer: Offer) -> bool:
    selection = offer.selection
    if selection.cursor is None:
        return False
    where = f"({selection.cursor}) is null" + (f" and ({selection.where})" if selection.where else "")
    async with source.stream(replace(selection, where=where, cursor=None), None, Format.CSV, 1) as stream:
        async for _ in stream:
            pass
        return stream.rows > 0


async def _count(source: Source, offer: Offer, window: Window | None) -> int:
    async with source.stream(offer.selection, window, Format.CSV) as stream:
        async for _ in stream:
            pass
        return stream.rows


def _line(offers: Offers, name: str, facts: Facts, cost: Cost | None) -> str:
    offer = offers.offered.get(name)
    if offer is None:
        return f"not offered: {offers.refused[name]}"
    told = [f"{offer.paths[0]}  from {offer.origin}"]
    if facts.plan is not None:
        told.append(f"index {facts.plan.index}" if facts.plan.index else "no index")
    if offer.is_snapshot:
        told.append("the whole catalogue for every window")
    if facts.rows is not None:
        rows = f"{facts.rows:,} {'row' if facts.rows == 1 else 'rows'}"
        told.append(rows if offer.is_snapshot else f"{rows} in the last hour")
    if facts.milliseconds is not None:
        told.append(f"{facts.milliseconds:,.1f} ms" + ("" if offer.is_snapshot else " for a minute"))
    if cost is not None and cost.detector is not None:
        told.append(f"late rows by {_DETECTED[cost.detector]}")
        if cost.milliseconds is not None:
            told.append(f"{cost.milliseconds:,.1f} ms to look back")
    told += [trouble for trouble in (facts.trouble, cost.trouble if cost else "") if trouble]
    return ", ".join(told)
