"""Suspension, retries of failed chunks, limits to failure, memory, and the end of a PdfJob's time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.deployment import operator_with
from cluster.fault_job import FaultJob, write_source
from tools.documents import pdfs
from tools.kubectl.client import Kubectl, KubectlError
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


CHUNKS = "--selector=pdfjob.dev/stage=chunks"


def start(kubectl: Kubectl, volume: Volume, path: Path, **spec: Any) -> str:
    """A job of five chunks that waits for workers; returns its uid."""
    volume.put(pdfs.write_numbered(path / "a.pdf", 10), "a.pdf")
    kubectl.apply(pdfjob("job", "a.pdf", chunking={"pagesPerChunk": 2}, workers=0, **spec))
    kubectl.wait("pdfjob/job", "jsonpath={.status.phase}=Processing")
    return str(kubectl.get("pdfjob/job")["metadata"]["uid"])


def spoil(volume: Volume, uid: str, *chunks: int) -> None:
    """Overwrite chunk PDFs, as a failing disk would."""
    for index in chunks:
        volume.shell(f"echo spoilt > {volume.workspaces}/{uid}/chunks/{index:05}.pdf")


def patch(kubectl: Kubectl, **spec: Any) -> None:
    kubectl.run("patch", "pdfjob", "job", "--type=merge", f"--patch={json.dumps({'spec': spec})}")


def chunk_jobs(kubectl: Kubectl) -> list[dict[str, Any]]:
    return sorted(kubectl.get("jobs", CHUNKS), key=lambda job: str(job["metadata"]["name"]))


def test_a_suspended_job_has_no_pods_and_goes_on_where_it_was(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(write_source(tmp_path), "a.pdf")
    held = FaultJob(kubectl, volume, timeoutSeconds=600)
    for barrier in held.hold(4):
        barrier.detach()

    patch(kubectl, suspend=True)
    kubectl.wait("pdfjob/job", "condition=Suspended")
    kubectl.wait("jobs", "condition=Suspended", CHUNKS)
    (job,) = chunk_jobs(kubectl)
    assert job["status"].get("active", 0) == 0
    assert kubectl.status("job")["phase"] == "Suspended"

    patch(kubectl, suspend=False, workers=4)
    kubectl.wait("pdfjob/job", "condition=Complete")
    status = kubectl.status("job")
    assert status["chunks"]["succeeded"] == 5
    (resumed,) = chunk_jobs(kubectl)
    assert resumed["metadata"]["uid"] == job["metadata"]["uid"]
    # Kubernetes gives a Job its whole time again when it resumes; the PdfJob's clock only stood still.
    assert resumed["spec"]["activeDeadlineSeconds"] < 600


def test_a_job_that_is_created_suspended_makes_nothing(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")
    kubectl.apply(pdfjob("job", "a.pdf", suspend=True))
    kubectl.wait("pdfjob/job", "condition=Suspended")
    assert kubectl.get("jobs", "--selector=pdfjob.dev/uid") == []

    patch(kubectl, suspend=False)
    kubectl.wait("pdfjob/job", "condition=Complete")


def test_only_failed_chunks_are_run_again(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    uid = start(kubectl, volume, tmp_path)
    spoil(volume, uid, 1, 3)
    kubectl.run("scale", "pdfjob/job", "--replicas=5")
    kubectl.wait("pdfjob/job", "condition=Partial")
    kept = volume.shell(f"cd {volume.workspaces}/{uid}/results && sha256sum 0000[024].result")
    times = volume.shell(f"cd {volume.workspaces}/{uid}/results && stat -c %Y.%i *.result")

    patch(kubectl, retryFailed=1, workers=0)
    kubectl.wait("pdfjob/job", "jsonpath={.status.phase}=Processing")
    assert volume.shell(f"cd {volume.workspaces}/{uid}/results && sha256sum 0000[024].result") == kept
    assert volume.shell(f"cd {volume.workspaces}/{uid}/results && stat -c %Y.%i 0000[024].result") == times
    patch(kubectl, workers=5)
    kubectl.wait("pdfjob/job", "condition=Complete")
    kubectl.wait("pdfjob/job", "condition=Partial=False")

    status = kubectl.status("job")
    assert (status["phase"], status["round"], status["progress"]) == ("Succeeded", 1, "5/5")
    assert "failedChunks" not in status
    second = next(job for job in chunk_jobs(kubectl) if job["metadata"]["name"].endswith("-r1"))
    assert (second["spec"]["completions"], second["metadata"]["annotations"]["pdfjob.dev/chunks"]) == (2, "1,3")
    output = json.loads(volume.read(f"{volume.workspaces}/{uid}/output.json", tmp_path / "output.json"))
    assert [it["text"] for it in output["sentences"]] == [f"This is page {page} of the book." for page in range(1, 11)]
    assert volume.files(volume.workspaces) == {f"{uid}/output.json", f"{uid}/report.json"}


def test_a_retry_with_another_source_says_so_and_loses_nothing(
    kubectl: Kubectl, volume: Volume, tmp_path: Path
) -> None:
    uid = start(kubectl, volume, tmp_path)
    spoil(volume, uid, 4)
    kubectl.run("scale", "pdfjob/job", "--replicas=5")
    kubectl.wait("pdfjob/job", "condition=Partial")
    before = volume.read(f"{volume.workspaces}/{uid}/output.json", tmp_path / "before.json")
    volume.put(pdfs.write_numbered(tmp_path / "b.pdf", 12), "a.pdf")

    patch(kubectl, retryFailed=1)
    kubectl.wait("pdfjob/job", "jsonpath={.status.conditions[?(@.type=='Partial')].reason}=SourceChanged")
    kubectl.wait("pdfjob/job", "jsonpath={.status.phase}=Succeeded")  # the reason is shown while merge still runs

    status = kubectl.status("job")
    assert status["failedPages"] == "9-10"
    assert "cannot be retried" in status["message"]
    assert volume.read(f"{volume.workspaces}/{uid}/output.json", tmp_path / "after.json") == before


def test_a_retry_where_nothing_failed_does_nothing(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    start(kubectl, volume, tmp_path)
    kubectl.run("scale", "pdfjob/job", "--replicas=5")
    kubectl.wait("pdfjob/job", "condition=Complete")
    jobs = len(kubectl.get("jobs", "--selector=pdfjob.dev/uid"))

    patch(kubectl, retryFailed=1)
    kubectl.wait("pdfjob/job", "jsonpath={.status.round}=1")

    assert kubectl.status("job")["phase"] == "Succeeded"
    assert len(kubectl.get("jobs", "--selector=pdfjob.dev/uid")) == jobs
    with pytest.raises(KubectlError, match="cannot be decreased"):
        patch(kubectl, retryFailed=0)


def test_too_many_failed_chunks_stop_the_job(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    uid = start(kubectl, volume, tmp_path, maxFailedChunks=0)
    spoil(volume, uid, 0)

    kubectl.run("scale", "pdfjob/job", "--replicas=1")
    kubectl.wait("pdfjob/job", "condition=Failed")

    status = kubectl.status("job")
    assert {it["reason"] for it in status["conditions"]} == {"ChunkUnreadable"}
    assert "maxFailedChunks allows 0" in status["message"]
    reasons = {chunk["reason"] for chunk in status["failedChunks"]}
    assert reasons == {"ChunkUnreadable", "TooManyFailedChunks"}


def test_a_finished_pdfjob_goes_when_its_time_has_come(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")
    with kubectl.history() as states:
        kubectl.apply(pdfjob("job", "a.pdf", ttlSecondsAfterFinished=3))
        kubectl.wait("pdfjob/job", "delete")

    assert states[-1]["status"]["phase"] == "Succeeded"
    assert states[-1]["status"]["output"]["bytes"] > 0
    kubectl.wait("jobs,pods", "delete", "--selector=pdfjob.dev/uid")


def test_a_queued_job_is_left_to_kueue(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    """Kueue itself is not here: this test does to the Job what Kueue would do."""
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 10), "a.pdf")
    manifest = pdfjob("job", "a.pdf", chunking={"pagesPerChunk": 2}, workers=4)
    manifest["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "books"}

    kubectl.apply(manifest)
    kubectl.wait("pdfjob/job", "jsonpath={.status.conditions[?(@.type=='Reconciling')].reason}=Queued")
    (job,) = chunk_jobs(kubectl)
    assert (job["spec"]["suspend"], job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"]) == (True, "books")

    admitted = json.dumps({"spec": {"suspend": False, "parallelism": 2}})
    kubectl.run("patch", "job", job["metadata"]["name"], "--type=merge", f"--patch={admitted}")
    kubectl.wait("pdfjob/job", "condition=Complete")

    (job,) = chunk_jobs(kubectl)
    assert job["spec"]["parallelism"] == 2
    assert kubectl.status("job")["chunks"]["succeeded"] == 5


@pytest.fixture
def little_memory(operator: Kubectl) -> Iterator[None]:
    """Pods get 96 MiB at first, and up to 384."""
    resources = json.dumps({"requests": {"memory": "64Mi"}, "limits": {"memory": "96Mi"}})
    with operator_with(operator, PDFJOB_RUNNER_RESOURCES=resources, PDFJOB_RUNNER_MAX_MEMORY="384Mi"):
        yield


def write_heavy(path: Path, lines: int) -> Path:
    """Four pages, of which the third takes far more memory than the others."""
    crowded = [f"Line {number} of a page that nobody could read in a lifetime." for number in range(lines)]
    return pdfs.write_pages(path, [["This is page 1."], ["This is page 2."], crowded, ["This is page 4."]])


@pytest.mark.usefixtures("little_memory")
def test_a_chunk_that_was_out_of_memory_is_run_again_with_more(
    kubectl: Kubectl, volume: Volume, tmp_path: Path
) -> None:
    volume.put(write_heavy(tmp_path / "heavy.pdf", 10_000), "heavy.pdf")

    kubectl.apply(pdfjob("job", "heavy.pdf", chunking={"pagesPerChunk": 1}, retries=0))
    kubectl.wait("pdfjob/job", "condition=Complete")

    status = kubectl.status("job")
    assert status["chunks"] == {"total": 4, "active": 0, "succeeded": 4, "failed": 0}
    assert status["memory"]["peakChunk"] == 2
    assert 96 < int(status["memory"]["peak"].removesuffix("Mi")) < 384
    first, *rest = chunk_jobs(kubectl)
    assert first["status"]["failedIndexes"] == "2"
    limits = [job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] for job in rest]
    assert limits in (["192Mi"], ["192Mi", "384Mi"])
    assert {job["metadata"]["annotations"]["pdfjob.dev/chunks"] for job in rest} == {"2"}


@pytest.mark.usefixtures("little_memory")
def test_a_page_that_is_never_content_fails_alone_in_the_end(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(write_heavy(tmp_path / "heavy.pdf", 60_000), "heavy.pdf")

    kubectl.apply(pdfjob("job", "heavy.pdf", chunking={"pagesPerChunk": 1}, retries=0))
    kubectl.wait("pdfjob/job", "condition=Partial")

    status = kubectl.status("job")
    assert (status["chunks"]["failed"], status["pageReasons"]) == (0, {"MemoryLimitExceeded": "3"})
    assert len(chunk_jobs(kubectl)) == 3
