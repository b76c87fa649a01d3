"""What is compared: a PdfJob, what can be had from Kubernetes without one, and what it replaces.

Each contender works a case off and returns the seconds from its request to its end. Only a PdfJob does real work: it
splits a PDF, asks a server that plays the model and answers after T, and merges the answers. All others sleep for T
where it asks. Knows nothing of tables.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.on_cluster import bare_job
from benchmarks.waves import timeline
from tools.kubectl.gemini import KEY_SECRET
from tools.kubectl.manifests import pdfjob


if TYPE_CHECKING:
    from benchmarks.waves.timeline import PodTimes
    from tools.kubectl.client import Kubectl
    from tools.kubectl.gemini import Model


@dataclass(frozen=True)
class Case:
    """A job: so many chunks, so many workers, and the seconds T that each chunk works."""

    chunks: int
    workers: int
    seconds: float

    @property
    def waves(self) -> int:
        """How often every worker works."""
        return math.ceil(self.chunks / self.workers)

    @property
    def ideal(self) -> float:
        """The seconds that it takes if nothing but the work takes time."""
        return self.waves * self.seconds

    @property
    def name(self) -> str:
        """As in the tables."""
        return f"{self.chunks}×{self.workers}"


class InCluster:
    """The contenders that run in a namespace of a cluster with the operator.

    Args:
        kubectl: In the namespace, whose claim has the file `NUMBER.pdf` of so many pages for each case, and which has
            the Secret of an API key.
        model: The server that plays the model.
        image: Of the chunk runner, for pods that sleep.
    """

    def __init__(self, kubectl: Kubectl, model: Model, image: str) -> None:
        self._kubectl = kubectl
        self._model = model
        self._image = image

    def pdfjob(self, case: Case, prestart: int = 0) -> float:
        """Run a PdfJob."""
        elapsed = self._run([self._manifest(case, prestart)])
        self._delete("pdfjob/job")
        return elapsed

    def timeline(self, case: Case) -> list[PodTimes]:
        """Run a PdfJob, and return when its pods did what."""
        self._run([self._manifest(case)])
        times = timeline.of_pods(self._kubectl, self._model, case.seconds)
        self._delete("pdfjob/job")
        return times

    def one_by_one(self, case: Case) -> float:
        """Run a PdfJob without parallelism."""
        return self.pdfjob(Case(case.chunks, 1, case.seconds))

    def three_jobs(self, case: Case) -> float:
        """Run a Job before and another after the chunks, each as soon as the last one is complete."""
        before, after = (bare_job(name, self._image, 1, 1) for name in ("before", "after"))
        elapsed = self._run([before, self._sleeping(case), after])
        self._delete("job/before", "job/chunks", "job/after")
        return elapsed

    def indexed_job(self, case: Case) -> float:
        """Run the chunks alone."""
        elapsed = self._run([self._sleeping(case)])
        self._delete("job/chunks")
        return elapsed

    def _manifest(self, case: Case, prestart: int = 0) -> dict[str, Any]:
        self._model.configure(latency=case.seconds)
        gemini = {"apiKeySecretRef": {"name": KEY_SECRET, "key": "key"}}
        chunking, path = {"pagesPerChunk": 1}, f"{case.chunks}.pdf"
        return pdfjob(
            "job", path, processor={"gemini": gemini}, chunking=chunking, workers=case.workers, prestart=prestart
        )

    def _sleeping(self, case: Case) -> dict[str, Any]:
        return bare_job("chunks", self._image, case.chunks, case.workers, ["sleep", str(case.seconds)])

    def _run(self, manifests: list[dict[str, Any]]) -> float:
        """Create each object once the last one is complete, and return the seconds until all are."""
        started = time.perf_counter()
        for manifest in manifests:
            self._kubectl.apply(manifest)
            self._kubectl.wait(f"{manifest['kind'].lower()}/{manifest['metadata']['name']}", "condition=Complete")
        return time.perf_counter() - started

    def _delete(self, *names: str) -> None:
        self._kubectl.run("delete", *names, "--cascade=foreground")
