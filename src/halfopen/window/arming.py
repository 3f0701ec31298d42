"""Which rungs of the ladder rest: those that would not have found any of the late rows of the last days.

Pure. Two rungs never rest, the first and the last of the longest span (a day by default): whatever a resting rung
misses, they find. A resting rung still asks every 25th of its spans, so that a change of habits shows within hours,
and once it runs again it owes all the spans that it slept through.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from halfopen.window.coverage import Coverage
from halfopen.window.ladder import Rung
from halfopen.window.window import Window, floor

SPARSE: Final = 25
"""A resting rung asks one in so many of its spans; 25 walks through all hours and minutes, where 24 would not."""
PROOF_SPANS: Final = 3
"""A feed is proven after so many of the longest spans without late rows that a rung could have found."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Late rows that one re-read found, at `found_at` (aware UTC).

    Counted from their stamps they became visible after more than `missed_after`, the last ask that did not have them,
    and at most `found_after`.
    """

    found_at: datetime
    missed_after: timedelta
    found_after: timedelta


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a feed's late rows.

    latest: by rung, counted from 1, when rows were last found that it might have found. watched: what the first rung
    of the longest span really asked a second time; what one answer settled for several rungs at once has been seen
    only once, and proves nothing.
    """

    latest: Mapping[int, datetime] = field(default_factory=dict)
    watched: Coverage = field(default_factory=Coverage)

    @classmethod
    def of(cls, ladder: tuple[Rung, ...], sightings: Iterable[Sighting], watched: Coverage) -> "Evidence":
        """What sightings, in any order, say of each rung.

        A rung might have found rows of which some may have become visible in the time in which it looks: between
        `after` and `after + span` from their stamp.
        """
        latest: dict[int, datetime] = {}
        for sighting in sightings:
            for number, rung in enumerate(ladder, start=1):
                if _might_have_found(rung, sighting):
                    latest[number] = max(latest.get(number, sighting.found_at), sighting.found_at)
        return cls(latest, watched)

    def seen_by(self, watched: Coverage) -> "Evidence":
        """Only what the watcher of the ladder has read: after a change another rung may have had its number."""
        by_others = self.watched.difference(watched)
        return replace(self, watched=self.watched.difference(by_others))


def watcher(ladder: tuple[Rung, ...]) -> int:
    """The rung, counted from 1, that watches while others rest: the first one of the longest span; 0 for no ladder."""
    longest = max((rung.span for rung in ladder), default=None)
    return next((number for number, rung in enumerate(ladder, start=1) if rung.span == longest), 0)


def proof(ladder: tuple[Rung, ...]) -> timedelta:
    """For how long a feed must have been watched before a rung rests, and how long late rows keep rungs awake."""
    return PROOF_SPANS * max((rung.span for rung in ladder), default=timedelta(0))


def resting(ladder: tuple[Rung, ...], evidence: Evidence, now: datetime) -> frozenset[int]:
    """The rungs, counted from 1, that rest at `now`: none before the feed is proven.

    A rung runs when rows that it might have found were found late within `proof`.
    """
    if not _is_proven(ladder, evidence, now):
        return frozenset()
    kept = {watcher(ladder), len(ladder)}
    since = now - proof(ladder)
    return frozenset(
        number
        for number in range(1, len(ladder) + 1)
        if number not in kept and evidence.latest.get(number, since) <= since
    )


def sample(rung: Rung, owed: Coverage, now: datetime) -> Iterator[Window]:
    """The few spans that a resting rung asks nevertheless, of what it owes at `now`, oldest first."""
    stride = rung.span * SPARSE
    ended = floor(now - rung.after, rung.span)
    for window in owed:
        for piece in Window(floor(window.start, stride), window.end).partition(stride):
            span = Window(piece.start, piece.start + rung.span).intersection(window)
            if span is not None and span.end <= ended:
                yield span


def _is_proven(ladder: tuple[Rung, ...], evidence: Evidence, now: datetime) -> bool:
    """Whether the watcher has looked at the last spans without a gap, and has not been asleep since."""
    number = watcher(ladder)
    end = evidence.watched.frontier
    if not number or end is None:
        return False
    rung = ladder[number - 1]
    is_fresh = end >= now - rung.after - 2 * rung.span
    return is_fresh and evidence.watched.covers(Window(end - proof(ladder), end))


def _might_have_found(rung: Rung, sighting: Sighting) -> bool:
    return sighting.missed_after < rung.after + rung.span and sighting.found_after > rung.after
