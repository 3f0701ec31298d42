"""What the rules judge: one feed with all that was seen of it, and all feeds together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any

from halfopen.check.exchange import Exchange
from halfopen.check.observe import Observation, Row
from halfopen.check.pace import http_date
from halfopen.config.product import ProductConfig
from halfopen.contract.load import feeds
from halfopen.contract.model import Feed, FeedKind
from halfopen.window.window import Window

CLOSED_AFTER = timedelta(seconds=2)
"""A window is closed so long after its end by the product's clock; what commits within it is not late."""
_LONG = timedelta(minutes=15)
_OK = 200
_ODD_PROBES = frozenset(
    {"plus", "percent20", "odd", "equal", "inverted", "missing", "other_format", "unknown_parameter", "far_future"}
)
_NOT_FOUND, _NOT_IMPLEMENTED = frozenset({404, 410}), 501
_CATALOGUES = frozenset({"sports_tournaments"})
_MAYBE_CATALOGUES = frozenset({"bonus_list", "bonus_assignments", "sports_events"})


@dataclass(kw_only=True)
class FeedCase:
    """One feed. `exchanges`: all that was asked of it; `observations`: the same, read; both in the order of asking.

    offset: how long after its end a window may be asked, as the product declares. skew: the product's clock less ours.
    """

    feed: Feed
    offered: bool
    why_not: str
    exchanges: tuple[Exchange, ...]
    observations: tuple[Observation, ...]
    offset: timedelta
    skew: timedelta
    case: "Case" = field(init=False, repr=False)
    memory: dict[str, Any] = field(default_factory=dict, repr=False)
    """What rules that share a costly look have found."""

    @property
    def name(self) -> str:
        """The feed's name."""
        return self.feed.name

    @cached_property
    def signed(self) -> tuple[Observation, ...]:
        """Answers to the right credentials."""
        return tuple(o for o in self.observations if o.exchange.credentials == "right")

    @cached_property
    def valid(self) -> tuple[Observation, ...]:
        """Answers, good or bad, to requests that every product must answer: a window, and the right credentials."""
        return tuple(o for o in self.signed if o.window is not None and o.probe.partition(":")[0] not in _ODD_PROBES)

    @cached_property
    def answers(self) -> tuple[Observation, ...]:
        """Whole answers to plain windows, in the order of asking."""
        return tuple(o for o in self.valid if o.is_whole)

    @cached_property
    def readable(self) -> tuple[Observation, ...]:
        """Answers with rows, also such as we stopped reading, and of odd queries."""
        return tuple(o for o in self.signed if o.exchange.status == _OK and o.rows)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every distinct row that was seen, in the order in which it first was."""
        return tuple({id(row): row for o in self.readable for row in o.rows}.values())

    @cached_property
    def whole_rows(self) -> tuple[Row, ...]:
        """The distinct rows of which every column was kept."""
        return tuple(row for row in self.rows if not row.shape.is_slim)

    def probed(self, *probes: str) -> tuple[Observation, ...]:
        """What was asked for one of these reasons."""
        return tuple(o for o in self.observations if o.probe in probes)

    @cached_property
    def has_cursor(self) -> bool:
        """Whether any row has a cursor; true too while nothing is known."""
        shapes = [o.shape for o in self.readable if o.shape is not None]
        return not shapes or any(shape.at is not None for shape in shapes)

    @property
    def is_aggregate(self) -> bool:
        """Whether its rows may be stamped beyond the window that they are answered in."""
        return self.feed.kind is FeedKind.AGGREGATE

    @cached_property
    def is_catalogue(self) -> bool:
        """Whether each answer may hold the whole feed."""
        return self.name in _CATALOGUES or (self.name in _MAYBE_CATALOGUES and not self.has_cursor)

    @cached_property
    def fails_when_empty(self) -> bool:
        """Whether windows that hold no known row are refused, and none of those that do."""
        return self._are_empties(
            [o for o in self.valid if (o.exchange.status or 0) >= 400 and o.exchange.status not in {429, 503}]  # noqa: PLR2004 - the first status of an error
        )

    @cached_property
    def is_odd_when_empty(self) -> bool:
        """Whether windows that hold no known row are answered 200 with what cannot be read, and no others."""
        return any(o.rows for o in self.answers) and self._are_empties(
            [o for o in self.valid if o.exchange.status == _OK and o.problem is not None]
        )

    def _are_empties(self, bad: list[Observation]) -> bool:
        """Whether it is for want of rows that these are bad; where another gets a list without any, it is chance."""
        return (
            bool(bad)
            and any(o.probe == "empty" for o in bad)
            and any(o.rows for o in self.valid)
            and not any(map(self._held_rows, bad))
            and not any(o.is_whole and o.body_shape == "empty" for o in self.valid)
        )

    def fails_for_length(self, broken: Sequence[Observation]) -> bool:
        """Whether it is for the length of their windows that these failed: none as long has rows, and shorter ones do.

        A window that was answered when it was asked again is as long as it was.
        """
        lengths = [o.window.length for o in broken if o.window is not None]
        if not lengths or min(lengths) < _LONG:
            return False
        answered = [o.window.length for o in self.answers if o.window is not None]
        with_rows = [o.window.length for o in self.answers if o.window is not None and o.rows]
        return min(answered, default=min(lengths)) < _LONG and max(with_rows, default=_LONG) < min(lengths)

    def _held_rows(self, bad: Observation) -> bool:
        """Whether rows of its window are seen afterwards: one that was there before may have moved on meanwhile."""
        return bad.window is not None and any(
            at is not None and bad.window.contains(at)
            for later in self.valid
            if later.started >= bad.ended
            for row in later.rows
            for at in ((row.at, row.created) if self.is_aggregate else (row.at,))
        )

    @property
    def no_windows(self) -> str:
        """Why window rules say nothing here; empty where they do."""
        if self.is_catalogue:
            return "a feed without a cursor is a full catalogue"
        if not self.has_cursor:
            return "its rows have no cursor"
        return ""

    def closed(self, observation: Observation) -> datetime:
        """Stamps before this moment were closed when this was asked: by the product's clock, less what it declares."""
        return observation.started + self.skew - self.offset - CLOSED_AFTER

    def is_closed(self, observation: Observation, window: Window) -> bool:
        """Whether the window had closed when this was asked."""
        return window.end <= self.closed(observation)


@dataclass(kw_only=True)
class Case:
    """A whole product. started: aware UTC, when the check began; finished: when the last answer had come.

    watched: seconds of watching. token_lifetime: seconds, where a token was issued with one.
    """

    product: ProductConfig
    feeds: Mapping[str, FeedCase]
    exchanges: tuple[Exchange, ...]
    started: datetime
    finished: datetime
    skew: timedelta | None
    watched: float = 0.0
    spaces: Mapping[str, str] = field(default_factory=dict)
    token_lifetime: float | None = None
    confirmed_orphans: bool = True

    def __post_init__(self) -> None:
        for feed in self.feeds.values():
            feed.case = self

    @property
    def offered(self) -> tuple[FeedCase, ...]:
        """The feeds that the product has."""
        return tuple(feed for feed in self.feeds.values() if feed.offered)


def skew_of(exchanges: Iterable[Exchange]) -> timedelta | None:
    """The product's clock less ours: the median over Date headers, whose seconds are floored; None without any."""
    found = []
    for exchange in exchanges:
        date = http_date(exchange.headers.get("date"))
        if date is not None and exchange.seconds < 5:  # noqa: PLR2004 - a slow answer tells no time
            middle = exchange.started + (exchange.ended - exchange.started) / 2
            found.append((date - middle).total_seconds() + 0.5)
    return timedelta(seconds=median(found)) if found else None


def build(
    product: ProductConfig,
    observations: Iterable[Observation],
    *,
    started: datetime,
    finished: datetime,
    asked: Iterable[str],
    watched: float = 0.0,
    spaces: Mapping[str, str] | None = None,
    token_lifetime: float | None = None,
) -> Case:
    """The case of a product from what was observed; `asked`: the feeds that were to be looked at."""
    of: dict[str, list[Observation]] = {name: [] for name in feeds() if name in set(asked)}
    for observation in sorted(observations, key=lambda o: o.exchange.number):
        of[observation.feed.name].append(observation)
    exchanges = tuple(sorted((o.exchange for found in of.values() for o in found), key=lambda e: e.number))
    skew = skew_of(exchanges)
    cases = {}
    for name, found in of.items():
        offered, why_not = _offered(found)
        cases[name] = FeedCase(
            feed=feeds()[name],
            offered=offered,
            why_not=why_not,
            exchanges=tuple(o.exchange for o in found),
            observations=tuple(found),
            offset=product.offset_of(name),
            # A second or two are no skew: the header has whole seconds, and an answer takes its time.
            skew=skew if skew is not None and abs(skew) > timedelta(seconds=2) else timedelta(0),
        )
    return Case(
        product=product,
        feeds=cases,
        exchanges=exchanges,
        started=started,
        finished=finished,
        skew=skew,
        watched=watched,
        spaces=spaces or {},
        token_lifetime=token_lifetime,
    )


def _offered(observations: list[Observation]) -> tuple[bool, str]:
    """A feed is not offered when it is not found; of one that was never asked nothing is known, least of all that."""
    statuses = {o.exchange.status for o in observations if o.exchange.credentials == "right"}
    if statuses and (statuses <= _NOT_FOUND or statuses == {_NOT_IMPLEMENTED}):
        return False, f"the product answers {min(s for s in statuses if s)}"
    return True, ""
