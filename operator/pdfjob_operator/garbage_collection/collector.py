"""Decides which claims to sweep and when, and starts the sweeps.

Only a pod can reach a volume, and only the operator knows which PdfJobs exist. So the operator starts a sweep Job per
namespace and claim, with a list of the PdfJobs that exist.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

from pdfjob_operator.api.errors import NamespaceGoneError
from pdfjob_operator.garbage_collection.claim_registry import ClaimRegistry
from pdfjob_operator.garbage_collection.sweep_job import Claim, is_running, next_number, sweep_job, sweep_labels
from pdfjob_operator.garbage_collection.sweep_reports import SweepReports
from pdfjob_operator.runtime.backoff import with_jitter
from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.metrics.recorder import MetricsRecorder

log = logging.getLogger(__name__)

RECHECK_SECONDS = 30
"""Time until the next look at a claim whose sweep is still running."""


class GarbageCollector:
    """The claims of PdfJobs, and the queue of claims to sweep.

    Attributes:
        claims: The claims that are known to hold workspaces.
        queue: The claims to sweep; somebody must run it.

    Args:
        cluster: The cluster.
        settings: The configuration.
        now: Returns the current time.
        gate: Awaited before each sweep; returns while this operator is the leader.
        recorder: Takes the free space of volumes.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        now: Callable[[], datetime],
        gate: Callable[[], Awaitable[None]],
        recorder: MetricsRecorder,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._now = now
        self._claim_of: dict[str, Claim] = {}
        self._last_deletion: dict[Claim, float] = {}
        self._claims_loaded = False
        self.claims = ClaimRegistry(cluster, settings)
        self._reports = SweepReports(cluster, settings, self.claims, recorder)
        self.queue: WorkQueue[Claim] = WorkQueue(self._sweep, group=lambda claim: claim.namespace, workers=1, gate=gate)

    def known_uids(self) -> set[str]:
        """Return the uids of the PdfJobs that are known to exist."""
        return set(self._claim_of)

    def add(self, raw: Mapping[str, Any]) -> None:
        """Remember the claim of an existing PdfJob."""
        meta, storage = raw["metadata"], raw.get("spec", {}).get("storage", {})
        claim = storage.get("claimName") or self._settings.workspace_claim
        # Interned, because nearly all PdfJobs of a namespace have the same claim, and there may be a hundred thousand.
        self._claim_of[meta["uid"]] = Claim(sys.intern(meta["namespace"]), sys.intern(claim))

    def remove(self, uid: str) -> None:
        """Schedule a sweep of the claim of a deleted PdfJob."""
        claim = self._claim_of.pop(uid, None)
        if claim is not None:
            self._last_deletion[claim] = asyncio.get_running_loop().time()
            self.queue.add(claim, self._delay())

    async def load_claims(self) -> None:
        """Schedule a sweep of every claim that earlier operators registered; later calls do nothing.

        Raises:
            ApiError: The claims cannot be listed.
        """
        if self._claims_loaded:
            return
        async for claim in self.claims.load():
            self.queue.add(claim, with_jitter(self._delay(), more=1.0))
        self._claims_loaded = True

    async def read_reports(self) -> None:
        """Set the metrics of workspaces and volumes.

        Raises:
            ApiError: The reports cannot be read.
        """
        await self._reports.read(in_use=set(self._claim_of.values()))

    async def _sweep(self, claim: Claim, _: frozenset[Trigger]) -> float | None:
        """Start a sweep, and return the seconds until the next one is due, if any."""
        last_deletion = self._last_deletion.get(claim, float("-inf"))
        existing = [raw["metadata"]["uid"] async for raw in self._cluster.pdfjobs(claim.namespace)]
        started, now = asyncio.get_running_loop().time(), self._now()
        jobs = [job async for job in self._cluster.jobs(claim.namespace, sweep_labels(claim))]
        if any(is_running(job) for job in jobs):
            return RECHECK_SECONDS
        # A PdfJob that is not listed is deleted, or was created after the listing: the age of its workspace decides.
        before = int(now.timestamp()) - self._settings.workspace_retention_seconds
        sweep = sweep_job(claim, self._settings, next_number(jobs), existing=existing, before=before)
        try:
            await self._cluster.create_unowned_job(sweep)
        except NamespaceGoneError:
            self.claims.discard(claim)
            return None  # its claims are deleted with the namespace
        log.info("sweeping %s/%s: %d PdfJobs exist", *claim, len(existing))
        for job in jobs:
            await self._cluster.delete_job(claim.namespace, job["metadata"]["name"])
        due_in = last_deletion + self._delay() - started  # the workspace of a recent deletion is too young yet
        return due_in if due_in > 0 else None

    def _delay(self) -> float:
        """Return the seconds between a deletion and its sweep.

        Pods of a deleted PdfJob may still write for a moment, and a workspace is only removed if it has not changed for
        the retention period. Twice that period leaves them enough time.
        """
        return 2.0 * self._settings.workspace_retention_seconds
