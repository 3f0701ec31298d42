"""What Prometheus is told: one registry a server, nothing global, and no label that a caller can make up.

`feed` is one of the contract's names, or empty for whatever is no feed; `status` is a code that we answer; `reason` is
the stable code of a problem. Of several workers whichever takes the scrape tells the sums of all: each writes its
counts to a file of its own that is mapped into memory, and a worker that replaces another counts on where it ended.
"""

import operator
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector

from halfopen.serve.shared import Shared

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

_ABOUT: Final = "halfopen_build_info"

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
    """The counts of one application; `shared` when it is one of several workers."""

    def __init__(self, version: str = "", shared: Shared | None = None) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._folder = None if shared is None else shared.folder
        if shared is not None:
            _count_in(shared)
        self._requests = self.counter("requests", "Requests answered", "feed", "status")
        self._rows = self.counter("rows", "Rows in the bodies that left", "feed")
        self._bytes = self.counter("bytes", "Bytes of bodies that left", "feed")
        self._refused = self.counter("refused_sign_ins", "Callers who were not let in", "reason")
        self._failed = self.counter(
            "failed_queries", "Answers that the server or its database failed", "feed", "reason"
        )
        self._in_flight = Gauge(
            "halfopen_answers_in_flight",
            "Requests that are being answered now",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._seconds = self.histogram(
            "answer_seconds", "From the request to the last byte of its answer", SECONDS, "feed"
        )
        about = Gauge(
            _ABOUT,
            "The program, and the process that counts",
            ["version", "process"],
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        about.labels(version, str(os.getpid())).set(1)
        if shared is None:
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
        return generate_latest(_Plain(self._registry) if self._folder is None else _Workers(self._folder))

    def counter(self, name: str, doc: str, *labels: str) -> Counter:
        """A count of something else, on the same page."""
        return Counter(f"halfopen_{name}", doc, labels, registry=self._registry)

    def histogram(self, name: str, doc: str, buckets: Sequence[float] | None, *labels: str) -> Histogram:
        """Seconds of something else, on the same page; with the buckets of answers where none are given."""
        return Histogram(f"halfopen_{name}", doc, labels, buckets=buckets or SECONDS, registry=self._registry)


def _count_in(shared: Shared) -> None:
    """Lets all metrics of this process that are made from now on count in files of its place among the workers.

    prometheus-client knows one way to be told so, for the whole process: a variable, and a class of values.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared.folder)
    # What a worker that died was answering, and its number, are no more; its counts stay.
    for left in shared.folder.glob(f"gauge_*_{shared.worker}.db"):
        left.unlink()
    values.ValueClass = values.MultiProcessValue(lambda: shared.worker)  # type: ignore[no-untyped-call]  # the library's


class _Workers(CollectorRegistry):
    """The sums over all workers, and what their processes use."""

    def __init__(self, folder: Path) -> None:
        super().__init__(auto_describe=False)
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        processes = []
        all_of_them = MultiProcessCollector(None, str(self._folder))  # type: ignore[no-untyped-call]  # the library's
        for metric in all_of_them.collect():  # type: ignore[no-untyped-call]  # the library's
            if metric.name == _ABOUT:
                processes = [sample.labels["process"] for sample in metric.samples]
            yield metric
        yield from _used_by(processes)


def _used_by(processes: Iterable[str]) -> Iterator[Metric]:
    """What Prometheus expects of every program, summed; it began when the first of its processes did."""
    sums: dict[str, Metric] = {}
    for process in processes:
        for metric in ProcessCollector(pid=partial(int, process), registry=None).collect():
            found = sums.setdefault(metric.name, metric)
            if found is not metric:
                join = min if metric.name == "process_start_time_seconds" else operator.add
                found.samples = [
                    one._replace(value=join(one.value, other.value))
                    for one, other in zip(found.samples, metric.samples, strict=True)
                ]
    yield from sums.values()


class _Plain(CollectorRegistry):
    """Without the moments at which series began, which double the page and which nobody reads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(auto_describe=False)
        self._all = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._all.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
