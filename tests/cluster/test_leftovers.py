"""What goes when a PdfJob or a namespace goes: Jobs, pods, and in the end the files."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import pdfs
from tools.kubectl import CLAIM, OPERATOR, Kubectl, Volume, claim, librarian, pdfjob


CHUNKS = "--selector=pdfjob.dev/stage=chunks"


def wait_until_swept(volume: Volume, uid: str) -> None:
    """Wait inside the volume, where the files are."""
    folder = f"{volume.workspaces}/{uid}"
    volume.shell(f"for i in $(seq 600); do test -e {folder} || exit 0; sleep 0.2; done; ls -R {folder}; exit 1")


@pytest.fixture
def unfinished(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> str:
    """A job in the middle of its chunks; returns its uid."""
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 12), "a.pdf")
    kubectl.apply(pdfjob("gone", "a.pdf", chunking={"pagesPerChunk": 1}, workers=2))
    kubectl.run("wait", "jobs", CHUNKS, "--for=create", "--timeout=60s")
    kubectl.run("wait", "jobs", CHUNKS, "--for=jsonpath={.status.completedIndexes}", "--timeout=60s")
    return str(kubectl.get("pdfjob/gone")["metadata"]["uid"])


def test_the_files_of_a_deleted_pdfjob_go_and_no_others(
    kubectl: Kubectl, volume: Volume, unfinished: str, tmp_path: Path
) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "b.pdf", 9), "b.pdf")
    kubectl.apply(pdfjob("alive", "b.pdf", chunking={"pagesPerChunk": 3}, workers=0))
    kubectl.wait("pdfjob/alive", "jsonpath={.status.phase}=Processing")
    alive = kubectl.get("pdfjob/alive")["metadata"]["uid"]
    volume.shell(f"touch {volume.workspaces}/{unfinished}/results/.00001.result.dead.tmp")

    kubectl.run("delete", "pdfjob", "gone")
    wait_until_swept(volume, unfinished)

    assert {f"{alive}/chunks/{index:05}.pdf" for index in range(3)} < volume.files(volume.workspaces)
    kubectl.run("scale", "pdfjob/alive", "--replicas=3")
    kubectl.wait("pdfjob/alive", "condition=Complete")
    left = {f"{volume.workspaces}/{alive}/{name}" for name in ("output.json", "report.json")}
    assert volume.files(".") == {"a.pdf", "b.pdf"} | left


def test_an_operator_that_was_away_finds_what_was_left(
    kubectl: Kubectl, operator: Kubectl, volume: Volume, unfinished: str
) -> None:
    operator.run("scale", "deployment", OPERATOR, "--replicas=0")
    try:
        operator.run("wait", "pods", OPERATOR, "--for=delete", "--timeout=60s")
        kubectl.run("delete", "pdfjob", "gone")
        kubectl.run("wait", "jobs,pods", "--selector=pdfjob.dev/uid", "--for=delete", "--timeout=60s")
        assert volume.files(f"{volume.workspaces}/{unfinished}")
    finally:
        operator.run("scale", "deployment", OPERATOR, "--replicas=1")

    wait_until_swept(volume, unfinished)


@pytest.fixture
def full(cluster: object, operator: Kubectl) -> Iterator[Kubectl]:
    """A namespace of its own, with jobs in every stage; the test deletes it."""
    kubectl = cluster.in_namespace(f"pdfjob-test-{secrets.token_hex(3)}")  # type: ignore[attr-defined]
    assert operator
    kubectl.run("create", "namespace", kubectl.namespace)
    kubectl.apply(claim(CLAIM))
    yield kubectl
    kubectl.run("delete", "namespace", kubectl.namespace, "--ignore-not-found", "--wait=false")


def fill(cluster: object, kubectl: Kubectl, tmp_path: Path) -> None:
    """One job done, one failed, one without a pod, one suspended, one paused, and two with running chunks."""
    kubectl.apply(librarian(cluster.runner_image))  # type: ignore[attr-defined]
    kubectl.wait("pod/librarian", "condition=Ready")
    volume = Volume(kubectl)
    volume.put(pdfs.write_numbered(tmp_path / "long.pdf", 40), "long.pdf")
    small, paused = {"chunking": {"pagesPerChunk": 1}}, {"workers": 0}
    kubectl.apply(pdfjob("done", "long.pdf"))
    kubectl.apply(pdfjob("failed", "missing.pdf"))
    kubectl.apply(pdfjob("pending", "long.pdf", storage={"claimName": "nowhere"}))
    kubectl.apply(pdfjob("suspended", "long.pdf", **small, suspend=True))
    kubectl.apply(pdfjob("paused", "long.pdf", **small, **paused))
    kubectl.wait("pdfjob/done", "jsonpath={.status.pages}=40")
    kubectl.wait("pdfjob/failed", "condition=Failed")
    kubectl.wait("pdfjob/paused", "jsonpath={.status.phase}=Processing")
    kubectl.apply(pdfjob("running", "long.pdf", **small, workers=3))
    kubectl.apply(pdfjob("running-too", "long.pdf", **small, workers=3, retries=0))
    for name in ("running", "running-too"):
        uid = kubectl.get(f"pdfjob/{name}")["metadata"]["uid"]
        jobs = f"--selector=pdfjob.dev/stage=chunks,pdfjob.dev/uid={uid}"
        kubectl.run("wait", "jobs", jobs, "--for=create", "--timeout=60s")
        kubectl.run("wait", "jobs", jobs, "--for=jsonpath={.status.ready}", "--timeout=60s")


def test_a_namespace_with_jobs_in_every_stage_goes_in_seconds(cluster: object, full: Kubectl, tmp_path: Path) -> None:
    fill(cluster, full, tmp_path)

    full.run("delete", "namespace", full.namespace, "--timeout=30s")


def test_the_two_documented_lines_do_it_without_the_operator(
    cluster: object, operator: Kubectl, full: Kubectl, tmp_path: Path
) -> None:
    fill(cluster, full, tmp_path)
    operator.run("scale", "deployment", OPERATOR, "--replicas=0")
    try:
        operator.run("wait", "pods", OPERATOR, "--for=delete", "--timeout=60s")
        full.run("delete", "pdfjobs", "--all", "--timeout=30s")
        full.run("delete", "namespace", full.namespace, "--timeout=30s")
    finally:
        operator.run("scale", "deployment", OPERATOR, "--replicas=1")
        operator.run("rollout", "status", "deployment", "--timeout=60s")
