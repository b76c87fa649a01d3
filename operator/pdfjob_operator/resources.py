"""Kubernetes objects as this code sees them: the PdfJob, the Jobs it owns, and the pods that report.

Pure parsing of plain dicts, and total: whoever may edit an object may write anything into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chunk_runner.contract import Report, parse_ranges


GROUP = "pdfjob.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "PdfJob"
PLURAL = "pdfjobs"

LABEL_UID = f"{GROUP}/uid"
"""On every Job and pod: the PdfJob's uid."""
LABEL_STAGE = f"{GROUP}/stage"
"""On every Job and pod: one of `Stage`."""
ANNOTATION_JOB = f"{GROUP}/job"
"""On every Job and pod: the PdfJob's name, which may be too long for a label. A hint for the queue, never a proof."""
ANNOTATION_PAGES = f"{GROUP}/pages"
"""On the chunks Job: pages of the source, so that the prepare pod may go."""

TERMINAL_PHASES = frozenset({"Succeeded", "Failed"})

Manifest = dict[str, Any]
"""A Kubernetes object as a plain dict."""


class Key(NamedTuple):
    """Which PdfJob."""

    namespace: str
    name: str


class Stage(StrEnum):
    """The stages of a job, each a Job of its own."""

    PREPARE = "prepare"
    CHUNKS = "chunks"
    MERGE = "merge"


@dataclass(frozen=True)
class PdfJob:
    """A PdfJob.

    Attributes:
        key: Namespace and name.
        uid: Identity: names come back, uids do not.
        generation: Of the spec.
        deleting: It is on its way out, so nothing is to be made for it.
        path: The source on its volume.
        source_claim: Its claim; `None` for the workspace's.
        sha256: What the source's checksum must be.
        pages_per_chunk: Pages in a chunk.
        workers: Chunks in flight, 0 or more.
        processor: Name and settings, as the runner takes them.
        retries: Per chunk.
        timeout_seconds: For the whole job.
        workspace_claim: `None` for the operator's default.
        status: As it is now.
        raw: The whole object, as the API server sent it.
    """

    key: Key
    uid: str
    generation: int
    deleting: bool
    path: str
    source_claim: str | None
    sha256: str | None
    pages_per_chunk: int
    workers: int
    processor: Mapping[str, Any]
    retries: int
    timeout_seconds: int
    workspace_claim: str | None
    status: Mapping[str, Any]
    raw: Manifest = field(repr=False)

    @classmethod
    def parse(cls, raw: Manifest) -> PdfJob:
        """From an object that the API server admitted, so that the schema holds and defaults are filled in."""
        meta, spec = raw["metadata"], raw["spec"]
        ((processor, settings),) = spec["processor"].items()
        return cls(
            key=Key(meta["namespace"], meta["name"]),
            uid=meta["uid"],
            generation=meta["generation"],
            deleting="deletionTimestamp" in meta,
            path=spec["source"]["volume"]["path"],
            source_claim=spec["source"]["volume"].get("claimName"),
            sha256=spec["source"].get("sha256"),
            pages_per_chunk=spec["chunking"]["pagesPerChunk"],
            workers=spec["workers"],
            processor={"name": processor, **settings},
            retries=spec["retries"],
            timeout_seconds=spec["timeoutSeconds"],
            workspace_claim=spec.get("storage", {}).get("claimName"),
            status=raw.get("status", {}),
            raw=raw,
        )

    @property
    def started(self) -> datetime | None:
        """When the operator began, if it has."""
        time = self.status.get("startTime")
        return None if time is None else parse_time(time)

    @property
    def ended(self) -> bool:
        """Whether its phase is final."""
        return self.status.get("phase") in TERMINAL_PHASES


def is_settled(raw: Mapping[str, Any]) -> bool:
    """Whether a PdfJob needs no pass at all: it has ended, and its status is about its present spec."""
    status = raw.get("status") or {}
    return status.get("phase") in TERMINAL_PHASES and status.get("observedGeneration") == raw.get("metadata", {}).get(
        "generation"
    )


@dataclass(frozen=True)
class StageJob:
    """A Job that a PdfJob owns.

    Attributes:
        name: Its name.
        stage: Which stage it runs.
        deleting: It is on its way out.
        verdict: `Complete`, `Failed`, or `None` while it runs.
        reason: The reason of a `Failed`, for instance `DeadlineExceeded`.
        completions: Its indexes.
        parallelism: Pods at once.
        active: Pods there now.
        succeeded: Indexes that succeeded.
        failed: Indexes that failed for good.
        pages: `ANNOTATION_PAGES`, on the chunks Job.
    """

    name: str
    stage: Stage
    deleting: bool = False
    verdict: str | None = None
    reason: str = ""
    completions: int = 1
    parallelism: int = 1
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    pages: int | None = None

    @classmethod
    def parse(cls, raw: Manifest) -> StageJob | None:
        """From a Job with our labels; `None` when somebody else put them there."""
        meta, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
        try:
            stage = Stage(meta.get("labels", {}).get(LABEL_STAGE))
            pages = meta.get("annotations", {}).get(ANNOTATION_PAGES)
            final = next(
                (
                    it
                    for it in status.get("conditions", ())
                    if it["type"] in ("Complete", "Failed") and it["status"] == "True"
                ),
                None,
            )
            return cls(
                name=meta["name"],
                stage=stage,
                deleting="deletionTimestamp" in meta,
                verdict=final and final["type"],
                reason=(final or {}).get("reason", ""),
                completions=spec.get("completions", 1),
                parallelism=spec.get("parallelism", 1),
                active=status.get("active", 0),
                succeeded=_count(status.get("completedIndexes")),
                failed=_count(status.get("failedIndexes")),
                pages=None if pages is None else int(pages),
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
    """

    stage: Stage
    running: bool
    exit_code: int | None
    report: Report | None

    @classmethod
    def parse(cls, raw: Manifest) -> StagePod | None:
        """From a pod with our labels; `None` when somebody else put them there."""
        try:
            stage = Stage(raw["metadata"].get("labels", {}).get(LABEL_STAGE))
            containers = raw.get("status", {}).get("containerStatuses") or [{}]
            state = containers[0].get("state", {})
            ended = state.get("terminated")
            return cls(
                stage=stage,
                running="running" in state,
                exit_code=None if ended is None else int(ended["exitCode"]),
                report=None if ended is None else Report.loads(ended.get("message")),
            )
        except (ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True)
class Children:
    """What a PdfJob owns, by stage."""

    jobs: Mapping[Stage, StageJob] = field(default_factory=dict)
    pods: tuple[StagePod, ...] = ()

    def ended(self, stage: Stage) -> StagePod | None:
        """The stage's pod that did its work, or the last one that failed, if any has ended."""
        ended = [pod for pod in self.pods if pod.stage is stage and pod.exit_code is not None]
        done = [pod for pod in ended if pod.exit_code == 0]
        return next(iter(done or ended[::-1]), None)

    def started(self, stage: Stage) -> bool:
        """Whether a pod of the stage has ever run."""
        return any(pod.stage is stage and (pod.running or pod.exit_code is not None) for pod in self.pods)


def owned_by(raw: Manifest, uid: str) -> bool:
    """Whether the object's controller is the one with this uid: unlike a name, a uid never comes back."""
    return any(
        reference.get("controller") and reference.get("uid") == uid
        for reference in raw["metadata"].get("ownerReferences", ())
    )


def parse_time(text: str) -> datetime:
    """A Kubernetes timestamp, with its zone."""
    return datetime.fromisoformat(text)


def format_time(time: datetime) -> str:
    """As Kubernetes writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _count(ranges: str | None) -> int:
    return sum(len(indexes) for indexes in parse_ranges(ranges))
