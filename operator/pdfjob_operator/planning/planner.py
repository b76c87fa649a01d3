"""The life of a PdfJob. Pure: an `Observation` in, a `Decision` out.

    Pending ─► Preparing ─► Processing ─► Merging ─► Succeeded | Failed ─► (spec.retryFailed raised) ─► Pending
                   └── one chunk: prepare does it all ──┘

Every reconciliation starts from what the cluster holds now. No step is remembered, so a restart of the operator, a lost
event or a deleted pod changes nothing but the time it takes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.phases import Condition, Phase, Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.chunk_processing import decide_chunks
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.merging import MIN_MERGE_SECONDS
from pdfjob_operator.planning.preparation import decide_preparation, waiting_state
from pdfjob_operator.planning.progress import chunk_progress


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


def plan(observation: Observation, settings: Settings) -> Decision:
    """Decide what one reconciliation does.

    Args:
        observation: The PdfJob and what belongs to it.
        settings: The operator's configuration.
    """
    pdfjob = observation.pdfjob
    if pdfjob.is_finished:
        return _retry_or_delete(observation)
    if not pdfjob.status:
        return _accept(observation, settings)
    if observation.namespace_terminating:
        return _release_namespace(observation)
    job = observation.unfinished_job()
    if pdfjob.suspend and not (job is not None and job.managed_by_kueue):
        return _suspend(observation, job)
    decision = _run_stage(observation, settings)
    if job is not None and job.suspended and not job.managed_by_kueue and pdfjob.was_suspended:
        decision = _resume(decision, job, observation.seconds_left)
    state = decision.state
    if job is not None and observation.diagnosis is not None and state is not None and not state.is_terminal:
        return replace(decision, state=state.blocked(observation.diagnosis))
    return decision


def _retry_or_delete(observation: Observation) -> Decision:
    """Retry the failed chunks of a finished PdfJob, or delete it once its time to live has passed."""
    pdfjob = observation.pdfjob
    has_failures = pdfjob.status["phase"] == Phase.FAILED or pdfjob.condition(Condition.PARTIAL).get("status") == "True"
    if has_failures and pdfjob.retry_failed > pdfjob.round:
        return Decision(in_phase(Phase.PENDING, "Retrying the failed chunks."), new_round=pdfjob.retry_failed)
    if pdfjob.ttl_seconds is None:
        return Decision(None)
    due = parse_time(pdfjob.status["completionTime"]) + timedelta(seconds=pdfjob.ttl_seconds)
    seconds = max((due - observation.now).total_seconds(), 0)
    return Decision(None, delete_pdfjob=seconds == 0, requeue_after=seconds or None)


def _accept(observation: Observation, settings: Settings) -> Decision:
    """Record the start time and the round before anything is created."""
    if not observation.admitted:
        return Decision(waiting_state(settings))
    phase = Phase.SUSPENDED if observation.pdfjob.suspend else Phase.PENDING
    return Decision(in_phase(phase, "Accepted."), requeue_after=0)


def _release_namespace(observation: Observation) -> Decision:
    """Delete the unfinished Jobs: for one with retries per index, a terminating namespace waits until its deadline."""
    state = JobState(
        Phase(observation.pdfjob.status.get("phase", Phase.PENDING)),
        OperatorReason.NAMESPACE_TERMINATING,
        "The namespace is being deleted, and this PdfJob with it.",
    )
    unfinished = (job for job in observation.jobs if job.outcome is None and not job.deleting)
    return Decision(state, delete=tuple(job.name for job in unfinished))


def _suspend(observation: Observation, job: StageJob | None) -> Decision:
    message = "Suspended by spec.suspend: set it to false to resume."
    state = in_phase(Phase.SUSPENDED, message, chunk_progress(observation))
    if job is None or job.suspended:
        return Decision(state)
    return Decision(state, patch={job.name: {"suspend": True}})


def _run_stage(observation: Observation, settings: Settings) -> Decision:
    chunks_job = observation.job(Stage.CHUNKS)
    if chunks_job is not None:
        return decide_chunks(observation, settings, chunks_job)
    return decide_preparation(observation, settings)


def _resume(decision: Decision, job: StageJob, seconds_left: int) -> Decision:
    """Resume a Job with what is left of the PdfJob's time, since Kubernetes restarts the clock of a resumed Job."""
    least = MIN_MERGE_SECONDS if job.stage is Stage.MERGE else 1
    patch = {"suspend": False, "activeDeadlineSeconds": max(seconds_left, least), **decision.patch.get(job.name, {})}
    return replace(decision, patch={**decision.patch, job.name: patch})
