"""The PdfJob as the operator reads it. Pure parsing of an object that the API server has validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import Manifest, parse_time
from pdfjob_operator.objects.labels import LABEL_QUEUE
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Phase


class Key(NamedTuple):
    """Which PdfJob."""

    namespace: str
    name: str


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
        password: The Secret that holds the source's password, and the key in it; `None` for a source that needs none.
        language: Of the source's text; `None` to find out.
        pages: The pages to process, as its author wrote them; `None` for all.
        pages_per_chunk: Pages in a chunk.
        workers: Chunks in flight, 0 or more.
        processor: Name and settings, as the runner takes them.
        api_key: The Secret that holds the key of the model's API, and the key in it; `None` for a processor without.
        output_format: What the output is like.
        retries: Per chunk.
        timeout_seconds: For the whole job, or for one retry of its failed chunks.
        max_failed_chunks: How many may fail before the job is stopped; `None` to run them all.
        suspend: Whether it is to wait.
        ttl_seconds: How long it stays after its end; `None` for ever.
        retry_failed: Raised to run failed chunks again.
        queue_name: The Kueue queue of its chunks; `None` for none.
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
    password: tuple[str, str] | None
    language: str | None
    pages: str | None
    pages_per_chunk: int
    workers: int
    processor: Mapping[str, Any]
    api_key: tuple[str, str] | None
    output_format: str
    retries: int
    timeout_seconds: int
    max_failed_chunks: int | None
    suspend: bool
    ttl_seconds: int | None
    retry_failed: int
    queue_name: str | None
    workspace_claim: str | None
    status: Mapping[str, Any]
    raw: Manifest = field(repr=False)

    @classmethod
    def parse(cls, raw: Manifest) -> PdfJob:
        """From an object that the API server admitted, so that the schema holds and defaults are filled in."""
        meta, spec = raw["metadata"], raw["spec"]
        source = spec["source"]
        ((processor, settings),) = spec["processor"].items()
        api_key = _secret(settings.get("apiKeySecretRef"))
        settings = {key: value for key, value in settings.items() if key != "apiKeySecretRef"}
        return cls(
            key=Key(meta["namespace"], meta["name"]),
            uid=meta["uid"],
            generation=meta["generation"],
            deleting="deletionTimestamp" in meta,
            path=source["volume"]["path"],
            source_claim=source["volume"].get("claimName"),
            sha256=source.get("sha256"),
            password=_secret(source.get("passwordSecretRef")),
            language=source.get("language"),
            pages=spec.get("pages"),
            pages_per_chunk=spec["chunking"]["pagesPerChunk"],
            workers=spec["workers"],
            processor={"name": processor, **settings},
            api_key=api_key,
            output_format=spec.get("output", {}).get("format", "json"),
            retries=spec["retries"],
            timeout_seconds=spec["timeoutSeconds"],
            max_failed_chunks=spec.get("maxFailedChunks"),
            suspend=spec.get("suspend", False),
            ttl_seconds=spec.get("ttlSecondsAfterFinished"),
            retry_failed=spec.get("retryFailed", 0),
            queue_name=meta.get("labels", {}).get(LABEL_QUEUE),
            workspace_claim=spec.get("storage", {}).get("claimName"),
            status=raw.get("status", {}),
            raw=raw,
        )

    @property
    def round(self) -> int:
        """The round it is in: what `spec.retryFailed` was when it began. Only a raise means a retry."""
        return int(self.status.get("round", self.retry_failed))

    @property
    def is_suspended(self) -> bool:
        """Whether it was suspended at the last pass."""
        return self.condition("Suspended").get("status") == "True"

    @property
    def trouble(self) -> Failure | None:
        """What its status says it is waiting for, if it is."""
        at_work = self.condition("Reconciling")
        if at_work.get("status") != "True" or at_work.get("reason") in {*Phase, None}:
            return None
        return Failure(at_work["reason"], at_work["message"])

    def condition(self, kind: str) -> Mapping[str, Any]:
        """A condition of its status; empty if it has none of this kind."""
        return next((it for it in self.status.get("conditions", ()) if it.get("type") == kind), {})

    def suspended_seconds(self, now: datetime) -> int:
        """How long it has been suspended in this round."""
        seconds = int(self.status.get("suspendedSeconds", 0))
        if self.is_suspended:
            since = parse_time(self.condition("Suspended")["lastTransitionTime"])
            seconds += int((now - since).total_seconds())
        return seconds

    def seconds_left(self, now: datetime) -> int:
        """What is left of its one clock, which starts at its first pass and stands still while it is suspended."""
        elapsed = int((now - (self.started or now)).total_seconds()) - self.suspended_seconds(now)
        return self.timeout_seconds - elapsed

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
    """Whether a PdfJob needs no pass at all: it has ended for good, and its status is about its present spec."""
    status, meta = raw.get("status") or {}, raw.get("metadata", {})
    return (
        status.get("phase") in TERMINAL_PHASES
        and status.get("observedGeneration") == meta.get("generation")
        and "ttlSecondsAfterFinished" not in raw.get("spec", {})
    )


def _secret(reference: Mapping[str, str] | None) -> tuple[str, str] | None:
    return None if reference is None else (reference["name"], reference["key"])
