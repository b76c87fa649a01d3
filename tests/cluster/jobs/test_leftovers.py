"""What goes when a PdfJob or a namespace goes: Jobs, pods, and in the end the files."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cluster.deployment import operator_away
from cluster.fault_job import PAGES, FaultJob, write_source
from processes.file_barrier import ASIDE
from tools.documents import pdfs
from tools.kubectl.client import Kubectl
from tools.kubectl.installation import Installation
from tools.kubectl.manifests import CLAIM, claim, librarian, pdfjob
from tools.kubectl.volume import Volume


def wait_until_swept(volume: Volume, uid: str) -> None:
    """Wait inside the volume, where the files are."""
    folder = f"{volume.workspaces}/{uid}"
    volume.shell(f"for i in $(seq 1200); do test -e {folder} || exit 0; sleep 0.2; done; ls -R {folder}; exit 1")


@pytest.fixture
def unfinished(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> str:
    """A job in the middle of its chunks; returns its uid."""
    volume.put(write_source(tmp_path), "a.pdf")
    job = FaultJob(kubectl, volume, "gone")
    job.hold(3, 4)
    return job.uid


def test_the_files_of_a_deleted_pdfjob_go_and_no_others(
    kubectl: Kubectl, volume: Volume, unfinished: str, tmp_path: Path
) -> None:
    """Not even those of a PdfJob that never existed here, as on a volume that is restored from a backup."""
    volume.put(pdfs.write_numbered(tmp_path / "b.pdf", 9), "b.pdf")
    kubectl.apply(pdfjob("alive", "b.pdf", chunking={"pagesPerChunk": 3}, workers=0))
    kubectl.wait("pdfjob/alive", "jsonpath={.status.phase}=Processing")
    alive = kubectl.get("pdfjob/alive")["metadata"]["uid"]
    restored = f"{volume.workspaces}/{uuid4()}"
    volume.shell(f"mkdir {restored} && echo '{{}}' > {restored}/output.json")
    volume.shell(f"touch {volume.workspaces}/{unfinished}/results/.00001.result.dead.tmp")

    kubectl.run("delete", "pdfjob", "gone")
    wait_until_swept(volume, unfinished)

    assert {f"{alive}/chunks/{index:05}.pdf" for index in range(3)} < volume.files(volume.workspaces)
    kubectl.run("scale", "pdfjob/alive", "--replicas=3")
    kubectl.wait("pdfjob/alive", "condition=Complete")
    left = {f"{volume.workspaces}/{alive}/{name}" for name in ("output.json", "report.json")} | {
        f"{restored}/output.json"
    }
    assert {name for name in volume.files(".") if not name.startswith(ASIDE)} == {"a.pdf", "b.pdf"} | left


def test_an_operator_that_was_away_finds_what_was_left(
    kubectl: Kubectl, operator: Kubectl, volume: Volume, unfinished: str
) -> None:
    with operator_away(operator):
        kubectl.run("delete", "pdfjob", "gone")
        kubectl.wait("jobs,pods", "delete", "--selector=pdfjob.dev/uid")
        assert volume.files(f"{volume.workspaces}/{unfinished}")

    wait_until_swept(volume, unfinished)


@pytest.fixture
def full(cluster: Installation, operator: Kubectl) -> Iterator[Kubectl]:
    """A namespace of its own, with jobs in every stage; the test deletes it."""
    kubectl = cluster.in_namespace(f"pdfjob-test-{secrets.token_hex(3)}")
    assert operator
    kubectl.create_namespace()
    kubectl.apply(claim(CLAIM))
    yield kubectl
    kubectl.run("delete", "namespace", kubectl.namespace, "--ignore-not-found", "--wait=false")


def fill(cluster: Installation, kubectl: Kubectl, tmp_path: Path) -> None:
    """One job done, one failed, one without a pod, one suspended, one paused, and two with running chunks."""
    kubectl.apply(librarian(cluster.runner_image))
    kubectl.wait("pod/librarian", "condition=Ready")
    volume = Volume(kubectl)
    volume.put(write_source(tmp_path), "a.pdf")
    kubectl.apply(pdfjob("done", "a.pdf"))
    kubectl.apply(pdfjob("failed", "missing.pdf"))
    kubectl.apply(pdfjob("pending", "a.pdf", storage={"claimName": "nowhere"}))
    kubectl.apply(pdfjob("suspended", "a.pdf", suspend=True))
    paused = FaultJob(kubectl, volume, "paused")
    running = [FaultJob(kubectl, volume, "running"), FaultJob(kubectl, volume, "running-too", retries=0)]
    for job in (paused, *running):
        job.prepare()
    for job in running:
        barriers = job.block(0, 1, 2)
        job.patch(workers=3)
        for barrier in barriers:
            barrier.wait()
    kubectl.wait("pdfjob/done", f"jsonpath={{.status.pages}}={PAGES}")
    kubectl.wait("pdfjob/failed", "condition=Failed")
    kubectl.wait("pdfjob/pending", "jsonpath={.status.phase}=Pending")
    kubectl.wait("pdfjob/suspended", "condition=Suspended")


GONE_SECONDS = 120
"""A namespace that waits for the Jobs in it takes until their deadline, and one that waits for a finalizer for ever."""


def test_a_namespace_with_jobs_in_every_stage_goes_in_seconds(
    cluster: Installation, full: Kubectl, tmp_path: Path
) -> None:
    fill(cluster, full, tmp_path)

    full.run("delete", "namespace", full.namespace, f"--timeout={GONE_SECONDS}s")


def test_the_two_documented_lines_do_it_without_the_operator(
    cluster: Installation, operator: Kubectl, full: Kubectl, tmp_path: Path
) -> None:
    fill(cluster, full, tmp_path)
    with operator_away(operator):
        full.run("delete", "pdfjobs", "--all", f"--timeout={GONE_SECONDS}s")
        full.run("delete", "namespace", full.namespace, f"--timeout={GONE_SECONDS}s")
