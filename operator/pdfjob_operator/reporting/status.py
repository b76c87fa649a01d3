"""Renders the status of a PdfJob. Pure; always renders all of it, so that no field goes stale."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pdfjob_operator.configuration.prices import NO_PRICES, Prices
from pdfjob_operator.objects.kubernetes import format_duration, format_time
from pdfjob_operator.objects.names import chunk_pod_selector, workspace_folder
from pdfjob_operator.objects.phases import PHASES_IN_ORDER, Phase
from pdfjob_operator.reporting.conditions import render_conditions


if TYPE_CHECKING:
    from datetime import datetime

    from chunk_runner.contract.report import Merged
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.planning.decision import JobState
    from pdfjob_operator.planning.progress import Progress


def render_status(
    pdfjob: PdfJob, state: JobState, now: datetime, prices: Prices = NO_PRICES, *, claim: str | None = None
) -> dict[str, Any]:
    """Render the status.

    Args:
        pdfjob: The PdfJob as it was read: times and warnings are kept.
        state: Its state.
        now: The time.
        prices: Prices by which the cost of tokens is estimated.
        claim: Name of the claim of the workspace.
    """
    started_at, progress = pdfjob.started_at or now, state.progress
    status: dict[str, Any] = {
        "observedGeneration": pdfjob.generation,
        "phase": state.phase.value,
        "message": state.message,
        "processor": _processor(pdfjob),
        "startTime": format_time(started_at),
        "duration": format_duration(now - started_at),
        "workers": pdfjob.workers if progress.total is None else min(pdfjob.workers, progress.total),
        "selector": chunk_pod_selector(pdfjob),
        "round": pdfjob.round,
    }
    if state.phase is Phase.SUSPENDED and pdfjob.reached_phase in PHASES_IN_ORDER:
        status["suspendedIn"] = pdfjob.reached_phase.value
    if seconds := _suspended_seconds(pdfjob, state, now):
        status["suspendedSeconds"] = seconds
    status |= _progress(progress)
    if warnings := progress.warnings or pdfjob.status.get("warnings"):  # kept, because the source does not change
        status["warnings"] = list(warnings)
    if progress.merged is not None:
        status |= _merged(pdfjob, progress.merged, prices)
    if claim is not None:  # known from the beginning, long before there is an output
        status["output"] = {"claimName": claim, **status.get("output", {})}
    if state.is_terminal:
        status["completionTime"] = format_time(now)
    status["conditions"] = render_conditions(pdfjob, state, now)
    return status


def acknowledge_spec(pdfjob: PdfJob) -> dict[str, Any]:
    """Render the status of a finished PdfJob whose spec has changed in a way that changes nothing else."""
    return {
        **pdfjob.status,
        "observedGeneration": pdfjob.generation,
        "round": max(pdfjob.round, pdfjob.retry_failed),
    }


def _processor(pdfjob: PdfJob) -> str:
    """Render the processor in short, for a column of `kubectl get`."""
    name, model = pdfjob.processor["name"], pdfjob.processor.get("model")
    return f"{name} ({model})" if model else name


def _suspended_seconds(pdfjob: PdfJob, state: JobState, now: datetime) -> int:
    """Return the seconds in earlier suspensions; the time of this one is added when it is over."""
    if pdfjob.was_suspended and state.phase is Phase.SUSPENDED:
        return int(pdfjob.status.get("suspendedSeconds", 0))
    return pdfjob.suspended_seconds(now)


def _progress(progress: Progress) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if progress.pages is not None:
        fields["pages"] = progress.pages
    if progress.pages_processed is not None:
        fields["pagesProcessed"] = progress.pages_processed
    if progress.total is not None:
        fields["progress"] = f"{progress.succeeded + progress.failed}/{progress.total}"
        fields["chunks"] = {
            "total": progress.total,
            "active": progress.active,
            "succeeded": progress.succeeded,
            "failed": progress.failed,
        }
    return fields


def _merged(pdfjob: PdfJob, merged: Merged, prices: Prices) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "sentences": merged.sentences,
        "droppedLines": merged.dropped_lines,
        "unmappedCharacters": merged.unmapped_characters,
        "tokens": asdict(merged.tokens),
    }
    if merged.answers:
        fields["answers"] = merged.answers
    if cost := prices.estimate(pdfjob.processor.get("model", ""), merged.tokens):
        fields["cost"] = cost
    if merged.memory is not None:
        memory = merged.memory
        fields["memory"] = {
            "peak": _mebibytes(memory.peak),
            "peakChunk": memory.peak_chunk,
            "mean": _mebibytes(memory.mean),
        }
    if merged.failed_pages:
        fields["failedPages"] = merged.failed_pages
    if merged.page_reasons:
        fields["pageReasons"] = dict(merged.page_reasons)
    if merged.failed_chunks:
        fields["failedChunks"] = [asdict(chunk) for chunk in merged.failed_chunks]
    if merged.output is not None:
        fields["output"] = {
            "path": f"{workspace_folder(pdfjob)}/{merged.output}",
            "sha256": merged.sha256,
            "bytes": merged.bytes,
        }
    return fields


def _mebibytes(size: int) -> str:
    """Render a number of bytes as a quantity, rounded up."""
    return f"{-(-size // 2**20)}Mi"
