"""The Job of a stage as the operator reads it.

Pure parsing, and total: whoever may edit a Job may write anything into it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from chunk_runner.contract.limits import CHUNKS_LIMIT, REASON_LIMIT, shorten
from chunk_runner.contract.ranges import parse_ranges, select
from chunk_runner.contract.stats import count
from pdfjob_operator.objects.kubernetes import JobCondition, JobOutcome, Manifest, parse_time
from pdfjob_operator.objects.labels import (
    ANNOTATION_CHUNKS,
    ANNOTATION_MERGE_INPUT,
    ANNOTATION_OPERATOR,
    ANNOTATION_PAGES,
    ANNOTATION_SUSPENDED,
    ANNOTATION_TOTAL,
    ANNOTATION_WORKERS,
    LABEL_DOUBLINGS,
    LABEL_QUEUE,
    LABEL_ROUND,
    LABEL_STAGE,
)
from pdfjob_operator.objects.phases import Stage


DOUBLINGS_LIMIT = 30
"""More doublings of a memory limit than any node has memory for."""


@dataclass(frozen=True)
class StageJob:
    """A Job that a PdfJob owns.

    Attributes:
        name: Name of the Job.
        stage: Stage that it runs.
        uid: Identity.
        operator: Identity of the operator that created it; empty if unknown.
        round: Round to which it belongs.
        doublings: How many times its memory limit was doubled.
        created_at: Time of creation.
        started_at: Time at which the Job controller first started it.
        finished_at: Time of its outcome.
        deleting: True once deletion has been requested.
        finishing: True once its outcome is certain; Kubernetes is removing its pods.
        outcome: `None` until it has finished.
        reason: Reason of a failure (see `JobFailure`); empty otherwise.
        completions: Number of its indexes.
        parallelism: Maximum number of pods at a time.
        workers: Maximum number of pods that work at a time; `None` if that is `parallelism`.
        suspended: True while `spec.suspend` is.
        suspended_by_operator: True if the operator has suspended it, and not resumed it since.
        queue: Queue of Kueue, which decides when it runs, and with how many pods; empty for none.
        active: Number of pods that are pending or running.
        ready: Number of pods that are ready.
        succeeded: Number of indexes that succeeded.
        completed_indexes: Indexes that succeeded.
        failed_indexes: Indexes that failed, with no retry left.
        failed_pods: Number of pods that failed.
        pages: Pages of the source, on the chunks Job.
        total_chunks: Chunks of the whole PdfJob, on the chunks Job.
        chunks: Chunks that it runs, on a chunks Job that does not run all of them.
        merge_input: Input of the merge as text, on the merge Job.
    """

    name: str
    stage: Stage
    uid: str = ""
    operator: str = ""
    round: int = 0
    doublings: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    deleting: bool = False
    finishing: bool = False
    outcome: JobOutcome | None = None
    reason: str = ""
    completions: int = 1
    parallelism: int = 1
    workers: int | None = None
    suspended: bool = False
    suspended_by_operator: bool = False
    queue: str = ""
    active: int = 0
    ready: int = 0
    succeeded: int = 0
    completed_indexes: tuple[range, ...] = ()
    failed_indexes: tuple[range, ...] = ()
    failed_pods: int = 0
    pages: int | None = None
    total_chunks: int | None = None
    chunks: tuple[range, ...] | None = None
    merge_input: str = ""

    @property
    def managed_by_kueue(self) -> bool:
        """True if the operator leaves `suspend` and `parallelism` to Kueue."""
        return bool(self.queue)

    @property
    def is_queued(self) -> bool:
        """True while Kueue has not admitted it, or has evicted it."""
        return self.suspended and self.managed_by_kueue

    @property
    def failed(self) -> int:
        """Number of indexes that failed, with no retry left."""
        return sum(len(run) for run in self.failed_indexes)

    @property
    def remaining(self) -> int:
        """Number of indexes that have not succeeded."""
        return self.completions - self.succeeded

    @property
    def _workers(self) -> int:
        return self.parallelism if self.workers is None else min(self.workers, self.parallelism)

    @property
    def wanted_pods(self) -> int:
        """Number of pods that should be ready now."""
        if self.outcome is not None or self.suspended:
            return 0
        return min(self._workers, self.completions - self.succeeded - self.failed)

    def worker_seconds(self, now: datetime) -> float:
        """Return the seconds that its pods could have worked, summed over them, until it finished, or until now."""
        if self.started_at is None:
            return 0.0
        seconds = ((self.finished_at or now) - self.started_at).total_seconds()
        return min(self._workers, self.completions) * max(seconds, 0.0)

    def chunks_at(self, indexes: Iterable[int]) -> Iterator[int]:
        """Yield the chunks at these indexes of this Job; those that it does not have are left out."""
        return select(self.chunks or (range(self.completions),), indexes)

    @classmethod
    def parse(cls, raw: Manifest) -> StageJob | None:
        """Parse a Job that has the labels of a PdfJob's; return `None` if somebody else put them there."""
        meta, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
        try:
            labels, annotations = meta.get("labels", {}), meta.get("annotations", {})
            conditions = {found["type"]: found for found in status.get("conditions", ()) if found["status"] == "True"}
            final = conditions.get(JobOutcome.COMPLETE) or conditions.get(JobOutcome.FAILED) or {}
            return cls(
                name=meta["name"],
                uid=meta["uid"],
                operator=shorten(annotations.get(ANNOTATION_OPERATOR, "")),
                stage=Stage(labels.get(LABEL_STAGE)),
                round=int(labels.get(LABEL_ROUND, 0)),
                doublings=count(int(labels.get(LABEL_DOUBLINGS, 0)), DOUBLINGS_LIMIT),
                created_at=parse_time(meta["creationTimestamp"]),
                started_at=_time_or_none(status.get("startTime")),
                finished_at=_time_or_none(final.get("lastTransitionTime")),
                deleting="deletionTimestamp" in meta,
                finishing=not conditions.keys().isdisjoint(JobCondition),
                outcome=JobOutcome(final["type"]) if final else None,
                reason=shorten(final.get("reason", ""), REASON_LIMIT),
                completions=count(spec.get("completions", 1), CHUNKS_LIMIT),
                parallelism=count(spec.get("parallelism", 1)),
                workers=_count_or_none(annotations.get(ANNOTATION_WORKERS)),
                suspended=spec.get("suspend", False),
                suspended_by_operator=ANNOTATION_SUSPENDED in annotations,
                queue=labels.get(LABEL_QUEUE, ""),
                active=min(status.get("active", 0), CHUNKS_LIMIT),
                ready=status.get("ready", 0),
                succeeded=sum(len(run) for run in _chunks(status.get("completedIndexes"))),
                completed_indexes=_chunks(status.get("completedIndexes")),
                failed_indexes=_chunks(status.get("failedIndexes")),
                failed_pods=status.get("failed", 0),
                pages=_count_or_none(annotations.get(ANNOTATION_PAGES)),
                total_chunks=_count_or_none(annotations.get(ANNOTATION_TOTAL), CHUNKS_LIMIT),
                chunks=_chunks(annotations[ANNOTATION_CHUNKS]) if ANNOTATION_CHUNKS in annotations else None,
                merge_input=annotations.get(ANNOTATION_MERGE_INPUT, ""),
            )
        except (ValueError, TypeError, KeyError):
            return None


def last_job(jobs: Iterable[StageJob], stage: Stage) -> StageJob | None:
    """Return the Job of a stage; the last one, if the stage was repeated with more memory."""
    return max((job for job in jobs if job.stage is stage), key=lambda job: job.doublings, default=None)


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _count_or_none(text: str | None, most: int = 2**53 - 1) -> int | None:
    return None if text is None else count(int(text), most)


def _chunks(text: str | None) -> tuple[range, ...]:
    """Parse ranges of chunks or indexes, of which no PdfJob has more than `CHUNKS_LIMIT`."""
    ranges = parse_ranges(text)
    if ranges and ranges[-1].stop > CHUNKS_LIMIT:
        raise ValueError("more chunks than a PdfJob has")
    return tuple(ranges)
