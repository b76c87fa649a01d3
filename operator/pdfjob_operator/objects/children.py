"""What a PdfJob owns."""

from __future__ import annotations

from dataclasses import dataclass

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.objects.stage_pod import StagePod


@dataclass(frozen=True)
class Children:
    """What a PdfJob owns, as far as its present round is concerned, and what was found on a closer look.

    Attributes:
        jobs: Its Jobs; of a stage that was repeated with more memory, all.
        pods: The pods of the last prepare and merge Jobs.
        out_of_memory: Indexes of the last chunks Job whose last pod was killed for using too much memory.
        volume_failed: The last pod of some of its indexes could not write to the volume, so that it left no word there.
        trouble: Why pods do not start.
        namespace_ends: The namespace is being deleted.
    """

    jobs: tuple[StageJob, ...] = ()
    pods: tuple[StagePod, ...] = ()
    out_of_memory: frozenset[int] = frozenset()
    volume_failed: bool = False
    trouble: Failure | None = None
    namespace_ends: bool = False

    def job(self, stage: Stage) -> StageJob | None:
        """The stage's Job; the last one, if it was repeated with more memory."""
        return max((job for job in self.jobs if job.stage is stage), key=lambda job: job.memory, default=None)

    def at_work(self) -> StageJob | None:
        """The one Job that has not ended, if there is one."""
        last = (self.job(stage) for stage in (Stage.MERGE, Stage.CHUNKS, Stage.PREPARE))
        return next((job for job in last if job is not None and job.verdict is None), None)

    def ended(self, stage: Stage) -> StagePod | None:
        """The stage's pod that did its work, or the last one that failed, if any has ended."""
        ended = [pod for pod in self.pods if pod.stage is stage and pod.exit_code is not None]
        done = [pod for pod in ended if pod.exit_code == 0]
        return next(iter(done or ended[::-1]), None)

    def started(self, stage: Stage) -> bool:
        """Whether a pod of the stage has ever run."""
        return any(pod.stage is stage and (pod.running or pod.exit_code is not None) for pod in self.pods)
