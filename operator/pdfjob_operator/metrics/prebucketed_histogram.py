"""A Prometheus histogram that is fed with whole buckets, as reports of pods bring them.

prometheus-client's own `Histogram` only observes single values. Knows nothing of PdfJobs.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from chunk_runner.contract import stats


if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry


class PrebucketedHistogram(Collector):
    """A histogram, by at most one label.

    Args:
        name: Name of the metric.
        documentation: Its help text.
        bounds: Upper bounds of the buckets, without `+Inf`.
        label: Name of the label, if there is one.
        label_values: Values of the label that are exported from the start.
        registry: Where the metric is registered.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        bounds: tuple[float, ...],
        *,
        label: str | None = None,
        label_values: tuple[str, ...] = (),
        registry: CollectorRegistry,
    ) -> None:
        self._name, self._documentation = name, documentation
        self._bounds = [*map(floatToGoString, bounds), "+Inf"]
        self._label_names = [] if label is None else [label]
        self._empty = stats.Histogram(tuple([0] * len(self._bounds)))
        series: list[tuple[str, ...]] = [()] if label is None else [(value,) for value in label_values]
        self._series = dict.fromkeys(series, self._empty)
        registry.register(self)

    def add(self, buckets: stats.Histogram, *label_values: str) -> None:
        """Add the buckets of a report to the series with this value of the label."""
        before = self._series.get(label_values, self._empty)
        counts = tuple(one + other for one, other in zip(before.counts, buckets.counts, strict=True))
        self._series[label_values] = stats.Histogram(counts, before.total + buckets.total)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Export all series; prometheus-client calls this at each scrape."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._label_names)
        for label_values, series in self._series.items():
            buckets = zip(self._bounds, map(float, accumulate(series.counts)), strict=True)
            family.add_metric(label_values, buckets=list(buckets), sum_value=series.total)
        yield family
