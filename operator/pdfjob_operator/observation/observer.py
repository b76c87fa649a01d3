"""Reads everything about a PdfJob into one frozen `Observation`, once per reconciliation. Decides nothing.

It remembers its last diagnosis of pods that do not start; losing that does no harm.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pdfjob_operator.objects.kubernetes import JobFailure, JobOutcome
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.objects.stage_pod import reported_failure
from pdfjob_operator.observation import diagnostics, owned_objects
from pdfjob_operator.observation.claims import claim_to_choose, claims_of, why_not_bound
from pdfjob_operator.observation.other_operators import OtherOperators
from pdfjob_operator.observation.owned_objects import FailedIndexes
from pdfjob_operator.observation.page_progress import POLL_SECONDS
from pdfjob_operator.planning.observation import Observation
from pdfjob_operator.runtime.admission import Admission
from pdfjob_operator.runtime.work_queue import soonest


if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from chunk_runner.contract.report import Failure
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.observation.page_progress import PageProgress


DIAGNOSE_AFTER_SECONDS = 20
"""How long a Job may have fewer ready pods than it wants before they are diagnosed; and the pause between diagnoses."""

RECHECK_SECONDS = 60
"""Pause after a diagnosis that found the reason."""


class _Diagnosis(NamedTuple):
    """A diagnosis, and the time of the event loop at which it was made."""

    time: float
    failure: Failure | None


class _ChunkFailure(NamedTuple):
    """The failure that a chunk pod reported, the number of failed pods then, and the time of the event loop."""

    time: float
    failed_pods: int
    failure: Failure | None


class _Stall(NamedTuple):
    """The diagnosis of an unfinished Job with too few ready pods, and the seconds until the next look."""

    diagnosis: Failure | None = None
    namespace_terminating: bool = False
    recheck_after: float | None = None


class Observer:
    """Reads PdfJobs and what belongs to them.

    Args:
        cluster: The API server.
        now: The wall clock.
        settings: The operator's configuration.
        page_progress: Pages done as running pods say; `None` without a Redis.
        admission: Decides whether a PdfJob is worked on now; `None` for always.
    """

    def __init__(
        self,
        cluster: Cluster,
        now: Callable[[], datetime],
        settings: Settings,
        page_progress: PageProgress | None = None,
        *,
        admission: Admission | None = None,
    ) -> None:
        self._cluster = cluster
        self._now = now
        self._admission = admission or Admission(None)
        self._settings = settings
        self._page_progress = page_progress
        self._others = OtherOperators(settings.identity)
        self._diagnoses: dict[Key, _Diagnosis] = {}
        self._chunk_failures: dict[Key, _ChunkFailure] = {}

    async def observe(self, key: Key) -> Observation | None:
        """Observe a PdfJob; return `None` if it is deleted, or about to be.

        Of a PdfJob that is new or has finished, nothing but itself is read, and the claim that a new one may use.
        """
        pdfjob = await self._cluster.pdfjob(key)
        if pdfjob is None or pdfjob.deleting:
            self.forget(key)
            return None
        pdfjob, now = pdfjob.with_workers(self._settings.max_workers_per_job), self._now()
        if pdfjob.is_finished:
            self.forget(key)
            return Observation(pdfjob, now)
        if not pdfjob.status:
            self.forget(key)
            claim = await claim_to_choose(self._cluster, pdfjob, self._settings)
            return Observation(pdfjob, now, admitted=self._admit(pdfjob, has_jobs=False), workspace_claim=claim)
        owned = Observation(pdfjob, now, *await owned_objects.stage_jobs_and_pods(self._cluster, pdfjob))
        self._others.look_at(pdfjob, owned.jobs, now)
        failed = await self._failed_indexes(owned)
        stall, claims = await self._examine_stall(owned), await claims_of(self._cluster, owned, self._settings)
        return replace(
            owned,
            out_of_memory_indexes=failed.out_of_memory,
            volume_failure=failed.volume_failure,
            chunk_failure=await self._chunk_failure(owned),
            workspace_lost=failed.workspace_lost,
            workspace_claim=claims.workspace,
            source_claim=claims.source,
            admitted=self._admit(pdfjob, has_jobs=bool(owned.jobs)),
            diagnosis=stall.diagnosis,
            namespace_terminating=stall.namespace_terminating,
            pages_processed=await self._pages_processed(owned),
            recheck_after=soonest(stall.recheck_after, self._poll_after(owned)),
        )

    def forget(self, key: Key) -> None:
        """Forget what is remembered of a PdfJob."""
        self._diagnoses.pop(key, None)
        self._chunk_failures.pop(key, None)

    def _admit(self, pdfjob: PdfJob, *, has_jobs: bool) -> bool:
        """Return whether to work on a PdfJob; one that is suspended without Jobs takes no place."""
        if pdfjob.suspend and not has_jobs:
            self._admission.remove(pdfjob.key, pdfjob.uid)
            return True
        return self._admission.admit(pdfjob.key, pdfjob.uid, has_jobs=has_jobs)

    async def _failed_indexes(self, owned: Observation) -> FailedIndexes:
        """Read how the indexes of a chunks Job failed that has failed and is not merged yet.

        A Job that is stopped by its pod failure policy does not say which of its indexes failed.
        """
        job = owned.job(Stage.CHUNKS)
        if job is None or job.outcome is not JobOutcome.FAILED or owned.job(Stage.MERGE) is not None:
            return FailedIndexes()
        if not job.failed and job.reason != JobFailure.POD_FAILURE_POLICY:
            return FailedIndexes()
        return await owned_objects.failed_indexes(self._cluster, owned.pdfjob.key.namespace, job)

    async def _examine_stall(self, owned: Observation) -> _Stall:
        """Find out whether the unfinished Job has fewer ready pods than it wants, and if so, why."""
        pdfjob, job = owned.pdfjob, owned.unfinished_job()
        if job is not None and job.finishing:  # its pods are gone, and with them the reason
            return _Stall(pdfjob.last_diagnosis)
        if job is None or job.ready >= job.wanted_pods or owned.finished_pod(job.stage) is not None:
            self._diagnoses.pop(pdfjob.key, None)
            return _Stall()
        if job.active < job.wanted_pods and await self._cluster.is_terminating(pdfjob.key.namespace):
            return _Stall(namespace_terminating=True, recheck_after=DIAGNOSE_AFTER_SECONDS)
        age = (owned.now - (job.created_at or owned.now)).total_seconds()
        if age < DIAGNOSE_AFTER_SECONDS:
            return _Stall(recheck_after=DIAGNOSE_AFTER_SECONDS - age)
        time = asyncio.get_running_loop().time()
        last = self._diagnoses.get(pdfjob.key)
        if last is None or time - last.time >= DIAGNOSE_AFTER_SECONDS:
            last = self._diagnoses[pdfjob.key] = _Diagnosis(time, await self._diagnose(owned, job))
        pause = DIAGNOSE_AFTER_SECONDS if last.failure is None else RECHECK_SECONDS
        return _Stall(last.failure, recheck_after=max(pause - (time - last.time), 1))

    async def _diagnose(self, owned: Observation, job: StageJob) -> Failure | None:
        """Find out why a Job has fewer ready pods than it wants, from its pods, then from claims and Events."""
        pdfjob, namespace = owned.pdfjob, owned.pdfjob.key.namespace
        pods = await owned_objects.some_pods(self._cluster, namespace, job, "Pending")
        if not pods and job.active >= job.wanted_pods:
            running = await owned_objects.some_pods(self._cluster, namespace, job, "Running")
            # If nothing keeps them, its pods have just started or ended, and it does not say so yet.
            return diagnostics.from_running_pods(running, self._now()) or pdfjob.last_diagnosis
        failure = diagnostics.from_pods(pods)
        if pods and (failure is None or failure.reason == OperatorReason.CLAIM_NOT_BOUND):
            failure = await why_not_bound(self._cluster, namespace, pods[0], owned.now) or failure
        if failure is None and pods:
            events = await self._cluster.warnings(namespace, pods[0]["metadata"]["uid"])
            failure = diagnostics.from_pod_events(events)
        if failure is None and job.active < job.wanted_pods:
            failure = diagnostics.from_job_events(await self._cluster.warnings(namespace, job.uid))
        return failure

    async def _chunk_failure(self, owned: Observation) -> Failure | None:
        """Find out why pods of the unfinished chunks Job fail, at most every `DIAGNOSE_AFTER_SECONDS`."""
        key, job = owned.pdfjob.key, owned.unfinished_job()
        if job is None or job.stage is not Stage.CHUNKS or not job.failed_pods:
            return None
        time, last = asyncio.get_running_loop().time(), self._chunk_failures.get(key)
        if last is None or (time - last.time >= DIAGNOSE_AFTER_SECONDS and last.failed_pods != job.failed_pods):
            pods = await owned_objects.some_pods(self._cluster, key.namespace, job, "Failed")
            failure = next(filter(None, map(reported_failure, reversed(pods))), None)
            last = self._chunk_failures[key] = _ChunkFailure(time, job.failed_pods, failure)
        return last.failure

    async def _pages_processed(self, owned: Observation) -> int | None:
        """Read how many pages are done, from the end of prepare until there is a merge Job."""
        if self._page_progress is None or owned.pdfjob.api_key_secret is None or owned.job(Stage.MERGE) is not None:
            return None
        prepare = owned.finished_pod(Stage.PREPARE)
        is_split = prepare is not None and prepare.report is not None and prepare.report.chunks
        if owned.job(Stage.CHUNKS) is None and not is_split:
            return None
        return await self._page_progress.pages_processed(owned.pdfjob.uid)

    def _poll_after(self, owned: Observation) -> float | None:
        """Return when to read again how many pages are done: no event announces it."""
        job = owned.job(Stage.CHUNKS)
        if self._page_progress is None or owned.pdfjob.api_key_secret is None or job is None or job.suspended:
            return None
        return POLL_SECONDS if job.outcome is None else None
