"""How long it took from a self-exclusion to the commit that brought it: the lines, and their figures."""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from halfopen.contract.sql import literal
from halfopen.sync.query import Query
from halfopen.wire.moment import plain


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """A player who was found newly self-excluded, in the window that brought it.

    modified_at: the product's stamp of the change, None where it sent none. committed_at: right before the commit.
    initial: it was so before this mirror first asked for players; its seconds then say nothing of the pulling.
    """

    COLUMNS: ClassVar = (
        "product", "player", "modified_at", "window_start", "window_end", "committed_at", "seconds", "initial",
    )  # fmt: skip

    product: str
    player: str
    modified_at: datetime | None
    window_start: datetime
    window_end: datetime
    committed_at: datetime
    initial: bool

    @property
    def seconds(self) -> float | None:
        """From the stamp to the commit; below zero where the product's clock is ahead."""
        return None if self.modified_at is None else (self.committed_at - self.modified_at).total_seconds()

    def as_record(self) -> dict[str, Any]:
        """By column."""
        values = {**asdict(self), "seconds": self.seconds}
        return {name: values[name] for name in self.COLUMNS}


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Figures of the exclusions that came while the mirror was asking; seconds, None where there are none."""

    counted: int
    initial: int
    p50: float | None
    p99: float | None
    most: float | None

    def as_record(self) -> dict[str, Any]:
        """By name."""
        return {"counted": self.counted, "initial": self.initial, "p50": self.p50, "p99": self.p99, "max": self.most}

    def __str__(self) -> str:
        older = f", {self.initial:,} older than this mirror" if self.initial else ""
        if self.p50 is None or self.p99 is None or self.most is None:
            return f"no self-exclusion{older}"
        figures = f"p50 {self.p50:.1f} s, p99 {self.p99:.1f} s, max {self.most:.1f} s"
        return f"{self.counted:,} self-exclusions{older}: {figures}"


async def exclusions(
    query: Query, products: Collection[str], since: datetime | None, until: datetime | None
) -> list[Exclusion]:
    """The lines, in the order of their commits; `since` <= committed_at < `until`."""
    where = []
    if products:
        where.append(f"product IN ({', '.join(map(literal, products))})")
    for moment, sign in ((since, ">="), (until, "<")):
        if moment is not None:
            where.append(f"committed_at {sign} TIMESTAMP {literal(plain(moment))}")
    only = f" WHERE {' AND '.join(where)}" if where else ""
    _, rows = await query(
        "SELECT product, player, modified_at, window_start, window_end, committed_at, initial"
        f" FROM halfopen.self_exclusions{only} ORDER BY committed_at, product, player"
    )
    return [
        Exclusion(
            product=product,
            player=player,
            modified_at=None if stamp is None else _aware(stamp),
            window_start=_aware(start),
            window_end=_aware(end),
            committed_at=_aware(committed),
            initial=initial,
        )
        for product, player, stamp, start, end, committed, initial in rows
    ]


def summary(found: Sequence[Exclusion]) -> Summary:
    """The figures; a percentile is the smallest value that so many per cent do not exceed."""
    seconds = sorted(one.seconds for one in found if not one.initial and one.seconds is not None)
    return Summary(
        counted=len(seconds),
        initial=sum(one.initial for one in found),
        p50=_percentile(seconds, 50),
        p99=_percentile(seconds, 99),
        most=seconds[-1] if seconds else None,
    )


def _percentile(values: Sequence[float], percent: int) -> float | None:
    return values[math.ceil(len(values) * percent / 100) - 1] if values else None


def _aware(value: datetime | str) -> datetime:
    """A moment as the mirror has it, or as it came over the socket."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC)
