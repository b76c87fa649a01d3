"""The PromQL expressions of the dashboard and the alerts, and the names of metrics in them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import yaml

from tools.generators.dashboard.queries import DASHBOARD, Query, queries_of_panel


PROJECT = Path(__file__).parents[3]
RULES = PROJECT / "charts" / "pdfjob-operator" / "files" / "rules.yaml"


def queries(dashboard: Path = DASHBOARD, rules: Path = RULES, window: str = "5m", span: str = "6h") -> list[Query]:
    """Return all expressions of both files."""
    panels = json.loads(dashboard.read_text())["panels"]
    found = [query for panel in panels for query in queries_of_panel(panel, window, span)]
    for group in yaml.safe_load(rules.read_text())["groups"]:
        for rule in group["rules"]:
            text = " ".join(rule["annotations"].values())
            found.append(Query(rule["alert"], rule["expr"], frozenset(re.findall(r"\$labels\.(\w+)", text))))
    return found


def names_in(dashboard: Path = DASHBOARD, rules: Path = RULES) -> set[str]:
    """Return the names of all metrics in both files, as they are scraped: `…_bucket`, `…_total`."""
    return {name for query in queries(dashboard, rules) for name in _names(query.expression)}


def _names(expression: str) -> Iterator[str]:
    names: list[str] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name, f"a selector without a name: {expression}"
            names.append(node.name)

    promql_parser.walk(promql_parser.parse(expression), visit)
    return iter(names)
