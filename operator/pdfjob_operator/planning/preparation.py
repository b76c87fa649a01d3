"""The prepare stage: what to do until the source is split into chunks. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.ranges import parse_ranges
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.manifests.jobs import chunks_job, prepare_job
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.chunk_processing import processing_state
from pdfjob_operator.planning.decision import Decision, JobState, in_phase
from pdfjob_operator.planning.merge_input import MergeInput
from pdfjob_operator.planning.merging import clean_up, start_merge
from pdfjob_operator.planning.outcome import (
    deadline_exceeded,
    failed_state,
    job_outcome,
    missing_report,
    stage_failure,
)
from pdfjob_operator.planning.progress import Progress


if TYPE_CHECKING:
    from chunk_runner.contract.report import Failure, Report
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


_PERMANENT_FAILURES = frozenset({ExitCode.SOURCE, ExitCode.CONFIGURATION, ExitCode.USAGE})
"""Exit codes after which the prepare Job creates no further pod."""

_PENDING = in_phase(Phase.PENDING, "Waiting for the prepare pod to start.")


def decide_preparation(observation: Observation, settings: Settings) -> Decision:
    """Decide what to do while there is neither a chunks Job nor a merge Job."""
    job = observation.job(Stage.PREPARE)
    if job is None:
        return _begin(observation, settings)
    pod = observation.finished_pod(Stage.PREPARE)
    report = None if pod is None else pod.report
    if pod is not None and pod.exit_code == 0 and report is not None and report.chunks:
        return _continue_after(report, observation, settings)
    if pod is not None and (pod.exit_code in _PERMANENT_FAILURES or pod.exit_code == 0):
        failure = None if report is None else report.failure
        return _fail_permanently(failure or missing_report(Stage.PREPARE), observation, settings)
    if job.outcome is JobOutcome.COMPLETE:  # its pod was deleted before anybody read the report
        return Decision(_PENDING, delete=() if job.deleting else (job.name,))
    if job.outcome is JobOutcome.FAILED:
        return _retry_or_fail(job, observation, settings)
    if observation.has_started(Stage.PREPARE):
        return Decision(in_phase(Phase.PREPARING, "Reading and splitting the source."))
    return Decision(_PENDING)


def abandon_preparation(observation: Observation, settings: Settings, job: StageJob) -> Decision:
    """Fail, since the time is over, and nothing but its deletion would stop the prepare Job."""
    failure = deadline_exceeded(observation.pdfjob)
    return replace(clean_up(observation, settings, failure), delete=(job.name,))


def waiting_state(settings: Settings) -> JobState:
    """Return the state of a PdfJob that waits until another one of its namespace has finished."""
    message = (
        "Waiting until another PdfJob of this namespace has finished: the operator's configuration allows "
        f"{settings.max_pdfjobs_per_namespace} at the same time (maxPdfJobsPerNamespace)."
    )
    return JobState(Phase.PENDING, OperatorReason.NAMESPACE_LIMIT_REACHED, message)


def _begin(observation: Observation, settings: Settings) -> Decision:
    if observation.seconds_left <= 0:
        return clean_up(observation, settings, deadline_exceeded(observation.pdfjob))
    if not observation.admitted:
        return Decision(waiting_state(settings))
    manifest = prepare_job(observation.pdfjob, settings, seconds=observation.seconds_left)
    return Decision(_PENDING, create=(manifest,))


def _continue_after(report: Report, observation: Observation, settings: Settings) -> Decision:
    """Prepare has succeeded. With one chunk, the PdfJob has finished; otherwise, run the chunks without a result."""
    pdfjob = observation.pdfjob
    pages, total = report.pages or 0, report.chunks or 0
    if report.failure is not None or report.merged is not None:
        return Decision(job_outcome(pdfjob, Progress(pages, total), report))
    handed_out = [range(total)] if report.todo is None else parse_ranges(report.todo)
    todo = sum(map(len, handed_out))
    progress = Progress(pages, total, succeeded=total - todo, warnings=report.warnings)
    if observation.seconds_left <= 0 or not todo:
        failure = deadline_exceeded(pdfjob) if todo else None
        completed = NumberSet({*range(total)}.difference(*handed_out)).dumps()
        reason = None if failure is None else failure.reason
        merge_input = MergeInput(progress, reason, completed=completed, prior_failure=failure)
        return start_merge(observation, settings, merge_input)
    manifest = chunks_job(
        pdfjob,
        settings,
        total=total,
        pages=pages,
        seconds=observation.seconds_left,
        chunks=report.todo if todo < total else None,
    )
    return Decision(processing_state(observation, progress), create=(manifest,))


def _fail_permanently(failure: Failure, observation: Observation, settings: Settings) -> Decision:
    """Fail, since another attempt cannot help. In a retry, finish as the PdfJob did before, with its output."""
    if observation.pdfjob.round == 0:
        return Decision(failed_state(failure))
    return start_merge(observation, settings, MergeInput(Progress(), failure.reason, retry_failure=failure))


def _retry_or_fail(job: StageJob, observation: Observation, settings: Settings) -> Decision:
    """Repeat a prepare Job that ran out of memory with more memory; otherwise clean up, and fail."""
    pod = observation.finished_pod(Stage.PREPARE)
    seconds = observation.seconds_left
    if pod is not None and pod.out_of_memory and settings.can_double(job.doublings) and seconds > 0:
        manifest = prepare_job(observation.pdfjob, settings, seconds=seconds, doublings=job.doublings + 1)
        return Decision(_PENDING, create=(manifest,))
    return clean_up(observation, settings, stage_failure(observation.pdfjob, job, pod))
