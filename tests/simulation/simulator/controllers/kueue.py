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

    Args:
        store: The cluster.
    """

    def __init__(self, store: Store) -> None:
        self.wait: float | None = 5
        self._store = store

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

    def _suspend(self, job: Manifest, *, suspend: bool) -> None:
        """Write `suspend`, unless the Job has been deleted."""
        ref = Ref(JOBS, job["metadata"]["namespace"], job["metadata"]["name"])
        with suppress(RefusedError):  # deleted meanwhile, or made anew
            self._store.patch(ref, {"metadata": {"uid": job["metadata"]["uid"]}, "spec": {"suspend": suspend}}, _PATCH)
