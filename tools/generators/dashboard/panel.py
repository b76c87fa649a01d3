"""A panel of the Grafana dashboard."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Panel:
    """A panel.

    Attributes:
        title: The heading.
        description: The tooltip: what the panel shows and how to read it.
        queries: PromQL by legend.
        unit: Grafana's identifier of the unit.
        kind: `timeseries`, `stat` or `table`.
        width: Width in Grafana's columns, of which there are 24.
        height: Height in Grafana's rows.
        stacked: Stack the series, because their sum means something.
        limits: Thresholds of yellow and red; in descending order if low values are bad.
    """

    title: str
    description: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 7
    stacked: bool = False
    limits: tuple[float, ...] = field(default=())


def quantiles(histogram: str, by: str = "") -> dict[str, str]:
    """Build the queries for the median and the 95th percentile of a histogram, by one of its labels if given."""
    labels, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    buckets = f"sum by ({labels}) (rate({histogram}_bucket[$__rate_interval]))"
    return {
        f"{name}{legend}": f"histogram_quantile({share}, {buckets})"
        for name, share in (("median", 0.5), ("95 %", 0.95))
    }
