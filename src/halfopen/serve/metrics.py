"""What Prometheus is told: one registry a server, nothing global, and no label that a caller can make up.

`feed` is one of the contract's names, or empty for whatever is no feed; `status` is a code that we answer; `reason` is
the stable code of a problem. Each worker process counts for itself: with several, a scrape sees the one that took it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.process_collector import ProcessCollector

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

REFUSALS: Final = frozenset({401, 403, 429})

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""From a minute's window of a few rows to the whole past of a large table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request as it ended.

    problem: the code of the problem that was answered. failed: through the server or its database.
    """

    feed: str | None
    status: int
    problem: str | None
    failed: bool
    rows: int
    bytes: int
    seconds: float


class Metrics:
    """The counts of one application."""

    def __init__(self, version: str = "") -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = self._counter("requests", "Requests answered", "feed", "status")
        self._rows = self._counter("rows", "Rows in the bodies that left", "feed")
        self._bytes = self._counter("bytes", "Bytes of bodies that left", "feed")
        self._refused = self._counter("refused_sign_ins", "Callers who were not let in", "reason")
        self._failed = self._counter(
            "failed_queries", "Answers that the server or its database failed", "feed", "reason"
        )
        self._in_flight = Gauge(
            "halfopen_answers_in_flight", "Requests that are being answered now", registry=self._registry
        )
        self._seconds = Histogram(
            "halfopen_answer_seconds",
            "From the request to the last byte of its answer",
            ["feed"],
            buckets=SECONDS,
            registry=self._registry,
        )
        about = Gauge(
            "halfopen_build_info",
            "The program, and the process that counts",
            ["version", "process"],
            registry=self._registry,
        )
        about.labels(version, str(os.getpid())).set(1)
        ProcessCollector(registry=self._registry)

    def began(self) -> None:
        """A request came in; `ended` follows for each."""
        self._in_flight.inc()

    def ended(self, served: Served) -> None:
        """It was answered, or its caller went away."""
        self._in_flight.dec()
        feed = served.feed or ""
        self._requests.labels(feed, str(served.status)).inc()
        if served.status in REFUSALS:
            self._refused.labels(served.problem or str(served.status)).inc()
        if served.failed:
            # A body that broke off has no problem with a code: its status had left long before.
            self._failed.labels(feed, served.problem or "broken_off").inc()
        if served.feed is not None:
            self._rows.labels(feed).inc(served.rows)
            self._bytes.labels(feed).inc(served.bytes)
            self._seconds.labels(feed).observe(served.seconds)

    def text(self) -> bytes:
        """The page for Prometheus, in version 0.0.4 of its text format."""
        return generate_latest(_Plain(self._registry))

    def _counter(self, name: str, doc: str, *labels: str) -> Counter:
        return Counter(f"halfopen_{name}", doc, labels, registry=self._registry)


class _Plain(CollectorRegistry):
    """Without the moments at which series began, which double the page and which nobody reads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(auto_describe=False)
        self._all = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._all.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
