"""What a source does beside the promises of all so that its windows can be sealed.

A **version** of a row is named by an identity: what the engine itself says of the transaction that wrote it (`xid`,
PostgreSQL's 64-bit transaction number), or a digest of what the row shows (`set`, 16 bytes). A seal remembers which
identities it has seen; whatever of an earlier span shows another one later was late.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from halfopen.sources.base import Selection, Stream
from halfopen.window.window import Window
from halfopen.wire.negotiate import Format

Identity = int | bytes


class Detector(StrEnum):
    """How late rows are told from others."""

    XID = "xid"
    SET = "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a database says of one of its states.

    system: names the server and its history, so that a restored copy or a promoted replica differs; empty where the
    engine has no such name. oldest: the first transaction number that was perhaps still open; next: the first one that
    was not given out yet; both 0 without such numbers. replica: whether it follows another server.
    """

    system: str = ""
    oldest: int = 0
    next: int = 0
    replica: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """Rows of one identity: how many, and the oldest of their cursors."""

    rows: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a state of the database shows of two spans.

    before: identities of the rows of the span that earlier seals covered. now: of the span that the next seal is to
    remember, with how many rows each has.
    """

    before: Mapping[Identity, Sighting] = field(default_factory=dict)
    now: Mapping[Identity, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lift:
    """Rows of `identity` with a cursor in [since, to) are served as if it were `to`."""

    identity: Identity
    since: datetime
    to: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """All rows with a cursor in `span` that no lift names are served as if it were `to`: what was seen is not known."""

    span: Window
    to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The rows whose served cursor lies in `window`: the greater of their own and of what they are lifted to.

    lifts: at most one an identity; those to a moment before the window may be left out. hidden: identities that no seal
    has seen yet; their rows with a cursor in `hidden_span` are left out, as if they were not there. until: sessions are
    summed from actions before it, because a later one may still turn out to be late, and the sum would fall again.
    """

    window: Window
    lifts: tuple[Lift, ...] = ()
    replays: tuple[Replay, ...] = ()
    hidden: frozenset[Identity] = frozenset()
    hidden_span: Window | None = None
    until: datetime | None = None

    @property
    def is_plain(self) -> bool:
        """Whether every row is served with its own cursor."""
        return not (self.lifts or self.replays or (self.hidden and self.hidden_span) or self.until)


class Snapshot(Protocol):
    """One state of the database, held open: everything that is asked of it sees the same rows.

    clock: the database's own, UTC, not later than the state. lag: of a replica, how far its rows may lie behind.
    Methods raise what `Source.stream` raises.
    """

    mark: Mark
    clock: datetime
    lag: timedelta

    async def look(self, selection: Selection, before: Window | None, now: Window | None, since: Mark | None) -> Look:
        """Identities of the rows with a cursor in either span; None for a span that is not asked.

        With transaction numbers, `before` leaves out those that were certainly over at `since`, and `now` those that
        were certainly over at this state.
        """
        ...

    def stream(self, selection: Selection, served: Served, format_: Format) -> AbstractAsyncContextManager[Stream]:
        """The rows of a served window as `Source.stream` gives them.

        The cursor of a lifted row is what it is lifted to, floored as any other.
        """
        ...


@runtime_checkable
class Seals(Protocol):
    """A source whose windows can be sealed."""

    async def detector(self, selection: Selection) -> Detector:
        """The best detector for a feed; SourceError when the database cannot be asked."""
        ...

    def snapshot(self, detector: Detector) -> AbstractAsyncContextManager[Snapshot]:
        """A state of the database in a read-only transaction. Raises what `Source.stream` raises."""
        ...
