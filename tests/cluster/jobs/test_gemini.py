"""Gemini on the cluster: faults, limits and killed pods, and every token paid for once and counted."""

import json
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tools.documents import pdfs
from tools.kubectl import gemini as models
from tools.kubectl.client import Kubectl
from tools.kubectl.gemini import KEY_SECRET, Model
from tools.kubectl.installation import HELM_WAITS, Installation
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


CHUNKS = 30
"""Of the book of 120 pages, with four pages each."""

REDIS = "--selector=app.kubernetes.io/component=redis"

FAULTS = [
    *("429", "429tpm", "429bare", "500", "502html", "503", "504", "408", "499", "reset", "hangup", "cutbody"),
    *("badbody", "html200", "empty200", "nocandidates", "maxtokens", "badjson", "wrongshape", "invented", "recitation"),
]


@pytest.fixture
def key(kubectl: Kubectl) -> str:
    """A key of the test's own, with which it finds no answer of another test in Redis."""
    return f"AQ.the-key-of-{kubectl.namespace}"


@pytest.fixture
def library(kubectl: Kubectl, volume: Volume, key: str, tmp_path: Path) -> Volume:
    """A volume with a book of 12 pages, and the key's Secret."""
    put_book(volume, tmp_path / "small.pdf", 12)
    kubectl.apply(models.key_secret(key))
    return volume


def put_book(volume: Volume, path: Path, pages: int) -> None:
    volume.put(pdfs.write_pages(path, [pdfs.sales(page) for page in range(1, pages + 1)]), path.name)


def asking(name: str, path: str, pages_per_chunk: int, workers: int = 4, **settings: Any) -> dict[str, Any]:
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


def finished(kubectl: Kubectl, name: str) -> dict[str, Any]:
    kubectl.wait(f"pdfjob/{name}", "jsonpath={.status.completionTime}")
    return kubectl.status(name)


def chunk_pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kubectl.get("pods", "--selector=pdfjob.dev/stage=chunks")
    return found


@pytest.mark.long
@pytest.mark.exhaustive  # `integration/gemini` has each fault, limit and kill by itself
def test_a_book_under_faults_limits_and_kills_is_paid_for_once(
    kubectl: Kubectl, library: Volume, gemini: Model, tmp_path: Path
) -> None:
    put_book(library, tmp_path / "book.pdf", 120)
    gemini.configure(requests_per_minute=60, faults=0.2, fault_names=FAULTS, retry_delay=1, latency=0.5)
    luck, killed = random.Random(1), 0  # noqa: S311 (chooses what to kill)

    with kubectl.history() as states:
        kubectl.apply(asking("book", "book.pdf", 4, workers=8))
        for requests in range(4, CHUNKS, 4):  # each chunk takes one at least, so that there are as many
            gemini.log(least=requests)
            if running := [it["metadata"]["name"] for it in chunk_pods(kubectl) if it["status"]["phase"] == "Running"]:
                kubectl.run("delete", f"pod/{luck.choice(running)}", "--wait=false", "--ignore-not-found")
                killed += 1
            if requests == 16:
                gemini.change(held=True)
                kubectl.wait("pdfjob/book", "jsonpath={.status.pagesProcessed}")
                gemini.change(held=False)
        status = finished(kubectl, "book")

    assert status["phase"] == "Succeeded", status
    assert status["chunks"]["failed"] == 0
    assert killed >= 3
    told = [it["status"]["pagesProcessed"] for it in states if "pagesProcessed" in it.get("status", {})]
    assert told
    assert all(0 < pages <= 120 for pages in told)
    assert sentences(library, status, tmp_path) == of_pages(*range(1, 121))
    assert set(gemini.good_answers().values()) == {1}
    assert status["tokens"] == gemini.tokens()
    assert status["cost"]["model"] == "gemini-3.5-flash-lite"
    assert float(status["cost"]["amount"]) > 0


def test_a_rejected_key_fails_the_job_at_once_and_names_the_secret(
    kubectl: Kubectl, library: Volume, gemini: Model
) -> None:
    kubectl.apply(models.key_secret("bad-key"))
    kubectl.apply(asking("job", "small.pdf", 2, workers=2))

    status = finished(kubectl, "job")

    failed = next(it for it in status["conditions"] if it["type"] == "Failed")
    assert (failed["status"], failed["reason"]) == ("True", "ConfigurationError")
    assert KEY_SECRET in failed["message"]
    uid = kubectl.get("pdfjob/job")["metadata"]["uid"]
    started = library.shell(f"cat {library.workspaces}/{uid}/attempts/*.jsonl").count('"event":"started"')
    assert 1 <= len(gemini.log()) <= started <= 3
    assert "bad-key" not in json.dumps(kubectl.get("pdfjob/job")) + json.dumps(kubectl.get("events"))


def test_what_a_model_refuses_is_missing_until_a_retry_mends_it(
    kubectl: Kubectl, library: Volume, gemini: Model, tmp_path: Path
) -> None:
    # Chunk 1 (pages 4-6) fails as a whole, and of chunk 3 (10-12) one page alone.
    rules = [
        {"match": r"On page [456] ", "fault": "prohibited"},
        {"match": r"On page 11 ", "fault": "recitation"},
    ]
    gemini.configure(rules=rules)
    kubectl.apply(asking("job", "small.pdf", 3))

    status = finished(kubectl, "job")

    assert status["phase"] == "Succeeded"
    assert next(it for it in status["conditions"] if it["type"] == "Partial")["status"] == "True"
    (chunk,) = status["failedChunks"]
    assert (chunk["index"], chunk["pages"], chunk["reason"]) == (1, "4-6", "ContentRefused")
    assert (status["failedPages"], status["pageReasons"]) == ("4-6,11", {"Recitation": "11"})
    found = sentences(library, status, tmp_path)
    assert "[pages 4-6 missing: ContentRefused]" in found
    assert "[page 11 missing: Recitation]" in found
    assert status["tokens"] == gemini.tokens()

    before = gemini.tokens()
    gemini.configure()
    kubectl.run("patch", "pdfjob/job", "--type=merge", '--patch={"spec": {"retryFailed": 1}}')
    kubectl.wait("pdfjob/job", "jsonpath={.status.round}=1")
    kubectl.wait("pdfjob/job", "condition=Complete")

    status = kubectl.status("job")
    assert next(it for it in status["conditions"] if it["type"] == "Partial")["status"] == "False"
    assert sentences(library, status, tmp_path) == of_pages(*range(1, 13))
    assert status["tokens"] == {kind: count + before[kind] for kind, count in gemini.tokens().items()}
    # What was bought before is not asked for again, not even the other pages of the same chunk.
    asked = [text[:10] for it in gemini.log() for text in it["page_texts"]]
    assert sorted(asked) == ["On page 11", "On page 4 ", "On page 5 ", "On page 6 "]


@pytest.mark.usefixtures("library")
def test_a_deleted_pdfjob_sends_no_further_request(kubectl: Kubectl, gemini: Model) -> None:
    gemini.configure(rules=[{"match": ".", "fault": "503"}])
    kubectl.apply(asking("job", "small.pdf", 3))
    gemini.log(least=8)  # every chunk repeats its request

    kubectl.run("delete", "pdfjob/job")
    kubectl.wait("pod", "delete", "--selector=pdfjob.dev/stage=chunks")

    asked = len(gemini.log())
    gemini.change(rules=[])
    kubectl.apply(asking("other", "small.pdf", 3))
    assert finished(kubectl, "other")["phase"] == "Succeeded"
    assert [it["fault"] for it in gemini.log()[asked:]] == ["ok"] * 4


@pytest.fixture
def tight(cluster: Installation, operator: Kubectl) -> Iterator[int]:
    """An operator that allows few requests a minute for each key."""
    limit = 12

    def allow(requests: int | None) -> None:
        cluster.run_helm(
            "upgrade", "pdfjob", "charts/pdfjob-operator", f"--namespace={operator.namespace}", "--reuse-values",
            *HELM_WAITS, f"--set=gemini.requestsPerMinute={requests or ''}",
        )  # fmt: skip

    allow(limit)
    try:
        yield limit
    finally:
        allow(None)


def first_start(pods: list[dict[str, Any]]) -> float:
    """Return when the first of their containers started, in seconds since 1970, fractions left out."""
    states = [
        state for pod in pods for it in pod["status"].get("containerStatuses", ()) for state in it["state"].values()
    ]
    return min(datetime.fromisoformat(it["startedAt"]).timestamp() for it in states if "startedAt" in it)


@pytest.mark.exhaustive
@pytest.mark.long
def test_jobs_that_share_a_key_share_its_budget_and_survive_without_redis(  # noqa: PLR0917 (fixtures)
    kubectl: Kubectl, operator: Kubectl, library: Volume, gemini: Model, tight: int, tmp_path: Path
) -> None:
    kubectl.apply(asking("one", "small.pdf", 1, workers=3, prompt="List the sales."))
    kubectl.apply(asking("two", "small.pdf", 1, workers=3, prompt="List the sentences."))

    times = sorted(it["time"] for it in gemini.log(least=tight + 1))
    # No request has its turn before its pod has started, and the one after the budget a minute after the first one.
    assert times[tight] - first_start(chunk_pods(kubectl)) >= 60
    operator.run("scale", "deployment", REDIS, "--replicas=0")
    try:
        for name in ("one", "two"):
            status = finished(kubectl, name)
            assert status["phase"] == "Succeeded", status
            assert sentences(library, status, tmp_path) == of_pages(*range(1, 13))
    finally:
        operator.run("scale", "deployment", REDIS, "--replicas=1")
        operator.wait("deployment", "condition=Available", REDIS)
    assert set(gemini.good_answers().values()) == {2}  # once for each prompt


def test_the_same_chunk_is_never_bought_twice_by_two_jobs_and_the_key_stays_in_its_secret(
    kubectl: Kubectl, library: Volume, gemini: Model, key: str, tmp_path: Path
) -> None:
    gemini.configure(latency=1, plan=["500"])
    kubectl.apply(asking("one", "small.pdf", 4, workers=3))
    kubectl.apply(asking("two", "small.pdf", 4, workers=3))

    for name in ("one", "two"):
        assert sentences(library, finished(kubectl, name), tmp_path) == of_pages(*range(1, 13))
    assert sorted(gemini.good_answers().values()) == [1, 1, 1]

    everything = kubectl.run("get", "pdfjobs,jobs,pods,events", "--output=json")
    for pod in kubectl.get("pods", "--selector=app.kubernetes.io/name=pdfjob"):
        everything += kubectl.run("logs", pod["metadata"]["name"])
    assert key not in everything
    with pytest.raises(AssertionError):  # grep finds nothing
        library.shell(f"grep -r {key} pdfjobs")
