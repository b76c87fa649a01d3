"""One reconciliation of one PdfJob: observe, plan, act, report. Safe to run at any time, any number of times."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.report import Failure
from pdfjob_operator.api.errors import ConflictError, RequestRefusedError
from pdfjob_operator.garbage_collection.sweep_job import Claim
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.labels import LABEL_STAGE
from pdfjob_operator.objects.names import shared_claim
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.planning.planner import plan
from pdfjob_operator.reporting.reporter import CONFLICT_SECONDS
from pdfjob_operator.runtime.work_queue import Trigger


if TYPE_CHECKING:
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.claim_registry import ClaimRegistry
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.observation.observer import Observer
    from pdfjob_operator.planning.decision import Decision
    from pdfjob_operator.planning.observation import Observation
    from pdfjob_operator.reporting.reporter import Reporter
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness


log = logging.getLogger(__name__)

IN_FLUX_SECONDS = 5
"""How long after a reconciliation a further change may still be on its way through the watch. If the resync finds it
first, the watch has not missed it."""


class Reconciler:
    """Reconciles PdfJobs.

    Args:
        cluster: The API server.
        settings: The operator's configuration.
        observer: Reads everything about a PdfJob.
        reporter: Writes its status.
        claims: Registers the claim of a workspace before the Job that creates the workspace.
        liveness: Expects every created Job back from the watch.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        *,
        observer: Observer,
        reporter: Reporter,
        claims: ClaimRegistry,
        liveness: WatchLiveness,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._observer = observer
        self._reporter = reporter
        self._claims = claims
        self._liveness = liveness
        self._reconciled_at: dict[Key, float] = {}

    async def reconcile(self, key: Key, triggers: frozenset[Trigger] = frozenset()) -> float | None:
        """Move a PdfJob one step closer to its end.

        Args:
            key: Namespace and name of the PdfJob.
            triggers: Why it is reconciled now.

        Returns:
            Seconds after which to reconcile again; `None` to wait for an event.

        Raises:
            RequestRefusedError: The API server refuses to create a Job.
        """
        loop = asyncio.get_running_loop()
        began, outcome = loop.time(), "error"
        in_flux = began - self._reconciled_at.get(key, float("-inf")) < IN_FLUX_SECONDS
        try:
            changed, requeue_after = await self._reconcile(key)
            outcome = "changed" if changed else "unchanged"
        except RequestRefusedError:
            outcome = "refused"
            raise
        finally:
            registry.RECONCILE_DURATION.labels(outcome).observe(loop.time() - began)
            self._remember(key, loop.time())
        if changed and triggers == {Trigger.RESYNC} and not in_flux:
            log.warning("%s/%s: found by the resync, not by the watch", *key)
            registry.MISSED_EVENTS.inc()
        return requeue_after

    def _remember(self, key: Key, now: float) -> None:
        """Remember that a PdfJob was reconciled just now, and forget those of which that is no longer true."""
        self._reconciled_at.pop(key, None)
        self._reconciled_at[key] = now  # at the end of the dict, so that the oldest are at its beginning
        for other, time in list(self._reconciled_at.items()):
            if now - time < IN_FLUX_SECONDS:
                break
            del self._reconciled_at[other]

    async def _reconcile(self, key: Key) -> tuple[bool, float | None]:
        """Return whether anything was changed, and after how many seconds to reconcile again."""
        observation = await self._observer.observe(key)
        if observation is None:
            self._reporter.forget(key)
            return False, None
        decision = plan(observation, self._settings)
        pdfjob = observation.pdfjob
        if decision.delete_pdfjob:
            return await self._delete(pdfjob)
        try:
            acted = await self._act(observation, decision)
        except RequestRefusedError as error:
            await self._reporter.report(observation, _refused(decision, error))
            raise  # the queue tries again
        reported = await self._reporter.report(observation, decision)
        return acted or reported.changed, reported.requeue_after

    async def _delete(self, pdfjob: PdfJob) -> tuple[bool, float | None]:
        """Delete a PdfJob whose time to live has passed, unless it changed meanwhile: it may be wanted again."""
        try:
            await self._cluster.delete_pdfjob(pdfjob)
        except ConflictError:
            return False, CONFLICT_SECONDS
        log.info("%s/%s: deleted, since spec.ttlSecondsAfterFinished has passed", *pdfjob.key)
        return True, None

    async def _act(self, observation: Observation, decision: Decision) -> bool:
        """Delete, create and patch Jobs as decided, on their claims; return whether there was anything to do."""
        pdfjob = observation.pdfjob
        uids = {job.name: job.uid for job in observation.jobs}
        for name in decision.delete:
            await self._cluster.delete_job(pdfjob.key.namespace, name, uids[name])
        if decision.create_claim is not None:
            await self._cluster.create_claim(decision.create_claim, pdfjob)
        if decision.create:
            await self._register_claim(observation)
        for manifest in decision.create:
            await self._create_job(manifest, pdfjob)
        for name, patch in decision.patch.items():
            await self._cluster.patch_job(pdfjob.key.namespace, name, uids[name], patch)
        return bool(decision.delete or decision.create or decision.patch)

    async def _create_job(self, manifest: Manifest, pdfjob: PdfJob) -> None:
        """Create a Job; if it is that of an early merge, a refusal does not matter."""
        try:
            with self._liveness.expect("jobs", pdfjob.key) as withdraw:
                if not await self._cluster.create_job(manifest, pdfjob):
                    withdraw()
        except RequestRefusedError as error:
            if manifest["metadata"]["labels"][LABEL_STAGE] != Stage.EARLY_MERGE:
                raise
            log.info("%s/%s: the results are not merged early: %s", *pdfjob.key, error)

    async def _register_claim(self, observation: Observation) -> None:
        """Register the claim of a workspace for sweeps, unless the claim is deleted together with what owns it."""
        pdfjob, claim = observation.pdfjob, observation.workspace_claim
        shared = shared_claim(pdfjob.raw, self._settings)
        if shared is not None and not (claim is not None and claim.has_owner):
            await self._claims.register(Claim(pdfjob.key.namespace, shared))


def _refused(decision: Decision, error: RequestRefusedError) -> Decision:
    """Return the decision with the refusal in its state, where the author of the PdfJob sees it."""
    reason = OperatorReason.JOB_REFUSED if error.kind == "Job" else OperatorReason.CLAIM_REFUSED
    failure = Failure(reason, shorten(f"Kubernetes refuses to create the {error.kind}: {error}"))
    return replace(decision, state=decision.state and decision.state.blocked(failure))
