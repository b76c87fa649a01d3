"""The PromQL expressions of the dashboard's panels, with Grafana's variables filled in."""

import re
from pathlib import Path
from typing import Any, NamedTuple


DASHBOARD = Path(__file__).parents[3] / "charts" / "pdfjob-operator" / "files" / "dashboard.json"


class Query(NamedTuple):
    """An expression with its origin.

    Attributes:
        where: Title of the panel, or name of the alert.
        expression: PromQL, with Grafana's variables filled in.
        labels: Labels that the panel's legend or the alert's text uses; each series must have them.
    """

    where: str
    expression: str
    labels: frozenset[str]


def queries_of_panel(panel: dict[str, Any], window: str, span: str) -> list[Query]:
    """Return the queries of a panel.

    Args:
        panel: A panel of a Grafana dashboard.
        window: Window of rates, for example `5m`; it must span at least four scrape intervals.
        span: Length of the time range, for example `6h`.
    """
    return [
        Query(
            panel["title"],
            target["expr"].replace("$__rate_interval", window).replace("$__range", span).replace("$namespace", ".*"),
            frozenset(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])),
        )
        for target in panel.get("targets", [])
    ]
