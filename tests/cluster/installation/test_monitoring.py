"""A real Prometheus watches while jobs run: all that dashboard and alerts ask for is there, and it is true."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chart.monitoring.expressions import names_in, queries
from chart.monitoring.prometheus import WINDOW, prometheus_in
from chart.monitoring.promtool import promtool
from cluster.fault_job import CHUNKS, FaultJob, write_source
from processes.running import until
from tools.documents import pdfs
from tools.generators.dashboard.picture import draw
from tools.generators.dashboard.prometheus import Prometheus
from tools.kubectl import gemini as models
from tools.kubectl.client import OPERATOR, Kubectl
from tools.kubectl.gemini import KEY_SECRET, Model
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume
from tools.testcluster import pods
from tools.testcluster.layout import Cluster


QUIET = {"API errors", "Workspace size by namespace"}
"""Panels that may have nothing to show: the API server need not refuse anything, and no sweep need have run."""

ENDED = "sum by (result) (pdfjob_jobs_finished_total)"
PAGES = "sum by (state) (pdfjob_pages_total)"
TOKENS = "sum by (kind) (pdfjob_tokens_total)"
RETRIES = "sum by (reason) (pdfjob_chunk_retries_total)"
LABELS = {ENDED: "result", PAGES: "state", TOKENS: "kind", RETRIES: "reason"}


@pytest.fixture
def metrics(operator: Kubectl) -> str:
    """Where the API server hands out the operator's metrics."""
    (pod,) = operator.get("pods", OPERATOR)
    return f"/api/v1/namespaces/{operator.namespace}/pods/{pod['metadata']['name']}:8080/proxy/metrics"


@pytest.fixture
def prometheus(operator: Kubectl, metrics: str, tmp_path: Path) -> Iterator[Prometheus]:
    with operator.proxy() as address, prometheus_in(tmp_path / "prometheus", address, metrics) as it:
        until(lambda: "pdfjob_build_info" in it.names())
        yield it


@pytest.fixture
def library(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> Volume:
    """A volume with a source for the text and one for the model, and the model's key."""
    volume.put(write_source(tmp_path), "a.pdf")
    pages = [pdfs.sales(page) for page in range(1, 13)]
    volume.put(pdfs.write_pages(tmp_path / "asked.pdf", pages), "asked.pdf")
    kubectl.apply(models.key_secret("AQ.the-key-of-the-tests"))
    return volume


def growth(prometheus: Prometheus) -> Callable[[str], dict[str, float]]:
    """By how much a counter has grown since this call, by label; what has not grown is left out.

    The operator is the one of all tests, and has counted before.
    """
    before = {expression: prometheus.by(label, expression) for expression, label in LABELS.items()}

    def grown(expression: str) -> dict[str, float]:
        now = prometheus.by(LABELS[expression], expression)
        return {key: by for key, value in now.items() if (by := value - before[expression].get(key, 0))}

    return grown


def comes_to(read: Callable[[], Any], expected: Any) -> None:
    """Wait until something is read as expected: the next scrape and the next rule are a moment away."""
    with suppress(AssertionError):  # the comparison says what is wrong
        until(lambda: read() == expected, 60)
    assert read() == expected


def crash_one_attempt(box: Cluster, kubectl: Kubectl, job: FaultJob) -> None:
    """Let all chunks run, and kill the last one's pod in its first attempt."""
    (barrier,) = job.hold(CHUNKS - 1)
    (pod,) = job.pods("chunks")
    barrier.detach()
    pods.kill(box, kubectl.namespace, pod)


def leave_a_gap(volume: Volume, job: FaultJob) -> None:
    """Let all chunks run, one of which cannot be read."""
    job.prepare()
    volume.shell(f"echo spoilt > {job.folder}/chunks/00001.pdf")
    job.patch(workers=CHUNKS)


def test_what_dashboard_and_alerts_ask_for_is_there_and_true(
    *,
    box: Cluster,
    kubectl: Kubectl,
    operator: Kubectl,
    library: Volume,
    gemini: Model,
    prometheus: Prometheus,
    metrics: str,
    tmp_path: Path,
) -> None:
    """One job fails, one has a gap, one crashes and goes on, one asks the model.

    Fails when a metric is renamed, missing or counted twice, when a label holds the name of an object that is no
    namespace, when Prometheus does not take a rule, and when a panel stays empty.
    """
    grown, began = growth(prometheus), time.time()

    kubectl.apply(pdfjob("missing", "nowhere.pdf"))
    asked = {"apiKeySecretRef": {"name": KEY_SECRET, "key": "key"}}
    kubectl.apply(pdfjob("asked", "asked.pdf", chunking={"pagesPerChunk": 4}, processor={"gemini": asked}))
    crashed, gap = FaultJob(kubectl, library, "crashed"), FaultJob(kubectl, library, "gap")
    crash_one_attempt(box, kubectl, crashed)
    leave_a_gap(library, gap)
    kubectl.wait("pdfjob/missing", "condition=Failed")
    kubectl.wait("pdfjob/asked", "condition=Complete")
    crashed.wait_until_complete()
    gap.wait_until_complete()

    comes_to(lambda: grown(ENDED), {"succeeded": 2, "partial": 1, "failed": 1})
    comes_to(lambda: grown(PAGES), {"ok": 12 + 10 + 8, "failed": 2})
    comes_to(lambda: grown(RETRIES), {"Crashed": 1})
    sold = {kind: count for kind, count in gemini.tokens().items() if kind != "total" and count}
    comes_to(lambda: grown(TOKENS), sold)

    comes_to(lambda: names_in() - prometheus.names(), set())
    comes_to(lambda: {it["health"] for it in prometheus.rules()}, {"ok"})
    # The operator is that of all tests, whose namespaces may have taken all places.
    ours = f'pdfjob_namespace=~"{kubectl.namespace}|Other"'
    failing = f'ALERTS{{alertname="PdfJobsFailing",alertstate="firing",reason="SourceNotFound",{ours}}}'
    comes_to(lambda: bool(prometheus.query(failing)), expected=True)
    alerts = {it["name"] for it in prometheus.rules()}
    now = time.time()
    asked_for = queries(window=WINDOW, span=f"{int(now - began)}s")
    panels = [query for query in asked_for if query.where not in alerts]
    found = {query: prometheus.over_time(query.expression, began, now, 1) for query in panels}
    assert {query.where for query, series in found.items() if not series} <= QUIET
    unnamed = {query.where for query, series in found.items() for it in series if not query.labels <= it.labels.keys()}
    assert unnamed == set()

    text = operator.run("get", f"--raw={metrics}")
    promtool("check", "metrics", stdin=text)
    assert [name for name in ("nowhere.pdf", crashed.uid, KEY_SECRET) if name in text] == []

    picture = draw(prometheus, began, now, WINDOW)
    Path(os.environ.get("PDFJOB_TEST_PICTURE") or tmp_path / "dashboard.svg").write_text(picture, encoding="utf-8")
