"""What to do next: the whole life of a job in one place. Pure: the world and the time in, a `Decision` out.

    Pending ─► Preparing ─► Processing ─► Merging ─► Succeeded | Failed ─► (spec.retryFailed raised) ─► Pending
                   └── one chunk: prepare does it all ──┘

Every pass starts from what the cluster holds now. No step is remembered, so a restart of the operator, a lost event or
a deleted pod changes nothing but the time it takes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.ranges import format_ranges, parse_ranges
from chunk_runner.contract.reasons import Reason
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects import job_manifests
from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.planning.decision import Afterwards, Decision, JobState, Progress
from pdfjob_operator.planning.outcome import failed, judge, lost, too_late, why


if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.children import Children
    from pdfjob_operator.objects.stage_job import StageJob


MERGE_SECONDS = 600
"""How long merge may take at least: it also cleans up after a job that ran out of time."""

RANGES_LIMIT = 100_000
"""Characters of ranges in an environment variable (the kernel's limit is 128 KiB)."""

PERMANENT = frozenset({ExitCode.SOURCE, ExitCode.CONFIGURATION, ExitCode.USAGE})
"""Exit codes of prepare after which its Job makes no further pod."""

UNFINISHED = {
    "DeadlineExceeded": Reason.DEADLINE_EXCEEDED.value,
    Reason.WORKSPACE_UNAVAILABLE: Reason.WORKSPACE_UNAVAILABLE.value,
    "PodFailurePolicy": Reason.JOB_STOPPED.value,
    "MaxFailedIndexesExceeded": Reason.TOO_MANY_FAILED_CHUNKS.value,
}
"""By the reason of a failed chunks Job: what to record for chunks that left neither a result nor a reason."""


def afterwards(job: PdfJob, now: datetime) -> Afterwards:
    """Decide what to do for a job that has ended."""
    raised = job.retry_failed > job.round
    retry = raised and (job.status["phase"] == "Failed" or job.condition("Partial").get("status") == "True")
    if retry or job.ttl_seconds is None:
        return Afterwards(retry, None)
    due = parse_time(job.status["completionTime"]) + timedelta(seconds=job.ttl_seconds)
    return Afterwards(retry, max((due - now).total_seconds(), 0))


def next_step(job: PdfJob, children: Children, settings: Settings, now: datetime) -> Decision:
    """Decide what to do for a job that has not ended.

    Args:
        job: The PdfJob.
        children: Its Jobs, the pods that report, and what a closer look found.
        settings: The configuration.
        now: The time, with its zone.
    """
    at_work = children.at_work()
    if children.namespace_ends:
        return _let_go(job, children)
    if job.suspend and not (at_work is not None and at_work.queued):
        return _suspend(children, at_work)
    seconds = job.seconds_left(now)
    step = _stage(job, children, settings, seconds)
    if at_work is not None and at_work.suspended and not at_work.queued and job.is_suspended:
        step = _resume(step, at_work, seconds)
    if at_work is not None and children.trouble is not None and not step.situation.ended:
        trouble = children.trouble
        return replace(step, situation=step.situation.troubled(trouble.reason, trouble.message))
    return step


def _stage(job: PdfJob, children: Children, settings: Settings, seconds: int) -> Decision:
    if children.job(Stage.CHUNKS) is not None:
        return _process(job, children, settings, seconds)
    return _prepare(job, children, settings, seconds)


def _let_go(job: PdfJob, children: Children) -> Decision:
    """A namespace that is being deleted waits for a Job with retries per index until its deadline, unless it goes."""
    phase = job.status.get("phase", "Pending")
    situation = JobState(phase, "NamespaceTerminating", "The namespace is being deleted, and the job with it.")
    return Decision(situation, delete=tuple(it.name for it in children.jobs if it.verdict is None and not it.deleting))


def _suspend(children: Children, at_work: StageJob | None) -> Decision:
    situation = JobState("Suspended", "Suspended", "spec.suspend is true: set it to false to go on.", _facts(children))
    if at_work is None or at_work.suspended:
        return Decision(situation)
    return Decision(situation, patch={at_work.name: {"suspend": True}})


def _resume(step: Decision, at_work: StageJob, seconds: int) -> Decision:
    """Let the Job go on. Kubernetes starts a Job's clock anew when it resumes; ours stood still meanwhile."""
    least = MERGE_SECONDS if at_work.stage is Stage.MERGE else 1
    patch = {"suspend": False, "activeDeadlineSeconds": max(seconds, least), **step.patch.get(at_work.name, {})}
    return replace(step, patch={**step.patch, at_work.name: patch})


def _prepare(job: PdfJob, children: Children, settings: Settings, seconds: int) -> Decision:
    prepare = children.job(Stage.PREPARE)
    pending = JobState("Pending", "Pending", "Waiting for the prepare pod to start.")
    if prepare is None:
        if children.job(Stage.MERGE) is not None:
            return _clean_up(job, children, settings, lost(Stage.PREPARE))
        if seconds <= 0:
            return _clean_up(job, children, settings, too_late(job))
        return Decision(pending, create=(job_manifests.prepare_job(job, settings, seconds=seconds),))
    pod = children.ended(Stage.PREPARE)
    if pod is not None and pod.exit_code == 0 and pod.report is not None and pod.report.chunks:
        return _prepared(job, children, settings, pod.report, seconds)
    if pod is not None and (pod.exit_code in PERMANENT or pod.exit_code == 0):
        return _refused(job, children, settings, (pod.report and pod.report.failure) or lost(Stage.PREPARE), seconds)
    if prepare.verdict == "Complete":  # its pod was deleted before anybody read the report
        return Decision(pending, delete=() if prepare.deleting else (prepare.name,))
    if prepare.verdict == "Failed":
        if pod is not None and pod.out_of_memory and settings.can_double(prepare.memory) and seconds > 0:
            again = job_manifests.prepare_job(job, settings, seconds=seconds, memory=prepare.memory + 1)
            return Decision(pending, create=(again,))
        return _clean_up(job, children, settings, why(job, prepare, pod))
    if children.started(Stage.PREPARE):
        return Decision(JobState("Preparing", "Preparing", "The source is being counted and split."))
    return Decision(pending)


def _prepared(job: PdfJob, children: Children, settings: Settings, report: Report, seconds: int) -> Decision:
    """Prepare is done: with one chunk that is all, else the chunks follow."""
    pages, total = report.pages or 0, report.chunks or 0
    if report.failure is not None or report.merged is not None:
        return Decision(judge(job, Progress(pages, total), report))
    todo = total if report.todo is None else sum(len(run) for run in parse_ranges(report.todo))
    facts = Progress(pages, total, succeeded=total - todo, warnings=report.warnings)
    if seconds <= 0 or not todo:
        return _merge(job, children, settings, facts, "DeadlineExceeded" if todo else "", seconds=seconds)
    some = report.todo if todo < total else None
    chunks = job_manifests.chunks_job(job, settings, total=total, pages=pages, seconds=seconds, chunks=some)
    return Decision(_processing(job, facts), create=(chunks,))


def _refused(job: PdfJob, children: Children, settings: Settings, failure: Failure, seconds: int) -> Decision:
    """Prepare failed for good. In a retry, the job ends as it had ended before: what it has is not lost by asking."""
    if job.round == 0:
        return Decision(failed(failure))
    return _merge(job, children, settings, Progress(), "", seconds=seconds, refused=failure)


def _process(job: PdfJob, children: Children, settings: Settings, seconds: int) -> Decision:
    chunks, facts = children.job(Stage.CHUNKS), _facts(children)
    assert chunks is not None  # noqa: S101 (for the type checker: the caller looked)
    if chunks.verdict is None:
        if chunks.queued:  # how wide it runs is Kueue's affair too
            waiting = f"Waiting in the queue {job.queue_name}." if chunks.suspended else ""
            situation = _processing(job, facts)
            return Decision(replace(situation, reason="Queued", message=waiting) if waiting else situation)
        wanted = job_manifests.parallelism(job, chunks.completions)
        patch = {} if chunks.parallelism == wanted else {chunks.name: {"parallelism": wanted}}
        return Decision(_processing(job, facts), patch=patch)
    heavy = _fitting(chunks.chunk(index) for index in sorted(children.out_of_memory) if index < chunks.completions)
    repeat = heavy and chunks.reason == "FailedIndexes" and settings.can_double(chunks.memory) and seconds > 0
    if repeat and children.job(Stage.MERGE) is None:
        again = job_manifests.chunks_job(
            job,
            settings,
            total=facts.total or 0,
            pages=facts.pages or 0,
            seconds=seconds,
            chunks=heavy,
            memory=chunks.memory + 1,
        )
        return Decision(_processing(job, facts), create=(again,))
    reason = chunks.reason
    if children.volume_failed and reason == "FailedIndexes":
        reason = Reason.WORKSPACE_UNAVAILABLE
    return _merge(job, children, settings, facts, reason, seconds=seconds, out_of_memory=heavy)


def _merge(
    job: PdfJob,
    children: Children,
    settings: Settings,
    facts: Progress,
    reason: str,
    *,
    seconds: int,
    out_of_memory: str = "",
    refused: Failure | None = None,
) -> Decision:
    """The chunks have ended, for this reason; merge what there is, whatever it is."""
    merge, late = children.job(Stage.MERGE), too_late(job) if reason == "DeadlineExceeded" else None
    merging = JobState("Merging", "Merging", "The results are being merged.", facts)
    if late is not None:
        merging = replace(merging, reason=late.reason, message=late.message)
    pod = children.ended(Stage.MERGE)
    heavier = (
        merge is not None
        and merge.verdict == "Failed"
        and pod is not None
        and pod.out_of_memory
        and settings.can_double(merge.memory)
    )
    if merge is None or heavier:
        manifest = job_manifests.merge_job(
            job,
            settings,
            unfinished=refused.reason if refused else UNFINISHED.get(reason),
            seconds=max(seconds, MERGE_SECONDS),
            out_of_memory=out_of_memory,
            memory=0 if merge is None else merge.memory + 1,
        )
        return Decision(merging, create=(manifest,))
    if pod is not None and pod.exit_code == 0:
        return Decision(judge(job, facts, pod.report or Report(), late=late, refused=refused))
    if merge.verdict == "Complete":  # its pod was deleted before anybody read the report
        return Decision(merging, delete=() if merge.deleting else (merge.name,))
    if merge.verdict == "Failed":
        return Decision(failed(late or why(job, merge, pod), facts))
    return Decision(merging)


def _clean_up(job: PdfJob, children: Children, settings: Settings, failure: Failure) -> Decision:
    """Prepare ended without cleaning up after itself: merge does, and then the job has failed.

    Not when prepare never ran: then there is nothing to clean, and merge could not start either. A Job at its deadline
    takes its pods along, so the phase tells too.
    """
    merge, pod = children.job(Stage.MERGE), children.ended(Stage.MERGE)
    ran = children.started(Stage.PREPARE) or job.status.get("phase") == "Preparing"
    cleaning = JobState("Merging", failure.reason, failure.message)
    if merge is None and ran:
        job_manifest = job_manifests.merge_job(job, settings, unfinished=failure.reason, seconds=MERGE_SECONDS)
        return Decision(cleaning, create=(job_manifest,))
    if merge is None or merge.verdict is not None or pod is not None:
        report = (pod and pod.report) or Report()  # tells what there is, and what it cost
        return Decision(judge(job, Progress(), report, late=failure))
    return Decision(cleaning)


def _facts(children: Children) -> Progress:
    """Chunks by state, over the Jobs of this round: each but the first repeats failed chunks of the one before."""
    jobs = sorted((it for it in children.jobs if it.stage is Stage.CHUNKS), key=lambda it: it.memory)
    if not jobs:
        return Progress()
    first, last = jobs[0], jobs[-1]
    prepare = children.ended(Stage.PREPARE)
    total = last.total or first.completions
    repeated = sum(it.completions for it in jobs[1:])
    return Progress(
        pages=last.pages,
        total=total,
        active=last.active,
        succeeded=total - first.completions + sum(it.succeeded for it in jobs),
        failed=max(sum(it.failed for it in jobs) - repeated, 0),
        warnings=prepare.report.warnings if prepare is not None and prepare.report is not None else (),
    )


def _processing(job: PdfJob, facts: Progress) -> JobState:
    message = f"{facts.succeeded + facts.failed} of {facts.total} chunks are done."
    if job.workers == 0:
        message += " No more are begun: spec.workers is 0."
    return JobState("Processing", "Processing", message, facts)


def _fitting(chunks: Iterable[int]) -> str:
    """Chunks as ranges, cut where an environment variable would be too long."""
    text = format_ranges(chunks)
    return text if len(text) <= RANGES_LIMIT else text[:RANGES_LIMIT].rpartition(",")[0]
