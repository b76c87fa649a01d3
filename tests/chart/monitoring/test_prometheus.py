"""A real Prometheus scrapes the metrics of the operator, loads the rules, and runs every query."""

import time
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from prometheus_client import generate_latest, start_http_server

from chart.monitoring.expressions import queries
from chart.monitoring.prometheus import WINDOW, prometheus_in
from chart.monitoring.promtool import promtool
from chart.monitoring.test_dashboard import PANELS
from pdfjob_operator.metrics.registry import REGISTRY
from processes.running import until
from tools.generators.dashboard.picture import draw
from tools.generators.dashboard.prometheus import Prometheus


pytestmark = pytest.mark.needs("promtool")


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    server, thread = start_http_server(0, "127.0.0.1", registry=REGISTRY)
    try:
        with prometheus_in(tmp_path, f"127.0.0.1:{server.server_port}", "/metrics") as running:
            yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_promtool_accepts_the_metrics() -> None:
    promtool("check", "metrics", stdin=generate_latest(REGISTRY).decode())


def test_prometheus_accepts_the_rules_and_every_query(prometheus: Prometheus) -> None:
    until(lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"})
    until(lambda: "pdfjob_workqueue_depth" in prometheus.names())

    for query in queries(window=WINDOW):
        prometheus.query(query.expression)  # which raises what Prometheus complains of


def test_the_picture_of_a_real_prometheus_has_every_panel(prometheus: Prometheus) -> None:
    until(lambda: "pdfjob_workqueue_depth" in prometheus.names())

    picture = draw(prometheus, time.time() - 60, time.time(), WINDOW)

    assert [panel["title"] for panel in PANELS if f">{escape(panel['title'])}</text>" not in picture] == []
