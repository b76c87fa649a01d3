"""The resync: everything is listed every few minutes, so that an event which never came costs minutes and not a job."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pdfjob_operator.api.errors import ApiError
from pdfjob_operator.objects.pdfjob import Key, is_settled
from pdfjob_operator.runtime.backoff import with_jitter
from pdfjob_operator.runtime.work_queue import Trigger


if TYPE_CHECKING:
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.collector import GarbageCollector
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness
    from pdfjob_operator.runtime.work_queue import WorkQueue

log = logging.getLogger(__name__)


async def resync_forever(  # noqa: PLR0917 (all who want to know what there is)
    cluster: Cluster,
    settings: Settings,
    queue: WorkQueue[Key],
    collector: GarbageCollector,
    liveness: WatchLiveness,
    job_gauges: JobGauges,
) -> None:
    """List, hand over keys, and note what is gone, until cancelled."""
    trigger = Trigger.START
    while True:
        pause = with_jitter(settings.resync_period_seconds, less=0.1, more=0.1)
        try:
            await resync(cluster, settings, queue, collector, liveness, job_gauges, trigger=trigger)
            await collector.load_claims()
            await collector.read_reports()
            trigger = Trigger.RESYNC
        except ApiError as error:
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
    trigger: Trigger,
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
                queue.add(key, trigger=trigger)
    for uid in before - uids:
        collector.remove(uid)
        job_gauges.remove(uid)
    liveness.retain(keys)
