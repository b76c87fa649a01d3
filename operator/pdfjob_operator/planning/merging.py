"""The merge stage: what to do once no chunk will be processed any more. Pure.

Merge also cleans up after a PdfJob that failed or ran out of time, so it runs whatever there is to merge. From then on
its Job alone decides: the Jobs before it may be deleted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.kubernetes import JobFailure, JobOutcome
from pdfjob_operator.objects.manifests.jobs import MIN_MERGE_SECONDS, merge_job
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.merge_input import MergeInput
from pdfjob_operator.planning.outcome import (
    deadline_exceeded,
    failed_state,
    job_outcome,
    missing_report,
    stage_failure,
)
from pdfjob_operator.planning.progress import recorded_progress


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


_RESTART_SECONDS = 1800
"""How long after the deadline a merge Job is created again that was deleted: a merge may begin late, and twice."""


def start_merge(
    observation: Observation, settings: Settings, merge_input: MergeInput, *, doublings: int = 0
) -> Decision:
    """Decide to merge, unless the time for merging is over as well.

    That is so if Kubernetes has refused the Job until then, or if somebody deletes it again and again.

    Args:
        observation: The PdfJob and what belongs to it.
        settings: The operator's configuration.
        merge_input: What the stages before hand over.
        doublings: How many times to double the memory limit of the merge Job.
    """
    refusal = observation.pdfjob.last_diagnosis
    is_over = observation.seconds_left <= -MIN_MERGE_SECONDS
    if is_over and refusal is not None and refusal.reason == OperatorReason.JOB_REFUSED:
        return Decision(_failed(merge_input, refusal))
    was_deleted = observation.pdfjob.reached_phase is Phase.MERGING and observation.job(Stage.MERGE) is None
    if was_deleted and observation.seconds_left <= -_RESTART_SECONDS:
        return Decision(_failed(merge_input, deadline_exceeded(observation.pdfjob)))
    manifest = merge_job(
        observation.pdfjob,
        settings,
        unfinished=merge_input.unfinished_reason,
        unfinished_message=merge_input.unfinished_message,
        seconds=observation.seconds_left,
        completed=merge_input.completed,
        out_of_memory=merge_input.out_of_memory_chunks,
        doublings=doublings,
        merge_input=merge_input.dumps(),
    )
    return Decision(_merging(merge_input), create=(manifest,))


def decide_merge(observation: Observation, settings: Settings, job: StageJob) -> Decision:
    """Decide what to do once there is a merge Job.

    Args:
        observation: The PdfJob and what belongs to it.
        settings: The operator's configuration.
        job: The last merge Job.
    """
    pdfjob, pod = observation.pdfjob, observation.finished_pod(Stage.MERGE)
    merge_input = MergeInput.loads(job.merge_input)
    if pod is not None and pod.exit_code == 0:
        return Decision(
            job_outcome(
                pdfjob,
                merge_input.progress,
                pod.report or Report(),
                prior_failure=merge_input.prior_failure,
                retry_failure=merge_input.retry_failure,
            )
        )
    if job.outcome is JobOutcome.COMPLETE:  # its pod was deleted before anybody read the report
        if observation.seconds_left > 0:
            return Decision(_merging(merge_input), delete=() if job.deleting else (job.name,))
        return Decision(_failed(merge_input, missing_report(Stage.MERGE)))
    if job.outcome is JobOutcome.FAILED:
        if pod is not None and pod.out_of_memory and settings.can_double(job.doublings):
            return start_merge(observation, settings, merge_input, doublings=job.doublings + 1)
        return Decision(_failed(merge_input, stage_failure(pdfjob, job, pod)))
    return Decision(_merging(merge_input))


def restart_merge(observation: Observation, settings: Settings) -> Decision:
    """Decide to merge again, since all Jobs were deleted while the PdfJob merged; the status has the numbers."""
    progress, failure = recorded_progress(observation.pdfjob), None
    is_unfinished = progress.total is None or progress.succeeded + progress.failed < progress.total
    if is_unfinished and observation.seconds_left <= 0:
        failure = deadline_exceeded(observation.pdfjob)
    reason = None if failure is None else failure.reason
    completed = "" if progress.total is None else NumberSet().dumps()  # nobody knows which chunks have completed
    return start_merge(observation, settings, MergeInput(progress, reason, completed=completed, prior_failure=failure))


def abandon_merge(observation: Observation, job: StageJob) -> Decision:
    """Fail, since merge did not finish in time, and nothing but its deletion would stop it."""
    failure = stage_failure(observation.pdfjob, replace(job, reason=JobFailure.DEADLINE_EXCEEDED), None)
    return Decision(_failed(MergeInput.loads(job.merge_input), failure), delete=(job.name,))


def clean_up(observation: Observation, settings: Settings, failure: Failure) -> Decision:
    """Decide what to do after prepare failed without cleaning up after itself: run merge, then fail.

    If no prepare pod ever ran, there is nothing to clean up, and merge could not start either. A Job that exceeds its
    deadline deletes its pods, so the phase counts as evidence, too.
    """
    if not observation.has_started(Stage.PREPARE) and observation.pdfjob.reached_phase is Phase.PENDING:
        return Decision(failed_state(failure))
    return start_merge(observation, settings, MergeInput(unfinished_reason=failure.reason, prior_failure=failure))


def _merging(merge_input: MergeInput) -> JobState:
    state, failure = in_phase(Phase.MERGING, "Merging the results.", merge_input.progress), merge_input.prior_failure
    return state if failure is None else replace(state, reason=failure.reason, message=failure.message)


def _failed(merge_input: MergeInput, failure: Failure) -> JobState:
    """Return the outcome without a report of merge; a failure before the merge is the reason."""
    return failed_state(merge_input.prior_failure or failure, merge_input.progress)
