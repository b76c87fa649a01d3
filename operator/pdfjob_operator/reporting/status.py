"""The status of a PdfJob: what its author sees. Pure, and whole at every pass, so that nothing in it can go stale."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pdfjob_operator.configuration.prices import NO_PRICES, Prices
from pdfjob_operator.objects.kubernetes import Manifest, format_duration, format_time, parse_time
from pdfjob_operator.objects.labels import API_VERSION, KIND
from pdfjob_operator.objects.names import chunk_pod_selector, name_prefix, workspace_folder
from pdfjob_operator.objects.pdfjob import PdfJob
from pdfjob_operator.planning.decision import JobState


if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from chunk_runner.contract.report import Merged


PROGRESS_SECONDS = 5
"""Between two writes of progress."""


def status_of(job: PdfJob, situation: JobState, now: datetime, prices: Prices = NO_PRICES) -> dict[str, Any]:
    """The whole status.

    Args:
        job: The PdfJob.
        situation: Where it is.
        now: The time.
        prices: By which the cost of its tokens is estimated.
    """
    started, facts = job.started or now, situation.facts
    status: dict[str, Any] = {
        "observedGeneration": job.generation,
        "phase": situation.phase,
        "message": situation.message,
        "processor": _processor(job),
        "startTime": format_time(started),
        "duration": format_duration(now - started),
        "workers": job.workers if facts.total is None else min(job.workers, facts.total),
        "selector": chunk_pod_selector(job),
        "round": job.round,
    }
    suspended = job.status.get("suspendedSeconds", 0) if job.is_suspended and situation.phase == "Suspended" else None
    if seconds := job.suspended_seconds(now) if suspended is None else suspended:
        status["suspendedSeconds"] = seconds
    if facts.pages is not None:
        status["pages"] = facts.pages
    if facts.pages_done is not None:
        status["pagesProcessed"] = facts.pages_done
    if facts.total is not None:
        status["progress"] = f"{facts.succeeded + facts.failed}/{facts.total}"
        status["chunks"] = {
            "total": facts.total,
            "active": facts.active,
            "succeeded": facts.succeeded,
            "failed": facts.failed,
        }
    if warnings := facts.warnings or job.status.get("warnings"):  # once said, they hold: the source does not change
        status["warnings"] = list(warnings)
    if facts.merged is not None:
        status |= _merged(job, facts.merged, prices)
    if situation.ended:
        status["completionTime"] = format_time(now)
    status["conditions"] = _conditions(job, situation, now)
    return status


def write_delay(old: Mapping[str, Any], new: Mapping[str, Any], since_last_write: timedelta) -> float | None:
    """When the new status is to be written: after so many seconds, 0 for at once, `None` for not at all.

    Everything but progress is written at once. Progress is, once a tenth of the chunks and five seconds have passed
    since the last write, or a tenth of the pages: a job of 10,000 chunks must not cost the API server 10,000 writes.
    """
    if _without_progress(old) != _without_progress(new):
        return 0
    before, after = old.get("chunks", {}), new.get("chunks", {})
    done = sum(after.get(key, 0) - before.get(key, 0) for key in ("succeeded", "failed"))
    pages = new.get("pagesProcessed", 0) - old.get("pagesProcessed", 0)
    if not _is_tenth(done, after.get("total", 0)) and not _is_tenth(pages, new.get("pages", 0)):
        return None
    return max(PROGRESS_SECONDS - since_last_write.total_seconds(), 0)


def event(job: PdfJob, situation: JobState, now: datetime) -> Manifest:
    """The Event that tells people of a new phase, or of trouble; posted after the status that it is about."""
    telling = situation.warning or situation.phase == "Failed"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{name_prefix(job)}.", "namespace": job.key.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": job.key.namespace,
            "name": job.key.name,
            "uid": job.uid,
            "resourceVersion": job.raw["metadata"]["resourceVersion"],
        },
        "type": "Warning" if telling else "Normal",
        "reason": situation.reason if telling else situation.phase,
        "message": situation.message,
        "source": {"component": "pdfjob-operator"},
        "reportingComponent": "pdfjob-operator",
        "firstTimestamp": format_time(now),
        "lastTimestamp": format_time(now),
        "count": 1,
    }


def is_news(job: PdfJob, situation: JobState) -> bool:
    """Whether people should be told: a new phase, or trouble that was not there before."""
    if job.status.get("phase") != situation.phase:
        return True
    return situation.warning and job.condition("Reconciling").get("reason") != situation.reason


_PROGRESS = frozenset({"chunks", "progress", "pagesProcessed", "duration", "message"})


def _is_tenth(part: int, whole: int) -> bool:
    return part > 0 and part * 10 >= whole


def _without_progress(status: Mapping[str, Any]) -> dict[str, Any]:
    """The status without what changes all the time: counts, clock, and messages that tell of them."""
    kept = {key: value for key, value in status.items() if key not in _PROGRESS}
    kept["conditions"] = [
        {key: value for key, value in it.items() if key != "message"} for it in status.get("conditions", ())
    ]
    return kept


def _processor(job: PdfJob) -> str:
    """In short, for a column."""
    name, model = job.processor["name"], job.processor.get("model")
    return f"{name} ({model})" if model else name


def _merged(job: PdfJob, merged: Merged, prices: Prices) -> dict[str, Any]:
    fields: dict[str, Any] = {"sentences": merged.sentences, "tokens": asdict(merged.tokens)}
    if merged.answers:
        fields["answers"] = merged.answers
    if cost := prices.estimate(job.processor.get("model", ""), merged.tokens):
        fields["cost"] = cost
    if merged.memory is not None:
        memory = merged.memory
        fields["memory"] = {
            "peak": f"{-(-memory.highest // 2**20)}Mi",
            "peakChunk": memory.chunk,
            "mean": f"{-(-memory.mean // 2**20)}Mi",
        }
    if merged.failed_pages:
        fields["failedPages"] = merged.failed_pages
    if merged.page_reasons:
        fields["pageReasons"] = dict(merged.page_reasons)
    if merged.failed_chunks:
        fields["failedChunks"] = [asdict(chunk) for chunk in merged.failed_chunks]
    if merged.output is not None:
        fields["output"] = {
            "path": f"{workspace_folder(job)}/{merged.output}",
            "sha256": merged.sha256,
            "bytes": merged.bytes,
        }
    return fields


def _conditions(job: PdfJob, situation: JobState, now: datetime) -> list[dict[str, Any]]:
    """All of them from the first pass on. Reconciling and Stalled are for tools that wait (kstatus)."""
    failed = situation.phase == "Failed"
    truths = {
        "Complete": situation.phase == "Succeeded",
        "Failed": failed,
        "Suspended": situation.phase == "Suspended",
        "Partial": situation.phase == "Succeeded" and situation.facts.has_gaps,
        "Reconciling": not situation.ended,
        "Stalled": failed,
    }
    before = {it["type"]: it for it in job.status.get("conditions", ())}
    return [
        {
            "type": kind,
            "status": str(holds),
            "observedGeneration": job.generation,
            "reason": situation.reason,
            "message": situation.message if holds else "",
            "lastTransitionTime": _since(before.get(kind), str(holds), now),
        }
        for kind, holds in truths.items()
    ]


def _since(before: Mapping[str, Any] | None, status: str, now: datetime) -> str:
    """When the condition last changed: now, unless it is what it was."""
    if before is not None and before.get("status") == status:
        return format_time(parse_time(before["lastTransitionTime"]))
    return format_time(now)
