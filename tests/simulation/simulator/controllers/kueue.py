"""Kueue, as the operator sees it: it resumes the Jobs that wait in a queue, and may suspend them again."""

import asyncio
from contextlib import suppress

from simulation.simulator.controllers.job_status import has_ended
from simulation.simulator.journal import By, How, RefusedError
from simulation.simulator.kinds import JOBS, Manifest, Ref
from simulation.simulator.store import Store


LABEL_QUEUE = "kueue.x-k8s.io/queue-name"

_PATCH = How("patch", by=By("kueue"))


class Kueue:
    """Kueue.

    Attributes:
        wait: Seconds until it resumes a Job; `None` for never.
        manages_all: Whether it holds back every Job without a queue (`manageJobsWithoutQueueName`).
        default_queue: With that, the queue in which its webhook puts such a Job; empty for none.

    Args:
        store: The cluster.
    """

    def __init__(self, store: Store) -> None:
        self.wait: float | None = 5
        self.manages_all, self.default_queue = False, ""
        self._store = store
        store.admission.append(self._hold_back)

    async def run(self) -> None:
        """Resume Jobs until cancelled, one after the other."""
        while True:
            waiting = next((raw for raw in self.jobs() if raw["spec"].get("suspend")), None)
            if self.wait is None or waiting is None:
                await self._store.change()
                continue
            await asyncio.sleep(self.wait)
            self._suspend(waiting, suspend=False)

    def evict(self) -> None:
        """Suspend the Jobs that run, so that they wait once more."""
        for job in self.jobs():
            self._suspend(job, suspend=True)

    def jobs(self) -> list[Manifest]:
        """Return the unfinished Jobs that are in a queue."""
        jobs = self._store.all(JOBS)
        return [it for it in jobs if LABEL_QUEUE in it["metadata"].get("labels", {}) and not has_ended(it)]

    def _hold_back(self, ref: Ref, job: Manifest) -> None:
        """Suspend a Job before it is stored, as the webhook does: a new one, and one without a queue whenever it is."""
        if not self.manages_all or ref.kind is not JOBS:
            return
        labels, is_new = job["metadata"].setdefault("labels", {}), "resourceVersion" not in job["metadata"]
        if is_new and self.default_queue:
            labels.setdefault(LABEL_QUEUE, self.default_queue)
        if is_new or LABEL_QUEUE not in labels:
            job["spec"]["suspend"] = True

    def _suspend(self, job: Manifest, *, suspend: bool) -> None:
        """Write `suspend`, unless the Job has been deleted."""
        ref = Ref(JOBS, job["metadata"]["namespace"], job["metadata"]["name"])
        with suppress(RefusedError):  # deleted meanwhile, or made anew
            self._store.patch(ref, {"metadata": {"uid": job["metadata"]["uid"]}, "spec": {"suspend": suspend}}, _PATCH)
