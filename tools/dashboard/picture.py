"""The dashboard as a picture: every panel's queries, asked of a Prometheus, drawn as one SVG.

No Grafana is needed, and it looks like none: it shows what the panels show, from real data.
"""

import argparse
import json
import math
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from tools.dashboard.prometheus import Prometheus, Series
from tools.dashboard.queries import DASHBOARD, queries_of_panel


CELL, ROW = 48, 28
"""Pixels of a column and of a row of Grafana's grid."""

MARGIN = 12
POINTS = 200
LETTER = 6
"""Pixels that a letter takes, as a rule."""

COLOURS = ("#3274d9", "#e0752d", "#56a64b", "#c4162a", "#8f3bb8", "#b8860b", "#1f9e9e", "#808080")
SCALES = {"bytes": (1024, ("B", "KiB", "MiB", "GiB")), "s": (1000, ("s",)), "percentunit": (1000, ("",))}


def draw(prometheus: Prometheus, start: float, end: float, window: str, dashboard: Path = DASHBOARD) -> str:
    """The SVG.

    Args:
        prometheus: Whom to ask.
        start: From when on, in seconds since 1970.
        end: Until when.
        window: The window of rates; a scrape interval must fit in it four times.
        dashboard: Grafana's JSON.
    """
    panels = json.loads(dashboard.read_text())["panels"]
    width = 24 * CELL + MARGIN
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) * ROW + MARGIN
    body = "\n".join(_panel(panel, prometheus, start, end, window) for panel in panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        f' font-size="11">\n<rect width="{width}" height="{height}" fill="#f4f5f5"/>\n{body}\n</svg>\n'
    )


def _panel(panel: dict[str, Any], prometheus: Prometheus, start: float, end: float, window: str) -> str:
    place = panel["gridPos"]
    x, y = place["x"] * CELL + MARGIN, place["y"] * ROW + MARGIN
    width, height = place["w"] * CELL - MARGIN, place["h"] * ROW - MARGIN
    title = escape(panel["title"])
    if panel["type"] == "row":
        return f'<text x="{x}" y="{y + 12}" font-size="15" font-weight="bold">{title}</text>'
    now = panel["type"] != "timeseries"
    lines: list[tuple[str, Series]] = []
    ranged = f"{max(int(end - start), 1)}s" if now else window
    for target, query in zip(panel["targets"], queries_of_panel(panel, ranged), strict=True):
        step = end - start if now else max((end - start) / POINTS, 1)
        found = prometheus.over_time(query.expression, end if now else start, end, step)
        lines += [(_legend(target["legendFormat"], it.labels), it) for it in found]
    unit = panel["fieldConfig"]["defaults"]["unit"]
    inside = _figures(lines, unit, panel["type"]) if now else _chart(panel, lines, (width, height), (start, end))
    return (
        f'<g transform="translate({x},{y})">\n<rect width="{width}" height="{height}" rx="2" fill="#fff"'
        f' stroke="#d8d9da"/>\n<text x="8" y="16" font-weight="bold">{title}</text>\n{inside}\n</g>'
    )


def _legend(template: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        template = template.replace(f"{{{{{name}}}}}", value)
    return template


def _figures(lines: Sequence[tuple[str, Series]], unit: str, kind: str) -> str:
    if kind == "table":
        texts = [", ".join([legend, *_extras(it)]) for legend, it in lines] or ["none"]
        return "\n".join(
            f'<text x="8" y="{36 + 16 * number}">{escape(text)}</text>' for number, text in enumerate(texts)
        )
    if not lines:
        return '<text x="8" y="52" font-size="20">–</text>'
    step = 76
    return "\n".join(
        f'<text x="{8 + step * number}" y="52" font-size="20">{_value(it.points[-1][1], unit)}</text>\n'
        f'<text x="{8 + step * number}" y="70" fill="#666">{escape(legend)}</text>'
        for number, (legend, it) in enumerate(lines)
    )


def _extras(series: Series) -> list[str]:
    return [value for name, value in sorted(series.labels.items()) if name in ("severity", "reason", "cause")]


def _chart(
    panel: dict[str, Any],
    lines: Sequence[tuple[str, Series]],
    size: tuple[int, int],
    span: tuple[float, float],
) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    (width, height), (start, end) = size, span
    left, top, right, bottom = 56, 26, width - 8, height - 40
    sums: dict[float, float] = {}
    layers: list[tuple[str, list[tuple[float, float, float]]]] = []
    for legend, series in lines:
        layer = []
        for moment, value in series.points:
            if math.isfinite(value):  # a quotient of nothing by nothing is no point
                base = sums.get(moment, 0.0) if stacked else 0.0
                layer.append((moment, base, base + value))
                sums[moment] = base + value
        layers.append((legend, layer))
    most = max((high for _, layer in layers for _, _, high in layer), default=0.0) or 1.0

    def at(moment: float, value: float) -> str:
        across = (moment - start) / ((end - start) or 1)
        return f"{left + (right - left) * across:.1f},{bottom - (bottom - top) * value / most:.1f}"

    parts = []
    for share in (0, 0.5, 1):
        y = bottom - (bottom - top) * share
        parts.append(f'<path d="M{left},{y:.1f}H{right}" stroke="#e5e5e5"/>')
        parts.append(
            f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end">{_value(most * share, defaults["unit"])}</text>'
        )
    for number, (_, layer) in enumerate(layers):
        colour = COLOURS[number % len(COLOURS)]
        tops = " ".join(at(moment, high) for moment, _, high in layer)
        if stacked and layer:
            bases = " ".join(at(moment, low) for moment, low, _ in reversed(layer))
            parts.append(f'<polygon points="{tops} {bases}" fill="{colour}" fill-opacity="0.25"/>')
        parts.append(f'<polyline points="{tops}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return "\n".join([*parts, _legends([legend for legend, _ in layers], width, height)])


def _legends(legends: Sequence[str], width: int, height: int) -> str:
    """The lines' names, two rows of them at most."""
    parts, x, y = [], 12, height - 22
    for number, legend in enumerate(legends):
        needed = 24 + LETTER * len(legend)
        if x > 12 and x + needed > width:
            x, y = 12, y + 14
        if y > height:
            break
        parts.append(f'<rect x="{x}" y="{y - 8}" width="8" height="8" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(f'<text x="{x + 12}" y="{y}">{escape(legend)}</text>')
        x += needed
    return "\n".join(parts)


def _value(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "–"
    if unit == "percentunit":
        return f"{value:.0%}"
    base, names = SCALES.get(unit, (1000, ("", "k", "M")))
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{value:.3g} {names[power]}".rstrip()


def main() -> None:
    """Draw the last minutes."""
    parser = argparse.ArgumentParser(description="Draw the dashboard's panels from a Prometheus's data.")
    parser.add_argument("url", help="the Prometheus, http://127.0.0.1:9090")
    parser.add_argument("output", type=Path, help="the SVG, docs/dashboard.svg")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--window", default="5m", help="the window of rates (5m)")
    options = parser.parse_args()
    end = time.time()
    svg = draw(Prometheus(options.url), end - 60 * options.minutes, end, options.window)
    options.output.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
