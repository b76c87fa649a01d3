"""One pass over one PdfJob: read, decide, act, write the status once. Safe to run at any time, however often."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from chunk_runner.contract import shorten
from pdfjob_operator.kube import ConflictError, Kube, RefusedError
from pdfjob_operator.lifecycle import next_step
from pdfjob_operator.resources import is_settled
from pdfjob_operator.status import event, status_of, write_delay


if TYPE_CHECKING:
    from pdfjob_operator.lifecycle import Step
    from pdfjob_operator.resources import Key, PdfJob
    from pdfjob_operator.settings import Settings

log = logging.getLogger(__name__)


class Reconciler:
    """Passes, and when each status was last written: the only memory, and losing it costs nothing but a write.

    Args:
        kube: The API server.
        settings: The configuration.
    """

    def __init__(self, kube: Kube, settings: Settings) -> None:
        self._kube = kube
        self._settings = settings
        self._written: dict[Key, float] = {}

    async def reconcile(self, key: Key) -> float | None:
        """Move one PdfJob a step closer to its end.

        Returns:
            Seconds after which to look again, or `None` to wait for the next event.
        """
        job = await self._kube.pdfjob(key)
        if job is None or job.deleting or is_settled(job.raw):
            self._written.pop(key, None)
            return None
        now = datetime.now(UTC)
        if job.ended:
            return await self._write(job, {**job.status, "observedGeneration": job.generation})
        step = next_step(job, await self._kube.children(job), self._settings, now)
        try:
            await self._act(job, step)
        except RefusedError as error:
            # Said where the user looks, with the clock running; the queue tries again.
            refused = replace(step.situation, reason="JobRefused", message=shorten(f"Kubernetes refused: {error}"))
            await self._write(job, status_of(job, refused, now))
            raise
        status = status_of(job, step.situation, now)
        delay = write_delay(job.status, status, timedelta(seconds=time.monotonic() - self._written.get(key, 0.0)))
        if delay != 0:
            return delay
        again = await self._write(job, status)
        if again is None and job.status.get("phase") != step.situation.phase:
            log.info("%s/%s: %s: %s", *key, step.situation.phase, step.situation.message)
            await self._kube.post_event(event(job, step.situation, now))
        return again

    async def _act(self, job: PdfJob, step: Step) -> None:
        for name in step.delete:
            await self._kube.delete_job(job.key.namespace, name)
        for manifest in step.create:
            await self._kube.create_job(manifest, job)
        for name, parallelism in step.scale.items():
            await self._kube.scale_job(job.key.namespace, name, parallelism)

    async def _write(self, job: PdfJob, status: dict[str, Any]) -> float | None:
        """Write the status; returns 0 when the PdfJob changed meanwhile, so that the pass must be made anew."""
        try:
            await self._kube.write_status(job, status)
        except ConflictError:
            return 0
        self._written[job.key] = time.monotonic()
        return None
