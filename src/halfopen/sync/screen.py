"""Shows a person what is going on: a live table on a terminal, plain lines elsewhere."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from halfopen.config import durations
from halfopen.sync.events import Answered, Committed, Compared, Event, Events, Failed
from halfopen.wire.moment import plain

_EVERY = timedelta(seconds=10)


@dataclass(kw_only=True)
class Tally:
    """What has happened to one feed since the start; counts of rows."""

    rows: int = 0
    changed: int = 0
    late: int = 0
    quarantined: int = 0
    holes: int = 0
    watermark: datetime | None = None
    trouble: str = ""


class Board:
    """Tallies by (product, feed), kept by listening."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str], Tally] = {}

    def hear(self, event: Event) -> None:
        """Take one event in."""
        tally = self.tallies.setdefault((event.product, event.feed), Tally())
        match event:
            case Committed():
                tally.rows += event.rows
                tally.changed += event.changed
                tally.late += event.late
                tally.quarantined += event.quarantined
                tally.holes = event.holes
                tally.watermark = event.watermark
                tally.trouble = tally.trouble if event.holes else ""
            case Failed():
                tally.holes = event.holes
                tally.trouble = event.error

    def table(self, now: datetime) -> Table:
        """As it stands at `now`."""
        table = Table(box=None, pad_edge=False)
        for name in ("product", "feed"):
            table.add_column(name, no_wrap=True)
        for name in ("rows", "changed", "late", "quarantined", "holes", "behind"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("trouble", overflow="ellipsis", no_wrap=True)
        for (product, feed), tally in self.tallies.items():
            counts = (tally.rows, tally.changed, tally.late, tally.quarantined)
            table.add_row(
                product,
                feed,
                *(f"{count:,}" for count in counts),
                f"[red]{tally.holes}[/]" if tally.holes else "0",
                behind(tally.watermark, now),
                tally.trouble.replace("[", "\\["),
            )
        return table


@contextlib.contextmanager
def following(
    events: Events, console: Console, clock: Callable[[], datetime], footer: Callable[[], str] | None = None
) -> Iterator[Board]:
    """Show what the events tell until the end of the block; `footer` is the line below, elsewhere now and then."""
    board = Board()
    with contextlib.ExitStack() as stack:
        stack.callback(events.listen(board.hear))
        if console.is_terminal:
            stack.enter_context(
                Live(
                    console=console,
                    refresh_per_second=4,
                    get_renderable=lambda: Group(board.table(clock()), Text(footer() if footer else "")),
                )
            )
        else:
            stack.callback(events.listen(lambda event: _say(console, event)))
            if footer is not None:
                stack.callback(events.listen(_Now(console, clock, footer).and_then))
        yield board


class _Now:
    """Says a line at most every ten seconds, when something happens."""

    def __init__(self, console: Console, clock: Callable[[], datetime], line: Callable[[], str]) -> None:
        self._console, self._clock, self._line = console, clock, line
        self._last = clock()

    def and_then(self, _event: Event) -> None:
        """Say it if it is time."""
        now = self._clock()
        if now - self._last >= _EVERY:
            self._last = now
            self._console.print(self._line(), markup=False, highlight=False, soft_wrap=True)


def behind(watermark: datetime | None, now: datetime) -> str:
    """Seconds from a watermark to now, as people read them."""
    if watermark is None:
        return "-"
    return durations.roughly(max((now - watermark).total_seconds(), 0))


def _say(console: Console, event: Event) -> None:
    line = sentence(event)
    if line:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def sentence(event: Event) -> str:
    """One line about an event; empty for what nobody wants to read."""
    where = f"{event.product} {event.feed} {plain(event.start)} to {plain(event.end)}"
    match event:
        case Committed():
            if event.rung and not event.changed and not event.remark:
                return ""
            extras = [
                f"{event.late:,} late" if event.late else "",
                f"{event.quarantined:,} quarantined" if event.quarantined else "",
                f"{event.holes} holes" if event.holes else "",
                event.remark,
            ]
            counts = ", ".join([f"{event.rows:,} rows", f"{event.changed:,} changed", *filter(None, extras)])
            return f"{where}: {'re-read, ' if event.rung else ''}{counts}"
        case Failed():
            return f"{event.error} (attempt {event.attempts}, again at {plain(event.next_try)})"
        case Compared():
            differences = [f"{getattr(event, name):,} {name}" for name in ("missing", "stale") if getattr(event, name)]
            return f"{where}: compared {', '.join([f'{event.rows:,} rows', *differences])}"
        case Answered() if event.notes:
            return f"{where}: {'; '.join(event.notes)}"
        case _:
            return ""
