"""What seals remember between requests, and what a store of it promises.

A **seal** of a feed is a horizon and the state of the database it was taken at: every row that this state shows with a
cursor before the horizon has been served in some window that ends at the horizon or before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from halfopen.sources.sealing import Detector, Identity, Lift, Mark
from halfopen.window.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Where the seals of a feed begin: what was answered before is not known.

    Windows that end at `at` or before are answered with what the database holds. Rows with a cursor in [since, at)
    are served once more, as if it were `at`.
    """

    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The last seal of a feed.

    number: counts the feed's seals; two seals of one feed never share it. seen: identities that were seen in the
    look-back before the horizon, with how many rows each had.
    """

    feed: str
    number: int
    horizon: datetime
    mark: Mark
    detector: Detector
    base: Base
    seen: Mapping[Identity, int] = field(default_factory=dict)


class Store(Protocol):
    """Where seals are kept. All methods raise StateError when the store cannot be read or written."""

    async def load(self, feed: str) -> Seal | None:
        """The last seal of a feed; None when there is none."""
        ...

    async def save(self, seal: Seal, lifts: Sequence[Lift], *, replaces: int | None, forget_before: datetime) -> bool:
        """Keeps a seal and what it lifted, durably, in one transaction; False when another was saved meanwhile.

        replaces: the number of the seal that was loaded; None when there was none. A lift replaces an earlier one of
        the same identity; those to a moment before `forget_before` are dropped. With a new `base` all lifts of the
        feed are dropped first.
        """
        ...

    async def lifts(self, feed: str, window: Window, *, open_end: bool = False) -> Sequence[Lift]:
        """What was lifted to the window's start or later, and began before its end; with `open_end` however late."""
        ...

    async def close(self) -> None:
        """Ends connections."""
        ...
