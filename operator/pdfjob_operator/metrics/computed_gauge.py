"""A Prometheus gauge whose series are computed at each scrape, all in one pass. Knows nothing of PdfJobs.

prometheus-client's own `Gauge` computes each series by itself, so that the series of each namespace would count all
PdfJobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import CollectorRegistry


class ComputedGauge(Collector):
    """A gauge with labels.

    Args:
        name: Name of the metric.
        documentation: Its help text.
        label_names: Names of the labels.
        registry: Where the metric is registered.
    """

    def __init__(
        self, name: str, documentation: str, label_names: tuple[str, ...], *, registry: CollectorRegistry
    ) -> None:
        self._name, self._documentation, self._label_names = name, documentation, label_names
        self._compute: Callable[[], Mapping[tuple[str, ...], float]] = dict
        registry.register(self)

    def set_function(self, compute: Callable[[], Mapping[tuple[str, ...], float]]) -> None:
        """Compute the series with this function, which returns each value by the values of the labels."""
        self._compute = compute

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Export all series; prometheus-client calls this at each scrape."""
        family = GaugeMetricFamily(self._name, self._documentation, labels=self._label_names)
        for label_values, value in self._compute().items():
            family.add_metric(label_values, value)
        yield family
