"""Every expression that the dashboard and the alerts ask Prometheus for, and the names of metrics in it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser
import yaml


PROJECT = Path(__file__).parents[2]
FILES = PROJECT / "charts" / "pdfjob-operator" / "files"
DASHBOARD = FILES / "dashboard.json"
RULES = FILES / "rules.yaml"


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


def queries(dashboard: Path = DASHBOARD, rules: Path = RULES, window: str = "5m") -> list[Query]:
    """All expressions of both files."""
    panels = json.loads(dashboard.read_text())["panels"]
    found = [query for panel in panels for query in queries_of_panel(panel, window)]
    for group in yaml.safe_load(rules.read_text())["groups"]:
        for rule in group["rules"]:
            text = " ".join(rule["annotations"].values())
            found.append(Query(rule["alert"], rule["expr"], frozenset(re.findall(r"\$labels\.(\w+)", text))))
    return found


def names_in(dashboard: Path = DASHBOARD, rules: Path = RULES) -> set[str]:
    """The names of all metrics that the files ask for, as they are scraped: `…_bucket`, `…_total`."""
    return {name for query in queries(dashboard, rules) for name in _names(query.expression)}


def _names(expression: str) -> Iterator[str]:
    names: list[str] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name, f"a selector without a name: {expression}"
            names.append(node.name)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return iter(names)
