"""One pass over one PdfJob: read, decide, act, write the status once. Safe to run at any time, however often."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chunk_runner.contract.limits import shorten
from pdfjob_operator.api.cluster import Cluster
from pdfjob_operator.api.errors import ConflictError, RequestRefusedError
from pdfjob_operator.metrics import registry
from pdfjob_operator.objects.names import workspace_claim
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_pod import is_out_of_memory, is_volume_failure
from pdfjob_operator.observation import diagnostics
from pdfjob_operator.observation.page_progress import POLL_SECONDS
from pdfjob_operator.planning.decision import JobState
from pdfjob_operator.planning.planner import afterwards, next_step
from pdfjob_operator.reporting.status import event, is_news, status_of, write_delay
from pdfjob_operator.runtime.work_queue import Trigger


if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from chunk_runner.contract.report import Failure
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.metrics.recorder import MetricsRecorder
    from pdfjob_operator.objects.children import Children
    from pdfjob_operator.objects.pdfjob import Key, PdfJob
    from pdfjob_operator.objects.stage_job import StageJob
    from pdfjob_operator.observation.page_progress import PageProgress
    from pdfjob_operator.planning.decision import Decision
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness

log = logging.getLogger(__name__)

LOOK_AFTER_SECONDS = 20
"""How long a Job may have fewer pods at work than it wants before anybody asks why; and then, how often."""

TROUBLED_SECONDS = 60
"""How often to ask again once the answer is known."""


CONFLICT_SECONDS = 0.5
"""Before a pass is made anew because something else was faster: reads may be of the past for a moment."""


class _Look(NamedTuple):
    time: float
    found: Failure | None


class Reconciler:
    """Passes. What it remembers costs nothing to lose: when a status was last written, when pods were last looked at.

    Args:
        cluster: The API server.
        settings: The configuration.
        liveness: What is written is expected back.
        recorder: Where what jobs have done is added up.
        job_gauges: Told how jobs stand, also where that is not worth a write.
        note: Called before Jobs are made for a PdfJob.
        now: The time.
        live: Tells how many pages are done, if anybody can.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        *,
        liveness: WatchLiveness,
        recorder: MetricsRecorder,
        job_gauges: JobGauges,
        note: Callable[[PdfJob], Awaitable[None]],
        now: Callable[[], datetime],
        page_progress: PageProgress | None = None,
    ) -> None:
        self._cluster = cluster
        self._settings = settings
        self._liveness = liveness
        self._recorder = recorder
        self._job_gauges = job_gauges
        self._note = note
        self._now = now
        self._page_progress = page_progress
        self._written: dict[Key, float] = {}
        self._looks: dict[Key, _Look] = {}

    async def reconcile(self, key: Key, triggers: frozenset[Trigger] = frozenset()) -> float | None:
        """Move one PdfJob a step closer to its end.

        Args:
            key: Which.
            triggers: Who asked for this pass. What only a resync finds to do, the watch has missed.

        Returns:
            Seconds after which to look again, or `None` to wait for the next event.
        """
        began = asyncio.get_running_loop().time()

        def ended(outcome: str) -> None:
            registry.RECONCILE_DURATION.labels(outcome).observe(asyncio.get_running_loop().time() - began)

        try:
            job = await self._cluster.pdfjob(key)
            if job is None or job.deleting:
                self._forget(key)
                return None
            changed, again = await (self._after_the_end(job) if job.ended else self._pass(job))
        except RequestRefusedError:
            ended("refused")
            raise
        except Exception:
            ended("error")
            raise
        ended("changed" if changed else "unchanged")
        if changed and triggers == {Trigger.RESYNC}:
            log.warning("%s/%s: found by the resync, not by the watch", *key)
            registry.MISSED_EVENTS.inc()
        return again

    async def _pass(self, job: PdfJob) -> tuple[bool, float | None]:
        """Returns whether anything was changed, and when to look again."""
        now = self._now()
        if not job.status:  # the clock and the round are on record before anything is made
            phase = "Suspended" if job.suspend else "Pending"
            return True, await self._tell(job, JobState(phase, phase, "Accepted."), now) or 0
        children, again = await self._look(job, now)
        for pod in children.pods:
            if pod.report is not None and pod.report.volume is not None and pod.ended is not None:
                claim = (job.key.namespace, workspace_claim(job, self._settings))
                self._recorder.record_volume(claim, pod.report.volume, pod.ended)
        step = next_step(job, children, self._settings, now)
        try:
            acted = await self._act(job, step)
        except RequestRefusedError as error:
            # Said where the user looks, with the clock running; the queue tries again.
            refused = step.situation.troubled("JobRefused", shorten(f"Kubernetes refused: {error}"))
            if write_delay(job.status, self._status(job, refused, now), timedelta.max) == 0:
                await self._tell(job, refused, now)
            raise
        step, watching = await self._with_pages(job, step)
        again = _sooner(again, watching)
        status = self._status(job, step.situation, now)
        self._job_gauges.update({**job.raw, "status": status})
        since = asyncio.get_running_loop().time() - self._written.get(job.key, float("-inf"))
        delay = write_delay(job.status, status, timedelta(seconds=min(since, 86400)))
        if delay == 0:
            anew = await self._tell(job, step.situation, now)
            if anew is None and step.situation.ended:
                self._recorder.record_finished(job, step.situation, children, now)
            return True, _sooner(anew, again)
        return acted, _sooner(delay, again)

    async def _with_pages(self, job: PdfJob, step: Decision) -> tuple[Decision, float | None]:
        """The step, with the pages that are done as far as pods tell; and when to look again."""
        situation = step.situation
        if self._page_progress is None or job.api_key is None or situation.phase != "Processing":
            return step, None
        pages = await self._page_progress.pages_processed(job.uid)
        facts = replace(situation.facts, pages_done=pages)
        return replace(step, situation=replace(situation, facts=facts)), POLL_SECONDS

    async def _after_the_end(self, job: PdfJob) -> tuple[bool, float | None]:
        now = self._now()
        self._looks.pop(job.key, None)
        rest = afterwards(job, now)
        if rest.retry:
            afresh = replace(job, status={"round": job.retry_failed, "conditions": job.status["conditions"]})
            return True, await self._tell(
                afresh, JobState("Pending", "Pending", "The failed chunks are run again."), now
            )
        current = {**job.status, "observedGeneration": job.generation, "round": max(job.round, job.retry_failed)}
        if current != job.status:
            return True, _sooner(await self._write(job, current), rest.delete_in)
        if rest.delete_in == 0:
            log.info("%s/%s: deleted, spec.ttlSecondsAfterFinished has passed", *job.key)
            await self._cluster.delete_pdfjob(job)
            return True, None
        return False, rest.delete_in

    async def _look(self, job: PdfJob, now: datetime) -> tuple[Children, float | None]:
        """What the PdfJob owns, and why it does not get on if it does not; and when to look again."""
        children = await self._cluster.children(job)
        namespace, chunks, at_work = job.key.namespace, children.job(Stage.CHUNKS), children.at_work()
        if chunks is not None and chunks.verdict == "Failed" and chunks.failed and not children.job(Stage.MERGE):
            pods = await self._cluster.last_failed_pods(namespace, chunks)
            children = replace(
                children,
                out_of_memory=frozenset(index for index, pod in pods.items() if is_out_of_memory(pod)),
                volume_failed=any(is_volume_failure(pod) for pod in pods.values()),
            )
        if at_work is not None and at_work.ending:  # its pods are gone, and with them what they waited for
            return replace(children, trouble=job.trouble), None
        if at_work is None or at_work.ready >= at_work.wanted or children.ended(at_work.stage) is not None:
            self._looks.pop(job.key, None)
            return children, None
        if at_work.active < at_work.wanted and await self._cluster.is_terminating(namespace):
            return replace(children, namespace_ends=True), LOOK_AFTER_SECONDS
        clock = asyncio.get_running_loop().time()
        young = LOOK_AFTER_SECONDS - (now - (at_work.created or now)).total_seconds()
        if young > 0:
            return children, young
        look = self._looks.get(job.key)
        if look is None or clock - look.time >= LOOK_AFTER_SECONDS:
            look = self._looks[job.key] = _Look(clock, await self._trouble(job, at_work))
        pause = TROUBLED_SECONDS if look.found else LOOK_AFTER_SECONDS
        return replace(children, trouble=look.found), max(pause - (clock - look.time), 1)

    async def _trouble(self, job: PdfJob, at_work: StageJob) -> Failure | None:
        """Why a Job has fewer pods at work than it wants."""
        namespace = job.key.namespace
        pods = await self._cluster.waiting_pods(namespace, at_work)
        if not pods and at_work.active >= at_work.wanted:
            return job.trouble  # its pods have just begun, or just gone: the Job does not say so yet
        found = diagnostics.of_pods(pods)
        if found is None and pods:
            found = diagnostics.of_pod_events(await self._cluster.warnings(namespace, pods[0]["metadata"]["uid"]))
        if found is None and at_work.active < at_work.wanted:
            found = diagnostics.of_job_events(await self._cluster.warnings(namespace, at_work.uid))
        return found

    async def _act(self, job: PdfJob, step: Decision) -> bool:
        """Do what was decided; returns whether that was anything."""
        namespace = job.key.namespace
        for name in step.delete:
            await self._cluster.delete_job(namespace, name)
        if step.create:
            await self._note(job)
        for manifest in step.create:
            if await self._cluster.create_job(manifest, job):
                self._liveness.record_write("jobs", job.key)
        for name, spec in step.patch.items():
            await self._cluster.patch_job(namespace, name, spec)
        return bool(step.delete or step.create or step.patch)

    async def _tell(self, job: PdfJob, situation: JobState, now: datetime) -> float | None:
        """Write the status, and post an Event when it holds news."""
        again = await self._write(job, self._status(job, situation, now))
        if again is None:
            self._recorder.record_phase(job, situation)
        if again is None and is_news(job, situation):
            log.info("%s/%s: %s: %s", *job.key, situation.phase, situation.message)
            await self._cluster.post_event(event(job, situation, now))
        return again

    def _status(self, job: PdfJob, situation: JobState, now: datetime) -> dict[str, Any]:
        return status_of(job, situation, now, self._settings.prices)

    async def _write(self, job: PdfJob, status: dict[str, Any]) -> float | None:
        """Write the status; returns when to make the pass anew, if the PdfJob changed meanwhile."""
        try:
            await self._cluster.write_status(job, status)
        except ConflictError:
            return CONFLICT_SECONDS
        self._written[job.key] = asyncio.get_running_loop().time()
        self._liveness.record_write("pdfjobs", job.key)
        return None

    def _forget(self, key: Key) -> None:
        self._written.pop(key, None)
        self._looks.pop(key, None)
        self._recorder.remove(key)


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((it for it in (one, other) if it is not None), default=None)
