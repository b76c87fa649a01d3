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
    from pdfjob_operator.api.cluster import Kube
    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.collector import Sweeps
    from pdfjob_operator.metrics.job_states import Census
    from pdfjob_operator.runtime.watch_liveness import Echo
    from pdfjob_operator.runtime.work_queue import Queue

log = logging.getLogger(__name__)

START = "start"
"""Why a key has a pass: the operator has just begun, and the watch may be slower. That is no lost event."""


async def resync_forever(  # noqa: PLR0917 (all who want to know what there is)
    kube: Kube, settings: Settings, queue: Queue[Key], sweeps: Sweeps, echo: Echo, census: Census
) -> None:
    """List, hand over keys, and note what is gone, until cancelled."""
    why = START
    while True:
        pause = settings.resync_seconds * (0.9 + random.random() / 5)  # noqa: S311 (spreads load, hides nothing)
        try:
            await resync(kube, settings, queue, sweeps, echo, census, why=why)
            await sweeps.recall()
            await sweeps.read()
            why = RESYNC
        except API_ERRORS as error:
            log.warning("cannot list all PdfJobs: %s", error)
            pause /= 4
        await asyncio.sleep(pause)


async def resync(  # noqa: PLR0917 (the same)
    kube: Kube, settings: Settings, queue: Queue[Key], sweeps: Sweeps, echo: Echo, census: Census, *, why: str
) -> None:
    """List once, and say why."""
    keys, uids = set(), set()
    before = sweeps.known()
    for namespace in settings.namespaces or (None,):
        async for raw in kube.pdfjobs(namespace):
            key = Key(raw["metadata"]["namespace"], raw["metadata"]["name"])
            keys.add(key)
            uids.add(raw["metadata"]["uid"])
            sweeps.exists(raw)
            census.meet(raw)
            if not is_settled(raw):
                queue.add(key, why=why)
    for uid in before - uids:
        sweeps.gone(uid)
        census.forget(uid)
    echo.forget_all_but(keys)
