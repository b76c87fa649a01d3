"""The picture of the dashboard, drawn from series that are made up."""

import json
import re
from collections.abc import Mapping
from html import unescape
from math import nan
from pathlib import Path
from typing import Any

import pytest

from tools.generators.dashboard.picture import draw
from tools.generators.dashboard.prometheus import Series
from tools.generators.dashboard.queries import DASHBOARD


END = 60.0
BLUE = "#1f77b4"
"""matplotlib's first color."""


class MadeUp:
    """A Prometheus that knows some series by a part of the expression, and nothing else."""

    def __init__(self, series: Mapping[str, list[Series]]) -> None:
        self._series = series

    def over_time(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        assert 0 <= start <= end
        assert step >= 1
        return next((found for part, found in self._series.items() if part in expression), [])


def line(labels: dict[str, str], *values: float) -> Series:
    """A series with a value every ten seconds, the last one at the end."""
    return Series(
        labels, [(END - 10 * back, value) for back, value in zip(range(len(values))[::-1], values, strict=True)]
    )


def one_panel(folder: Path, **defaults: Any) -> Path:
    """A dashboard with a single panel of lines."""
    panel = {
        "type": "timeseries",
        "title": "Depth",
        "gridPos": {"x": 0, "y": 0, "w": 8, "h": 7},
        "targets": [{"expr": "depth", "legendFormat": "{{queue}}"}],
        "fieldConfig": {"defaults": {"unit": "short", "custom": {"stacking": {"mode": "none"}}} | defaults},
    }
    file = folder / "dashboard.json"
    file.write_text(json.dumps({"panels": [panel]}))
    return file


def texts(picture: str) -> list[str]:
    """The texts in the picture."""
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture)]


def heights(picture: str, points: int) -> list[float]:
    """The heights of the blue line with this many points, as shares of the first one's distance to the highest."""
    paths = re.findall(rf'<path d="([^"]*)"[^>]*stroke: {BLUE}', picture)
    (found,) = [ys for path in paths if len(ys := re.findall(r"[ML] [\d.]+ ([\d.]+)", path)) == points]
    bottom, top = float(found[0]), min(map(float, found))  # an SVG counts downwards
    return [round((bottom - float(y)) / (bottom - top), 2) for y in found]


def test_the_picture_has_every_panel_and_every_row() -> None:
    shown = texts(draw(MadeUp({}), 0, END, "15s"))

    assert {panel["title"] for panel in json.loads(DASHBOARD.read_text())["panels"]} <= set(shown)
    assert shown.count("none") == 1  # alerts
    assert "no data" in shown


def test_a_line_is_as_high_as_its_values(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 0, 4, 1, 2)]})

    assert heights(draw(source, 0, END, "15s", one_panel(tmp_path)), points=4) == [0, 1, 0.25, 0.5]


def test_stacked_series_stand_on_each_other(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 40, 40), line({"queue": "claims"}, 60, 60)]})
    dashboard = one_panel(tmp_path, custom={"stacking": {"mode": "normal"}})

    assert max(int(text) for text in texts(draw(source, 0, END, "15s", dashboard)) if text.isdecimal()) > 60


def test_current_values_have_their_units() -> None:
    source = MadeUp(
        {
            "ALERTS": [line({"alertname": "PdfJobStalled", "severity": "warning"}, 1)],
            "pdfjob_longest_stall_seconds": [line({}, 90)],
            "pdfjob_volume_free_ratio": [line({}, 0.26)],
            "pdfjob_workspace_bytes": [line({}, 0, 3 * 2**30)],
        }
    )

    assert {"PdfJobStalled, warning", "90 s", "26%", "2 GiB"} <= set(texts(draw(source, 0, END, "15s")))


def test_a_legend_names_only_what_has_happened(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 0, 2), line({"queue": "claims"}, 0, 0)]})

    shown = texts(draw(source, 0, END, "15s", one_panel(tmp_path)))

    assert "jobs" in shown
    assert "claims" not in shown


def test_a_panel_in_which_nothing_has_happened_says_so(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 0, 0), line({"queue": "claims"}, 0, 0)]})

    assert set(texts(draw(source, 0, END, "15s", one_panel(tmp_path)))) == {"Depth", "always 0"}


@pytest.mark.parametrize("number", [3, 10, 25])
def test_no_color_stands_for_two_series(tmp_path: Path, number: int) -> None:
    source = MadeUp({"depth": [line({"queue": f"queue-{rank}"}, 1, rank + 1) for rank in range(number)]})

    picture = draw(source, 0, END, "15s", one_panel(tmp_path))

    colors = re.findall(r'<path d="M[^"]*L[^"]*" clip-path[^>]*stroke: (#[0-9a-f]{6})', picture)
    grid = {color for color in colors if colors.count(color) > 1 and color.startswith("#f5f5f5")}
    assert len([color for color in colors if color not in grid]) == number
    assert len(set(colors) - grid) == number


def test_a_panel_whose_values_are_not_numbers_has_no_data(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, nan, nan)]})

    assert set(texts(draw(source, 0, END, "15s", one_panel(tmp_path)))) == {"Depth", "no data"}


def test_a_stack_names_its_largest_series_and_sums_the_others(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": f"queue-{rank}"}, rank, rank) for rank in range(1, 31)]})
    dashboard = one_panel(tmp_path, custom={"stacking": {"mode": "normal"}})

    named = [text for text in texts(draw(source, 0, END, "15s", dashboard)) if text.startswith(("queue-", "others"))]

    assert named[:2] == ["queue-30", "queue-29"]
    assert named[-1] == "others"
    assert len(named) < 30


@pytest.mark.parametrize(
    ("highest", "unit", "shown"),
    [
        (3.7, "short", ["0", "1", "2", "3", "4"]),
        (0.83, "short", ["0", "0.25", "0.5", "0.75", "1"]),
        (61, "s", ["0 s", "20 s", "40 s", "60 s", "80 s"]),
        (90 * 2**20, "bytes", ["0 B", "32 MiB", "64 MiB", "96 MiB"]),
        (1700, "short", ["0", "500", "1 k", "1.5 k", "2 k"]),
    ],
)
def test_the_vertical_axis_ends_at_a_round_number(tmp_path: Path, highest: float, unit: str, shown: list[str]) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 0, highest)]})

    found = texts(draw(source, 0, END, "15s", one_panel(tmp_path, unit=unit)))

    assert [text for text in found if ":" not in text and text not in {"Depth", "jobs"}] == shown


def test_the_axis_of_a_share_ends_at_all_of_it(tmp_path: Path) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 0, 0.1)]})

    assert "100%" in texts(draw(source, 0, END, "15s", one_panel(tmp_path, unit="percentunit", max=1)))


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(1, ["0:00", "0:10"]), (7, ["0:00", "5:00"]), (30, ["0:00", "5:00"]), (170, ["0:00", "30:00"])],
)
def test_the_axis_of_time_has_round_steps(tmp_path: Path, minutes: int, shown: list[str]) -> None:
    source = MadeUp({"depth": [line({"queue": "jobs"}, 1, 2)]})

    found = texts(draw(source, 0, 60 * minutes, "15s", one_panel(tmp_path)))

    assert [text for text in found if ":" in text][:2] == shown


def test_the_same_data_give_the_same_bytes_and_others_do_not(tmp_path: Path) -> None:
    first, second = (MadeUp({"depth": [line({"queue": "jobs"}, 1, value)]}) for value in (2, 1.5))
    dashboard = one_panel(tmp_path)

    assert draw(first, 0, END, "15s", dashboard) == draw(first, 0, END, "15s", dashboard)
    assert draw(first, 0, END, "15s", dashboard) != draw(second, 0, END, "15s", dashboard)
