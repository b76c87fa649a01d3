"""Merging early: beside the chunks Job, a merge Job whose pod waits for the last results. Pure.

It saves the seconds in which Kubernetes counts the last pods and starts another one. Only its success counts, which
needs the result of every chunk. Whatever else happens, it gives way to the merge stage, and takes no chunk along.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.manifests.jobs import merge_job
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.outcome import job_outcome
from pdfjob_operator.planning.progress import chunk_progress, recorded_progress
from pdfjob_operator.planning.storage import on_claims


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


LATE_SECONDS = 60
"""How long it may go on once all chunks have completed, before the merge stage takes its place."""


def early_outcome(observation: Observation) -> JobState | None:
    """Return the outcome of a PdfJob that was merged early; `None` if it was not, or the merge stage has begun."""
    pod = observation.finished_pod(Stage.EARLY_MERGE)
    if pod is None or pod.exit_code != 0 or pod.report is None or observation.job(Stage.MERGE) is not None:
        return None
    merged = pod.report.merged
    if merged is None or merged.failed or pod.report.failure is not None:
        return None
    progress = chunk_progress(observation)
    if progress.total is None:  # its Job was deleted
        progress = recorded_progress(observation.pdfjob)
    return job_outcome(observation.pdfjob, progress, pod.report)


def wait_for_early_merge(observation: Observation, chunks: StageJob) -> Decision | None:
    """Decide to wait for an early merge at work, now that all chunks have completed; `None` if there is none, or late.

    Args:
        observation: The PdfJob and what belongs to it.
        chunks: The last chunks Job, which has completed.
    """
    job = observation.job(Stage.EARLY_MERGE)
    is_running = any(pod.stage is Stage.EARLY_MERGE and pod.running for pod in observation.pods)
    if job is None or job.outcome is not None or job.suspended or job.deleting or not is_running:
        return None
    seconds = LATE_SECONDS - (observation.now - (chunks.finished_at or observation.now)).total_seconds()
    if seconds <= 0 or observation.seconds_left <= 0:
        return None
    return Decision(in_phase(Phase.MERGING, "Merging the results.", chunk_progress(observation)), requeue_after=seconds)


def with_early_merge(decision: Decision, observation: Observation, settings: Settings) -> Decision:
    """Create the Job of an early merge once all chunks that are left run, or delete it if it waits in vain."""
    job, pod = observation.job(Stage.EARLY_MERGE), observation.finished_pod(Stage.EARLY_MERGE)
    if job is None:
        if not _may_begin(decision, observation, settings):
            return decision
        manifest = merge_job(
            observation.pdfjob, settings, unfinished=None, seconds=observation.seconds_left, early=True
        )
        begun = on_claims(replace(decision, create=(manifest,)), observation, settings)
        # A claim that is missing, or may not be used, is the concern of the merge stage.
        return begun if begun.create and begun.create_claim is None else decision
    has_succeeded = pod is not None and pod.exit_code == 0
    if job.outcome is not None or job.deleting or has_succeeded or _may_go_on(decision, observation):
        return decision
    return replace(decision, delete=(*decision.delete, job.name))


def _may_begin(decision: Decision, observation: Observation, settings: Settings) -> bool:
    """Return whether every chunk that is left runs, and nothing else is to be done now.

    If Kueue manages all Jobs, the Job would wait in a queue, and hold back others.
    """
    if not settings.early_merge or settings.queueing.manage_jobs_without_queue_name or decision.patch:
        return False
    return observation.all_chunks_run and observation.seconds_left > 0 and _may_go_on(decision, observation)


def _may_go_on(decision: Decision, observation: Observation) -> bool:
    """Return whether every chunk may still get a result without a pod being created.

    A chunk that is tried again, or whose pod does not start, may need the room that the waiting pod takes.
    """
    state, chunks = decision.state, observation.job(Stage.CHUNKS)
    if state is None or chunks is None or decision.create or observation.job(Stage.MERGE) is not None:
        return False
    if chunks.outcome is not None:
        return state.phase is Phase.MERGING and chunks.outcome is JobOutcome.COMPLETE
    is_at_work = not (chunks.suspended or chunks.deleting) and chunks.active >= chunks.remaining
    has_failed = chunk_progress(observation).failed > 0 or observation.diagnosis is not None
    return state.phase is Phase.PROCESSING and is_at_work and not has_failed
