"""The planner's input: everything that is known about a PdfJob. Data only; `observation.observer` gathers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob, last_job
from pdfjob_operator.objects.stage_pod import StagePod


@dataclass(frozen=True)
class Observation:
    """A PdfJob and what belongs to its current round.

    Attributes:
        pdfjob: The PdfJob.
        now: Time of the observation, with its time zone.
        jobs: Its Jobs in this round: one per stage, and one more each time a stage was repeated with more memory.
        pods: The pods of the last prepare Job and the last merge Job, oldest first.
        out_of_memory_indexes: Indexes of the last chunks Job whose last pod ran out of memory.
        volume_failed: True if the last pod of any of these indexes could not write to its volume.
        admitted: False if it has to wait until another PdfJob of its namespace has finished.
        diagnosis: The reason why the unfinished Job has fewer ready pods than it wants; `None` if unknown.
        namespace_terminating: True if the namespace is being deleted.
        pages_processed: Pages that are done in all chunks, as running pods say; `None` if unknown.
        recheck_after: Seconds after which to observe again, because no event will announce a change; `None` for never.
    """

    pdfjob: PdfJob
    now: datetime
    jobs: tuple[StageJob, ...] = ()
    pods: tuple[StagePod, ...] = ()
    out_of_memory_indexes: frozenset[int] = frozenset()
    volume_failed: bool = False
    admitted: bool = True
    diagnosis: Failure | None = None
    namespace_terminating: bool = False
    pages_processed: int | None = None
    recheck_after: float | None = None

    @property
    def seconds_left(self) -> int:
        """Seconds left until the timeout of the PdfJob."""
        return self.pdfjob.seconds_left(self.now)

    def job(self, stage: Stage) -> StageJob | None:
        """Return the Job of a stage; the last one, if it was repeated with more memory."""
        return last_job(self.jobs, stage)

    def unfinished_job(self) -> StageJob | None:
        """Return the Job that has not finished. There is at most one."""
        last = (self.job(stage) for stage in (Stage.MERGE, Stage.CHUNKS, Stage.PREPARE))
        return next((job for job in last if job is not None and job.outcome is None), None)

    def finished_pod(self, stage: Stage) -> StagePod | None:
        """Return the pod of a stage that succeeded, or else the last one that failed."""
        finished = [pod for pod in self.pods if pod.stage is stage and pod.exit_code is not None]
        succeeded = [pod for pod in finished if pod.exit_code == 0]
        return next(iter(succeeded or finished[::-1]), None)

    def has_started(self, stage: Stage) -> bool:
        """Return whether a container of a stage has ever run."""
        return any(pod.stage is stage and (pod.running or pod.exit_code is not None) for pod in self.pods)
