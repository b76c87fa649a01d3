"""What to do next: the whole life of a job in one place. Pure: the world and the time in, a `Step` out.

    Pending ─► Preparing ─► Processing ─► Merging ─► Succeeded | Failed
                   └── one chunk: prepare does it all ──┘

Every pass starts from what the cluster holds now. No step is remembered, so a restart of the operator, a lost event or
a deleted pod changes nothing but the time it takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chunk_runner.contract import ExitCode, Failure, Reason, Report
from pdfjob_operator import manifests
from pdfjob_operator.resources import Children, Manifest, PdfJob, Stage, StageJob, StagePod
from pdfjob_operator.status import Facts, Situation


if TYPE_CHECKING:
    from datetime import datetime

    from pdfjob_operator.settings import Settings


MERGE_SECONDS = 3600
"""How long merge may take, apart from the job's clock, because it also cleans up after a job that ran out of time."""

PERMANENT = frozenset({ExitCode.SOURCE, ExitCode.CONFIGURATION, ExitCode.USAGE})
"""Exit codes of prepare after which its Job makes no further pod."""

TOO_LATE = Failure(
    Reason.DEADLINE_EXCEEDED, "The job was not finished within spec.timeoutSeconds: allow more time or more workers."
)

MERGE_TOO_LATE = Failure(
    Reason.DEADLINE_EXCEEDED, f"The merge was not finished within {MERGE_SECONDS} seconds: see its pod's log."
)

UNFINISHED = {
    "DeadlineExceeded": TOO_LATE.reason,
    "PodFailurePolicy": Reason.CONFIGURATION_ERROR.value,
}
"""By the reason of a failed chunks Job: what to record for chunks that left neither a result nor a reason."""


@dataclass(frozen=True)
class Step:
    """What one pass decides.

    Attributes:
        situation: Where the job is.
        create: Jobs to make.
        delete: Names of Jobs to delete; their stage runs again.
        scale: Parallelism to set, by name of the Job.
    """

    situation: Situation
    create: tuple[Manifest, ...] = ()
    delete: tuple[str, ...] = ()
    scale: dict[str, int] = field(default_factory=dict)


def next_step(job: PdfJob, children: Children, settings: Settings, now: datetime) -> Step:
    """Decide what to do for a job that has not ended.

    Args:
        job: The PdfJob.
        children: Its Jobs, and the pods that report.
        settings: The configuration.
        now: The time, with its zone.
    """
    chunks = children.jobs.get(Stage.CHUNKS)
    if chunks is not None:
        return _process(job, children, settings, chunks)
    return _prepare(job, children, settings, now)


def _prepare(job: PdfJob, children: Children, settings: Settings, now: datetime) -> Step:
    prepare, seconds = children.jobs.get(Stage.PREPARE), _seconds_left(job, now)
    pending = Situation("Pending", "Pending", "Waiting for the prepare pod to start.")
    if prepare is None:
        if children.jobs.get(Stage.MERGE) is not None:
            return _clean_up(job, children, settings, _lost(Stage.PREPARE))
        return Step(pending, create=(manifests.prepare_job(job, settings, seconds=max(seconds, 1)),))
    pod = children.ended(Stage.PREPARE)
    if pod is not None and pod.exit_code == 0 and pod.report is not None and pod.report.chunks:
        return _prepared(job, children, settings, pod.report, seconds)
    if pod is not None and pod.exit_code in PERMANENT:
        return Step(_failed(pod.report.failure if pod.report and pod.report.failure else _lost(Stage.PREPARE)))
    if pod is not None and pod.exit_code == 0:
        return Step(_failed(_lost(Stage.PREPARE)))
    if prepare.verdict == "Complete":  # its pod was deleted before anybody read the report
        return Step(pending, delete=() if prepare.deleting else (prepare.name,))
    if prepare.verdict == "Failed":
        return _clean_up(job, children, settings, _why(prepare, pod))
    if prepare.active or children.started(Stage.PREPARE):
        return Step(Situation("Preparing", "Preparing", "The source is being counted and split."))
    return Step(pending)


def _prepared(job: PdfJob, children: Children, settings: Settings, report: Report, seconds: int) -> Step:
    """Prepare is done: with one chunk that is all, else the chunks follow."""
    pages, total = report.pages or 0, report.chunks or 0
    if report.failure is not None or report.merged is not None:
        return Step(_judge(Facts(pages, total), report))
    facts = Facts(pages, total)
    if seconds <= 0:
        return _merge(job, children, settings, facts, "DeadlineExceeded")
    chunks = manifests.chunks_job(job, settings, chunks=total, pages=pages, seconds=seconds)
    return Step(_processing(facts), create=(chunks,))


def _process(job: PdfJob, children: Children, settings: Settings, chunks: StageJob) -> Step:
    facts = Facts(chunks.pages, chunks.completions, chunks.active, chunks.succeeded, chunks.failed)
    if chunks.verdict is None:
        wanted = manifests.parallelism(job, chunks.completions)
        return Step(_processing(facts), scale={} if chunks.parallelism == wanted else {chunks.name: wanted})
    return _merge(job, children, settings, facts, chunks.reason)


def _merge(job: PdfJob, children: Children, settings: Settings, facts: Facts, reason: str) -> Step:
    """The chunks have ended, for this reason; merge what there is, whatever it is."""
    merge = children.jobs.get(Stage.MERGE)
    merging = Situation("Merging", "Merging", "The results are being merged.", facts)
    if merge is None:
        unfinished = UNFINISHED.get(reason)
        manifest = manifests.merge_job(job, settings, unfinished=unfinished, seconds=MERGE_SECONDS)
        return Step(merging, create=(manifest,))
    late = TOO_LATE if reason == "DeadlineExceeded" else None
    pod = children.ended(Stage.MERGE)
    if pod is not None and pod.exit_code == 0:
        return Step(_judge(facts, pod.report or Report(), late))
    if merge.verdict == "Complete":  # its pod was deleted before anybody read the report
        return Step(merging, delete=() if merge.deleting else (merge.name,))
    if merge.verdict == "Failed":
        return Step(_failed(late or _why(merge, pod), facts))
    return Step(merging)


def _clean_up(job: PdfJob, children: Children, settings: Settings, failure: Failure) -> Step:
    """Prepare ended without cleaning up after itself: merge does, and then the job has failed.

    Not when prepare never ran: then there is nothing to clean, and merge could not start either. A Job at its deadline
    takes its pods along, so the phase tells too.
    """
    merge = children.jobs.get(Stage.MERGE)
    ran = children.started(Stage.PREPARE) or job.status.get("phase") == "Preparing"
    cleaning = Situation("Merging", failure.reason, failure.message)
    if merge is None and ran:
        job_manifest = manifests.merge_job(job, settings, unfinished=failure.reason, seconds=MERGE_SECONDS)
        return Step(cleaning, create=(job_manifest,))
    if merge is None or merge.verdict is not None or children.ended(Stage.MERGE) is not None:
        return Step(_failed(failure))
    return Step(cleaning)


def _judge(facts: Facts, report: Report, late: Failure | None = None) -> Situation:
    """The end of a job whose results are merged.

    Args:
        facts: Pages and chunks.
        report: Of the pod that merged.
        late: Set when the job ran out of time: what it has is merged all the same.
    """
    total, merged = facts.total or 0, report.merged
    failed = total if merged is None else merged.failed
    facts = replace(facts, active=0, succeeded=total - failed, failed=failed, merged=merged)
    failure = late or report.failure
    if failure is not None or merged is None:
        return _failed(failure or _lost(Stage.MERGE), facts)
    if merged.failed_pages:
        message = f"The output is complete but for pages {merged.failed_pages}: see failedPages and failedChunks."
        return Situation("Succeeded", "PagesMissing", message, facts)
    return Situation("Succeeded", "AllPagesProcessed", f"All {facts.pages} pages are accounted for.", facts)


def _processing(facts: Facts) -> Situation:
    message = f"{facts.succeeded + facts.failed} of {facts.total} chunks are done."
    return Situation("Processing", "Processing", message, facts)


def _failed(failure: Failure, facts: Facts | None = None) -> Situation:
    return Situation("Failed", failure.reason, failure.message, facts or Facts())


def _why(stage_job: StageJob, pod: StagePod | None) -> Failure:
    """Why a stage's Job failed: its pod's own words, unless it ran out of time."""
    if stage_job.reason == "DeadlineExceeded":
        return TOO_LATE if stage_job.stage is Stage.PREPARE else MERGE_TOO_LATE
    if pod is not None and pod.report is not None and pod.report.failure is not None:
        return pod.report.failure
    return Failure(
        Reason.CRASHED,
        f"The {stage_job.stage} pods died without a word ({stage_job.reason}): see the pods of {stage_job.name}.",
    )


def _lost(stage: Stage) -> Failure:
    return Failure(Reason.UNEXPECTED, f"The {stage} pod ended without a report: see its log.")


def _seconds_left(job: PdfJob, now: datetime) -> int:
    """What is left of the job's one clock, which starts at its first pass."""
    return job.timeout_seconds - int((now - (job.started or now)).total_seconds())
