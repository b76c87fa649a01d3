"""The PromQL expressions of the dashboard's panels, with Grafana's variables filled in."""

import re
from pathlib import Path
from typing import Any, NamedTuple


DASHBOARD = Path(__file__).parents[2] / "charts" / "pdfjob-operator" / "files" / "dashboard.json"


class Query(NamedTuple):
    """An expression, and where it stands.

    Attributes:
        where: The panel's title or the alert's name.
        expression: PromQL, with Grafana's variables filled in.
        labels: Which labels the panel's legend or the alert's text names: each series must have them.
    """

    where: str
    expression: str
    labels: frozenset[str]


def queries_of_panel(panel: dict[str, Any], window: str) -> list[Query]:
    """What a panel asks for.

    Args:
        panel: A panel of a Grafana dashboard.
        window: What to put for Grafana's own ranges, `5m`; a scrape interval must fit in it four times.
    """
    return [
        Query(
            panel["title"],
            target["expr"].replace("$__rate_interval", window).replace("$__range", window),
            frozenset(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])),
        )
        for target in panel.get("targets", [])
    ]
