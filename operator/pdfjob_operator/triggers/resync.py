"""The resync: lists all PdfJobs every few minutes, so that a lost watch event delays a PdfJob, but does not stop it.

It also lists them whenever a watch begins, because a watch tells nothing of what happened before.

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

MIN_REST_SECONDS = 1.0
"""Length of that pause, at least."""

SETTLE_SECONDS = 0.3
"""Time from the beginning of a watch to the listing: the watches of all resources begin within moments."""

FIRST_SECONDS = 5.0
"""Time that the first listing waits for the watches to begin."""


async def resync_forever(cluster: Cluster, settings: Settings, tracker: Tracker, collector: GarbageCollector) -> None:
    """List all PdfJobs, and what sweeps report, until cancelled.

    Args:
        cluster: The API server.
        settings: The operator's configuration.
        tracker: Takes in the list of PdfJobs.
        collector: Reads the reports of sweeps, once it knows which PdfJobs exist.
    """
    time = asyncio.get_running_loop().time
    trigger, period = Trigger.START, _period(settings)
    await _gap(tracker, FIRST_SECONDS)
    while True:
        began = time()
        tracker.gap.clear()
        pause = period
        try:
            await tracker.sync(_all_pdfjobs(cluster, settings), trigger)
            await collector.load_claims()
            await collector.read_reports()
            next_trigger = Trigger.RESYNC
        except ApiError as error:
            log.warning("cannot list all PdfJobs: %s", error)
            pause, next_trigger = pause / 4, trigger
        rest = max(REST * (time() - began), MIN_REST_SECONDS)
        await asyncio.sleep(rest)
        if await _gap(tracker, pause - rest):
            trigger = Trigger.START
        else:
            trigger, period = next_trigger, _period(settings)


def _period(settings: Settings) -> float:
    return with_jitter(settings.resync_period_seconds, less=0.1, more=0.1)


async def _gap(tracker: Tracker, seconds: float) -> bool:
    """Wait until a watch begins, at most for so long; return whether one has begun."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await tracker.gap.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(SETTLE_SECONDS)
    return True


async def _all_pdfjobs(cluster: Cluster, settings: Settings) -> AsyncIterator[Mapping[str, Any]]:
    """List the PdfJobs of all watched namespaces."""
    for namespace in settings.namespaces or (None,):
        async for raw in cluster.pdfjobs(namespace):
            yield raw
