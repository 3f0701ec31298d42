"""What a person sees of a running demo: a table that moves on a terminal, a line now and then elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

FRESH = ("bright_green", "yellow", "red")
"""Colours of seconds behind: within 3 cadences, within 10, beyond."""


@dataclass(frozen=True)
class Moment:
    """One look at everything: `feeds` as in the status of DESIGN.md section 6, `written` changes in the casino."""

    seconds: float
    cadence: float
    written: int
    feeds: Mapping[str, Mapping[str, Any]]
    trouble: str = ""
    """The last thing that went wrong, while holes are left."""

    def total(self, name: str) -> int:
        """A count over all feeds."""
        return sum(feed[name] for feed in self.feeds.values())

    @property
    def behind(self) -> float | None:
        """Seconds that the slowest feed is behind; None while one has nothing yet."""
        lags = [feed["lag_seconds"] for feed in self.feeds.values()]
        return None if None in lags else max(lags, default=None)


def line(moment: Moment) -> str:
    """All feeds in one line."""
    behind = "not all feeds begun" if moment.behind is None else f"at most {moment.behind:.1f} s behind"
    return (
        f"{moment.seconds:4.0f} s  {moment.written:,} changes in the casino, {moment.total('rows'):,} rows in the"
        f" mirror, {behind}, {moment.total('holes')} holes, {moment.total('quarantined')} quarantined,"
        f" {moment.total('late')} late rows found{_why(moment)}"
    )


def table(moment: Moment) -> Table:
    """A row a feed."""
    made = Table(
        title=f"SpaceVegas · {moment.seconds:.0f} s · {moment.written:,} changes in the casino",
        caption=Text(
            f"{moment.total('rows'):,} rows in the mirror · {moment.total('late')} late rows found by re-reads"
            f"{_why(moment)}"
        ),
    )
    made.add_column("feed")
    for heading in ("rows", "seconds behind", "holes", "quarantined", "late"):
        made.add_column(heading, justify="right")
    for name, feed in moment.feeds.items():
        made.add_row(
            name,
            f"{feed['rows']:,}",
            _behind(feed["lag_seconds"], moment.cadence),
            _trouble(feed["holes"]),
            _trouble(feed["quarantined"]),
            str(feed["late"]),
        )
    return made


def _behind(lag: float | None, cadence: float) -> str:
    if lag is None:
        return "…"
    colour = FRESH[0] if lag <= 3 * cadence else FRESH[1] if lag <= 10 * cadence else FRESH[2]
    return f"[{colour}]{lag:.1f}[/]"


def _why(moment: Moment) -> str:
    return f"; {moment.trouble}" if moment.trouble and moment.total("holes") else ""


def _trouble(count: int) -> str:
    return f"[red]{count}[/]" if count else "0"
