"""The operator and the API server die while jobs are at every stage."""

import subprocess
import time
from pathlib import Path

import pytest

from cluster.fault_job import CHUNKS, MERGES, TEXTS, FaultJob, texts, write_source
from tools.kubectl.client import OPERATOR, Kubectl
from tools.kubectl.installation import Installation
from tools.kubectl.manifests import CLAIM, claim
from tools.kubectl.volume import Volume
from tools.testcluster import node, pods, volumes
from tools.testcluster.layout import Cluster


OUTAGE_SECONDS = 100


@pytest.fixture
def source(volume: Volume, tmp_path: Path) -> Volume:
    """The volume, with the source on it."""
    volume.put(write_source(tmp_path), "a.pdf")
    return volume


def operator_pod(operator: Kubectl) -> str:
    (pod,) = operator.get("pods", OPERATOR)
    return str(pod["metadata"]["name"])


def restarts(operator: Kubectl) -> int:
    (pod,) = operator.get("pods", OPERATOR)
    return int(pod["status"]["containerStatuses"][0]["restartCount"])


@pytest.mark.exhaustive
@pytest.mark.long
def test_an_operator_that_is_killed_in_any_stage_finds_its_way(
    box: Cluster, kubectl: Kubectl, operator: Kubectl, source: Volume, tmp_path: Path
) -> None:
    """The operator is killed while one job is Pending, one Preparing, one Processing, one Merging and one Succeeded.

    Each of the four goes on as if nothing had been, also where its pods ended while nobody looked; each has one Job per
    stage; and no phase goes back, the one of the job that had ended least of all.
    """
    over = FaultJob(kubectl, source, "over")
    over.patch(suspend=False)
    over.wait_until_complete()
    with kubectl.history() as states:
        pending = FaultJob(kubectl, source, "pending", storage={"claimName": "later"})
        pending.patch(suspend=False)
        preparing = FaultJob(kubectl, source, "preparing")
        at_prepare = preparing.barrier("results/00002.result")
        preparing.patch(suspend=False)
        processing = FaultJob(kubectl, source, "processing")
        (at_chunk,) = processing.hold(2)
        merging = FaultJob(kubectl, source, "merging")
        (last,) = merging.hold(4)
        at_merge = merging.barrier("results/00000.result")
        last.open()
        for barrier in (at_prepare, at_merge):
            barrier.wait()
        stages = {pending: "Pending", preparing: "Preparing", processing: "Processing", merging: "Merging"}
        for job, phase in stages.items():
            kubectl.wait(job.what, f"jsonpath={{.status.phase}}={phase}")
        kubectl.wait("jobs", "create", pending.selector("prepare"))
        before = restarts(operator)

        pods.kill(box, operator.namespace, operator_pod(operator))
        # Not for as long as another's lease has to be waited for, so that all this is over when the operator is back.
        kubectl.apply(claim("later"))
        at_prepare.open()
        at_chunk.open()
        at_merge.open()
        for job in (preparing, processing, merging):
            job.wait_until_complete()
        # The claim that came is empty, and so the source is missing there: that job has its end, too.
        kubectl.wait(pending.what, "condition=Failed")
        pod = f"pod/{operator_pod(operator)}"
        operator.wait(pod, f"jsonpath={{.status.containerStatuses[0].restartCount}}={before + 1}")
        operator.wait(pod, "condition=Ready")

    for job in (preparing, processing, merging):
        assert [len(job.jobs(stage)) for stage in ("prepare", "chunks")] == [1, 1]
        assert (len(job.jobs("merge")), len(job.jobs("early-merge"))) in MERGES
        output = source.read(f"{job.folder}/output.json", tmp_path / job.name)
        assert texts(output) == TEXTS
    for job in (over, *stages):
        states_of_it = [state for state in states if state["metadata"]["name"] == job.name]
        phases = [state.get("status", {}).get("phase") for state in states_of_it]
        order = ["Suspended", "Pending", "Preparing", "Processing", "Merging", "Succeeded", "Failed"]
        places = [order.index(phase) for phase in phases if phase]
        assert places == sorted(places), (job.name, phases)


@pytest.mark.long
def test_the_api_server_is_away_for_a_while(  # noqa: PLR0917 (fixtures)
    box: Cluster, cluster: Installation, kubectl: Kubectl, operator: Kubectl, source: Volume, tmp_path: Path
) -> None:
    """The API server dies while one chunk is done and others run, of which one ends meanwhile; then it is back.

    No chunk fails, none uses up a retry, nothing finished is done again, and the operator, which could do nothing and
    hear nothing, was not restarted: an API server that is away is not its illness.
    """
    assert cluster.node is not None
    (folder,) = volumes.of_claim(box, kubectl.namespace, CLAIM)

    def shell(command: str) -> str:
        """On the node itself: `kubectl exec` needs the API server."""
        done = subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout

    job = FaultJob(kubectl, source, retries=0)
    job.prepare()
    chunks = {index: job.barrier(f"chunks/{index:05}.pdf", shell) for index in (2, 3, 4)}
    job.patch(workers=CHUNKS)
    for barrier in chunks.values():
        barrier.wait()
    job.wait_for_indexes("0,1")
    before = restarts(operator)

    alive = {name for name, number in node.pids(cluster.node).items() if number}
    node.stop(cluster.node, "kube-apiserver")
    try:
        chunks[2].open()
        # An outage is a length of time: longer than a lease counts (30 s), than a watch may be silent (90 s), and than
        # probes have patience.
        time.sleep(OUTAGE_SECONDS)
    finally:
        node.start(cluster.node, "kube-apiserver")
        # What cannot do without it has died; on a real node, the kubelet or systemd would start it again.
        for component in sorted(alive):
            node.start(cluster.node, component)
    done = shell(f"stat -c %Y.%i {job.folder}/results/0000[012].result")
    job.wait_for_indexes("0-2")
    chunks[3].open()
    job.wait_for_indexes("0-3")
    assert shell(f"stat -c %Y.%i {job.folder}/results/0000[012].result") == done
    chunks[4].open()
    status = job.wait_until_complete()

    assert status["chunks"] == {"total": 5, "active": 0, "succeeded": 5, "failed": 0}
    (stage_job,) = job.jobs("chunks")
    assert stage_job["status"].get("failed", 0) == 0
    assert restarts(operator) == before
    assert texts(source.read(f"{job.folder}/output.json", tmp_path / "output.json")) == TEXTS
