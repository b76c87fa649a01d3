"""The outcome of a PdfJob: the phase, the reason and the message with which it finishes. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.limits import CHUNKS_LIMIT, shorten
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import JobFailure
from pdfjob_operator.objects.phases import Phase, Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.progress import Progress


if TYPE_CHECKING:
    from chunk_runner.contract.report import Merged, Report
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.objects.stage_pod import StagePod


_NOT_RUN = frozenset({Reason.TOO_MANY_FAILED_CHUNKS, Reason.JOB_STOPPED})
"""Reasons of chunks that did not run, because the PdfJob was stopped on account of others."""


def job_outcome(
    pdfjob: PdfJob,
    progress: Progress,
    report: Report,
    *,
    prior_failure: Failure | None = None,
    retry_failure: Failure | None = None,
) -> JobState:
    """Return the outcome of a PdfJob whose results are merged.

    Args:
        pdfjob: The PdfJob.
        progress: Progress before the merge.
        report: Report of the pod that merged.
        prior_failure: Failure before the merge, such as a timeout; the PdfJob fails, but keeps the output.
        retry_failure: Failure of a retry that could not begin; the PdfJob finishes as it did before.
    """
    progress = _merged_progress(pdfjob, progress, report)
    merged, allowed = report.merged, _allowed_failures(pdfjob)
    failure = prior_failure or report.failure
    if prior_failure is None and merged is not None and merged.failed > allowed:
        failure = _too_many_failed_chunks(allowed, merged)
    if retry_failure is not None:
        message = shorten(f"The failed chunks cannot be retried: {retry_failure.message}")
        retry_failure = Failure(retry_failure.reason, message)
    if failure is not None or merged is None:
        return failed_state(retry_failure or failure or missing_report(Stage.MERGE), progress)
    if retry_failure is not None:
        return JobState(Phase.SUCCEEDED, retry_failure.reason, retry_failure.message, progress)
    if merged.failed_pages:
        return JobState(Phase.SUCCEEDED, OperatorReason.PAGES_MISSING, _pages_missing(merged), progress)
    message = f"All {progress.pages} pages are accounted for."
    if merged.page_reasons:  # none of these pages failed, so spec.processor.gemini.fallback took effect
        message += " The pages in pageReasons have their text layer instead: the model gave no usable answer for them."
    return JobState(Phase.SUCCEEDED, OperatorReason.ALL_PAGES_PROCESSED, message, progress)


def failed_state(failure: Failure, progress: Progress | None = None) -> JobState:
    """Return the outcome of a PdfJob that failed."""
    return JobState(Phase.FAILED, failure.reason, failure.message, progress or Progress())


def stage_failure(pdfjob: PdfJob, job: StageJob, pod: StagePod | None) -> Failure:
    """Return why a stage's Job failed: what its pod reports, unless it ran out of time or of memory."""
    if job.reason == JobFailure.DEADLINE_EXCEEDED:
        if job.stage is Stage.PREPARE:
            return deadline_exceeded(pdfjob)
        message = "The merge did not finish in time: check the log of its pod."
        return Failure(Reason.DEADLINE_EXCEEDED, _with_diagnosis(pdfjob, message))
    if pod is not None and pod.out_of_memory:
        return Failure(
            Reason.OUT_OF_MEMORY,
            f"The {job.stage} pod exceeded its memory limit: raise the limit in the operator's configuration.",
        )
    if pod is not None and pod.report is not None and pod.report.failure is not None:
        return pod.report.failure
    return Failure(
        Reason.CRASHED,
        f"The {job.stage} pods exited without reporting a result ({job.reason}): check the pods of Job {job.name}.",
    )


def deadline_exceeded(pdfjob: PdfJob) -> Failure:
    """Return the failure of a PdfJob that timed out, with what it was waiting for."""
    message = (
        "The job did not finish within spec.timeoutSeconds: raise spec.workers and spec.retryFailed, or create"
        " a PdfJob with a longer timeout."
    )
    return Failure(Reason.DEADLINE_EXCEEDED, _with_diagnosis(pdfjob, message))


def missing_report(stage: Stage) -> Failure:
    """Return the failure of a stage whose pod succeeded without a readable report."""
    return Failure(Reason.UNEXPECTED, f"The {stage} pod exited without a report: check its log.")


def _merged_progress(pdfjob: PdfJob, progress: Progress, report: Report) -> Progress:
    """Return the progress after the merge, by its report."""
    merged, pages, total = report.merged, progress.pages, progress.total
    if total is None and merged is not None:  # a round that could not begin: nobody counted the chunks
        pages, total = report.pages, pdfjob.status.get("chunks", {}).get("total") or merged.failed
    failed = (total or 0) if merged is None else min(merged.failed, total or 0)
    return replace(
        progress,
        pages=pages,
        total=total,
        active=0,
        succeeded=(total or 0) - failed,
        failed=failed,
        merged=merged,
        warnings=report.warnings or progress.warnings,
    )


def _with_diagnosis(pdfjob: PdfJob, message: str) -> str:
    """Add what the PdfJob was waiting for, by its last status."""
    wait = pdfjob.last_wait
    if wait is None:
        return message
    if wait.reason == Reason.DEADLINE_EXCEEDED:  # this very message, from an earlier pass
        return wait.message
    return shorten(f"{message} It was waiting: {wait.message}")


def _allowed_failures(pdfjob: PdfJob) -> int:
    """Return how many chunks may fail. Unless its author limits it, all of them: merge reports that case itself."""
    return CHUNKS_LIMIT if pdfjob.max_failed_chunks is None else pdfjob.max_failed_chunks


def _too_many_failed_chunks(allowed: int, merged: Merged) -> Failure:
    """Return the most common failure among the chunks that ran."""
    chunks = [chunk for chunk in merged.failed_chunks if chunk.reason not in _NOT_RUN]
    summary = f"{merged.failed} chunks failed, and spec.maxFailedChunks allows {allowed}"
    if not chunks:
        return Failure(Reason.TOO_MANY_FAILED_CHUNKS, f"{summary}: see failedChunks.")
    reason, _ = Counter(chunk.reason for chunk in chunks).most_common(1)[0]
    first = next(chunk for chunk in chunks if chunk.reason == reason)
    return Failure(reason, shorten(f"{summary}. Chunk {first.index}, pages {first.pages}: {first.message}"))


def _pages_missing(merged: Merged) -> str:
    """Say which pages are missing; and why, unless failedChunks does."""
    summary, reasons = f"The output is complete except for pages {merged.failed_pages}", merged.page_reasons
    if merged.failed or not reasons:
        return f"{summary}: see failedPages and failedChunks."
    reason = max(reasons, key=lambda reason: _count_pages(reasons[reason]))
    mostly = "" if len(reasons) == 1 else "mostly "
    return f"{summary} ({mostly}{reason}): see failedPages and pageReasons."


def _count_pages(ranges: str) -> int:
    """Count the pages in ranges from a report, which may be cut short, or no ranges at all."""
    whole = ranges.rpartition(",")[0] if ranges.endswith("…") else ranges
    try:
        return sum(run.stop - run.start for run in parse_ranges(whole))
    except ValueError:
        return 0
