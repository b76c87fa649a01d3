"""The one place that learns when a PdfJob appears, changes or goes; the watch and the resync both tell it.

It adds the PdfJob to the work queue, and tells everything that keeps account of the PdfJobs that exist. Knows neither
Kopf nor the API server.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from pdfjob_operator.objects.labels import ANNOTATION_JOB, LABEL_UID, PLURAL
from pdfjob_operator.objects.pdfjob import Key
from pdfjob_operator.objects.standing import Standing, due_in, standing_of
from pdfjob_operator.runtime.work_queue import Trigger


if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Mapping
    from datetime import datetime

    from pdfjob_operator.garbage_collection.collector import GarbageCollector
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.runtime.admission import Admission
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness
    from pdfjob_operator.runtime.work_queue import WorkQueue


HORIZON_SECONDS = 3600
"""PdfJobs that are due later need no timer: a resync before then will find them."""


class Tracker:
    """Keeps track of PdfJobs.

    Attributes:
        gap: Set when a watch may have missed something, so that a listing is due.

    Args:
        queue: Reconciles them.
        collector: Sweeps their volumes once they are gone.
        liveness: Waits for what was written to come back.
        job_gauges: Counts them by phase.
        admission: Decides how many of a namespace are worked on.
        now: The wall clock.
    """

    def __init__(
        self,
        queue: WorkQueue[Key],
        collector: GarbageCollector,
        liveness: WatchLiveness,
        job_gauges: JobGauges,
        *,
        admission: Admission,
        now: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._collector = collector
        self._liveness = liveness
        self._job_gauges = job_gauges
        self._admission = admission
        self._now = now
        self._uids: dict[Key, str] = {}  # of the PdfJobs that exist
        self.gap = asyncio.Event()

    def watch_began(self, plural: str) -> None:
        """Take in that a watch begins, and tells nothing of what happened before.

        Args:
            plural: Plural name of its resource.
        """
        self._liveness.restart(plural)
        self.gap.set()

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
            self._remove(key, raw["metadata"]["uid"])
            self._queue.add(key)
        else:
            self._add_when_due(raw, Trigger.WATCH)

    def owned_object_event(self, plural: str, raw: Mapping[str, Any]) -> None:
        """Take in a watch event about a Job or a pod of a PdfJob.

        Args:
            plural: Plural name of its resource.
            raw: The Job or the pod.
        """
        meta = raw["metadata"]
        key, uid = Key(meta["namespace"], meta.get("annotations", {}).get(ANNOTATION_JOB, "")), _label_uid(raw)
        self._liveness.record_event(plural, key)
        if uid is not None and self._uids.get(key) == uid:  # anybody may write any annotation
            self._queue.add(key)

    async def sync(self, pdfjobs: AsyncIterable[Mapping[str, Any]], trigger: Trigger) -> None:
        """Take in a complete list of PdfJobs: one that was known before, and is not listed, is gone.

        Args:
            pdfjobs: The list.
            trigger: Why they are listed.
        """
        gone = dict(self._uids)
        async for raw in pdfjobs:
            key = _key(raw)
            gone.pop(key, None)
            self._add(raw)
            self._add_when_due(raw, trigger)
        for key, uid in gone.items():
            self._remove(key, uid)
        for namespace in self._admission.namespaces():
            self._admit_next(namespace)
        self._liveness.retain(self._uids.keys())

    def _add_when_due(self, raw: Mapping[str, Any], trigger: Trigger) -> None:
        seconds = due_in(raw, self._now())
        if seconds is not None and seconds < HORIZON_SECONDS:
            self._queue.add(_key(raw), seconds, trigger=Trigger.TIMER if seconds else trigger)

    def _add(self, raw: Mapping[str, Any]) -> None:
        key, uid = _key(raw), raw["metadata"]["uid"]
        if self._uids.setdefault(key, uid) != uid:  # nobody said that the one before was deleted
            self._remove(key, self._uids[key])
            self._uids[key] = uid
        self._collector.add(raw)
        self._job_gauges.add(raw)
        standing = standing_of(raw)
        self._admission.learn(key, uid, standing)
        if standing is Standing.FINISHED:
            self._admit_next(key.namespace)

    def _remove(self, key: Key, uid: str) -> None:
        if self._uids.get(key) == uid:
            del self._uids[key]
        self._collector.remove(uid)
        self._job_gauges.remove(uid)
        self._admission.remove(key, uid)
        self._admit_next(key.namespace)

    def _admit_next(self, namespace: str) -> None:
        for key in self._admission.admit_next(namespace):
            self._queue.add(key)


def _key(raw: Mapping[str, Any]) -> Key:
    return Key(sys.intern(raw["metadata"]["namespace"]), raw["metadata"]["name"])


def _label_uid(raw: Mapping[str, Any]) -> str | None:
    uid: str | None = raw["metadata"].get("labels", {}).get(LABEL_UID)
    return uid
