"""The resync: everything is listed every few minutes, so that an event which never came costs minutes and not a job."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from pdfjob_operator.api.client import API_ERRORS
from pdfjob_operator.objects.pdfjob import Key, is_settled
from pdfjob_operator.reconciler import RESYNC


if TYPE_CHECKING:
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.collector import GarbageCollector
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness
    from pdfjob_operator.runtime.work_queue import WorkQueue

log = logging.getLogger(__name__)

START = "start"
"""Why a key has a pass: the operator has just begun, and the watch may be slower. That is no lost event."""


async def resync_forever(  # noqa: PLR0917 (all who want to know what there is)
    cluster: Cluster,
    settings: Settings,
    queue: WorkQueue[Key],
    collector: GarbageCollector,
    liveness: WatchLiveness,
    job_gauges: JobGauges,
) -> None:
    """List, hand over keys, and note what is gone, until cancelled."""
    why = START
    while True:
        pause = settings.resync_period_seconds * (0.9 + random.random() / 5)  # noqa: S311 (spreads load, hides nothing)
        try:
            await resync(cluster, settings, queue, collector, liveness, job_gauges, why=why)
            await collector.load_claims()
            await collector.read_reports()
            why = RESYNC
        except API_ERRORS as error:
            log.warning("cannot list all PdfJobs: %s", error)
            pause /= 4
        await asyncio.sleep(pause)


async def resync(  # noqa: PLR0917 (the same)
    cluster: Cluster,
    settings: Settings,
    queue: WorkQueue[Key],
    collector: GarbageCollector,
    liveness: WatchLiveness,
    job_gauges: JobGauges,
    *,
    why: str,
) -> None:
    """List once, and say why."""
    keys, uids = set(), set()
    before = collector.known_uids()
    for namespace in settings.namespaces or (None,):
        async for raw in cluster.pdfjobs(namespace):
            key = Key(raw["metadata"]["namespace"], raw["metadata"]["name"])
            keys.add(key)
            uids.add(raw["metadata"]["uid"])
            collector.add(raw)
            job_gauges.add(raw)
            if not is_settled(raw):
                queue.add(key, why=why)
    for uid in before - uids:
        collector.remove(uid)
        job_gauges.remove(uid)
    liveness.retain(keys)
