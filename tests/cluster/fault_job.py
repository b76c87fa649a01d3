"""A job of five chunks whose pods wait where a test wants them to, for the tests of faults."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from processes.file_barrier import FileBarrier
from tools.documents import pdfs
from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


PAGES, CHUNKS = 10, 5
MERGES = {(1, 0), (0, 1), (1, 1)}
"""How many merges and early merges a PdfJob may have: whether the last chunks end first is a matter of moments."""

TEXTS = [f"This is page {page} of the book." for page in range(1, PAGES + 1)]


class FaultJob:
    """A PdfJob of five chunks, created suspended: nothing of it runs before the test lets it.

    Args:
        kubectl: In its namespace.
        volume: Its claim; the source is `a.pdf`.
        name: Its name.
        spec: What else its spec holds.
    """

    def __init__(self, kubectl: Kubectl, volume: Volume, name: str = "job", **spec: Any) -> None:
        self._kubectl = kubectl
        self._shell = volume.shell
        self.name = name
        kubectl.apply(pdfjob(name, "a.pdf", chunking={"pagesPerChunk": PAGES // CHUNKS}, suspend=True, **spec))
        self.uid = str(kubectl.get(f"pdfjob/{name}")["metadata"]["uid"])
        self.folder = f"{volume.workspaces}/{self.uid}"
        self.what = f"pdfjob/{name}"

    def selector(self, stage: str) -> str:
        """Selects the Jobs and the pods of a stage."""
        return f"--selector=pdfjob.dev/stage={stage},pdfjob.dev/uid={self.uid}"

    def patch(self, **spec: Any) -> None:
        """Change its spec."""
        self._kubectl.run("patch", self.what, "--type=merge", f"--patch={json.dumps({'spec': spec})}")

    def prepare(self) -> None:
        """Let it go on until its chunks are prepared, and no further."""
        self.patch(suspend=False, workers=0)
        self._kubectl.wait(self.what, "jsonpath={.status.phase}=Processing")

    def barrier(self, file: str, shell: Callable[[str], str] | None = None) -> FileBarrier:
        """A barrier in place of a file of its workspace."""
        return FileBarrier(shell or self._shell, f"{self.folder}/{file}")

    def block(self, *chunks: int) -> list[FileBarrier]:
        """Barriers in place of chunk PDFs."""
        return [self.barrier(f"chunks/{index:05}.pdf") for index in chunks]

    def hold(self, *chunks: int) -> list[FileBarrier]:
        """Let it go on until the pods of these chunks wait at barriers, and all others are complete."""
        self.prepare()
        barriers = self.block(*chunks)
        self.patch(workers=CHUNKS)
        for barrier in barriers:
            barrier.wait()
        if done := completed(index for index in range(CHUNKS) if index not in chunks):
            self.wait_for_indexes(done)
        return barriers

    def wait_for_file(self, file: str) -> None:
        """Wait until a file of its workspace is there; waits where the files are."""
        name = f"{self.folder}/{file}"
        self._shell(f"for i in $(seq 1200); do test -e {name} && exit 0; sleep 0.2; done; exit 1")

    def wait_for_indexes(self, indexes: str) -> None:
        """Wait until these indexes of the chunks Job, and no others, are complete; see `completed`."""
        self._kubectl.wait("jobs", f"jsonpath={{.status.completedIndexes}}={indexes}", self.selector("chunks"))

    def wait_for_pod(self, stage: str) -> str:
        """Wait until the one pod of a stage runs; returns its name."""
        self._kubectl.wait("pods", "create", self.selector(stage))
        self._kubectl.wait("pods", "condition=Ready", self.selector(stage))
        (pod,) = self.pods(stage)
        return pod

    def pods(self, stage: str) -> list[str]:
        """The names of the pods of a stage that have not ended, by index.

        A pod whose process has reached a barrier may still be Pending for the API server: the kubelet tells it later.
        """
        not_ended = "--field-selector=status.phase!=Succeeded,status.phase!=Failed"
        found = self._kubectl.get("pods", self.selector(stage), not_ended)
        return sorted(str(pod["metadata"]["name"]) for pod in found)

    def jobs(self, stage: str) -> list[dict[str, Any]]:
        """The Jobs of a stage."""
        found: list[dict[str, Any]] = self._kubectl.get("jobs", self.selector(stage))
        return found

    def wait_until_complete(self) -> dict[str, Any]:
        """Wait for its end; returns its status."""
        self._kubectl.wait(self.what, "condition=Complete")
        return self._kubectl.status(self.name)


def completed(indexes: Iterable[int]) -> str:
    """Return indexes as a Job's status writes them: three or more in a row as `0-2`, two as `0,1`."""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


def texts(output: bytes) -> list[str]:
    """The sentences of an output, without the gaps."""
    return [entry["text"] for entry in json.loads(output)["sentences"] if "gap" not in entry]


def failed_for_good(jobs: Iterable[dict[str, Any]]) -> list[str]:
    """Indexes that failed for good, over these Jobs."""
    return [found for job in jobs if (found := job["status"].get("failedIndexes", ""))]


def write_source(path: Path) -> Path:
    """The source of a `FaultJob`."""
    return pdfs.write_numbered(path / "a.pdf", PAGES)
