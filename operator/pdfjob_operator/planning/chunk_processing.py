"""The chunks stage: what to do while chunks are processed, and with those that ran out of memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.ranges import format_ranges
from chunk_runner.contract.reasons import Reason
from pdfjob_operator.objects.kubernetes import JobFailure, JobOutcome
from pdfjob_operator.objects.manifests.jobs import chunks_job, parallelism
from pdfjob_operator.objects.phases import Phase
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.early_merge import wait_for_early_merge
from pdfjob_operator.planning.merge_input import MergeInput
from pdfjob_operator.planning.merging import start_merge
from pdfjob_operator.planning.outcome import deadline_exceeded, failed_state
from pdfjob_operator.planning.progress import Progress, chunk_progress, completed_chunks, recorded_progress


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


RANGES_LIMIT = 100_000
"""Characters of ranges in an environment variable (the kernel's limit is 128 KiB)."""

_UNFINISHED_REASONS: Mapping[str, Reason] = {
    JobFailure.DEADLINE_EXCEEDED: Reason.DEADLINE_EXCEEDED,
    JobFailure.POD_FAILURE_POLICY: Reason.JOB_STOPPED,
    JobFailure.MAX_FAILED_INDEXES_EXCEEDED: Reason.TOO_MANY_FAILED_CHUNKS,
}
"""By the reason of a failed chunks Job, the reason to record for chunks that left neither a result nor a reason."""


def decide_chunks(observation: Observation, settings: Settings, job: StageJob) -> Decision:
    """Decide what to do once there is a chunks Job, and no merge Job yet.

    Args:
        observation: The PdfJob and what belongs to it.
        settings: The operator's configuration.
        job: The last chunks Job.
    """
    if job.outcome is None:
        return _wait(observation, job)
    if job.outcome is JobOutcome.COMPLETE and (decision := wait_for_early_merge(observation, job)) is not None:
        return decision
    progress = chunk_progress(observation)
    if observation.workspace_lost is not None:  # there is nothing to merge, and nothing to clean up
        return Decision(failed_state(observation.workspace_lost, progress))
    chunks = _out_of_memory_chunks(observation, job)
    more_memory = job.reason == JobFailure.FAILED_INDEXES and settings.can_double(job.doublings)
    if chunks and more_memory and observation.seconds_left > 0:
        manifest = chunks_job(
            observation.pdfjob,
            settings,
            total=progress.total or 0,
            pages=progress.pages or 0,
            seconds=observation.seconds_left,
            chunks=chunks,
            doublings=job.doublings + 1,
        )
        return Decision(processing_state(observation, progress), create=(manifest,))
    unfinished, message = _UNFINISHED_REASONS.get(job.reason), ""
    if observation.volume_failure is not None and job.reason == JobFailure.FAILED_INDEXES:
        unfinished, message = Reason.WORKSPACE_UNAVAILABLE, observation.volume_failure.message
    merge_input = MergeInput(
        progress,
        unfinished,
        message,
        completed_chunks(observation).dumps(),
        chunks,
        prior_failure=deadline_exceeded(observation.pdfjob) if unfinished is Reason.DEADLINE_EXCEEDED else None,
    )
    return start_merge(observation, settings, merge_input)


def restart_chunks(observation: Observation, settings: Settings) -> Decision:
    """Decide what to do if the chunks Job was deleted while it ran, and the report of prepare with its Job.

    The status has the numbers. A chunk that already has a result costs a pod and nothing else.
    """
    pdfjob, progress = observation.pdfjob, replace(recorded_progress(observation.pdfjob), succeeded=0, failed=0)
    if observation.seconds_left <= 0:
        failure = deadline_exceeded(pdfjob)
        merge_input = MergeInput(progress, failure.reason, completed=NumberSet().dumps(), prior_failure=failure)
        return start_merge(observation, settings, merge_input)
    manifest = chunks_job(
        pdfjob,
        settings,
        total=progress.total or 0,
        pages=progress.pages or 0,
        seconds=observation.seconds_left,
    )
    return Decision(processing_state(observation, progress), create=(manifest,))


def abandon_chunks(observation: Observation, settings: Settings, job: StageJob) -> Decision:
    """Merge what is done, since the time is over, and nothing but its deletion would stop the chunks Job."""
    failure = deadline_exceeded(observation.pdfjob)
    completed = completed_chunks(observation).dumps()
    merge_input = MergeInput(chunk_progress(observation), failure.reason, completed=completed, prior_failure=failure)
    return replace(start_merge(observation, settings, merge_input), delete=(job.name,))


def processing_state(observation: Observation, progress: Progress) -> JobState:
    """Return the state of a PdfJob whose chunks are processed."""
    message = f"{progress.succeeded} of {progress.total} chunks are done"
    message += f", and {progress.failed} failed." if progress.failed else "."
    if observation.pdfjob.workers == 0:
        message += " Paused: spec.workers is 0, so no further chunks start."
    if observation.chunk_failure is not None:
        message = shorten(f"{message} A pod that failed reported: {observation.chunk_failure.message}")
    state = in_phase(Phase.PROCESSING, message, replace(progress, pages_processed=observation.pages_processed))
    return _limited(state, observation.pdfjob)


def _limited(state: JobState, pdfjob: PdfJob) -> JobState:
    """Say so if the administrator allows fewer workers than the PdfJob asks for, and than there are chunks."""
    if min(pdfjob.requested_workers, state.progress.total or 0) <= pdfjob.workers:
        return state
    message = (
        f"{state.message} spec.workers is {pdfjob.requested_workers}, but the operator's configuration allows "
        f"{pdfjob.workers} workers (maxWorkersPerJob)."
    )
    return replace(state, reason=OperatorReason.WORKERS_LIMITED, message=message)


def _wait(observation: Observation, job: StageJob) -> Decision:
    """Wait for the chunks, with as many workers as the PdfJob asks for. Under Kueue, that is Kueue's decision."""
    pdfjob, state = observation.pdfjob, processing_state(observation, chunk_progress(observation))
    if job.managed_by_kueue:
        return Decision(state)
    wanted = parallelism(pdfjob, job.completions)
    return Decision(state, patch={} if job.parallelism == wanted else {job.name: {"spec": {"parallelism": wanted}}})


def _out_of_memory_chunks(observation: Observation, job: StageJob) -> str:
    """Return the chunks that ran out of memory as ranges, cut where an environment variable would be too long."""
    text = format_ranges(job.chunks_at(sorted(observation.out_of_memory_indexes)))
    return text if len(text) <= RANGES_LIMIT else text[:RANGES_LIMIT].rpartition(",")[0]
