"""What Prometheus is told of a running sync; labels are names from the configuration only."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.process_collector import ProcessCollector

from halfopen.sync.standing import Standing, Tallies

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_FEED: Final = ("product", "feed")
_COUNTED: Final = {
    "rows": "Rows in committed answers, re-read ones too",
    "changed": "Rows that changed the mirror",
    "late": "Rows that came late",
    "quarantined": "Rows that could not be used",
}


class Metrics:
    """`stand` gives how all feeds stand; `is_open` which products are taken for down."""

    def __init__(
        self, stand: Callable[[], Iterable[Standing]], is_open: Callable[[], Mapping[str, bool]], tallies: Tallies
    ) -> None:
        self._stand = stand
        self._is_open = is_open
        self._tallies = tallies
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """In the text format; may be called from another thread."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        standings = list(self._stand())
        yield _feeds(
            "halfopen_sync_lag_seconds",
            "Age of the watermark beyond cadence and offset",
            standings,
            lambda one: None if one.lag is None else one.lag / timedelta(seconds=1),
        )
        yield _feeds("halfopen_sync_holes", "Windows that failed and are owed", standings, lambda one: one.holes)
        yield _feeds(
            "halfopen_sync_oldest_hole_timestamp_seconds",
            "When the oldest hole began",
            standings,
            lambda one: None if one.hole_since is None else one.hole_since.timestamp(),
        )
        counts = dict(self._tallies.counts)
        for name, doc in _COUNTED.items():
            counter = CounterMetricFamily(f"halfopen_sync_{name}", doc, labels=_FEED)
            for of_feed, found in counts.items():
                counter.add_metric(of_feed, getattr(found, name))
            yield counter
        requests = CounterMetricFamily(
            "halfopen_sync_requests", "Answers that came whole, and what failed", labels=("product", "outcome")
        )
        for outcome, of_products in (("answered", self._tallies.answered), ("failed", self._tallies.failed)):
            for product, count in dict(of_products).items():
                requests.add_metric((product, outcome), count)
        yield requests
        down = GaugeMetricFamily("halfopen_sync_product_down", "Whether a product is left in peace", labels=["product"])
        for product, is_open in self._is_open().items():
            down.add_metric([product], float(is_open))
        yield down
        for name, doc, histogram in (
            ("ask_delay", "From the end of a live window to its request", self._tallies.asked_late),
            ("commit_delay", "From the end of a live window to the commit of its answer", self._tallies.committed_late),
        ):
            family = HistogramMetricFamily(f"halfopen_sync_{name}_seconds", doc)
            family.add_metric([], list(histogram.buckets()), histogram.total)
            yield family


def _feeds(
    name: str, doc: str, standings: Iterable[Standing], value: Callable[[Standing], float | None]
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, doc, labels=_FEED)
    for one in standings:
        found = value(one)
        if found is not None:
            gauge.add_metric((one.product, one.feed), found)
    return gauge
