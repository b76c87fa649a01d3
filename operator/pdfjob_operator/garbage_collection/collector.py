"""Decides which claims to sweep and when, and starts the sweeps.

Only a pod can reach a volume, and only the operator knows which PdfJobs exist. So the operator starts a sweep Job per
namespace and claim, and tells it which PdfJobs exist.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.live_pdfjobs import LivePdfJobs
from pdfjob_operator.api.errors import NamespaceGoneError
from pdfjob_operator.garbage_collection.claim_registry import ClaimRegistry
from pdfjob_operator.garbage_collection.sweep_job import (
    Claim,
    abridged,
    is_running,
    next_number,
    sweep_job,
    sweep_labels,
)
from pdfjob_operator.garbage_collection.sweep_reports import SweepReports
from pdfjob_operator.objects.names import shared_claim
from pdfjob_operator.runtime.backoff import with_jitter
from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.metrics.recorder import MetricsRecorder
    from pdfjob_operator.objects.kubernetes import Manifest

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
        self._claim_of: dict[str, Claim | None] = {}  # `None` for a PdfJob with a claim of its own
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
        self._claim_of[raw["metadata"]["uid"]] = self._claim(raw)

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
        await self._reports.read(in_use={claim for claim in self._claim_of.values() if claim is not None})

    async def _sweep(self, claim: Claim, _: frozenset[Trigger]) -> float | None:
        """Start a sweep, and return the seconds until the next one is due, if any."""
        last_deletion = self._last_deletion.get(claim, float("-inf"))
        started, before = asyncio.get_running_loop().time(), self._age_limit()
        jobs = [abridged(job) async for job in self._cluster.jobs(claim.namespace, sweep_labels(claim))]
        found = await self._cluster.claim(*claim)
        if found is not None and found.has_owner:  # finished pods would keep it from being deleted with its owner
            return None
        if found is not None and any(is_running(job) for job in jobs):
            return RECHECK_SECONDS
        live, is_used = LivePdfJobs(before), False
        async for raw in self._cluster.pdfjobs(claim.namespace):
            live.add(raw["metadata"]["uid"])
            is_used |= self._claim(raw) == claim
        if found is None:  # and with it, its volume; or it never existed
            if not is_used:
                await self._forget(claim, jobs)
            return None
        # A PdfJob that is not listed is deleted, or was created after the listing: the age of its workspace decides.
        sweep = sweep_job(
            claim, self._settings, next_number(jobs), live=live.dumps(), before=before, volume_claim=found
        )
        try:
            await self._cluster.create_unowned_job(sweep)
        except NamespaceGoneError:
            self.claims.discard(claim)
            return None  # its claims are deleted with the namespace
        log.info("sweeping %s/%s", *claim)
        for job in jobs:
            await self._cluster.delete_job(claim.namespace, job["metadata"]["name"], job["metadata"]["uid"])
        due_in = last_deletion + self._delay() - started  # the workspace of a recent deletion is too young yet
        return due_in if due_in > 0 else None

    async def _forget(self, claim: Claim, jobs: Iterable[Manifest]) -> None:
        """Delete the sweep Jobs of a claim that does not exist, and that no PdfJob waits for."""
        self.claims.discard(claim)
        self._last_deletion.pop(claim, None)
        for job in jobs:
            await self._cluster.delete_job(claim.namespace, job["metadata"]["name"], job["metadata"]["uid"])
        log.info("%s/%s does not exist: it is not swept any more", *claim)

    def _claim(self, raw: Mapping[str, Any]) -> Claim | None:
        """Return the claim of a PdfJob's workspace; `None` if it is its own, which is deleted together with it."""
        name = shared_claim(raw, self._settings)
        if name is None:
            return None
        # Interned, because nearly all PdfJobs of a namespace have the same claim, and there may be a hundred thousand.
        return Claim(sys.intern(raw["metadata"]["namespace"]), sys.intern(name))

    def _age_limit(self) -> int:
        """Return the time in seconds since 1970 after which no workspace may have changed to be removed."""
        return int(self._now().timestamp()) - self._settings.workspace_retention_seconds

    def _delay(self) -> float:
        """Return the seconds between a deletion and its sweep.

        Pods of a deleted PdfJob may still write for a moment, and a workspace is only removed if it has not changed for
        the retention period. Twice that period leaves them enough time.
        """
        return 2.0 * self._settings.workspace_retention_seconds
