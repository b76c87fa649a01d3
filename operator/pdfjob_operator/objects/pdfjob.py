"""The PdfJob as the operator reads it. Pure parsing of an object that the API server has validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import Manifest, parse_time
from pdfjob_operator.objects.labels import LABEL_RESTORED
from pdfjob_operator.objects.phases import TERMINAL_PHASES, Condition, Phase
from pdfjob_operator.objects.reasons import LIMITS, OperatorReason
from pdfjob_operator.objects.storage import Storage


class Key(NamedTuple):
    """The namespace and name of a PdfJob."""

    namespace: str
    name: str


class SecretKey(NamedTuple):
    """The name of a Secret in the PdfJob's namespace, and a key in it."""

    name: str
    key: str


@dataclass(frozen=True)
class PdfJob:
    """A PdfJob.

    Attributes:
        key: Namespace and name.
        uid: Identity. Names are used again, uids are not.
        generation: Generation of the spec.
        deleting: True once deletion has been requested; nothing is created for the PdfJob any more.
        path: Path of the source, relative to the root of its volume.
        source_claim: PersistentVolumeClaim of the source; `None` for the claim of the workspace.
        sha256: Expected checksum of the source, in hexadecimal.
        password_secret: Password of the source; `None` if none was given.
        language: Language of the text as an ISO 639-1 code; `None` to detect it.
        pages: Pages to process, as its author wrote them; `None` for all.
        running_lines: The treatment of running headers and footers: `drop` or `keep`.
        pages_per_chunk: Pages in every chunk but the last.
        workers: Maximum number of chunks in flight, 0 or more, as far as the administrator allows.
        prestart: Number of pods that start before there is a worker for them.
        processor: Name and settings of the processor, as the chunk runner takes them.
        api_key_secret: Key of the model's API; `None` for a processor that needs none.
        output_format: Format of the output.
        retries: Retries of each chunk.
        timeout_seconds: Timeout of a round.
        max_failed_chunks: Number of failed chunks above which the PdfJob is stopped; `None` to run all chunks.
        suspend: True to suspend it, because its author says so, or because it was restored from a backup.
        is_restored: True if it was restored from a backup, and nobody has confirmed since that it shall run.
        ttl_seconds: Seconds after its end until it is deleted; `None` to keep it.
        retry_failed: Number of rounds that its author has asked for.
        pod: What its author adds to its pods, as its author wrote it.
        storage: Where to keep the workspace.
        status: The status as it was read.
        raw: The whole object as it was read.
    """

    key: Key
    uid: str
    generation: int
    deleting: bool
    path: str
    source_claim: str | None
    sha256: str | None
    password_secret: SecretKey | None
    language: str | None
    pages: str | None
    running_lines: str
    pages_per_chunk: int
    workers: int
    prestart: int
    processor: Mapping[str, Any]
    api_key_secret: SecretKey | None
    output_format: str
    retries: int
    timeout_seconds: int
    max_failed_chunks: int | None
    suspend: bool
    is_restored: bool
    ttl_seconds: int | None
    retry_failed: int
    pod: Mapping[str, Any]
    storage: Storage
    status: Mapping[str, Any]
    raw: Manifest = field(repr=False)

    @classmethod
    def parse(cls, raw: Manifest) -> PdfJob:
        """Parse an object that the API server admitted: the schema holds and defaults are filled in."""
        meta, spec = raw["metadata"], raw["spec"]
        source = spec["source"]
        is_restored = LABEL_RESTORED in meta.get("labels", {})
        ((processor, settings),) = spec["processor"].items()
        api_key_secret = _secret_key(settings.get("apiKeySecretRef"))
        settings = {key: value for key, value in settings.items() if key != "apiKeySecretRef"}
        return cls(
            key=Key(meta["namespace"], meta["name"]),
            uid=meta["uid"],
            generation=meta["generation"],
            deleting="deletionTimestamp" in meta,
            path=source["volume"]["path"],
            source_claim=source["volume"].get("claimName"),
            sha256=source.get("sha256"),
            password_secret=_secret_key(source.get("passwordSecretRef")),
            language=source.get("language"),
            pages=spec.get("pages"),
            running_lines=spec.get("runningLines", "drop"),
            pages_per_chunk=spec["chunking"]["pagesPerChunk"],
            workers=spec["workers"],
            prestart=spec.get("prestart", 0),
            processor={"name": processor, **settings},
            api_key_secret=api_key_secret,
            output_format=spec.get("output", {}).get("format", "json"),
            retries=spec["retries"],
            timeout_seconds=spec["timeoutSeconds"],
            max_failed_chunks=spec.get("maxFailedChunks"),
            suspend=spec.get("suspend", False) or is_restored,
            is_restored=is_restored,
            ttl_seconds=spec.get("ttlSecondsAfterFinished"),
            retry_failed=spec.get("retryFailed", 0),
            pod=spec.get("pod", {}),
            storage=Storage.parse(spec.get("storage", {})),
            status=raw.get("status", {}),
            raw=raw,
        )

    @property
    def requested_workers(self) -> int:
        """The number of workers that its author asks for."""
        return int(self.raw["spec"]["workers"])

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels, some of which concern Kueue and Velero."""
        labels: Mapping[str, str] = self.raw["metadata"].get("labels", {})
        return labels

    @property
    def created_at(self) -> datetime:
        """The time of its creation; of a restored one, the time of its restoration."""
        return parse_time(self.raw["metadata"]["creationTimestamp"])

    @property
    def round(self) -> int:
        """The current round: the value of `spec.retryFailed` when it began."""
        return int(self.status.get("round", self.retry_failed))

    @property
    def started_at(self) -> datetime | None:
        """The start time of this round; `None` before its first reconciliation."""
        time = self.status.get("startTime")
        return None if time is None else parse_time(time)

    @property
    def phase(self) -> Phase:
        """The phase in its status."""
        return Phase(self.status.get("phase", Phase.PENDING))

    @property
    def reached_phase(self) -> Phase:
        """The phase that this round has reached: while it is suspended, the one before."""
        return Phase(self.status.get("suspendedIn", self.phase))

    @property
    def is_finished(self) -> bool:
        """True once its phase is terminal."""
        return self.status.get("phase") in TERMINAL_PHASES

    @property
    def was_suspended(self) -> bool:
        """True if its status says that it is suspended."""
        return self.condition(Condition.SUSPENDED).get("status") == "True"

    @property
    def last_diagnosis(self) -> Failure | None:
        """The reason in its status why it does not make progress; `None` if it does."""
        reconciling = self.condition(Condition.RECONCILING)
        if reconciling.get("status") != "True" or reconciling.get("reason") in {*Phase, *LIMITS, None}:
            return None
        return Failure(reconciling["reason"], reconciling["message"])

    @property
    def last_wait(self) -> Failure | None:
        """What it was waiting for according to its status: its last diagnosis, or Kueue."""
        reconciling = self.condition(Condition.RECONCILING)
        if reconciling.get("reason") == OperatorReason.QUEUED:
            return Failure(reconciling["reason"], reconciling["message"])
        return self.last_diagnosis

    def in_round(self, round_: int) -> PdfJob:
        """Return the PdfJob at the beginning of another round, with nothing left of the status of the last one."""
        return replace(self, status={"round": round_, "conditions": self.status["conditions"]})

    def with_workers(self, most: int | None) -> PdfJob:
        """Return the PdfJob with at most so many pods for chunks; `None` for as many as its author asks for."""
        if most is None:
            return self
        workers = min(self.workers, most)
        return replace(self, workers=workers, prestart=min(self.prestart, most - workers))

    def condition(self, kind: Condition) -> Mapping[str, Any]:
        """Return the condition of this type from its status; empty if there is none."""
        return next((found for found in self.status.get("conditions", ()) if found.get("type") == kind), {})

    def suspended_seconds(self, now: datetime) -> int:
        """Return how long it has been suspended in this round, in seconds."""
        seconds = int(self.status.get("suspendedSeconds", 0))
        if self.was_suspended:
            since = parse_time(self.condition(Condition.SUSPENDED)["lastTransitionTime"])
            seconds += int((now - since).total_seconds())
        return seconds

    def seconds_left(self, now: datetime) -> int:
        """Return the time left until the timeout in seconds. Time in suspension does not count."""
        elapsed = int((now - (self.started_at or now)).total_seconds()) - self.suspended_seconds(now)
        return self.timeout_seconds - elapsed


def is_settled(raw: Mapping[str, Any]) -> bool:
    """Return whether there is nothing to do: it has finished, will not be deleted, and its status is about its spec.

    A `retryFailed` that was raised before the end belongs to the observed generation, so the round has to match, too.
    """
    status, meta, spec = raw.get("status") or {}, raw.get("metadata", {}), raw.get("spec", {})
    return (
        status.get("phase") in TERMINAL_PHASES
        and status.get("observedGeneration") == meta.get("generation")
        and status.get("round", 0) >= spec.get("retryFailed", 0)
        and "ttlSecondsAfterFinished" not in spec
    )


def _secret_key(reference: Mapping[str, str] | None) -> SecretKey | None:
    return None if reference is None else SecretKey(reference["name"], reference["key"])
