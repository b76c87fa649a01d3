"""The Grafana dashboard as JSON, made of its panels. Prints it; `make dashboard` keeps it."""

import json
import sys
from typing import Any

from tools.dashboard.panels import ROWS, Panel


COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        panels.append({"type": "row", "title": title, "collapsed": False, "gridPos": _place(0, y, COLUMNS, 1)})
        x, y = 0, y + 1
        for panel in row:
            if x + panel.width > COLUMNS:
                x, y = 0, y + int(panels[-1]["gridPos"]["h"])
            panels.append(_panel(panel) | {"gridPos": _place(x, y, panel.width, panel.height)})
            x += panel.width
        y += int(panels[-1]["gridPos"]["h"])
    return {
        "uid": "pdfjob",
        "title": "PdfJob",
        "description": "PdfJobs and their operator. Made by `make dashboard`, from tools/dashboard/panels.py.",
        "tags": ["pdfjob"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel) -> dict[str, Any]:
    now = panel.kind != "timeseries"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": now,
                "range": not now,
                "format": "table" if panel.kind == "table" else "time_series",
            }
            for number, (legend, expression) in enumerate(panel.queries.items())
        ],
        "fieldConfig": {"defaults": _look(panel), "overrides": []},
        **_options(panel.kind),
    }


def _look(panel: Panel) -> dict[str, Any]:
    look: dict[str, Any] = {"unit": panel.unit, "min": 0, "noValue": "–"}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal" if panel.stacked else "none"}
        look["custom"] = {"fillOpacity": 25 if panel.stacked else 0, "stacking": stacking, "showPoints": "never"}
    if panel.limits:
        colours = ["green", "yellow", "red"] if panel.limits[0] < panel.limits[-1] else ["red", "yellow", "green"]
        steps = zip(colours, [None, *sorted(panel.limits)], strict=True)
        look["thresholds"] = {"mode": "absolute", "steps": [{"color": it, "value": value} for it, value in steps]}
        look["color"] = {"mode": "thresholds"}
    return look


def _options(kind: str) -> dict[str, Any]:
    if kind == "timeseries":
        legend = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
        return {"options": {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}}
    if kind == "stat":
        reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"options": {"reduceOptions": reduced, "textMode": "value_and_name", "graphMode": "none"}}
    shown = {"alertname": 0, "severity": 1, "reason": 2, "cause": 3}
    organize = {"includeByName": dict.fromkeys(shown, True), "indexByName": shown}
    return {"options": {"showHeader": True}, "transformations": [{"id": "organize", "options": organize}]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n")
