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
        maximum: Upper end of the axis, if the values have one.
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
    maximum: float | None = None


OF = '{pdfjob_namespace=~"$namespace"}'
"""Selects the series of the namespaces that are chosen at the top of the dashboard."""


def selected(**labels: str) -> str:
    """Build a selector of the chosen namespaces, and of labels with an operator: `phase='=~"Succeeded|Failed"'`."""
    return "{" + ",".join(['pdfjob_namespace=~"$namespace"', *(name + value for name, value in labels.items())]) + "}"


def increases(counter: str, by: str, selector: str = OF) -> dict[str, str]:
    """Build the query for what a counter has counted, by a label, without series that counted nothing in the range."""
    return {f"{{{{{by}}}}}": _without_zeros("increase", by, counter + selector)}


def rates(counter: str, *by: str, selector: str = OF, factor: str = "") -> dict[str, str]:
    """Build the query for a counter's rate per second by labels, without series that counted nothing in the range."""
    legend = " ".join(f"{{{{{name}}}}}" for name in by)
    return {legend: factor + _without_zeros("rate", ", ".join(by), counter + selector)}


def gauges(gauge: str, by: str, selector: str = OF) -> dict[str, str]:
    """Build the query for the sum of a gauge by a label, without series that are zero in the whole range."""
    series = gauge + selector
    shown = f"sum by ({by}) (max_over_time({series}[$__range] @ end())) > 0"
    return {f"{{{{{by}}}}}": f"sum by ({by}) ({series}) and {shown}"}


def _without_zeros(function: str, by: str, series: str) -> str:
    shown = f"sum by ({by}) (increase({series}[$__range] @ end())) > 0"
    return f"sum by ({by}) ({function}({series}[$__rate_interval])) and {shown}"


def quantiles(histogram: str, by: str = "") -> dict[str, str]:
    """Build the queries for the median and the 95th percentile of a histogram, by one of its labels if given."""
    labels, legend = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    buckets = f"sum by ({labels}) (rate({histogram}_bucket[$__rate_interval]))"
    return {
        f"{name}{legend}": f"histogram_quantile({share}, {buckets})"
        for name, share in (("median", 0.5), ("95 %", 0.95))
    }
