"""Garbage collection: sweep Jobs remove what deleted PdfJobs left on their volumes, one per namespace and claim.

Only a pod can reach a volume, and only the operator knows which PdfJobs exist; so it starts a pod with a list of them.
The last such Job stays as a note that this claim holds workspaces: it is what an operator finds that was away while the
last PdfJob of a namespace was deleted. The first note is made, suspended, before a claim is used for the first time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from chunk_runner.contract import environment
from chunk_runner.contract.report import Report
from pdfjob_operator.api.errors import NamespaceGoneError, RequestRefusedError
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.kubernetes import Manifest, parse_time
from pdfjob_operator.objects.labels import GROUP, LABEL_STAGE, SWEEP
from pdfjob_operator.objects.names import workspace_claim
from pdfjob_operator.objects.pod_manifests import mount_workspace, pod_template
from pdfjob_operator.objects.stage_pod import container_state
from pdfjob_operator.runtime.backoff import with_jitter
from pdfjob_operator.runtime.retry_policy import retry_policy
from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from chunk_runner.contract.report import Swept
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.metrics.recorder import MetricsRecorder
    from pdfjob_operator.objects.pdfjob import PdfJob

log = logging.getLogger(__name__)

ANNOTATION_CLAIM = f"{GROUP}/claim"
"""On a sweep Job: the claim."""

SWEEP_SECONDS = 600
"""How long a sweep may take."""

REQUEUE_SECONDS = 30
"""When to look again where a sweep is still running."""


class Claim(NamedTuple):
    """Which claim."""

    namespace: str
    name: str


class GarbageCollector:
    """What there is to sweep, and when.

    Args:
        cluster: The API server.
        settings: The configuration.
        now: The time.
        gate: GarbageCollector begin only when this returns.
        recorder: Told how full volumes are.
    """

    def __init__(
        self, cluster: Cluster, settings: Settings, now: Callable[[], datetime], gate: Any, recorder: MetricsRecorder
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._now = now
        self._recorder = recorder
        self._claims: dict[str, Claim] = {}
        self._noted: set[Claim] = set()
        self._last_gone: dict[Claim, float] = {}
        self._swept: dict[Claim, Swept] = {}
        self._claims_loaded = False
        self.queue: WorkQueue[Claim] = WorkQueue(self.sweep, workers=1, retry_policy=retry_policy, gate=gate)

    def known_uids(self) -> set[str]:
        """The uids of PdfJobs that exist, as far as is known here."""
        return set(self._claims)

    def add(self, raw: Mapping[str, Any]) -> None:
        """A PdfJob was seen."""
        meta, storage = raw["metadata"], raw.get("spec", {}).get("storage", {})
        self._claims[meta["uid"]] = Claim(meta["namespace"], storage.get("claimName") or self._settings.workspace_claim)

    def remove(self, uid: str) -> None:
        """A PdfJob is there no more: its claim is due once its last pods have ended for certain."""
        claim = self._claims.pop(uid, None)
        if claim is not None:
            self._last_gone[claim] = asyncio.get_running_loop().time()
            self.queue.add(claim, self._delay())

    async def load_claims(self) -> None:
        """Find the notes of earlier operators, once; every claim is swept then, spread over time."""
        if self._claims_loaded:
            return
        for namespace in self._settings.namespaces or (None,):
            async for raw in self._cluster.jobs(namespace, {LABEL_STAGE: SWEEP}):
                name = raw["metadata"].get("annotations", {}).get(ANNOTATION_CLAIM)
                if name:
                    claim = Claim(raw["metadata"]["namespace"], name)
                    self._noted.add(claim)
                    self.queue.add(claim, with_jitter(self._delay(), more=1.0))
        self._claims_loaded = True

    async def read_reports(self) -> None:
        """Read what the last sweep of each claim found, for the metrics."""
        found: dict[Claim, tuple[Report, datetime]] = {}
        for namespace in self._settings.namespaces or (None,):
            for raw in await self._cluster.sweep_pods(namespace):
                ended = container_state(raw).get("terminated") or {}
                report = Report.loads(ended.get("message"))
                if report is not None and report.swept is not None and "finishedAt" in ended:
                    found[_claim(raw)] = report, parse_time(ended["finishedAt"])
        for claim, (report, when) in found.items():
            if report.volume is not None:
                self._recorder.record_volume(claim, report.volume, when)
        self._recorder.retain_claims({*found, *self._claims.values()})
        # While the next sweep of a claim runs, the pod of the last one is gone.
        self._swept = {claim: swept for claim, swept in self._swept.items() if claim in self._noted}
        self._swept |= {claim: report.swept for claim, (report, _) in found.items() if report.swept is not None}
        registry.WORKSPACE_BYTES.set(sum(it.bytes for it in self._swept.values()))
        registry.ORPHANED_WORKSPACES.set(sum(it.stale for it in self._swept.values()))

    async def register_claim(self, job: PdfJob) -> None:
        """Leave a note that this PdfJob's claim holds workspaces, before it does."""
        claim = Claim(job.key.namespace, workspace_claim(job, self._settings))
        if claim in self._noted:
            return
        try:
            if not [job async for job in self._cluster.jobs(claim.namespace, _labels(claim))]:
                await self._cluster.create_unowned_job(sweep_job(claim, self._settings, 0, suspend=True))
        except RequestRefusedError as error:  # no reason to hold up a job; its own refusal would say so anyway
            log.warning("cannot make a note of the claim %s/%s: %s", *claim, error)
            return
        self._noted.add(claim)

    async def sweep(self, claim: Claim, _: frozenset[Trigger]) -> float | None:
        """Start a sweep; returns when to start the next one, if one is due."""
        last = self._last_gone.get(claim, float("-inf"))
        live = [raw["metadata"]["uid"] async for raw in self._cluster.pdfjobs(claim.namespace)]
        began, time = asyncio.get_running_loop().time(), self._now()
        jobs = [raw async for raw in self._cluster.jobs(claim.namespace, _labels(claim))]
        if any(_is_running(raw) for raw in jobs):
            return REQUEUE_SECONDS
        number = 1 + max((_number(raw) for raw in jobs), default=0)
        before = int(time.timestamp()) - self._settings.workspace_retention_seconds
        try:
            await self._cluster.create_unowned_job(sweep_job(claim, self._settings, number, live=live, before=before))
        except NamespaceGoneError:
            self._noted.discard(claim)
            return None  # the namespace is gone, and its claims with it
        log.info("sweeping %s/%s: %d PdfJobs exist", *claim, len(live))
        for raw in jobs:
            await self._cluster.delete_job(claim.namespace, raw["metadata"]["name"])
        too_young = last + self._delay() - began
        return too_young if too_young > 0 else None

    def _delay(self) -> float:
        """Pods of a deleted PdfJob may write for a moment yet; and what changes too late is left to the next sweep."""
        return 2.0 * self._settings.workspace_retention_seconds


def sweep_job(
    claim: Claim,
    settings: Settings,
    number: int,
    *,
    live: list[str] | None = None,
    before: int = 0,
    suspend: bool = False,
) -> Manifest:
    """The Job that sweeps a claim.

    Args:
        claim: The claim.
        settings: The configuration.
        number: One more than the last one's.
        live: The uids of all PdfJobs in the namespace.
        before: What changed later (seconds since 1970) stays.
        suspend: Make a note only.
    """
    env = {
        environment.LIVE_ENV: ",".join(sorted(uid[: environment.LIVE_LENGTH] for uid in live or ())),
        environment.BEFORE_ENV: str(before),
    }
    pod = pod_template(settings, SWEEP, "sweep", env)
    pod["metadata"]["labels"] |= _labels(claim)
    folder = f"{environment.WORKSPACES}/{claim.namespace}"
    mount_workspace(pod, claim.name, folder, environment.WORKSPACES_MOUNT)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"pdfjob-sweep-{_hash(claim)}-{number}",
            "namespace": claim.namespace,
            "labels": dict(pod["metadata"]["labels"]),
            "annotations": {ANNOTATION_CLAIM: claim.name},
        },
        "spec": {
            "suspend": suspend,
            "backoffLimit": 3,
            "activeDeadlineSeconds": SWEEP_SECONDS,
            "template": pod,
        },
    }


def _labels(claim: Claim) -> dict[str, str]:
    return {LABEL_STAGE: SWEEP, f"{GROUP}/claim-hash": _hash(claim)}


def _hash(claim: Claim) -> str:
    return hashlib.sha256(claim.name.encode()).hexdigest()[:8]


def _claim(pod: Manifest) -> Claim:
    """The claim that a sweep pod works on; its name as a pod has it may be anybody's, and is a number among numbers."""
    volumes = pod["spec"].get("volumes", ())
    names = (it["persistentVolumeClaim"]["claimName"] for it in volumes if "persistentVolumeClaim" in it)
    return Claim(pod["metadata"]["namespace"], next(names, ""))


def _number(raw: Manifest) -> int:
    tail = str(raw["metadata"]["name"]).rpartition("-")[2]
    return int(tail) if tail.isdecimal() and len(tail) < len("1000000000") else 0


def _is_running(raw: Manifest) -> bool:
    ended = any(
        it["type"] in ("Complete", "Failed") and it["status"] == "True"
        for it in raw.get("status", {}).get("conditions", ())
    )
    return not ended and not raw["spec"].get("suspend")
