"""What happens while pulling, as small records: for a terminal, the demo's view, and who asks over the socket."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from halfopen.window.window import Window


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something happened at the aware UTC time `at` to one window of one feed; rung 0 is a first ask."""

    at: datetime
    product: str
    feed: str
    start: datetime
    end: datetime
    rung: int

    def window(self) -> Window:
        """What was asked."""
        return Window(self.start, self.end)


class Owes(Event, frozen=True, kw_only=True, tag=True):
    """A backfill begins; `gaps` are the pieces of its span that no first ask has covered yet."""

    gaps: tuple[tuple[datetime, datetime], ...]

    def windows(self) -> list[Window]:
        """The same as windows."""
        return [Window(start, end) for start, end in self.gaps]


class Asked(Event, frozen=True, kw_only=True, tag=True):
    """A request went out; `reason` is live, backlog, retry or reread."""

    reason: str


class Answered(Event, frozen=True, kw_only=True, tag=True):
    """A whole answer is here, not yet stored."""

    size: int
    seconds: float
    notes: tuple[str, ...] = ()


class Committed(Event, frozen=True, kw_only=True, tag=True):
    """An answer and its ledger line are stored; `holes` are left, `watermark` is how far the feed is whole.

    remark: a sentence that somebody should read now, as of `sinks.base.Applied`.
    """

    rows: int
    changed: int
    late: int
    quarantined: int
    findings: int
    holes: int
    watermark: datetime
    remark: str = ""


class Failed(Event, frozen=True, kw_only=True, tag=True):
    """No whole answer, or it could not be stored: the window is a hole now."""

    error: str
    attempts: int
    next_try: datetime
    holes: int


class Compared(Event, frozen=True, kw_only=True, tag=True):
    """A window was asked again and compared with the mirror; `extra` before it is known what has moved on."""

    rows: int
    missing: int
    stale: int
    extra: int


class Events:
    """Hands each event to every listener, at once and on the event loop's thread."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """From now on `listener` hears everything; call what this returns to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: Event) -> None:
        """Tell everybody."""
        for listener in tuple(self._listeners):
            listener(event)
