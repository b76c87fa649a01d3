"""The planner's input: everything that is known about a PdfJob. Data only; `observation.observer` gathers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.manifests.jobs import MIN_MERGE_SECONDS
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob, last_job
from pdfjob_operator.objects.stage_pod import StagePod
from pdfjob_operator.objects.volume_claim import VolumeClaim


OVERDUE_SECONDS = 600
"""How long Kubernetes may take to end a Job that has exceeded its deadline, before the operator deletes the Job."""


@dataclass(frozen=True)
class Observation:
    """A PdfJob and what belongs to its current round.

    Attributes:
        pdfjob: The PdfJob.
        now: Time of the observation, with its time zone.
        jobs: Its Jobs in this round: one per stage, and one more each time a stage was repeated with more memory.
        pods: The pods of the last Job of each stage that reports, oldest first.
        out_of_memory_indexes: Indexes of the last chunks Job whose last pod ran out of memory.
        volume_failure: Report of the last pod of one of these indexes that could not use its volume; `None` if none.
        chunk_failure: What a failed pod of the unfinished chunks Job reported; `None` if none did.
        workspace_lost: What a chunk pod reported that found its workspace without a manifest; `None` if none did.
        workspace_claim: Claim of the workspace, or the claim that may be chosen for it; `None` if it does not exist.
        source_claim: Claim of the source, if it is another one; `None` if it does not exist.
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
    volume_failure: Failure | None = None
    chunk_failure: Failure | None = None
    workspace_lost: Failure | None = None
    workspace_claim: VolumeClaim | None = None
    source_claim: VolumeClaim | None = None
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
        """Return the Job of the last stage so far, if it has not finished: later stages follow on finished ones."""
        last = (self.job(stage) for stage in (Stage.MERGE, Stage.CHUNKS, Stage.PREPARE))
        job = next((job for job in last if job is not None), None)
        return job if job is not None and job.outcome is None else None

    @property
    def next_stage_may_begin(self) -> bool:
        """False while a stage is at work, so that no Job will be created. Claims are only observed if it is true."""
        job = self.unfinished_job()
        if job is None or self.finished_pod(job.stage) is not None or self.overdue_after(job) <= 0:
            return True
        return self.all_chunks_run and self.job(Stage.EARLY_MERGE) is None

    @property
    def all_chunks_run(self) -> bool:
        """True if each chunk that has not completed has a pod that is ready."""
        job = self.unfinished_job()
        return job is not None and job.stage is Stage.CHUNKS and 0 < job.remaining <= job.ready

    @property
    def last_node(self) -> str | None:
        """Node of the last pod of prepare or merge, which had the volume of the workspace mounted."""
        return next((pod.node for pod in reversed(self.pods) if pod.node is not None), None)

    def overdue_after(self, job: StageJob) -> float:
        """Return the seconds until an unfinished Job has to be given up, since nothing else ends it.

        Kubernetes ends a Job at its own deadline, but not while it is suspended, and Kueue may start it late. It may
        also be that a pod never ends, on a node that is gone, or that somebody removes the deadline.
        """
        seconds: float = self.seconds_left
        if job.stage is Stage.MERGE:
            created_at = job.created_at or self.now
            age, run_time = ((self.now - time).total_seconds() for time in (created_at, job.started_at or created_at))
            # Kubernetes starts the clock again whenever somebody resumes the Job, so its age has a limit, too.
            seconds = max(seconds, min(MIN_MERGE_SECONDS - run_time, 2 * MIN_MERGE_SECONDS - age))
        return seconds if job.suspended or job.managed_by_kueue else seconds + OVERDUE_SECONDS

    def finished_pod(self, stage: Stage) -> StagePod | None:
        """Return the pod of a stage that succeeded, or else the last one that failed."""
        finished = [pod for pod in self.pods if pod.stage is stage and pod.exit_code is not None]
        succeeded = [pod for pod in finished if pod.exit_code == 0]
        return next(iter(succeeded or finished[::-1]), None)

    def has_started(self, stage: Stage) -> bool:
        """Return whether a container of a stage has ever run."""
        return any(pod.stage is stage and (pod.running or pod.exit_code is not None) for pod in self.pods)
