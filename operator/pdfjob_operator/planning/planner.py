"""The life of a PdfJob. Pure: an `Observation` in, a `Decision` out.

    Pending ─► Preparing ─► Processing ─► Merging ─► Succeeded | Failed ─► (spec.retryFailed raised) ─► Pending
                   │             └── merged early ──┤
                   └── one chunk: prepare does all ─┘

Every reconciliation starts from what the cluster holds now. No step is remembered, so a restart of the operator, a lost
event or a deleted pod changes nothing but the time it takes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.labels import ANNOTATION_SUSPENDED, LABEL_RESTORED
from pdfjob_operator.objects.manifests.jobs import MIN_MERGE_SECONDS
from pdfjob_operator.objects.manifests.pod_additions import settings_for
from pdfjob_operator.objects.phases import PHASES_IN_ORDER, Condition, Phase, Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.chunk_processing import abandon_chunks, decide_chunks, restart_chunks
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.early_merge import early_outcome, with_early_merge
from pdfjob_operator.planning.merging import abandon_merge, decide_merge, restart_merge
from pdfjob_operator.planning.outcome import failed_state
from pdfjob_operator.planning.pod_review import pod_refusal
from pdfjob_operator.planning.preparation import abandon_preparation, decide_preparation, waiting_state
from pdfjob_operator.planning.progress import Progress, chunk_progress, recorded_progress
from pdfjob_operator.planning.storage import choose_claim, on_claims


if TYPE_CHECKING:
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


RESTORE_SECONDS = 60
"""How long to wait for the status of a restored PdfJob, which Velero writes only if nobody else has written one."""


def plan(observation: Observation, settings: Settings) -> Decision:
    """Decide what one reconciliation does.

    Args:
        observation: The PdfJob and what belongs to it.
        settings: The operator's configuration.
    """
    pdfjob, settings = observation.pdfjob, settings_for(settings, observation.pdfjob.pod)
    if pdfjob.is_finished:
        return _retry_or_delete(observation)
    if not pdfjob.status:
        return _accept(observation, settings)
    if observation.namespace_terminating:
        return _release_namespace(observation)
    decision = on_claims(_proceed(observation, settings), observation, settings)
    return _without_leftovers(with_early_merge(decision, observation, settings), observation)


def _proceed(observation: Observation, settings: Settings) -> Decision:
    """Decide the next step of a PdfJob that has started."""
    pdfjob, job = observation.pdfjob, observation.unfinished_job()
    if pdfjob.suspend and not (job is not None and job.managed_by_kueue):
        return _suspend(observation, job)
    if (outcome := early_outcome(observation)) is not None:
        return Decision(outcome)
    if job is None:
        return _forward(_run_stage(observation, settings), pdfjob.reached_phase)
    pod = observation.finished_pod(job.stage)
    is_done = pod is not None and pod.exit_code == 0
    if observation.overdue_after(job) <= 0 and not is_done:
        return _abandon(observation, settings, job)
    decision = _run_stage(observation, settings)
    if job.suspended_by_operator and not job.managed_by_kueue and not is_done:
        decision = _resume(decision, job, observation.seconds_left)
    if job.suspended or job.managed_by_kueue or observation.seconds_left <= 0:  # no event tells that it is overdue
        decision = replace(decision, requeue_after=max(observation.overdue_after(job), 1))
    decision = _forward(decision, pdfjob.reached_phase)
    obstacle, state = None if is_done else _obstacle(observation, job), decision.state
    if state is None or state.is_terminal:
        return decision
    if obstacle is not None:
        return replace(decision, state=state.blocked(obstacle))
    if job.is_queued and not is_done:
        message = f"Waiting for Kueue to admit the {job.stage} Job to the queue {job.queue}."
        return replace(decision, state=replace(state, reason=OperatorReason.QUEUED, message=message))
    return decision


def _without_leftovers(decision: Decision, observation: Observation) -> Decision:
    """Delete suspended Jobs whose work is done, since their pods would run again if somebody resumed them.

    Kubernetes counts a pod a second or two after its container has ended, and never if its Job is suspended meanwhile.
    """
    is_end = decision.state is not None and decision.state.is_terminal
    current = () if is_end else (observation.unfinished_job(), observation.job(Stage.EARLY_MERGE))
    held = (job for job in observation.jobs if job.suspended and job.outcome is None)
    leftovers = (job.name for job in held if job not in current and not (job.deleting or job.finishing))
    return replace(decision, delete=tuple(dict.fromkeys((*decision.delete, *leftovers))))


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
    """Record the start time, the round and the claim before anything is created, unless its pods are not allowed."""
    if observation.pdfjob.is_restored:
        age = (observation.now - observation.pdfjob.created_at).total_seconds()
        if age < RESTORE_SECONDS:
            return Decision(None, requeue_after=RESTORE_SECONDS - age)
    claim = choose_claim(observation, settings)
    refusal = pod_refusal(observation.pdfjob.pod, settings)
    if refusal is not None:
        return Decision(failed_state(refusal), claim=claim)
    if not observation.admitted:
        return Decision(waiting_state(settings), claim=claim)
    is_suspended = observation.pdfjob.suspend
    state = _suspended_state(observation.pdfjob) if is_suspended else in_phase(Phase.PENDING, "Accepted.")
    return Decision(state, claim=claim, requeue_after=0)


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
    progress = chunk_progress(observation)
    if progress.total is None:  # the chunks Job is not there yet, or not any more
        progress = recorded_progress(observation.pdfjob)
    state = _suspended_state(observation.pdfjob, progress)
    if job is None or job.suspended:
        return Decision(state)
    mark = {ANNOTATION_SUSPENDED: observation.pdfjob.reached_phase.value}
    return Decision(state, patch={job.name: {"metadata": {"annotations": mark}, "spec": {"suspend": True}}})


def _suspended_state(pdfjob: PdfJob, progress: Progress | None = None) -> JobState:
    message = "Suspended by spec.suspend: set it to false to resume."
    if pdfjob.is_restored:
        message = f"Restored from a backup, so it may have run before: remove the label {LABEL_RESTORED} to run it."
    return in_phase(Phase.SUSPENDED, message, progress)


def _run_stage(observation: Observation, settings: Settings) -> Decision:
    """Decide by the Job of the last stage so far. If it was deleted, the status says which stage it was."""
    merge, chunks, prepare = (observation.job(stage) for stage in (Stage.MERGE, Stage.CHUNKS, Stage.PREPARE))
    pdfjob = observation.pdfjob
    if merge is not None:
        return decide_merge(observation, settings, merge)
    if chunks is not None:
        return decide_chunks(observation, settings, chunks)
    if pdfjob.reached_phase is Phase.MERGING:
        return restart_merge(observation, settings)
    if prepare is None and "chunks" in pdfjob.status:
        return restart_chunks(observation, settings)
    return decide_preparation(observation, settings)


def _abandon(observation: Observation, settings: Settings, job: StageJob) -> Decision:
    """Go on without a Job that should have ended long ago."""
    if job.stage is Stage.MERGE:
        return abandon_merge(observation, job)
    if job.stage is Stage.CHUNKS:
        return abandon_chunks(observation, settings, job)
    return abandon_preparation(observation, settings, job)


def _resume(decision: Decision, job: StageJob, seconds_left: int) -> Decision:
    """Resume a Job with what is left of the PdfJob's time, since Kubernetes restarts the clock of a resumed Job."""
    least = MIN_MERGE_SECONDS if job.stage is Stage.MERGE else 1
    changes = decision.patch.get(job.name, {}).get("spec", {})
    spec = {"suspend": False, "activeDeadlineSeconds": max(seconds_left, least), **changes}
    patch = {"metadata": {"annotations": {ANNOTATION_SUSPENDED: None}}, "spec": spec}
    return replace(decision, patch={**decision.patch, job.name: patch})


def _forward(decision: Decision, phase: Phase) -> Decision:
    """Keep the phase if the decision would go back to an earlier one, because a Job was deleted or resumed."""
    state = decision.state
    if state is None or not {state.phase, phase} <= {*PHASES_IN_ORDER}:
        return decision
    if PHASES_IN_ORDER.index(state.phase) >= PHASES_IN_ORDER.index(phase):
        return decision
    reason = phase.value if state.reason == state.phase else state.reason
    return replace(decision, state=replace(state, phase=phase, reason=reason))


def _obstacle(observation: Observation, job: StageJob) -> Failure | None:
    """Return what keeps the unfinished Job from making progress."""
    if job.suspended and not job.suspended_by_operator and not job.managed_by_kueue:
        message = f"Something else has suspended Job {job.name}: set its spec.suspend to false, and the job continues."
        return Failure(OperatorReason.JOB_SUSPENDED, message)
    if observation.diagnosis is not None:
        return observation.diagnosis
    if job.stage is Stage.CHUNKS:
        return observation.chunk_failure if job.wanted_pods and not job.ready else None
    pod = observation.finished_pod(job.stage)
    return pod.report.failure if pod is not None and pod.report is not None else None  # Kubernetes starts another pod
