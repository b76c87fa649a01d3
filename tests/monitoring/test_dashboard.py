"""The dashboard: it is what `make dashboard` writes, every panel explains itself, and no metric is a stranger."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from monitoring.expressions import PROJECT, names_in
from pdfjob_operator.metrics.registry import REGISTRY
from tools.dashboard.queries import DASHBOARD


BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text())
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
OF_PROMETHEUS = {"ALERTS"}
"""Series that Prometheus makes itself."""


def test_the_dashboard_is_made_of_its_panels() -> None:
    command = [sys.executable, "-m", "tools.dashboard.grafana"]
    made = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)

    assert made.stdout == DASHBOARD.read_bytes(), "run `make dashboard`"


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_a_panel_has_a_title_a_description_a_unit_and_legends(panel: dict[str, Any]) -> None:
    assert panel["type"] in {"timeseries", "stat", "table"}
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert all(target["legendFormat"] for target in panel["targets"])
    assert panel["datasource"]["uid"] == "${datasource}"


def test_no_panel_covers_another() -> None:
    places = [(panel["title"], panel["gridPos"]) for panel in BOARD["panels"]]
    cells = [
        (x, y)
        for _, place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({title for title, _ in places}) == len(places)


def test_dashboard_and_alerts_ask_only_for_what_the_operator_counts() -> None:
    counted = {name for family in REGISTRY.collect() for name in names_of(family.name, family.type)}

    assert names_in() - OF_PROMETHEUS - counted == set()


def test_every_metric_is_explained_and_no_other() -> None:
    page = (PROJECT / "docs" / "monitoring.md").read_text()
    suffixes = {"counter": "_total", "info": "_info"}

    assert set(re.findall(r"^\| `(pdfjob_\w+)` \|", page, re.MULTILINE)) == {
        family.name + suffixes.get(family.type, "") for family in REGISTRY.collect()
    }


def names_of(family: str, kind: str) -> set[str]:
    """What Prometheus calls the series of a metric. One with labels may have no series yet."""
    if kind == "counter":
        return {f"{family}_total"}
    if kind == "histogram":
        return {f"{family}_bucket", f"{family}_sum", f"{family}_count"}
    return {f"{family}_info"} if kind == "info" else {family}
