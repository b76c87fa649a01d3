"""A volume that is full: the job says so, never succeeds without its text, and goes on once there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.fault_job import CHUNKS, TEXTS, FaultJob, texts, write_source
from tools.builds.shell import run
from tools.kubectl.client import Kubectl
from tools.kubectl.installation import Installation
from tools.kubectl.manifests import CLAIM, claim, librarian
from tools.kubectl.volume import Volume
from tools.testcluster import isolation, volumes
from tools.testcluster.layout import Cluster


FILL = "cat /dev/zero > filler 2>&- || test -s filler"


@pytest.fixture
def small(box: Cluster, cluster: Installation, kubectl: Kubectl, tmp_path: Path) -> Iterator[Volume]:
    """A volume that holds 8 MB, with the source on it: a file system of its own, in place before any pod sees it."""
    kubectl.apply(claim(CLAIM))
    kubectl.wait(f"pvc/{CLAIM}", "jsonpath={.status.phase}=Bound")
    (folder,) = volumes.of_claim(box, kubectl.namespace, CLAIM)
    options = f"size=8m,uid={volumes.OWNER},gid={volumes.OWNER},mode={volumes.MODE:o}"
    mount = ["mount", "--types=tmpfs", f"--options={options}", "small", str(folder)]
    run(isolation.inside(box, mount), "mounting a small volume")
    try:
        kubectl.apply(librarian(cluster.runner_image))
        kubectl.wait("pod/librarian", "condition=Ready")
        volume = Volume(kubectl)
        volume.put(write_source(tmp_path), "a.pdf")
        yield volume
    finally:
        run(isolation.inside(box, ["umount", "--lazy", str(folder)]), "unmounting a small volume")


def test_a_volume_that_stays_full_fails_the_job_and_says_so(kubectl: Kubectl, small: Volume) -> None:
    """No chunk can write its result, nor even that it began: the reason is what the user must mend."""
    job = FaultJob(kubectl, small, retries=0)
    job.prepare()
    small.shell(FILL)
    with kubectl.history() as states:
        job.patch(workers=CHUNKS)
        kubectl.wait(job.what, "condition=Failed")

    status = kubectl.status(job.name)
    assert {it["reason"] for it in status["conditions"]} == {"WorkspaceUnavailable"}, status
    assert "path" not in status.get("output", {})
    assert "Succeeded" not in {state["status"].get("phase") for state in states}


def test_a_job_goes_on_when_a_full_volume_has_room_again(kubectl: Kubectl, small: Volume, tmp_path: Path) -> None:
    """Each chunk has failed once for want of room, and has a retry left."""
    job = FaultJob(kubectl, small, retries=3)
    job.prepare()
    small.shell(FILL)
    job.patch(workers=CHUNKS)
    kubectl.wait("jobs", f"jsonpath={{.status.failed}}={CHUNKS}", job.selector("chunks"))

    small.shell("rm filler")
    status = job.wait_until_complete()

    assert status["chunks"] == {"total": 5, "active": 0, "succeeded": 5, "failed": 0}
    assert texts(small.read(f"{job.folder}/output.json", tmp_path / "output.json")) == TEXTS
    assert small.files(job.folder) == {"output.json", "report.json"}
