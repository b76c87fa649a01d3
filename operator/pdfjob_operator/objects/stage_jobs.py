"""What a PdfJob owns, as this code sees it: the Jobs of its stages, and the pods that report.

Pure parsing of plain dicts, and total: whoever may edit an object may write anything into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chunk_runner.contract.exit_codes import ExitCode
from chunk_runner.contract.ranges import parse_ranges
from chunk_runner.contract.report import Failure, Report
from pdfjob_operator.objects.pdfjob import (
    ANNOTATION_CHUNKS,
    ANNOTATION_PAGES,
    ANNOTATION_TOTAL,
    LABEL_MEMORY,
    LABEL_QUEUE,
    LABEL_ROUND,
    LABEL_STAGE,
    Manifest,
    Stage,
    parse_time,
)


SIGKILLED = 137
"""The exit code of a container that was killed."""


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
        """The chunk at an index."""
        for run in self.chunks or (range(self.completions),):
            if index < len(run):
                return run[index]
            index -= len(run)
        raise ValueError(f"{self.name} has no index {index}")

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


@dataclass(frozen=True)
class StagePod:
    """A pod of the prepare or the merge stage, the two that report.

    Attributes:
        stage: Which stage it runs.
        running: Its container has started.
        exit_code: How its container ended, if it has. Visible seconds before its Job's condition.
        report: What it said.
        out_of_memory: It was killed for using more memory than its limit.
        ended: When its container ended.
    """

    stage: Stage
    running: bool
    exit_code: int | None
    report: Report | None
    out_of_memory: bool = False
    ended: datetime | None = None

    @classmethod
    def parse(cls, raw: Manifest) -> StagePod | None:
        """From a pod with our labels; `None` when somebody else put them there."""
        try:
            stage = Stage(raw["metadata"].get("labels", {}).get(LABEL_STAGE))
            state = container_state(raw)
            ended = state.get("terminated")
            return cls(
                stage=stage,
                running="running" in state,
                exit_code=None if ended is None else int(ended["exitCode"]),
                report=None if ended is None else Report.loads(ended.get("message")),
                out_of_memory=is_out_of_memory(raw),
                ended=_time_or_none((ended or {}).get("finishedAt")),
            )
        except (ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True)
class Children:
    """What a PdfJob owns, as far as its present round is concerned, and what was found on a closer look.

    Attributes:
        jobs: Its Jobs; of a stage that was repeated with more memory, all.
        pods: The pods of the last prepare and merge Jobs.
        out_of_memory: Indexes of the last chunks Job whose last pod was killed for using too much memory.
        volume_failed: The last pod of some of its indexes could not write to the volume, so that it left no word there.
        trouble: Why pods do not start.
        namespace_ends: The namespace is being deleted.
    """

    jobs: tuple[StageJob, ...] = ()
    pods: tuple[StagePod, ...] = ()
    out_of_memory: frozenset[int] = frozenset()
    volume_failed: bool = False
    trouble: Failure | None = None
    namespace_ends: bool = False

    def job(self, stage: Stage) -> StageJob | None:
        """The stage's Job; the last one, if it was repeated with more memory."""
        return max((job for job in self.jobs if job.stage is stage), key=lambda job: job.memory, default=None)

    def at_work(self) -> StageJob | None:
        """The one Job that has not ended, if there is one."""
        last = (self.job(stage) for stage in (Stage.MERGE, Stage.CHUNKS, Stage.PREPARE))
        return next((job for job in last if job is not None and job.verdict is None), None)

    def ended(self, stage: Stage) -> StagePod | None:
        """The stage's pod that did its work, or the last one that failed, if any has ended."""
        ended = [pod for pod in self.pods if pod.stage is stage and pod.exit_code is not None]
        done = [pod for pod in ended if pod.exit_code == 0]
        return next(iter(done or ended[::-1]), None)

    def started(self, stage: Stage) -> bool:
        """Whether a pod of the stage has ever run."""
        return any(pod.stage is stage and (pod.running or pod.exit_code is not None) for pod in self.pods)


def container_state(pod: Manifest) -> Mapping[str, Any]:
    """The state of a pod's one container; empty before it has any."""
    containers = pod.get("status", {}).get("containerStatuses") or [{}]
    state: Mapping[str, Any] = containers[0].get("state", {})
    return state


def is_out_of_memory(pod: Manifest) -> bool:
    """Whether a pod was killed for using too much memory, or said that it needs more.

    Exit code 137 is any SIGKILL. A pod that was told to go exits otherwise (the runner heeds SIGTERM), and some
    container runtimes do not give the reason, so that it counts too (KEP-3329, "resource limits exceeded").
    """
    ended = container_state(pod).get("terminated") or {}
    return ended.get("reason") == "OOMKilled" or ended.get("exitCode") in (SIGKILLED, ExitCode.MEMORY)


def is_volume_failure(pod: Manifest) -> bool:
    """Whether a pod ended because it could not read or write its volume."""
    return (container_state(pod).get("terminated") or {}).get("exitCode") == ExitCode.WORKSPACE


def _time_or_none(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _int_or_none(text: str | None) -> int | None:
    return None if text is None else int(text)
