"""The one place that learns when a PdfJob appears, changes or goes; the watch and the resync both tell it.

It adds the PdfJob to the work queue, and tells everything that keeps account of the PdfJobs that exist. Knows neither
Kopf nor the API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pdfjob_operator.objects.labels import ANNOTATION_JOB, PLURAL
from pdfjob_operator.objects.pdfjob import Key, is_settled


if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Mapping

    from pdfjob_operator.garbage_collection.collector import GarbageCollector
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness
    from pdfjob_operator.runtime.work_queue import Trigger, WorkQueue


class Tracker:
    """Keeps track of PdfJobs.

    Args:
        queue: Reconciles them.
        collector: Sweeps their volumes once they are gone.
        liveness: Waits for what was written to come back.
        job_gauges: Counts them by phase.
    """

    def __init__(
        self, queue: WorkQueue[Key], collector: GarbageCollector, liveness: WatchLiveness, job_gauges: JobGauges
    ) -> None:
        self._queue = queue
        self._collector = collector
        self._liveness = liveness
        self._job_gauges = job_gauges

    def pdfjob_event(self, raw: Mapping[str, Any], *, deleted: bool) -> None:
        """Take in a watch event about a PdfJob.

        Args:
            raw: The PdfJob.
            deleted: True if it is gone.
        """
        key = _key(raw)
        self._liveness.record_event(PLURAL, key)
        self._add(raw)
        if deleted:
            self._remove(raw["metadata"]["uid"])
        if deleted or not is_settled(raw):
            self._queue.add(key)

    def owned_object_event(self, plural: str, raw: Mapping[str, Any]) -> None:
        """Take in a watch event about a Job or a pod of a PdfJob.

        Args:
            plural: Plural name of its resource.
            raw: The Job or the pod.
        """
        name = raw["metadata"].get("annotations", {}).get(ANNOTATION_JOB)
        if name is not None:
            key = Key(raw["metadata"]["namespace"], name)
            self._liveness.record_event(plural, key)
            self._queue.add(key)

    async def sync(self, pdfjobs: AsyncIterable[Mapping[str, Any]], trigger: Trigger) -> None:
        """Take in a complete list of PdfJobs: one that was known before, and is not listed, is gone.

        Args:
            pdfjobs: The list.
            trigger: Why they are listed.
        """
        known = self._collector.known_uids()
        keys, uids = set(), set()
        async for raw in pdfjobs:
            keys.add(_key(raw))
            uids.add(raw["metadata"]["uid"])
            self._add(raw)
            if not is_settled(raw):
                self._queue.add(_key(raw), trigger=trigger)
        for uid in known - uids:
            self._remove(uid)
        self._liveness.retain(keys)

    def _add(self, raw: Mapping[str, Any]) -> None:
        self._collector.add(raw)
        self._job_gauges.add(raw)

    def _remove(self, uid: str) -> None:
        self._collector.remove(uid)
        self._job_gauges.remove(uid)


def _key(raw: Mapping[str, Any]) -> Key:
    return Key(raw["metadata"]["namespace"], raw["metadata"]["name"])
