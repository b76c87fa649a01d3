"""Pods on two nodes that mount one folder through FUSE, with the caches of NFS: real processes, a real kernel."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.number_set import NumberSet
from integration.pods.job import LEFT, SPEC
from processes.pods import Pods
from processes.running import Running, until
from tools.builds import binaries
from tools.documents import pdfs


pytestmark = pytest.mark.needs("fuse")

PATIENT = {"PDFJOB_CACHE_SECONDS": "3600"}
"""A pod that looks again until the test lets its node see."""


@dataclass
class Node:
    """A node with the volume, and the pods on it."""

    mount: Running
    pods: Pods

    def misses(self, name: str) -> bool:
        """Look for a file, and remember if it is not there."""
        return not (self.pods.workspace / name).exists()

    def forget(self) -> None:
        """Forget what was missed, as after the time of the cache."""
        self.mount.send_signal(signal.SIGUSR1)

    def run_until_it_sees(self, stage: str, **env: str) -> int:
        """Run a pod that misses a file until its node sees it; returns the exit code."""
        with self.pods.start(stage, **PATIENT, **env) as process:
            until(lambda: "is not visible yet" in process.err)
            self.forget()
            return process.wait()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """Two nodes with one volume, on which lies a book of nine pages."""
    shared, volume = tmp_path / "shared", tmp_path / "volume"
    for folder in (shared, volume):
        folder.mkdir()
    pdfs.write_numbered(volume / "book.pdf", 9)
    with ExitStack() as stack:

        def node(name: str) -> Node:
            place = tmp_path / name
            place.mkdir()
            mount = stack.enter_context(Running([binaries.caching_mount(), shared, place]))
            stack.callback(mount.wait)
            stack.callback(mount.send_signal, signal.SIGTERM)
            until(lambda: os.path.ismount(place))
            return Node(mount, Pods(volume, place))

        yield node("here"), node("there")


def test_a_node_does_not_see_what_it_has_missed(nodes: tuple[Node, Node]) -> None:
    """The proof that the other tests test anything."""
    here, there = nodes
    assert here.misses("manifest.json")
    there.pods.prepare(SPEC)
    assert here.misses("manifest.json")

    here.forget()

    until(lambda: not here.misses("manifest.json"))


def test_a_merge_waits_for_results_that_its_node_does_not_see(nodes: tuple[Node, Node]) -> None:
    here, there = nodes
    there.pods.prepare(SPEC)
    assert here.misses("results")
    for index in range(3):
        there.pods.process(index)

    assert here.run_until_it_sees("merge", PDFJOB_COMPLETED=NumberSet(range(3)).dumps()) == ExitCode.OK

    assert there.pods.files() == LEFT
    assert '"gap"' not in (there.pods.workspace / "output.json").read_text()


def test_a_merge_waits_for_the_manifest_and_removes_nothing(nodes: tuple[Node, Node]) -> None:
    here, there = nodes
    assert here.misses("manifest.json")
    there.pods.prepare(SPEC)
    for index in range(3):
        there.pods.process(index)
    before = there.pods.files()

    code, report = here.pods.run("merge", PDFJOB_COMPLETED=NumberSet(range(3)).dumps())  # one that has no patience
    assert (code, report.failure and report.failure.reason) == (ExitCode.WORKSPACE_LOST, "WorkspaceUnavailable")
    assert there.pods.files() == before

    assert here.run_until_it_sees("merge", PDFJOB_COMPLETED=NumberSet(range(3)).dumps()) == ExitCode.OK
    assert there.pods.files() == LEFT


def test_a_chunk_pod_waits_for_its_chunk(nodes: tuple[Node, Node]) -> None:
    here, there = nodes
    assert here.misses("manifest.json")
    assert here.misses("chunks")
    there.pods.prepare(SPEC)

    assert here.run_until_it_sees("process", JOB_COMPLETION_INDEX="1") == ExitCode.OK

    assert "results/00001.result" in there.pods.files()
