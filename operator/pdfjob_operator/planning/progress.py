"""The progress of a PdfJob: its pages and its chunks by state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from chunk_runner.contract.number_set import NumberSet
from chunk_runner.contract.report import Merged
from pdfjob_operator.objects.phases import Stage


if TYPE_CHECKING:
    from pdfjob_operator.objects.pdfjob import PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.planning.observation import Observation


@dataclass(frozen=True)
class Progress:
    """The progress of a PdfJob.

    Attributes:
        pages: Number of pages of the source; `None` until it is known.
        total: Number of chunks; `None` until it is known.
        active: Chunks with a pod that is pending or running.
        succeeded: Chunks with a result.
        failed: Chunks that failed, with no retry left.
        merged: Report of the merge; `None` before it.
        warnings: Anomalies that prepare found in the source; empty if its report is gone.
        pages_processed: Pages that are done in all chunks, as running pods say; `None` if unknown.
    """

    pages: int | None = None
    total: int | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    merged: Merged | None = None
    warnings: tuple[str, ...] = ()
    pages_processed: int | None = None

    @property
    def is_partial(self) -> bool:
        """True if pages are missing from the output."""
        return self.merged is not None and bool(self.merged.failed or self.merged.failed_pages)


def chunk_progress(observation: Observation) -> Progress:
    """Count chunks by state over the chunks Jobs of this round.

    Each of these Jobs but the first repeats chunks that failed in the one before, with more memory.
    """
    jobs = _chunks_jobs(observation)
    if not jobs:
        return Progress()
    first, last = jobs[0], jobs[-1]
    prepare = observation.finished_pod(Stage.PREPARE)
    total = last.total_chunks or first.completions
    repeated = sum(job.completions for job in jobs[1:])
    return Progress(
        pages=last.pages,
        total=total,
        active=last.active,
        succeeded=total - first.completions + sum(job.succeeded for job in jobs),
        failed=max(sum(job.failed for job in jobs) - repeated, 0),
        warnings=prepare.report.warnings if prepare is not None and prepare.report is not None else (),
    )


def completed_chunks(observation: Observation) -> NumberSet:
    """Return the chunks that have a result, over the chunks Jobs of this round.

    Those that prepare did not hand out had one before.
    """
    jobs = _chunks_jobs(observation)
    first = jobs[0]
    completed, handed_out = NumberSet(), NumberSet(chain.from_iterable(first.chunks or (range(first.completions),)))
    for chunk in range(jobs[-1].total_chunks or first.completions):
        if chunk not in handed_out:
            completed.add(chunk)
    for job in jobs:
        chunks = [*chain.from_iterable(job.chunks or (range(job.completions),))]
        for index in chain.from_iterable(job.completed_indexes):
            if index < len(chunks):  # anybody may write into the status of a Job
                completed.add(chunks[index])
    return completed


def _chunks_jobs(observation: Observation) -> list[StageJob]:
    """Return the chunks Jobs of this round, in order."""
    return sorted((job for job in observation.jobs if job.stage is Stage.CHUNKS), key=lambda job: job.doublings)


def recorded_progress(pdfjob: PdfJob) -> Progress:
    """Return the progress of the chunks as the status of a PdfJob has it, for when their Job is gone."""
    chunks = pdfjob.status.get("chunks", {})
    return Progress(
        pages=pdfjob.status.get("pages"),
        total=chunks.get("total"),
        succeeded=chunks.get("succeeded", 0),
        failed=chunks.get("failed", 0),
    )
