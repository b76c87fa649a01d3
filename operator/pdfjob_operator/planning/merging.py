"""The merge stage: what to do once no chunk will be processed any more. Pure.

Merge also cleans up after a PdfJob that failed or ran out of time, so it runs whatever there is to merge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.job_manifests import merge_job
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.outcome import deadline_exceeded, failed_state, job_outcome, stage_failure
from pdfjob_operator.planning.progress import Progress


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.planning.observation import Observation


MIN_MERGE_SECONDS = 600
"""Time limit of the merge Job if less is left until the timeout: it also cleans up after a PdfJob that timed out."""


@dataclass(frozen=True)
class MergeInput:
    """Input of the merge from the stages before it.

    Attributes:
        progress: Progress of the chunks.
        unfinished_reason: Reason to record for chunks that left neither a result nor a reason; `None` for none.
        out_of_memory_chunks: Chunks that ran out of memory, as ranges.
        retry_failure: Failure of prepare in a retry, which so cannot begin; `None` if prepare succeeded.
    """

    progress: Progress
    unfinished_reason: str | None = None
    out_of_memory_chunks: str = ""
    retry_failure: Failure | None = None

    @property
    def deadline_exceeded(self) -> bool:
        """True if the chunks ran out of time."""
        return self.retry_failure is None and self.unfinished_reason == Reason.DEADLINE_EXCEEDED


def decide_merge(observation: Observation, settings: Settings, merge_input: MergeInput) -> Decision:
    """Decide what to do from the end of the chunks to the end of the PdfJob."""
    pdfjob, progress = observation.pdfjob, merge_input.progress
    job, pod = observation.job(Stage.MERGE), observation.finished_pod(Stage.MERGE)
    timeout = deadline_exceeded(pdfjob) if merge_input.deadline_exceeded else None
    state = in_phase(Phase.MERGING, "Merging the results.", progress)
    if timeout is not None:
        state = replace(state, reason=timeout.reason, message=timeout.message)
    out_of_memory = job is not None and job.outcome is JobOutcome.FAILED and pod is not None and pod.out_of_memory
    if job is None or (out_of_memory and settings.can_double(job.doublings)):
        manifest = merge_job(
            pdfjob,
            settings,
            unfinished=merge_input.unfinished_reason,
            seconds=max(observation.seconds_left, MIN_MERGE_SECONDS),
            out_of_memory=merge_input.out_of_memory_chunks,
            doublings=0 if job is None else job.doublings + 1,
        )
        return Decision(state, create=(manifest,))
    if pod is not None and pod.exit_code == 0:
        report = pod.report or Report()
        retry_failure = merge_input.retry_failure
        return Decision(job_outcome(pdfjob, progress, report, prior_failure=timeout, retry_failure=retry_failure))
    if job.outcome is JobOutcome.COMPLETE:  # its pod was deleted before anybody read the report
        return Decision(state, delete=() if job.deleting else (job.name,))
    if job.outcome is JobOutcome.FAILED:
        return Decision(failed_state(timeout or stage_failure(pdfjob, job, pod), progress))
    return Decision(state)


def clean_up(observation: Observation, settings: Settings, failure: Failure) -> Decision:
    """Decide what to do after prepare failed without cleaning up after itself: run merge, then fail.

    If no prepare pod ever ran, there is nothing to clean up, and merge could not start either. A Job that exceeds its
    deadline deletes its pods, so the phase counts as evidence, too.
    """
    job, pod = observation.job(Stage.MERGE), observation.finished_pod(Stage.MERGE)
    has_run = observation.has_started(Stage.PREPARE) or observation.pdfjob.status.get("phase") == Phase.PREPARING
    state = JobState(Phase.MERGING, failure.reason, failure.message)
    if job is None and has_run:
        manifest = merge_job(observation.pdfjob, settings, unfinished=failure.reason, seconds=MIN_MERGE_SECONDS)
        return Decision(state, create=(manifest,))
    if job is None or job.outcome is not None or pod is not None:
        report = (pod and pod.report) or Report()  # tells which results there are, and what they cost
        return Decision(job_outcome(observation.pdfjob, Progress(), report, prior_failure=failure))
    return Decision(state)
