"""How a job ends, and what its author is told then. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.limits import CHUNKS_LIMIT, shorten
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.planning.decision import JobState, Progress


if TYPE_CHECKING:
    from chunk_runner.contract.report import Merged, Report
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.objects.stage_pod import StagePod


TOO_LATE = Failure(
    Reason.DEADLINE_EXCEEDED, "The job was not finished within spec.timeoutSeconds: allow more time or more workers."
)

NO_TURN = frozenset({Reason.TOO_MANY_FAILED_CHUNKS, Reason.JOB_STOPPED})
"""Reasons of chunks that had no turn: the job was stopped because of others, which say why."""


def judge(
    job: PdfJob, facts: Progress, report: Report, *, late: Failure | None = None, refused: Failure | None = None
) -> JobState:
    """The end of a job whose results are merged.

    Args:
        job: The PdfJob.
        facts: Pages and chunks.
        report: Of the pod that merged.
        late: Set when the job ran out of time: what it has is merged all the same.
        refused: Set when a retry could not begin: the job ends as it had ended before.
    """
    merged = report.merged
    if facts.total is None and merged is not None:  # a retry that could not begin: nobody counted
        facts = replace(facts, pages=report.pages, total=_chunks(job) or merged.failed)
    total = facts.total or 0
    failures = total if merged is None else merged.failed
    warnings = report.warnings or facts.warnings
    facts = replace(facts, active=0, succeeded=total - failures, failed=failures, merged=merged, warnings=warnings)
    failure = late or report.failure
    if refused is not None:
        refused = Failure(refused.reason, shorten(f"The failed chunks cannot be run again: {refused.message}"))
    if late is None and merged is not None and merged.failed > _allowed(job):
        failure = _too_many(_allowed(job), merged)
    if failure is not None or merged is None:
        return failed(refused or failure or lost(Stage.MERGE), facts)
    if refused is not None:
        return JobState("Succeeded", refused.reason, refused.message, facts)
    if merged.failed_pages:
        return JobState("Succeeded", "PagesMissing", _missing(merged), facts)
    message = f"All {facts.pages} pages are accounted for."
    if merged.page_reasons:  # none of them failed, so spec.processor.gemini.fallback stepped in
        message += " Those in pageReasons have the text of their text layer: the model gave no usable answer."
    return JobState("Succeeded", "AllPagesProcessed", message, facts)


def failed(failure: Failure, facts: Progress | None = None) -> JobState:
    """The end of a job that failed."""
    return JobState("Failed", failure.reason, failure.message, facts or Progress())


def why(job: PdfJob, stage_job: StageJob, pod: StagePod | None) -> Failure:
    """Why a stage's Job failed: its pod's own words, unless it ran out of time or of memory."""
    if stage_job.reason == "DeadlineExceeded":
        if stage_job.stage is Stage.PREPARE:
            return too_late(job)
        return Failure(Reason.DEADLINE_EXCEEDED, _waited(job, "The merge was not finished in time: see its pod's log."))
    if pod is not None and pod.out_of_memory:
        return Failure(
            Reason.OUT_OF_MEMORY,
            f"The {stage_job.stage} pod was killed for using more memory than its limit: raise the operator's limit.",
        )
    if pod is not None and pod.report is not None and pod.report.failure is not None:
        return pod.report.failure
    return Failure(
        Reason.CRASHED,
        f"The {stage_job.stage} pods died without a word ({stage_job.reason}): see the pods of {stage_job.name}.",
    )


def too_late(job: PdfJob) -> Failure:
    """Out of time, and what for: the last thing that its status said it was waiting for."""
    return Failure(TOO_LATE.reason, _waited(job, TOO_LATE.message))


def lost(stage: Stage) -> Failure:
    """A pod that ended well and said nothing."""
    return Failure(Reason.UNEXPECTED, f"The {stage} pod ended without a report: see its log.")


def _waited(job: PdfJob, message: str) -> str:
    if job.trouble is None:
        return message
    if job.trouble.reason == Reason.DEADLINE_EXCEEDED:  # said before, with all there is to say
        return job.trouble.message
    return shorten(f"{message} It was waiting: {job.trouble.message}")


def _allowed(job: PdfJob) -> int:
    """How many chunks may fail: all of them, unless its author says otherwise (if all do, merge says so itself)."""
    return CHUNKS_LIMIT if job.max_failed_chunks is None else job.max_failed_chunks


def _too_many(allowed: int, merged: Merged) -> Failure:
    own = [chunk for chunk in merged.failed_chunks if chunk.reason not in NO_TURN]
    allows = f"{merged.failed} chunks have no result, and spec.maxFailedChunks allows {allowed}"
    if not own:
        return Failure(Reason.TOO_MANY_FAILED_CHUNKS, f"{allows}: see failedChunks.")
    reason, _ = Counter(chunk.reason for chunk in own).most_common(1)[0]
    first = next(chunk for chunk in own if chunk.reason == reason)
    return Failure(reason, shorten(f"{allows}. Chunk {first.index}, pages {first.pages}: {first.message}"))


def _missing(merged: Merged) -> str:
    """Which pages are missing; and why, where no chunk is there to say so."""
    pages, reasons = f"The output is complete but for pages {merged.failed_pages}", merged.page_reasons
    if merged.failed or not reasons:
        return f"{pages}: see failedPages and failedChunks."
    reason = max(reasons, key=lambda it: _count(reasons[it]))
    mostly = "" if len(reasons) == 1 else "mostly "
    return f"{pages} ({mostly}{reason}): see failedPages and pageReasons."


def _count(ranges: str) -> int:
    """Pages in ranges that a pod reported: they may be cut, or be something else altogether."""
    whole = ranges.rpartition(",")[0] if ranges.endswith("…") else ranges
    try:
        return sum(run.stop - run.start for run in parse_ranges(whole))
    except ValueError:
        return 0


def _chunks(job: PdfJob) -> int | None:
    total: int | None = job.status.get("chunks", {}).get("total")
    return total
