"""How each feed stands, for metrics and alerts: kept from events, in bounded memory; pure, time comes in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from halfopen.sinks.base import Progress
from halfopen.sync.events import Answered, Asked, Committed, Event, Failed
from halfopen.window.window import floor

SLOT: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
DELAYS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
"""Seconds, the upper edges of the histograms; after the last one comes infinity."""
Name = tuple[str, str]


@dataclass(slots=True)
class Counts:
    """Of one feed, or of a part of its time."""

    rows: int = 0
    changed: int = 0
    late: int = 0
    quarantined: int = 0

    def add(self, more: "Committed | Counts") -> None:
        """One more answer, or those of another part."""
        self.rows += more.rows
        self.changed += more.changed
        self.late += more.late
        self.quarantined += more.quarantined


@dataclass(slots=True)
class Histogram:
    """Counts by upper edge, not summed up."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(DELAYS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.counts[next((n for n, edge in enumerate(DELAYS) if seconds <= edge), len(DELAYS))] += 1
        self.total += seconds

    def buckets(self) -> Iterator[tuple[str, float]]:
        """Upper edges with what lies below, as Prometheus wants them."""
        below = 0
        for edge, count in zip((*map(str, DELAYS), "+Inf"), self.counts, strict=True):
            below += count
            yield edge, below


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One feed at one moment; lag is beyond cadence and offset, None before anything is committed.

    hour: what the last hour brought. hole_since: when the oldest hole began.
    """

    product: str
    feed: str
    watermark: datetime | None
    lag: timedelta | None
    holes: int
    hole_since: datetime | None
    last_error: str
    hour: Counts


class Tallies:
    """What happened since the start, by listening."""

    def __init__(self) -> None:
        self.counts: dict[Name, Counts] = defaultdict(Counts)
        self.answered: dict[str, int] = defaultdict(int)
        self.failed: dict[str, int] = defaultdict(int)
        self.asked_late = Histogram()
        """Seconds from the end of a live window to its request."""
        self.committed_late = Histogram()
        """Seconds from the end of a live window to the commit of its answer."""
        self._slots: dict[Name, dict[datetime, Counts]] = defaultdict(dict)
        self._live: set[Name] = set()

    def hear(self, event: Event) -> None:
        """Take one event in."""
        name = (event.product, event.feed)
        match event:
            case Asked():
                if event.reason == "live":
                    self._live.add(name)
                    self.asked_late.add(max((event.at - event.end).total_seconds(), 0))
                else:
                    self._live.discard(name)
            case Answered():
                self.answered[event.product] += 1
            case Committed():
                self.counts[name].add(event)
                self._recent(name, event.at).add(event)
                if name in self._live:
                    self.committed_late.add(max((event.at - event.end).total_seconds(), 0))
            case Failed():
                self.failed[event.product] += 1

    def hour(self, name: Name, now: datetime) -> Counts:
        """What the last hour brought."""
        found = Counts()
        # A copy, for metrics are read in another thread while events come in.
        for begun, counts in tuple(self._slots.get(name, {}).items()):
            if now - HOUR < begun + SLOT:
                found.add(counts)
        return found

    def _recent(self, name: Name, now: datetime) -> Counts:
        slots = self._slots[name]
        begun = floor(now, SLOT)
        if begun not in slots:
            for old in [slot for slot in slots if slot + SLOT <= now - HOUR]:
                del slots[old]
            slots[begun] = Counts()
        return slots[begun]


def standings(
    progress: Mapping[Name, tuple[Progress, timedelta]], tallies: Tallies, now: datetime
) -> Iterable[Standing]:
    """How feeds stand at `now`; with each progress comes how old its watermark is when all is well."""
    for name, (known, usual) in progress.items():
        watermark = known.committed.watermark(known.started) if known.started is not None else None
        oldest = min(known.holes, key=lambda hole: hole.since, default=None)
        yield Standing(
            product=name[0],
            feed=name[1],
            watermark=watermark,
            lag=None if watermark is None else max(now - watermark - usual, timedelta(0)),
            holes=len(known.holes),
            hole_since=None if oldest is None else oldest.since,
            last_error="" if oldest is None else oldest.last_error,
            hour=tallies.hour(name, now),
        )
