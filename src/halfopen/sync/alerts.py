"""What somebody should be told, once, again after a while, and when it is over; pure, time comes in.

An alert is of one kind and one product, with all of its feeds that it is true of: a product that is down is one alert
and not thirteen.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from halfopen.config import durations
from halfopen.config.alerts import AlertsConfig
from halfopen.sync.standing import Standing

FEWEST_ROWS: Final = 50
"""Shares of fewer rows than these in an hour say nothing."""
_QUOTED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Something that is wrong now; `text` is one line for a person."""

    kind: str
    product: str
    feeds: tuple[str, ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What goes out: `status` is firing or resolved; `since` and `at` are aware UTC."""

    status: str
    alert: Alert
    since: datetime
    at: datetime

    def told(self) -> dict[str, object]:
        """As JSON; `text` is what chat programs show."""
        one = self.alert
        return {
            "text": f"halfopen {self.status}: {one.product}: {one.text}",
            "status": self.status,
            "alert": one.kind,
            "product": one.product,
            "feeds": list(one.feeds),
            "since": f"{self.since:%Y-%m-%dT%H:%M:%SZ}",
            "at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
        }


def wrong(standings: Iterable[Standing], limits: AlertsConfig, now: datetime) -> Iterator[Alert]:
    """All that is wrong at `now`."""
    by_product: dict[str, list[Standing]] = {}
    for one in standings:
        by_product.setdefault(one.product, []).append(one)
    for product, feeds in by_product.items():
        for kind, worst in _KINDS.items():
            found = sorted(
                ((size, one) for one in feeds if (size := worst(one, limits, now)) is not None),
                key=lambda pair: (-pair[0], pair[1].feed),
            )
            if found:
                yield Alert(
                    kind=kind,
                    product=product,
                    feeds=tuple(one.feed for _, one in found),
                    text=_text(kind, found, limits),
                )


class Bell:
    """Remembers what was told; `again` is after how long the same is told again."""

    def __init__(self, again: timedelta) -> None:
        self._again = again
        self._since: dict[tuple[str, str], datetime] = {}
        self._told: dict[tuple[str, str], Message] = {}

    def messages(self, alerts: Iterable[Alert], now: datetime) -> list[Message]:
        """What to tell now. Each message counts as told only when `told` says so, else it comes again."""
        current = {(one.kind, one.product): one for one in alerts}
        self._since = {name: self._since.get(name, now) for name in current}
        out = []
        for name, one in current.items():
            before = self._told.get(name)
            if before is None or now - before.at >= self._again:
                out.append(Message(status="firing", alert=one, since=self._since[name], at=now))
        for name, before in self._told.items():
            if name not in current:
                out.append(replace(before, status="resolved", at=now))
        return out

    def told(self, message: Message) -> None:
        """It has reached somebody."""
        name = (message.alert.kind, message.alert.product)
        if message.status == "resolved":
            self._told.pop(name, None)
        else:
            self._told[name] = message


def _lag(one: Standing, limits: AlertsConfig, _now: datetime) -> float | None:
    return one.lag.total_seconds() if one.lag is not None and one.lag > limits.max_lag else None


def _hole(one: Standing, limits: AlertsConfig, now: datetime) -> float | None:
    age = now - one.hole_since if one.hole_since is not None else timedelta(0)
    return age.total_seconds() if age > limits.max_hole_age else None


def _late(one: Standing, limits: AlertsConfig, _now: datetime) -> float | None:
    return _share(one.hour.late, one.hour.rows, limits.late_share)


def _quarantine(one: Standing, limits: AlertsConfig, _now: datetime) -> float | None:
    return _share(one.hour.quarantined, one.hour.rows, limits.quarantine_share)


def _share(part: int, rows: int, limit: float) -> float | None:
    share = part / rows if rows >= FEWEST_ROWS else 0.0
    return share if share > limit else None


_KINDS: Final[dict[str, Callable[[Standing, AlertsConfig, datetime], float | None]]] = {
    "lag": _lag,
    "hole": _hole,
    "late": _late,
    "quarantine": _quarantine,
}


def _text(kind: str, found: list[tuple[float, Standing]], limits: AlertsConfig) -> str:
    size, worst = found[0]
    names = ", ".join(one.feed for _, one in found[:_QUOTED]) + (" and others" if len(found) > _QUOTED else "")
    match kind:
        case "lag":
            what = f"{durations.roughly(size)} behind, more than {durations.text(limits.max_lag)}"
        case "hole":
            what = f"a window is owed for {durations.roughly(size)}: {worst.last_error}"
        case "late":
            what = f"{size:.2%} of the hour's rows came late, more than {limits.late_share:.2%}"
        case _:
            what = f"{size:.1%} of the hour's rows cannot be used, more than {limits.quarantine_share:.1%}"
    return f"{names}: {what}"
