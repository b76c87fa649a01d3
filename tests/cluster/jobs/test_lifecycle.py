"""Deleting, scaling and interrupting jobs while they run, and what the API server refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from cluster.deployment import operator_away
from cluster.fault_job import CHUNKS, PAGES, FaultJob, write_source
from tools.documents import pdfs
from tools.kubectl.client import OPERATOR, Kubectl, KubectlError
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


@pytest.fixture
def source(volume: Volume, tmp_path: Path) -> Volume:
    """The volume, with the source on it."""
    volume.put(write_source(tmp_path), "a.pdf")
    return volume


def test_a_deleted_pdfjob_leaves_no_job_and_no_pod(kubectl: Kubectl, source: Volume) -> None:
    job = FaultJob(kubectl, source)
    job.hold(3, 4)

    kubectl.run("delete", job.what)

    kubectl.wait("jobs,pods", "delete", "--selector=pdfjob.dev/uid")
    assert kubectl.get("jobs", "--selector=pdfjob.dev/uid") == []


@pytest.mark.exhaustive
def test_a_deleted_operator_pod_costs_nothing_but_time(kubectl: Kubectl, operator: Kubectl, source: Volume) -> None:
    job = FaultJob(kubectl, source)
    barriers = job.hold(3, 4)
    job.wait_for_pod("early-merge")
    before = {job["metadata"]["uid"] for job in kubectl.get("jobs", "--selector=pdfjob.dev/uid")}

    operator.run("delete", "pods", OPERATOR, "--grace-period=0", "--force")
    for barrier in barriers:
        barrier.open()
    job.wait_until_complete()

    assert {job["metadata"]["uid"] for job in kubectl.get("jobs", "--selector=pdfjob.dev/uid")} == before
    assert len(before) == 3
    assert kubectl.status(job.name)["pages"] == PAGES


def test_a_deleted_chunk_pod_is_replaced(kubectl: Kubectl, source: Volume) -> None:
    job = FaultJob(kubectl, source)
    deleted, other = job.hold(3, 4)
    pods = job.pods("chunks")
    assert len(pods) == 2
    deleted.detach()

    kubectl.run("delete", f"pod/{pods[0]}", "--wait=false")
    other.open()
    job.wait_until_complete()

    assert kubectl.status(job.name)["chunks"]["succeeded"] == CHUNKS


def test_as_many_chunks_run_at_once_as_there_are_workers_at_the_time(kubectl: Kubectl, source: Volume) -> None:
    """Every chunk waits at a barrier until all are there: two workers bring two chunks, and five bring all."""
    job = FaultJob(kubectl, source)
    job.prepare()
    barriers = job.block(*range(CHUNKS))
    job.patch(workers=2)
    for barrier in barriers[:2]:
        barrier.wait()
    assert len(job.pods("chunks")) == 2

    kubectl.run("scale", job.what, "--replicas=5")
    for barrier in barriers:
        barrier.wait()
    for barrier in barriers[:-1]:
        barrier.open()
    kubectl.wait(job.what, f"jsonpath={{.status.progress}}={CHUNKS - 1}/{CHUNKS}")
    barriers[-1].open()

    assert job.wait_until_complete()["workers"] == 5
    (chunks,) = job.jobs("chunks")
    assert chunks["spec"]["parallelism"] == 5


def test_a_prepare_pod_that_is_deleted_too_early_runs_again(
    kubectl: Kubectl, operator: Kubectl, source: Volume
) -> None:
    """The report goes with the pod; here the operator is away until both have ended."""
    job = FaultJob(kubectl, source)
    at_prepare = job.barrier("results/00002.result")
    job.patch(suspend=False)
    at_prepare.wait()
    with operator_away(operator):
        at_prepare.open()
        kubectl.wait("jobs", "condition=Complete", job.selector("prepare"))
        kubectl.run("delete", "pods", job.selector("prepare"))

    assert job.wait_until_complete()["pages"] == PAGES


def test_a_refused_job_says_so_and_goes_on_when_it_is_mended(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")
    kubectl.run("create", "quota", "none", "--hard=count/jobs.batch=0")
    kubectl.wait("quota/none", "jsonpath={.status.hard}")

    kubectl.apply(pdfjob("refused", "a.pdf"))
    kubectl.wait("pdfjob/refused", "jsonpath={.status.conditions[?(@.type=='Reconciling')].reason}=JobRefused")
    assert "exceeded quota" in kubectl.status("refused")["message"]
    kubectl.run("delete", "quota", "none")

    kubectl.wait("pdfjob/refused", "condition=Complete")


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
        (changed(runningLines="keep"), "spec.runningLines is immutable"),
        (changed(output={"format": "jsonl"}), "spec.output is immutable"),
        (changed(chunking={"pagesPerChunk": 7}), "spec.chunking is immutable"),
        (changed(retries=1), "spec.retries is immutable"),
        (changed(timeoutSeconds=1), "spec.timeoutSeconds is immutable"),
        (changed(storage={"claimName": "other"}), "spec.storage is immutable"),
    ],
)
def test_what_is_fixed_is_refused_with_a_sentence(api: Kubectl, patch: str, message: str) -> None:
    api.apply(pdfjob("fixed", "a.pdf", suspend=True))

    with pytest.raises(KubectlError, match=message):
        api.run("patch", "pdfjob", "fixed", "--type=merge", f"--patch={patch}")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc/passwd", "remove the leading /"),
        ("a/../../b.pdf", "use a path inside the volume"),
        ("pdfjobs/x/output.json", "move the file to another folder"),
        ("", "should be at least 1 chars long"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(api: Kubectl, path: str, message: str) -> None:
    with pytest.raises(KubectlError, match=message):
        api.apply(pdfjob("bad", path))


@pytest.mark.parametrize("field", ["workers", "retries", "timeoutSeconds"])
def test_a_number_below_its_minimum_is_refused(api: Kubectl, field: str) -> None:
    with pytest.raises(KubectlError, match="should be greater than or equal to"):
        api.apply(pdfjob("bad", "a.pdf", **{field: -1}))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("pages", "one-two", "spec.pages in body should match"),
        ("runningLines", "hide", "supported values"),
        ("output", {"format": "html"}, "supported values"),
        ("output", {}, "set format, or remove output"),
        ("source", {"volume": {"path": "a.pdf"}, "language": "french"}, "spec.source.language"),
        ("source", {"volume": {"path": "a.pdf"}, "passwordSecretRef": {"name": "a"}}, "passwordSecretRef.key"),
    ],
    ids=["pages", "running lines", "format", "no format", "language", "password"],
)
def test_what_means_nothing_is_refused(api: Kubectl, field: str, value: Any, message: str) -> None:
    with pytest.raises(KubectlError, match=message):
        api.apply(pdfjob("bad", "a.pdf", **{field: value}))


def test_an_unknown_field_is_refused(api: Kubectl) -> None:
    with pytest.raises(KubectlError, match=r"unknown field .*wrokers"):
        api.apply(pdfjob("bad", "a.pdf", wrokers=8))


def test_every_field_explains_itself(api: Kubectl) -> None:
    text = api.run("explain", "pdfjob", "--recursive=false")
    spec = api.run("explain", "pdfjob.spec.workers")

    assert "PdfJob splits a PDF file" in text
    assert "the maximum number of chunks" in " ".join(spec.split())
