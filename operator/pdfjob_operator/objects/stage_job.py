"""The Job of a stage as the operator reads it.

Pure parsing, and total: whoever may edit a Job may write anything into it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chunk_runner.contract.ranges import nth, parse_ranges
from pdfjob_operator.objects.kubernetes import Manifest, parse_time
from pdfjob_operator.objects.labels import (
    ANNOTATION_CHUNKS,
    ANNOTATION_PAGES,
    ANNOTATION_TOTAL,
    LABEL_MEMORY,
    LABEL_QUEUE,
    LABEL_ROUND,
    LABEL_STAGE,
)
from pdfjob_operator.objects.phases import Stage


@dataclass(frozen=True)
class StageJob:
    """A Job that a PdfJob owns.

    Attributes:
        name: Its name.
        uid: Identity.
        stage: Which stage it runs.
        round: Which round it belongs to.
        memory: How often its memory limit was doubled.
        created: When it was made.
        started: When its pods were first wanted.
        ended: When it had its verdict.
        deleting: It is on its way out.
        ending: It is decided how it ends; Kubernetes is removing its pods.
        verdict: `Complete`, `Failed`, or `None` while it runs.
        reason: The reason of a `Failed`, for instance `DeadlineExceeded`.
        completions: Its indexes.
        parallelism: Pods at once.
        suspended: Its `spec.suspend`.
        queued: Kueue decides when it runs, and how wide.
        active: Pods there now.
        ready: Pods at work.
        succeeded: Indexes that succeeded.
        failed_indexes: Indexes that failed for good.
        pages: `ANNOTATION_PAGES`, on the chunks Job.
        total: `ANNOTATION_TOTAL`, on the chunks Job.
        chunks: Its chunks, where they are not all.
    """

    name: str
    stage: Stage
    uid: str = ""
    round: int = 0
    memory: int = 0
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    deleting: bool = False
    ending: bool = False
    verdict: str | None = None
    reason: str = ""
    completions: int = 1
    parallelism: int = 1
    suspended: bool = False
    queued: bool = False
    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed_indexes: tuple[range, ...] = ()
    pages: int | None = None
    total: int | None = None
    chunks: tuple[range, ...] | None = None

    @property
    def failed(self) -> int:
        """How many indexes failed for good."""
        return sum(len(run) for run in self.failed_indexes)

    @property
    def wanted(self) -> int:
        """Pods that should be at work."""
        if self.verdict is not None or self.suspended:
            return 0
        return min(self.parallelism, self.completions - self.succeeded - self.failed)

    @property
    def worker_seconds(self) -> float:
        """How long its pods could have worked, all together; 0 while it is not known."""
        if self.started is None or self.ended is None:
            return 0.0
        return min(self.parallelism, self.completions) * max((self.ended - self.started).total_seconds(), 0.0)

    def chunk(self, index: int) -> int:
        """Return the chunk at an index of this Job.

        Raises:
            IndexError: The Job has no such index.
        """
        return nth(self.chunks or (range(self.completions),), index)

    @classmethod
    def parse(cls, raw: Manifest) -> StageJob | None:
        """From a Job with our labels; `None` when somebody else put them there."""
        meta, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
        try:
            labels, annotations = meta.get("labels", {}), meta.get("annotations", {})
            chunks = annotations.get(ANNOTATION_CHUNKS)
            conditions = {it["type"]: it for it in status.get("conditions", ()) if it["status"] == "True"}
            final = conditions.get("Complete") or conditions.get("Failed")
            return cls(
                name=meta["name"],
                uid=meta["uid"],
                stage=Stage(labels.get(LABEL_STAGE)),
                round=int(labels.get(LABEL_ROUND, 0)),
                memory=int(labels.get(LABEL_MEMORY, 0)),
                created=parse_time(meta["creationTimestamp"]),
                started=_time_or_none(status.get("startTime")),
                ended=_time_or_none((final or {}).get("lastTransitionTime")),
                deleting="deletionTimestamp" in meta,
                ending="FailureTarget" in conditions or "SuccessCriteriaMet" in conditions,
                verdict=final and final["type"],
                reason=(final or {}).get("reason", ""),
                completions=spec.get("completions", 1),
                parallelism=spec.get("parallelism", 1),
                suspended=spec.get("suspend", False),
                queued=LABEL_QUEUE in labels,
                active=status.get("active", 0),
                ready=status.get("ready", 0),
                succeeded=sum(len(run) for run in parse_ranges(status.get("completedIndexes"))),
                failed_indexes=tuple(parse_ranges(status.get("failedIndexes"))),
                pages=_int_or_none(annotations.get(ANNOTATION_PAGES)),
                total=_int_or_none(annotations.get(ANNOTATION_TOTAL)),
                chunks=None if chunks is None else tuple(parse_ranges(chunks)),
            )
        except (ValueError, TypeError, KeyError):
            return None


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _int_or_none(text: str | None) -> int | None:
    return None if text is None else int(text)
