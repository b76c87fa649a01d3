"""What strikes pods at work: kill -9, drains, scaling, suspension, a second pod. No text is lost, none is doubled."""

from pathlib import Path
from typing import Any

import pytest

from cluster.fault_job import CHUNKS, TEXTS, FaultJob, failed_for_good, texts, write_source
from tools.kubectl.client import PATIENCE_SECONDS, Kubectl
from tools.kubectl.volume import Volume
from tools.testcluster import pods
from tools.testcluster.layout import Cluster


@pytest.fixture
def source(volume: Volume, tmp_path: Path) -> Volume:
    """The volume, with the source on it."""
    volume.put(write_source(tmp_path), "a.pdf")
    return volume


def output(volume: Volume, job: FaultJob, folder: Path) -> bytes:
    return volume.read(f"{job.folder}/output.json", folder / f"{job.name}.json")


def test_a_kill_in_any_stage_costs_an_attempt_and_no_byte(
    box: Cluster, kubectl: Kubectl, source: Volume, tmp_path: Path
) -> None:
    """Prepare, a chunk and merge are killed, each in the middle: the output is the one of a job that nobody disturbed.

    Fails without retries of the stages, and where an attempt leaves behind what disturbs the next.
    """
    calm = FaultJob(kubectl, source, "calm")
    calm.patch(suspend=False)
    job = FaultJob(kubectl, source, "job")

    at_start = job.barrier("results/00002.result")  # prepare looks for results before it writes anything
    job.patch(suspend=False, workers=0)
    pod = job.wait_for_pod("prepare")
    attempt = kubectl.get(f"pod/{pod}")["metadata"]["uid"]
    at_prepare = job.barrier(f"chunks/.00002.pdf.{attempt}.tmp")  # it begins with this after it wrote chunks 0 and 1
    at_start.open()
    job.wait_for_file("chunks/00001.pdf")
    pods.kill(box, kubectl.namespace, pod)
    at_prepare.detach()  # the next pod has temporary files of its own
    kubectl.wait(job.what, "jsonpath={.status.phase}=Processing")

    (at_chunk,) = job.hold(4)
    (pod,) = job.pods("chunks")
    at_chunk.detach()
    at_merge = job.barrier("results/00000.result")
    pods.kill(box, kubectl.namespace, pod)

    pod = job.wait_for_pod("merge")
    at_merge.wait()
    at_merge.detach()
    pods.kill(box, kubectl.namespace, pod)
    status = job.wait_until_complete()

    assert status["chunks"] == {"total": 5, "active": 0, "succeeded": 5, "failed": 0}
    for stage in ("prepare", "chunks", "merge"):
        (stage_job,) = job.jobs(stage)
        assert stage_job["status"]["failed"] == 1, stage
    calm.wait_until_complete()
    assert output(source, job, tmp_path) == output(source, calm, tmp_path)
    assert texts(output(source, job, tmp_path)) == TEXTS
    assert source.files(job.folder) == {"output.json", "report.json"}


def test_a_drained_node_uses_up_no_retry(kubectl: Kubectl, operator: Kubectl, source: Volume, tmp_path: Path) -> None:
    """A drain takes all chunk pods at work, through the Eviction API: with `retries: 0`, their chunks run again.

    Fails without the rule that ignores disruptions in the Job's podFailurePolicy.
    """
    job = FaultJob(kubectl, source, retries=0)
    barriers = job.hold(*range(CHUNKS))
    before = job.pods("chunks")
    for barrier in barriers:
        barrier.detach()

    nodes = [node["metadata"]["name"] for node in operator.get("nodes")]
    try:
        # Only these pods, because the operator and the pod that holds the volume are on that node too; and pods with
        # an emptyDir, such as these, are only drained by who says so.
        these = f"--pod-selector=pdfjob.dev/uid={job.uid}"
        operator.run("drain", *nodes, these, "--delete-emptydir-data", f"--timeout={PATIENCE_SECONDS}s")
        assert not set(before) & set(job.pods("chunks"))
    finally:
        operator.run("uncordon", *nodes)
    status = job.wait_until_complete()

    assert status["chunks"] == {"total": 5, "active": 0, "succeeded": 5, "failed": 0}
    # A pod that was killed for its memory is run again without a retry too, but by another Job.
    (chunks,) = job.jobs("chunks")
    assert failed_for_good([chunks]) == []
    assert texts(output(source, job, tmp_path)) == TEXTS


@pytest.mark.parametrize(
    "pause",
    [
        pytest.param({"suspend": True}, id="suspended"),
        pytest.param({"workers": 0}, id="scaled-to-nothing", marks=pytest.mark.exhaustive),
    ],
)
def test_a_pause_uses_up_no_retry_and_keeps_what_is_finished(
    kubectl: Kubectl, source: Volume, tmp_path: Path, pause: dict[str, object]
) -> None:
    """Pods at work are told to go: with `retries: 0`, their chunks run again, and finished ones do not."""
    job = FaultJob(kubectl, source, retries=0)
    barriers = job.hold(3, 4)
    before = source.shell(f"cd {job.folder}/results && stat -c %Y.%i 0000[012].result")
    for barrier in barriers:
        barrier.detach()
    working = job.pods("chunks")
    assert len(working) == 2

    job.patch(**pause)
    kubectl.wait(f"pod/{working[0]}", "delete", *(f"pod/{pod}" for pod in working[1:]))
    (barrier,) = job.block(3)  # else the job would clean up before anybody could look
    job.patch(suspend=False, workers=CHUNKS)
    job.wait_for_indexes("0-2,4")
    assert source.shell(f"cd {job.folder}/results && stat -c %Y.%i 0000[012].result") == before
    barrier.open()
    status = job.wait_until_complete()

    assert status["chunks"] == {"total": 5, "active": 0, "succeeded": 5, "failed": 0}
    (chunks,) = job.jobs("chunks")
    assert failed_for_good([chunks]) == []
    assert texts(output(source, job, tmp_path)) == TEXTS


def twin(kubectl: Kubectl, chunks: dict[str, Any], index: int) -> None:
    """Another pod of an index, which the Job knows nothing of."""
    spec = chunks["spec"]["template"]["spec"]
    spec["containers"][0]["env"].append({"name": "JOB_COMPLETION_INDEX", "value": str(index)})
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"twin-{index}"}, "spec": spec})


def test_two_pods_at_one_chunk_leave_one_result(kubectl: Kubectl, source: Volume, tmp_path: Path) -> None:
    """A second pod of an index, as when a node comes back from a partition: one valid result, and nothing torn.

    First the second pod overtakes the first one, which is half done; then both go on at the same time.
    """
    job = FaultJob(kubectl, source)
    late, at_once = job.hold(3, 4)

    late.detach()
    twin(kubectl, job.jobs("chunks")[0], 3)
    kubectl.wait("pod/twin-3", "jsonpath={.status.phase}=Succeeded")
    done = source.shell(f"sha256sum {job.folder}/results/00003.result")
    late.open()
    job.wait_for_indexes("0-3")
    assert source.shell(f"sha256sum {job.folder}/results/00003.result") == done

    at_once.detach()
    (too,) = job.block(4)
    twin(kubectl, job.jobs("chunks")[0], 4)
    too.wait()
    at_merge = job.barrier("results/00000.result")
    too.detach()  # or the first pod, going on, would wait at the second one's barrier
    at_once.open()
    too.open()
    kubectl.wait("pod/twin-4", "jsonpath={.status.phase}=Succeeded")
    at_merge.wait()
    left = source.files(job.folder)
    at_merge.open()
    job.wait_until_complete()

    assert {name for name in left if name.startswith("results/")} == {f"results/{it:05}.result" for it in range(1, 5)}
    assert not {name for name in left if name.endswith(".tmp")}
    assert [job["status"].get("failed", 0) for job in job.jobs("chunks")] == [0]
    assert texts(output(source, job, tmp_path)) == TEXTS


def tampered(how: str, result: bytes) -> bytes:
    """A result as a failing disk or a cut write would leave it."""
    if how == "flipped":  # by one bit: another digit in a page's text
        at = result.index(b"This is page ") + len(b"This is page ")
        return result[:at] + bytes([result[at] ^ 0b100]) + result[at + 1 :]
    return result[: len(result) // 2] if how == "truncated" else b""


def test_tampered_results_are_found_and_mended(kubectl: Kubectl, source: Volume, tmp_path: Path) -> None:
    """Results of finished chunks are altered before the merge: they are named as corrupt, and a retry mends them.

    Nothing of theirs is in the output. Fails where the merge trusts a file because it is there.
    """
    job = FaultJob(kubectl, source)
    (barrier,) = job.hold(4)
    # Swapped: the whole and valid result of other pages.
    source.shell(f"cd {job.folder}/results && cp 00000.result 00003.result")
    for index, how in enumerate(("flipped", "truncated", "empty")):
        name = f"{job.folder}/results/{index:05}.result"
        wrong = tmp_path / how
        wrong.write_bytes(tampered(how, source.read(name, tmp_path / "right")))
        source.put(wrong, "wrong")
        source.shell(f"cat wrong > {name}")

    barrier.open()
    kubectl.wait(job.what, "condition=Partial")
    status = kubectl.status(job.name)
    assert [(it["index"], it["pages"], it["reason"]) for it in status["failedChunks"]] == [
        (0, "1-2", "ResultCorrupt"),
        (1, "3-4", "ResultCorrupt"),
        (2, "5-6", "ResultCorrupt"),
        (3, "7-8", "ResultCorrupt"),
    ]
    assert texts(output(source, job, tmp_path)) == TEXTS[8:]

    job.patch(retryFailed=1)
    kubectl.wait(job.what, "jsonpath={.status.round}=1")
    kubectl.wait(job.what, "condition=Complete")
    assert "failedChunks" not in kubectl.status(job.name)
    assert texts(output(source, job, tmp_path)) == TEXTS
