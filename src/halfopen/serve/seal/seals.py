"""The algebra of seals: what the next one holds, what it lifts, and whether an old one still means anything.

    served cursor of a version = max(cursor, horizon of the seal before the first one that has seen it)

Pure: states of the database come in as what `Snapshot` says of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from halfopen.serve.seal.state import Base, Seal
from halfopen.sources.sealing import Detector, Identity, Lift, Look, Mark, Replay, Served, Sighting
from halfopen.window.window import Window

AHEAD: Final = timedelta(seconds=5)
"""A horizon so far beyond the database's clock was taken from another clock."""

_TELLABLE: Final = 2**31
"""Transactions; an older one cannot be told from a younger one by the 32 bits that rows keep."""


@dataclass(frozen=True, slots=True)
class Late:
    """Rows of one version that became visible after their time had been sealed."""

    identity: Identity
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal in the making, with what it found late and what it lifts."""

    seal: Seal
    late: tuple[Late, ...]
    lifts: tuple[Lift, ...]


def first(feed: str, number: int, mark: Mark, clock: datetime, *, detector: Detector, lateness: timedelta) -> Seal:
    """A beginning: nothing is known of what was answered before the database's clock, floored to the second."""
    at = clock.replace(microsecond=0)
    base = Base(at=at, since=at - lateness)
    return Seal(feed=feed, number=number, horizon=at, mark=mark, detector=detector, base=base)


def look_back(horizon: datetime, lateness: timedelta) -> Window:
    """Where a row may still come late."""
    return Window(horizon - lateness, horizon)


def following(previous: Seal, horizon: datetime, mark: Mark, look: Look, lateness: timedelta) -> Sealed:
    """The next seal: rows of the span before `previous.horizon` that it had not seen are lifted to that horizon.

    Right after a beginning nothing is: all that span is replayed.
    """
    is_replayed = previous.horizon == previous.base.at
    late = () if is_replayed else tuple(Late(*each) for each in unseen(look.before, previous).items())
    span = look_back(previous.horizon, lateness)
    seal = Seal(
        feed=previous.feed,
        number=previous.number + 1,
        horizon=horizon,
        mark=mark,
        detector=previous.detector,
        base=previous.base,
        seen=look.now,
    )
    return Sealed(seal, late, tuple(Lift(each.identity, span.start, span.end) for each in late))


def unseen(shown: Mapping[Identity, Sighting], seal: Seal) -> dict[Identity, Sighting]:
    """What a seal had not seen. A transaction is seen whole or not at all; equal rows are told by their number."""
    if seal.detector is Detector.XID:
        return {each: sighting for each, sighting in shown.items() if each not in seal.seen}
    return {each: sighting for each, sighting in shown.items() if sighting.rows > seal.seen.get(each, 0)}


def served(
    seal: Seal,
    window: Window,
    lifts: Sequence[Lift],
    hidden: frozenset[Identity],
    lateness: timedelta,
    *,
    sums: bool = False,
) -> Served:
    """What a window after the beginning is answered with; with `sums` its rows are sessions, of what is sealed."""
    base = seal.base
    replays = (Replay(Window(base.since, base.at), base.at),) if base.at >= window.start else ()
    until = seal.horizon if sums else None
    if sums:
        window = Window(window.start, max(window.start, min(window.end, seal.horizon)))
        # Lifted to the horizon, from what lies before it: their time is still to come.
        hidden |= {lift.identity for lift in lifts if lift.to >= seal.horizon}
    span = look_back(seal.horizon, lateness) if hidden else None
    return Served(window=window, lifts=tuple(lifts), replays=replays, hidden=hidden, hidden_span=span, until=until)


def strangeness(seal: Seal, mark: Mark, clock: datetime, detector: Detector) -> str:
    """Why a seal says nothing of this database; empty when it does."""
    if seal.detector is not detector:
        return f"late rows were told by {seal.detector} and are now told by {detector}"
    if seal.mark.system != mark.system:
        return "the database is another server, a restored copy, or a replica that was promoted"
    if seal.horizon > clock + AHEAD:
        return f"windows were sealed up to {seal.horizon:%Y-%m-%d %H:%M:%S}, which lies beyond the database's clock"
    if not mark.replica and mark.next < seal.mark.next:
        return "the database has gone back to an older state"
    if mark.next - seal.mark.oldest >= _TELLABLE:
        return "too many transactions have passed to tell late rows by their numbers"
    return ""


def is_behind(seal: Seal, mark: Mark, lag: timedelta, lateness: timedelta) -> bool:
    """Whether a replica has not yet replayed what was sealed, or lags so far that late rows could be missed."""
    return mark.replica and (mark.next < seal.mark.next or lag >= lateness / 2)
