"""Every expression that the dashboard and the alerts ask Prometheus for, and the names of metrics in it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import yaml

from tools.dashboard.queries import DASHBOARD, Query, queries_of_panel


PROJECT = Path(__file__).parents[2]
RULES = PROJECT / "charts" / "pdfjob-operator" / "files" / "rules.yaml"


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
