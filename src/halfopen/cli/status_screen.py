"""The status of all feeds on one screen: everything where it fits, else the products and what needs a look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from halfopen.config import durations

COUNTS = ("rows", "late", "quarantined", "holes")
MOST_FEEDS = 30
"""More do not fit on a screen, and a line a product is shown."""
MOST_PRODUCTS = 12
MOST_TROUBLES = 12
MOST_LATE = 6
BEHIND_SECONDS = 300.0
"""A feed behind by more needs a look, unless --max-lag says otherwise."""
NOT_PULLED = "not pulled"


@dataclass(frozen=True, slots=True)
class One:
    """One feed of one product, and what the status says of it."""

    product: str
    feed: str
    told: dict[str, Any]
    allowed: float | None
    """Seconds that it may be behind more than others; None for what is no longer configured and behind nothing."""

    @property
    def is_pulled(self) -> bool:
        """Whether somebody still asks for it."""
        return self.allowed is not None

    @property
    def lag(self) -> float:
        """Seconds behind; without end for a feed that has nothing yet."""
        found = self.told["lag_seconds"]
        return float("inf") if found is None else float(found)

    @property
    def excess(self) -> float:
        """Of the lag, what its own cadence and offset do not explain."""
        return float("-inf") if self.allowed is None else self.lag - self.allowed

    @property
    def behind(self) -> str:
        """The lag as people read it."""
        if not self.is_pulled:
            return NOT_PULLED
        return "-" if self.told["watermark"] is None else durations.roughly(self.lag)


def screen(
    status: dict[str, Any], limit: float | None = None, allowed: Mapping[tuple[str, str], float] | None = None
) -> Iterator[RenderableType]:
    """What to print; `limit` is the most seconds that a feed may be behind, beyond what is `allowed` for it.

    A feed that nothing is said of in `allowed` is no longer pulled.
    """
    every = [
        One(product, feed, told, 0.0 if allowed is None else allowed.get((product, feed)))
        for product, feeds in status["products"].items()
        for feed, told in feeds["feeds"].items()
    ]
    most = BEHIND_SECONDS if limit is None else limit
    troubled = sorted((one for one in every if _trouble(one, most)), key=_urgency)
    yield Text(_headline(every, most))
    if len(every) <= MOST_FEEDS:
        yield _table(every, named=len(status["products"]) > 1)
    else:
        yield from _products(every, most)
        if troubled:
            yield Text(f"\nneeds a look{_more(len(troubled), MOST_TROUBLES)}:")
            yield _table(troubled[:MOST_TROUBLES], named=True)
    late = sorted((one for one in every if "lateness" in one.told), key=lambda one: -one.told["lateness"]["plain_loss"])
    if late:
        yield Text(f"\nlate rows, found by re-reading{_more(len(late), MOST_LATE)}:")
        yield _lateness(late[:MOST_LATE])


def _headline(every: Sequence[One], most: float) -> str:
    products = len({one.product for one in every})
    pulled = [one for one in every if one.is_pulled]
    begun = [one for one in pulled if one.told["watermark"] is not None]
    parts = [
        f"{sum(one.excess > most for one in begun)} behind by more than {durations.roughly(most)}",
        f"{len(pulled) - len(begun)} with nothing yet",
        f"{sum(one.told['holes'] > 0 for one in every)} with holes",
        f"{sum(one.told['quarantined'] > 0 for one in every)} with rows in quarantine",
    ]
    said = [part for part in parts if not part.startswith("0 ")]
    feeds = f"{_counted(products, 'product')}, {_counted(len(every), 'feed')}"
    if len(pulled) < len(every):
        feeds += f", {len(every) - len(pulled):,} no longer pulled"
    return f"{feeds}: {', '.join(said) if said else 'all whole and nothing owed'}"


def _table(feeds: Sequence[One], *, named: bool) -> Table:
    """A line a feed; `named`: with the name of its product."""
    table = _columns(*(["product"] if named else []), "feed")
    for one in feeds:
        names = [one.product, one.feed] if named else [one.feed]
        table.add_row(*names, *_figures(one, [one.told[name] for name in COUNTS]))
    return table


def _products(every: Sequence[One], most: float) -> Iterator[RenderableType]:
    """A line a product, its worst watermark and sums; of many products those in trouble, and one line for the rest."""
    names = list(dict.fromkeys(one.product for one in every))
    shown = names
    if len(names) > MOST_PRODUCTS:
        troubled = {one.product for one in every if _trouble(one, most)}
        shown = [name for name in names if name in troubled][:MOST_PRODUCTS]
    table = _columns("product", "feeds")
    for product in shown:
        feeds = [one for one in every if one.product == product]
        worst = max(feeds, key=lambda one: one.excess)
        sums = [sum(one.told[name] for one in feeds) for name in COUNTS]
        table.add_row(product, str(len(feeds)), *_figures(worst, sums))
    if shown:
        yield table
    if rest := [one for one in every if one.product not in shown]:
        furthest = durations.roughly(
            max((one.lag for one in rest if one.is_pulled and one.lag < float("inf")), default=0)
        )
        rows = sum(one.told["rows"] for one in rest)
        yield Text(f"{len(names) - len(shown)} other products: {len(rest)} feeds, {rows:,} rows, {furthest} behind")


def _columns(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=True, justify="right" if name == "feeds" else "left")
    table.add_column("whole until", no_wrap=True)
    for name in ("behind", *COUNTS):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _figures(one: One, counts: Sequence[int]) -> list[str | Text]:
    """How far it is, and these counts."""
    shown: list[str | Text] = [one.told["watermark"] or "-", one.behind]
    for name, count in zip(COUNTS, counts, strict=True):
        style = "red" if name in {"holes", "quarantined"} and count else ""
        shown.append(Text(f"{count:,}", style=style))
    return shown


def _lateness(late: Sequence[One]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("product", "feed"):
        table.add_column(name, no_wrap=True)
    for name in ("late rows", "a plain poller loses", "advised offset"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in late:
        told = one.told["lateness"]
        share, offset = 100 * told["plain_loss"], durations.roughly(told["advised_offset_seconds"])
        table.add_row(one.product, one.feed, f"{one.told['late']:,}", f"{share:.3g} %", offset)
    return table


def _trouble(one: One, most: float) -> bool:
    return one.excess > most or one.told["holes"] > 0 or one.told["quarantined"] > 0


def _urgency(one: One) -> tuple[float, int, int]:
    """What is furthest behind first, then holes, then quarantine."""
    return -one.excess, -one.told["holes"], -one.told["quarantined"]


def _more(found: int, shown: int) -> str:
    return "" if found <= shown else f", {shown} of {found}; --json has all"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count:,} {word}s"
