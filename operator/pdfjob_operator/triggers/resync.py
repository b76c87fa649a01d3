"""The resync: lists all PdfJobs every few minutes, so that a lost watch event delays a PdfJob, but does not stop it.

The more PdfJobs there are, the longer a listing takes, and the rarer it becomes, so that it never takes more than a
tenth of the time, and the API server has a rest.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from pdfjob_operator.api.errors import ApiError
from pdfjob_operator.runtime.backoff import with_jitter
from pdfjob_operator.runtime.work_queue import Trigger


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.collector import GarbageCollector
    from pdfjob_operator.triggers.tracker import Tracker

log = logging.getLogger(__name__)

REST = 9
"""Length of the pause after a listing, at least, as a multiple of the listing's."""


async def resync_forever(cluster: Cluster, settings: Settings, tracker: Tracker, collector: GarbageCollector) -> None:
    """List all PdfJobs, and what sweeps report, until cancelled.

    Args:
        cluster: The API server.
        settings: The operator's configuration.
        tracker: Takes in the list of PdfJobs.
        collector: Reads the reports of sweeps, once it knows which PdfJobs exist.
    """
    trigger = Trigger.START
    time = asyncio.get_running_loop().time
    while True:
        began = time()
        pause = with_jitter(settings.resync_period_seconds, less=0.1, more=0.1)
        try:
            await tracker.sync(_all_pdfjobs(cluster, settings), trigger)
            await collector.load_claims()
            await collector.read_reports()
            trigger = Trigger.RESYNC
        except ApiError as error:
            log.warning("cannot list all PdfJobs: %s", error)
            pause /= 4
        await asyncio.sleep(max(pause, REST * (time() - began)))


async def _all_pdfjobs(cluster: Cluster, settings: Settings) -> AsyncIterator[Mapping[str, Any]]:
    """List the PdfJobs of all watched namespaces."""
    for namespace in settings.namespaces or (None,):
        async for raw in cluster.pdfjobs(namespace):
            yield raw
