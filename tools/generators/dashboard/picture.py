"""Draw the dashboard as one SVG, from the data of a Prometheus.

    python -m tools.generators.dashboard.picture URL FILE

Knows Grafana's JSON and nothing about metrics. It needs no Grafana and does not imitate its looks: matplotlib chooses
places, scales and ticks.
"""

import argparse
import io
import json
import math
import time
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from tools.generators.dashboard.prometheus import Prometheus, Series
from tools.generators.dashboard.queries import DASHBOARD, queries_of_panel


COLUMN, ROW = 0.55, 0.32
"""Inches of a column and of a row of Grafana's grid, which has 24 columns."""

LEFT, RIGHT, TOP, BOTTOM = 0.6, 0.1, 0.4, 0.6
"""Inches between the axes of a panel and the borders of its cell: for labels, a title and a legend."""

POINTS = 200
"""Maximum number of points in a line."""

LETTER = 0.065
"""Inches of a letter in a legend."""

TIMES = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400, 604800)
"""Distances of ticks on the axis of time, in seconds."""

STEPS = (1, 2, 2.5, 5, 10)
"""Distances of ticks on the vertical axis, up to a power of ten, or of two for bytes."""

SCALES = {"bytes": (1024, ("B", "KiB", "MiB", "GiB")), "s": (1000, ("s",))}
"""Base and names of the multiples of a unit, if they are not those of a plain number."""

STYLE = Path(__file__).with_suffix(".mplstyle")
"""matplotlib's settings."""

Lines = list[tuple[str, Series]]
"""The legends and the series of a panel."""

Rows = list[tuple[str, list[float]]]
"""Legends, and the values of their series at the same moments."""


class TimeRange(NamedTuple):
    """The time range of the picture, in seconds since 1970, and the window of its rates."""

    start: float
    end: float
    window: str


class Source(Protocol):
    """The part of a Prometheus that the picture needs."""

    def over_time(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """Return the series of an expression; times are in seconds since 1970."""


def draw(source: Source, start: float, end: float, window: str, dashboard: Path = DASHBOARD) -> str:
    """Return the SVG.

    Args:
        source: The Prometheus.
        start: Beginning of the time range, in seconds since 1970.
        end: End of the time range.
        window: Window of rates; it must span at least four scrape intervals.
        dashboard: Grafana's JSON.
    """
    panels = json.loads(dashboard.read_text())["panels"]
    width, height = 24 * COLUMN, ROW * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    with style.context(STYLE):
        figure = Figure(figsize=(width, height))
        for panel in panels:
            cell = panel["gridPos"]
            left, bottom = cell["x"] * COLUMN, height - (cell["y"] + cell["h"]) * ROW
            if panel["type"] == "row":
                figure.text(RIGHT / width, bottom / height, panel["title"], fontsize=13, fontweight="bold")
                continue
            across, up = cell["w"] * COLUMN - LEFT - RIGHT, cell["h"] * ROW - TOP - BOTTOM
            box = (left + LEFT) / width, (bottom + BOTTOM) / height, across / width, up / height
            axes = figure.add_axes(box, title=panel["title"])
            lines = _lines(panel, source, TimeRange(start, end, window))
            if panel["type"] == "timeseries":
                _draw_chart(axes, panel, lines, start, end)
            else:
                axes.set_axis_off()
                _write(axes, panel, lines)
        svg = io.StringIO()
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return svg.getvalue()


def _lines(panel: dict[str, Any], source: Source, time_range: TimeRange) -> Lines:
    """Return what a panel shows: of a panel of current values, only the end of the range."""
    start, end, window = time_range
    first = start if panel["type"] == "timeseries" else end
    step = max((end - first) / POINTS, 1)
    lines = []
    queries = queries_of_panel(panel, window, f"{max(int(end - start), 1)}s")
    for target, query in zip(panel["targets"], queries, strict=True):
        for series in source.over_time(query.expression, first, end, step):
            legend = target["legendFormat"]
            for name, value in series.labels.items():
                legend = legend.replace(f"{{{{{name}}}}}", value)
            lines.append((legend, series))
    return lines


def _write(axes: Axes, panel: dict[str, Any], lines: Lines) -> None:
    """Write the current values of a panel."""
    if panel["type"] == "stat":
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for number, (legend, series) in enumerate(lines):
            x = number / len(lines)
            axes.text(x, 0.2, _text(series.points[-1][1], unit), fontsize=15)
            axes.text(x, 0, legend, va="top")
    else:
        shown = ("severity", "pdfjob_namespace", "reason", "cause")
        rows = [
            ", ".join([legend, *(series.labels[name] for name in shown if name in series.labels)])
            for legend, series in lines
        ]
        axes.text(0, 1, "\n".join(rows or ["none"]), va="top")


def _draw_chart(axes: Axes, panel: dict[str, Any], lines: Lines, start: float, end: float) -> None:
    unit, custom = (panel["fieldConfig"]["defaults"][key] for key in ("unit", "custom"))
    moments = sorted({moment for _, series in lines for moment, _ in series.points})
    times = [moment - start for moment in moments]
    values = [(legend, [dict(series.points).get(at, math.nan) for at in moments]) for legend, series in lines]
    values = [(legend, row) for legend, row in values if not all(map(math.isnan, row))]
    shown = [(legend, row) for legend, row in values if any(value > 0 for value in row)]
    if not shown:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "always 0" if values else "no data", ha="center")
        return
    columns = max(int(panel["gridPos"]["w"] * COLUMN / (0.4 + LETTER * max(len(legend) for legend, _ in shown))), 1)
    stacked = custom["stacking"]["mode"] == "normal"
    values = _summarized(shown, 2 * columns) if stacked else shown
    axes.set_prop_cycle(color=_colors(len(values)))
    if stacked:
        axes.stackplot(times, [row for _, row in values], labels=[legend for legend, _ in values], alpha=0.5)
    else:
        for legend, row in values:
            axes.plot(times, row, label=legend)
    tick, top = _scale(axes.dataLim.y1, unit, panel["fieldConfig"]["defaults"].get("max"))
    axes.set(xlim=(0, end - start), ylim=(0, top))
    axes.xaxis.set_major_locator(MultipleLocator(next((tick for tick in TIMES if end - start <= 6 * tick), TIMES[-1])))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds // 60:.0f}:{seconds % 60:02.0f}"))
    axes.yaxis.set_major_locator(MultipleLocator(tick))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _text(value, unit)))
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[: 2 * columns], labels[: 2 * columns], ncols=columns, loc="upper left", bbox_to_anchor=(0, -0.15)
    )


def _summarized(values: Rows, most: int) -> Rows:
    """Return the series of a stack, with 0 where there is no value, and the smallest summed if there are too many."""
    rows = [(legend, [0 if math.isnan(value) else value for value in row]) for legend, row in values]
    if len(rows) <= most:
        return rows
    rows.sort(key=lambda named: -sum(named[1]))
    others = [sum(column) for column in zip(*(row for _, row in rows[most - 1 :]), strict=True)]
    return [*rows[: most - 1], ("others", others)]


def _colors(number: int) -> list[Any]:
    """Return as many colors, no two the same."""
    few = colormaps["tab10"].colors  # type: ignore[attr-defined]
    return (
        list(few[:number])
        if number <= len(few)
        else [colormaps["turbo"](rank / (number - 1)) for rank in range(number)]
    )


def _scale(highest: float, unit: str, maximum: float | None) -> tuple[float, float]:
    """Return the distance of ticks on the vertical axis, and its upper end: a tick that no value exceeds."""
    highest = maximum or (highest if highest > 0 else 1)
    power = (
        2.0 ** math.floor(math.log2(highest / 4)) if unit == "bytes" else 10.0 ** math.floor(math.log10(highest / 4))
    )
    tick = next(power * step for step in STEPS if highest <= 4 * power * step)
    return tick, tick * math.ceil(highest / tick)


def _text(value: float, unit: str) -> str:
    """Return a value with its unit, to three digits."""
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
    parser = argparse.ArgumentParser(description="Draw the panels of the dashboard from the data of a Prometheus.")
    parser.add_argument("url", help="URL of the Prometheus, for example http://127.0.0.1:9090")
    parser.add_argument("output", type=Path, help="file to write, for example docs/dashboard.svg")
    parser.add_argument("--minutes", type=float, default=60, help="length of the time range (60)")
    parser.add_argument("--window", default="5m", help="window of rates (5m)")
    options = parser.parse_args()
    end = time.time()
    svg = draw(Prometheus(options.url), end - 60 * options.minutes, end, options.window)
    options.output.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
