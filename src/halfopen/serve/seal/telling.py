"""What people and Prometheus are told of sealing."""

from datetime import timedelta
from typing import Final

import structlog

from halfopen.serve.metrics import Metrics
from halfopen.serve.seal.state import Seal
from halfopen.wire.moment import plain

LATENESS_SECONDS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""From a commit that took a moment to a queue that stood still for an hour."""


class Telling:
    """One log line for what an operator should know, and counts for the rest; made once an application."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, metrics: Metrics) -> None:
        self._log = log
        self._seals = metrics.counter("seals", "Seals made", "feed")
        self._late = metrics.counter("late_rows", "Rows that committed late, and were lifted", "feed")
        self._begun = metrics.counter("seal_beginnings", "Times that seals began anew", "feed")
        self._lateness = metrics.histogram(
            "lateness_seconds",
            "From a late row's cursor to the seal that found it; of rows that one transaction wrote, the oldest's",
            LATENESS_SECONDS,
            "feed",
        )
        self._look = metrics.histogram(
            "look_back_seconds", "What finding late rows cost the database, a seal", None, "feed"
        )

    def sealed(self, seal: Seal, late: list[timedelta], look_seconds: float) -> None:
        """Counted; late rows are told in one line."""
        self._seals.labels(seal.feed).inc()
        self._look.labels(seal.feed).observe(look_seconds)
        if not late:
            return
        self._late.labels(seal.feed).inc(len(late))
        for each in late:
            self._lateness.labels(seal.feed).observe(each.total_seconds())
        most = max(late).total_seconds()
        self._log.info("late_rows", feed=seal.feed, rows=len(late), seconds=round(most, 3))

    def began(self, seal: Seal, rows: int, reason: str) -> None:
        """A warning: what was answered before is not known, so that some rows are served once more."""
        self._begun.labels(seal.feed).inc()
        self._log.warning(
            "seals_begin",
            feed=seal.feed,
            reason=reason,
            at=plain(seal.base.at),
            once_more=rows,
            since=plain(seal.base.since),
        )
