"""What `bench/sync_many.py` hears in phases with trouble and without, and how the two compare."""

import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from halfopen.sync.events import Asked, Committed, Event, Failed
from halfopen.sync.planner import Reason
from many_product import FEEDS

MINUTE = timedelta(minutes=1)
BLOCK = (False, True, True, False)
"""Phases with trouble and without, and every other block the other way round."""
SLOW_SECONDS = 5


@dataclass(kw_only=True)
class Phase:
    """What was heard of the windows that were due from `start` to `end`; delays are seconds.

    asked and hard are by product; hard: of windows that were due while the backfill was under way.
    months: 1 where it was done in time. seconds: how long the figures of CPU took.
    """

    trouble: bool
    start: datetime
    end: datetime
    asked: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    hard: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    committed: list[float] = field(default_factory=list)
    backfill_end: datetime | None = None
    rows: int = 0
    asks: int = 0
    failed: int = 0
    months: int = 0
    seconds: float = 0
    cpu: float = 0
    product_cpu: float = 0
    peak: int = 0

    def missing(self, products: int) -> int:
        """How many windows of so many products were never asked, of those that lie in whole minutes."""
        each = (self.end - self.start) // MINUTE * len(FEEDS)
        heard = [len(delays) for delays in self.asked.values()]
        return each * (products - len(heard)) + sum(max(each - count, 0) for count in heard)


class Ear:
    """Hears when windows of the measured products are asked and committed."""

    def __init__(self, out: set[str]) -> None:
        self.out = out
        self.phases: list[Phase] = []

    def hear(self, event: Event) -> None:
        """Count it in its phase; before the first one nothing counts."""
        if (now := self._phase(event.at)) is not None:
            now.asks += isinstance(event, Asked)
            now.failed += isinstance(event, Failed) and event.product not in self.out
        if event.product in self.out or event.rung or not isinstance(event, (Asked, Committed)):
            return
        due = min(event.end, event.start + MINUTE)
        phase, delay = self._phase(due), (event.at - due).total_seconds()
        if phase is None:
            return
        if isinstance(event, Committed):
            phase.rows += event.rows
            phase.committed.append(delay)
        elif event.reason != Reason.RETRY:
            self._asked(phase, event, due, delay)

    def _asked(self, phase: Phase, event: Asked, due: datetime, delay: float) -> None:
        phase.asked[event.product].append(delay)
        if phase.trouble and (phase.backfill_end is None or due < phase.backfill_end):
            phase.hard[event.product].append(delay)
        if delay > SLOW_SECONDS:
            where = f"{event.product} {event.feed}"
            print(f"{where}: [{event.start}, {event.end}) asked at {event.at}", file=sys.stderr)

    def _phase(self, moment: datetime) -> Phase | None:
        return next((phase for phase in reversed(self.phases) if phase.start <= moment < phase.end), None)


def percentile(values: list[float], part: float) -> float:
    """Of unsorted values; 0 where there are none."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


def delays(phases: list[Phase], name: str, products: set[str] | None = None) -> list[float]:
    """All of one name, of some products only where they are named."""
    if name == "committed":
        return [delay for phase in phases for delay in phase.committed]
    found = [(product, some) for phase in phases for product, some in getattr(phase, name).items()]
    return [delay for product, some in found if products is None or product in products for delay in some]


def figures(phases: list[Phase], products: int) -> dict[str, float]:
    """Those of some phases together; so many products were measured."""
    seconds = sum(phase.seconds for phase in phases)
    found: dict[str, float] = {"phases": len(phases), "seconds": round(seconds, 1)}
    found["windows"] = len(delays(phases, "asked"))
    found["windows missing"] = sum(phase.missing(products) for phase in phases)
    for name, shown in (("asked", "asked"), ("hard", "asked during backfill"), ("committed", "committed")):
        if values := delays(phases, name):
            found |= {f"{shown} p{part}": round(percentile(values, part / 100), 3) for part in (50, 99)}
            found[f"{shown} max"] = round(max(values), 3)
    return found | {
        "failed": sum(phase.failed for phase in phases),
        "all asks a minute": round(sum(phase.asks for phase in phases) / seconds * 60),
        "rows a minute": round(sum(phase.rows for phase in phases) / seconds * 60),
        "cpu cores": round(sum(phase.cpu for phase in phases) / seconds, 2),
        "product cpu cores": round(sum(phase.product_cpu for phase in phases) / seconds, 2),
        "peak MiB": max(phase.peak for phase in phases),
        "months of backfill": sum(phase.months for phase in phases),
    }


def of(phases: list[Phase], trouble: bool) -> list[Phase]:  # noqa: FBT001 - the one thing that it asks
    """Those with trouble, or those without."""
    return [phase for phase in phases if phase.trouble == trouble]


def ratios(phases: list[Phase], name: str) -> str:
    """The p99 with trouble to the one without: over all windows, and within each block."""

    def ratio(some: list[Phase]) -> float:
        hard, easy = (percentile(delays(of(some, trouble), name), 0.99) for trouble in (True, False))
        return hard / easy

    blocks = sorted(ratio(phases[at : at + len(BLOCK)]) for at in range(0, len(phases), len(BLOCK)))
    each = " ".join(f"{one:.2f}" for one in blocks)
    return (
        f"{name} p99 with trouble / without: {ratio(phases):.2f}; blocks {each}, median {statistics.median(blocks):.2f}"
    )


def hardest(phases: list[Phase]) -> str:
    """The p99 of what was due during a backfill to that of the same products without trouble."""
    products = {product for phase in phases for product in phase.hard}
    hard, easy = delays(phases, "hard"), delays(of(phases, trouble=False), "asked", products)
    found = percentile(hard, 0.99) / percentile(easy, 0.99) if hard else 0.0
    return f"asked p99 during backfill / same products without: {found:.2f}, of {len(hard)} and {len(easy)} windows"
