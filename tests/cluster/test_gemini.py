"""Gemini on the cluster: faults, limits and killed pods, and every token paid for once and counted."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from cluster import model as models
from cluster.conftest import Installation
from cluster.model import KEY_SECRET, Model
from processes import until
from tools import pdfs
from tools.kubectl import Kubectl, Volume, pdfjob


KEY = "AQ.the-key-of-the-tests"

KILLS = 25

REDIS = "--selector=app.kubernetes.io/component=redis"

FAULTS = [
    *("429", "429tpm", "429bare", "500", "502html", "503", "504", "408", "499", "reset", "hangup", "cutbody"),
    *("badbody", "html200", "empty200", "nocandidates", "maxtokens", "badjson", "wrongshape", "invented", "recitation"),
]


@pytest.fixture(scope="module")
def server(cluster: Installation, operator: Kubectl) -> Model:
    """The model's server, beside the operator."""
    for manifest in models.manifests(cluster.runner_image):
        operator.apply(manifest)
    operator.wait(f"pod/{models.NAME}", "condition=Ready")
    return Model(operator)


@pytest.fixture
def model(server: Model) -> Model:
    """The server without a fault and without a memory."""
    server.configure()
    return server


@pytest.fixture
def library(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> Volume:
    """A volume with a book of 12 pages and one of 120, and the key's Secret."""
    for name, pages in (("small.pdf", 12), ("book.pdf", 120)):
        pdfs.write_pages(tmp_path / name, [pdfs.sales(page) for page in range(1, pages + 1)])
        volume.put(tmp_path / name, name)
    kubectl.apply(models.key_secret(KEY))
    return volume


def gemini(name: str, path: str, pages_per_chunk: int, workers: int = 4, **settings: Any) -> dict[str, Any]:
    reference = {"name": KEY_SECRET, "key": "key"}
    return pdfjob(
        name,
        path,
        chunking={"pagesPerChunk": pages_per_chunk},
        workers=workers,
        retries=10,
        processor={"gemini": {"apiKeySecretRef": reference, "requestTimeoutSeconds": 20, **settings}},
    )


def sentences(volume: Volume, status: dict[str, Any], folder: Path) -> list[str]:
    found = json.loads(volume.read(status["output"]["path"], folder / "output.json"))
    return [it["text"] for it in found["sentences"]]


def of_pages(*pages: int) -> list[str]:
    return [sentence for page in pages for sentence in pdfs.sales(page)]


def finished(kubectl: Kubectl, name: str, seconds: int = 1200) -> dict[str, Any]:
    until(lambda: kubectl.status(name).get("phase") in ("Succeeded", "Failed"), seconds)
    return kubectl.status(name)


def chunk_pods(kubectl: Kubectl) -> list[str]:
    pods = kubectl.get("pods", "--selector=pdfjob.dev/stage=chunks", "--field-selector=status.phase=Running")
    return [pod["metadata"]["name"] for pod in pods]


def test_a_book_under_faults_limits_and_kills_is_paid_for_once(
    kubectl: Kubectl, library: Volume, model: Model, tmp_path: Path
) -> None:
    model.configure(requests_per_minute=60, faults=0.2, fault_names=FAULTS, retry_delay=1, latency=0.5)
    done = Event()
    killed: list[str] = []

    def kill() -> None:
        luck = random.Random(1)  # noqa: S311 (chooses what to kill)
        while len(killed) < KILLS and not done.wait(4):  # on a busy machine, pods may die faster than they can work
            if pods := chunk_pods(kubectl):
                killed.append(luck.choice(pods))
                kubectl.run("delete", f"pod/{killed[-1]}", "--wait=false", "--ignore-not-found")

    kubectl.apply(gemini("book", "book.pdf", 4, workers=8))
    killer = Thread(target=kill)
    killer.start()
    try:
        with kubectl.history() as states:
            status = finished(kubectl, "book")
    finally:
        done.set()
        killer.join()

    assert status["phase"] == "Succeeded", status
    assert status["chunks"]["failed"] == 0
    assert len(killed) >= 3
    told = [it["status"]["pagesProcessed"] for it in states if "pagesProcessed" in it.get("status", {})]
    assert len(told) >= 3
    assert all(0 < pages <= 120 for pages in told)
    assert sentences(library, status, tmp_path) == of_pages(*range(1, 121))
    assert set(model.good_answers().values()) == {1}
    assert status["tokens"] == model.tokens()
    assert status["cost"]["model"] == "gemini-3.5-flash-lite"
    assert float(status["cost"]["amount"]) > 0


def test_a_rejected_key_fails_the_job_at_once_and_names_the_secret(
    kubectl: Kubectl, library: Volume, model: Model
) -> None:
    kubectl.apply(models.key_secret("bad-key"))
    kubectl.apply(gemini("job", "small.pdf", 2, workers=2))

    status = finished(kubectl, "job", 120)

    failed = next(it for it in status["conditions"] if it["type"] == "Failed")
    assert (failed["status"], failed["reason"]) == ("True", "ConfigurationError")
    assert KEY_SECRET in failed["message"]
    uid = kubectl.get("pdfjob/job")["metadata"]["uid"]
    started = library.shell(f"cat {library.workspaces}/{uid}/attempts/*.jsonl").count('"event":"started"')
    assert 1 <= len(model.log()) <= started <= 3
    assert "bad-key" not in json.dumps(kubectl.get("pdfjob/job")) + json.dumps(kubectl.get("events"))


def test_what_a_model_refuses_is_missing_until_a_retry_mends_it(
    kubectl: Kubectl, library: Volume, model: Model, tmp_path: Path
) -> None:
    # Chunk 1 (pages 4-6) fails as a whole, and of chunk 3 (10-12) one page alone.
    rules = [
        {"match": r"On page [456] ", "fault": "prohibited"},
        {"match": r"On page 11 ", "fault": "recitation"},
    ]
    model.configure(rules=rules)
    kubectl.apply(gemini("job", "small.pdf", 3))

    status = finished(kubectl, "job")

    assert status["phase"] == "Succeeded"
    assert next(it for it in status["conditions"] if it["type"] == "Partial")["status"] == "True"
    (chunk,) = status["failedChunks"]
    assert (chunk["index"], chunk["pages"], chunk["reason"]) == (1, "4-6", "ContentRefused")
    assert (status["failedPages"], status["pageReasons"]) == ("4-6,11", {"Recitation": "11"})
    found = sentences(library, status, tmp_path)
    assert "[pages 4-6 missing: ContentRefused]" in found
    assert "[page 11 missing: Recitation]" in found
    assert status["tokens"] == model.tokens()

    before = model.tokens()
    model.configure()
    kubectl.run("patch", "pdfjob/job", "--type=merge", '--patch={"spec": {"retryFailed": 1}}')
    until(lambda: kubectl.status("job").get("round") == 1 and kubectl.status("job")["phase"] == "Succeeded", 120)

    status = kubectl.status("job")
    assert next(it for it in status["conditions"] if it["type"] == "Partial")["status"] == "False"
    assert sentences(library, status, tmp_path) == of_pages(*range(1, 13))
    assert status["tokens"] == {kind: count + before[kind] for kind, count in model.tokens().items()}
    # What was bought before is not asked for again, not even the other pages of the same chunk.
    asked = [text[:10] for it in model.log() for text in it["page_texts"]]
    assert sorted(asked) == ["On page 11", "On page 4 ", "On page 5 ", "On page 6 "]


@pytest.fixture
def tight(cluster: Installation, operator: Kubectl) -> Iterator[int]:
    """An operator that allows few requests a minute for each key."""
    limit = 12

    def allow(requests: int | None) -> None:
        cluster.run_helm(
            "upgrade", "pdfjob", "charts/pdfjob-operator", f"--namespace={operator.namespace}", "--reuse-values",
            "--wait", "--timeout=120s", f"--set=gemini.requestsPerMinute={requests or ''}",
        )  # fmt: skip

    allow(limit)
    try:
        yield limit
    finally:
        allow(None)


def most_in_a_minute(log: list[dict[str, Any]]) -> int:
    """But for 10 s: on a busy machine, a request may arrive so long after it had its turn."""
    times = sorted(float(it["time"]) for it in log)
    return max((sum(begin <= time < begin + 50 for time in times) for begin in times), default=0)


def test_jobs_that_share_a_key_share_its_budget_and_survive_without_redis(  # noqa: PLR0917 (fixtures)
    kubectl: Kubectl, operator: Kubectl, library: Volume, model: Model, tight: int, tmp_path: Path
) -> None:
    kubectl.apply(gemini("one", "small.pdf", 1, workers=3, prompt="List the sales."))
    kubectl.apply(gemini("two", "small.pdf", 1, workers=3, prompt="List the sentences."))

    until(lambda: len(model.log()) >= tight, 180)
    assert most_in_a_minute(model.log()) <= tight
    until(lambda: len(model.log()) > tight, 180)
    assert most_in_a_minute(model.log()) <= tight
    operator.run("scale", "deployment", REDIS, "--replicas=0")
    try:
        for name in ("one", "two"):
            status = finished(kubectl, name)
            assert status["phase"] == "Succeeded", status
            assert sentences(library, status, tmp_path) == of_pages(*range(1, 13))
    finally:
        operator.run("scale", "deployment", REDIS, "--replicas=1")
        operator.run("wait", "deployment", REDIS, "--for=condition=Available", "--timeout=120s")
    assert set(model.good_answers().values()) == {2}  # once for each prompt


def test_the_same_chunk_is_never_bought_twice_by_two_jobs(
    kubectl: Kubectl, library: Volume, model: Model, tmp_path: Path
) -> None:
    model.configure(latency=1)
    kubectl.apply(gemini("one", "small.pdf", 4, workers=3))
    kubectl.apply(gemini("two", "small.pdf", 4, workers=3))

    for name in ("one", "two"):
        assert sentences(library, finished(kubectl, name), tmp_path) == of_pages(*range(1, 13))
    assert sorted(model.good_answers().values()) == [1, 1, 1]


def test_the_key_is_nowhere_but_in_its_secret(kubectl: Kubectl, library: Volume, model: Model) -> None:
    model.configure(plan=["500"])
    kubectl.apply(gemini("job", "small.pdf", 6))
    finished(kubectl, "job")

    everything = kubectl.run("get", "pdfjobs,jobs,pods,events", "--output=json")
    for pod in kubectl.get("pods", "--selector=app.kubernetes.io/name=pdfjob"):
        everything += kubectl.run("logs", pod["metadata"]["name"])
    assert KEY not in everything
    with pytest.raises(AssertionError):  # grep finds nothing
        library.shell(f"grep -r {KEY} pdfjobs")
