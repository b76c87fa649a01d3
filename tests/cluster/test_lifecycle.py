"""Deleting, scaling and interrupting jobs while they run, and what the API server refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools import pdfs
from tools.kubectl import OPERATOR, Kubectl, KubectlError, Volume, pdfjob


CHUNKS = "--selector=pdfjob.dev/stage=chunks"


@pytest.fixture
def running(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> str:
    """A job of 12 chunks, two at a time, of which one at least is done."""
    volume.put(pdfs.write_numbered(tmp_path / "long.pdf", 12), "long.pdf")
    kubectl.apply(pdfjob("long", "long.pdf", chunking={"pagesPerChunk": 1}, workers=2))
    kubectl.wait("pdfjob/long", "jsonpath={.status.phase}=Processing")
    kubectl.run("wait", "jobs", CHUNKS, "--for=jsonpath={.status.completedIndexes}", "--timeout=60s")
    return "long"


def test_a_deleted_pdfjob_leaves_no_job_and_no_pod(kubectl: Kubectl, running: str) -> None:
    kubectl.run("delete", "pdfjob", running)

    kubectl.run("wait", "jobs,pods", "--selector=pdfjob.dev/uid", "--for=delete", "--timeout=60s")
    assert kubectl.get("jobs", "--selector=pdfjob.dev/uid") == []


def test_a_deleted_operator_pod_costs_nothing_but_time(kubectl: Kubectl, operator: Kubectl, running: str) -> None:
    before = {job["metadata"]["uid"] for job in kubectl.get("jobs", "--selector=pdfjob.dev/uid")}

    operator.run("delete", "pods", OPERATOR, "--grace-period=0", "--force")
    kubectl.wait(f"pdfjob/{running}", "condition=Complete", seconds=180)

    jobs = kubectl.get("jobs", "--selector=pdfjob.dev/uid")
    assert before < {job["metadata"]["uid"] for job in jobs}
    assert len(jobs) == 3
    assert kubectl.status(running)["pages"] == 12


def test_a_deleted_chunk_pod_is_replaced(kubectl: Kubectl, running: str) -> None:
    pods = kubectl.get("pods", CHUNKS, "--field-selector=status.phase!=Succeeded")

    kubectl.run("delete", "pod", pods[0]["metadata"]["name"], "--wait=false")
    kubectl.wait(f"pdfjob/{running}", "condition=Complete", seconds=180)

    assert kubectl.status(running)["chunks"]["succeeded"] == 12


def test_workers_scale_while_the_job_runs(kubectl: Kubectl, running: str) -> None:
    kubectl.run("scale", f"pdfjob/{running}", "--replicas=6")
    kubectl.run("wait", "jobs", CHUNKS, "--for=jsonpath={.spec.parallelism}=6", "--timeout=20s")
    kubectl.wait(f"pdfjob/{running}", "condition=Complete")

    assert kubectl.status(running)["workers"] == 6


def test_a_prepare_pod_that_is_deleted_too_early_runs_again(
    kubectl: Kubectl, operator: Kubectl, volume: Volume, tmp_path: Path
) -> None:
    """The report goes with the pod; here the operator is away until both have ended."""
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 9), "a.pdf")
    operator.run("scale", "deployment", OPERATOR, "--replicas=0")
    try:
        operator.run("wait", "pods", OPERATOR, "--for=delete", "--timeout=60s")
        operator.run("scale", "deployment", OPERATOR, "--replicas=1")
        kubectl.apply(pdfjob("lost", "a.pdf", chunking={"pagesPerChunk": 3}))
        kubectl.wait("pdfjob/lost", "jsonpath={.status.phase}", seconds=60)
        operator.run("scale", "deployment", OPERATOR, "--replicas=0")
        kubectl.run("wait", "jobs", "--selector=pdfjob.dev/uid", "--for=condition=Complete", "--timeout=60s")
        kubectl.run("delete", "pods", "--selector=pdfjob.dev/uid")
    finally:
        operator.run("scale", "deployment", OPERATOR, "--replicas=1")

    kubectl.wait("pdfjob/lost", "condition=Complete", seconds=120)

    assert kubectl.status("lost")["pages"] == 9


def test_a_refused_job_says_so_and_goes_on_when_it_is_mended(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")
    kubectl.run("create", "quota", "none", "--hard=count/jobs.batch=0")
    kubectl.run("wait", "quota/none", "--for=jsonpath={.status.hard}", "--timeout=20s")

    kubectl.apply(pdfjob("refused", "a.pdf"))
    kubectl.wait(
        "pdfjob/refused", "jsonpath={.status.conditions[?(@.type=='Reconciling')].reason}=JobRefused", seconds=20
    )
    assert "exceeded quota" in kubectl.status("refused")["message"]
    kubectl.run("delete", "quota", "none")

    kubectl.wait("pdfjob/refused", "condition=Complete", seconds=60)


def changed(**spec: Any) -> str:
    return json.dumps({"spec": spec})


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (changed(source={"volume": {"path": "other.pdf"}}), "spec.source is immutable"),
        (changed(source={"sha256": "00" * 32}), "spec.source is immutable"),
        (changed(source={"language": "fr"}), "spec.source is immutable"),
        (changed(source={"passwordSecretRef": {"name": "a", "key": "b"}}), "spec.source is immutable"),
        (changed(pages="1-3"), "spec.pages is immutable"),
        (changed(output={"format": "jsonl"}), "spec.output is immutable"),
        (changed(chunking={"pagesPerChunk": 7}), "spec.chunking is immutable"),
        (changed(retries=1), "spec.retries is immutable"),
        (changed(timeoutSeconds=1), "spec.timeoutSeconds is immutable"),
        (changed(storage={"claimName": "other"}), "spec.storage is immutable"),
    ],
)
def test_what_is_fixed_is_refused_with_a_sentence(kubectl: Kubectl, patch: str, message: str) -> None:
    kubectl.apply(pdfjob("fixed", "a.pdf"))

    with pytest.raises(KubectlError, match=message):
        kubectl.run("patch", "pdfjob", "fixed", "--type=merge", f"--patch={patch}")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", "remove the leading /"),
        ("a/../../b.pdf", "use a path inside the volume"),
        ("pdfjobs/x/output.json", "move the file to another folder"),
        ("", "should be at least 1 chars long"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(kubectl: Kubectl, path: str, message: str) -> None:
    with pytest.raises(KubectlError, match=message):
        kubectl.apply(pdfjob("bad", path))


@pytest.mark.parametrize("field", ["workers", "retries", "timeoutSeconds"])
def test_a_number_below_its_minimum_is_refused(kubectl: Kubectl, field: str) -> None:
    with pytest.raises(KubectlError, match="should be greater than or equal to"):
        kubectl.apply(pdfjob("bad", "a.pdf", **{field: -1}))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("pages", "one-two", "spec.pages in body should match"),
        ("output", {"format": "html"}, "supported values"),
        ("output", {}, "leave spec.output out for json"),
        ("source", {"volume": {"path": "a.pdf"}, "language": "french"}, "spec.source.language"),
        ("source", {"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "a"}}, "passwordSecretRef.key"),
    ],
    ids=["pages", "format", "no format", "language", "password"],
)
def test_what_means_nothing_is_refused(kubectl: Kubectl, field: str, value: Any, message: str) -> None:
    with pytest.raises(KubectlError, match=message):
        kubectl.apply(pdfjob("bad", "a.pdf", **{field: value}))


def test_an_unknown_field_is_refused(kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError, match=r"unknown field .*wrokers"):
        kubectl.apply(pdfjob("bad", "a.pdf", wrokers=8))


def test_every_field_explains_itself(kubectl: Kubectl) -> None:
    text = kubectl.run("explain", "pdfjob", "--recursive=false")
    spec = kubectl.run("explain", "pdfjob.spec.workers")

    assert "A PdfJob processes one PDF" in text
    assert "Chunks in flight at most" in spec
