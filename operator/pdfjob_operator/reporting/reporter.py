"""Reports the state of a PdfJob: writes its status, once per reconciliation, and announces news.

News goes into an Event, the log and the metrics. It remembers when each status was written; losing that does no harm.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pdfjob_operator.api.errors import ConflictError
from pdfjob_operator.objects.labels import PLURAL
from pdfjob_operator.objects.names import shared_claim, workspace_claim
from pdfjob_operator.reporting.events import is_news, render_event
from pdfjob_operator.reporting.status import acknowledge_spec, render_status
from pdfjob_operator.reporting.throttle import MIN_WRITE_INTERVAL_SECONDS, write_delay
from pdfjob_operator.runtime.work_queue import soonest


if TYPE_CHECKING:
    from collections.abc import Mapping

    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.metrics.recorder import MetricsRecorder
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.planning.decision import Decision, JobState
    from pdfjob_operator.planning.observation import Observation
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness


log = logging.getLogger(__name__)

CONFLICT_SECONDS = 0.5
"""Pause after a conflict: for a moment, reads may still return the older version."""


class Reported(NamedTuple):
    """The result of a report.

    Attributes:
        changed: True if the status had to be written.
        requeue_after: Seconds after which to reconcile again; `None` to wait for an event.
    """

    changed: bool
    requeue_after: float | None


class Reporter:
    """Writes statuses.

    Args:
        cluster: The API server.
        settings: The operator's configuration.
        liveness: Expects every write back from the watch.
        recorder: Records what PdfJobs did, once their status says so.
        job_gauges: Holds the current state of every PdfJob, also where that is not worth a write.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        *,
        liveness: WatchLiveness,
        recorder: MetricsRecorder,
        job_gauges: JobGauges,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._liveness = liveness
        self._recorder = recorder
        self._job_gauges = job_gauges
        self._written_at: dict[Key, float] = {}

    async def report(self, observation: Observation, decision: Decision) -> Reported:
        """Write the status, unless it has not changed enough."""
        self._record_volumes(observation)
        pdfjob, state = observation.pdfjob, decision.state
        if decision.new_round is not None:
            pdfjob = pdfjob.in_round(decision.new_round)
        if state is None and not pdfjob.status:
            return Reported(changed=False, requeue_after=decision.requeue_after)
        if state is None:
            status = acknowledge_spec(pdfjob)
        else:
            claim = decision.claim or workspace_claim(pdfjob, self._settings)
            status = render_status(pdfjob, state, observation.now, self._settings.prices, claim=claim)
        delay = write_delay(observation.pdfjob.status, status, self._since_last_write(pdfjob.key))
        if delay == 0 and not await self._write(pdfjob, status):
            return Reported(changed=True, requeue_after=CONFLICT_SECONDS)
        if state is not None:
            self._job_gauges.update({**pdfjob.raw, "status": status})
        if state is not None and delay == 0:
            await self._announce(pdfjob, state, observation)
        requeue_after = soonest(decision.requeue_after, observation.recheck_after, delay or None)
        return Reported(changed=delay == 0, requeue_after=requeue_after)

    def forget(self, key: Key) -> None:
        """Forget what is remembered of a PdfJob."""
        self._written_at.pop(key, None)
        self._recorder.remove(key)

    async def _write(self, pdfjob: PdfJob, status: Mapping[str, Any]) -> bool:
        """Write the status; return whether the PdfJob was still the one that was read."""
        try:
            with self._liveness.expect(PLURAL, pdfjob.key) as withdraw:
                if not await self._cluster.write_status(pdfjob, dict(status)):
                    withdraw()
        except ConflictError:
            return False
        self._written_at[pdfjob.key] = asyncio.get_running_loop().time()
        return True

    async def _announce(self, pdfjob: PdfJob, state: JobState, observation: Observation) -> None:
        """Announce a state that has been written: in the metrics and, if it is news, in the log and as an Event."""
        self._recorder.record_phase(pdfjob, state)
        if is_news(pdfjob, state):
            log.info("%s/%s: %s: %s", *pdfjob.key, state.phase, state.message)
            await self._cluster.post_event(render_event(pdfjob, state, observation.now))
        if state.is_terminal:
            self._recorder.record_finished(observation, state)
            self._written_at.pop(pdfjob.key, None)  # no progress will be written

    def _record_volumes(self, observation: Observation) -> None:
        """Record how full a volume that PdfJobs share is, as finished pods saw it."""
        shared = shared_claim(observation.pdfjob.raw, self._settings)
        if shared is None:
            return
        claim = (observation.pdfjob.key.namespace, shared)
        for pod in observation.pods:
            if pod.report is not None and pod.report.volume is not None and pod.finished_at is not None:
                self._recorder.record_volume(claim, pod.report.volume, pod.finished_at)

    def _since_last_write(self, key: Key) -> timedelta:
        seconds = asyncio.get_running_loop().time() - self._written_at.get(key, float("-inf"))
        return timedelta(seconds=min(seconds, MIN_WRITE_INTERVAL_SECONDS))
