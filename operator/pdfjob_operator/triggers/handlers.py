"""What triggers a pass: the only module that knows Kopf, and it only turns events into keys.

`on.event` handlers write nothing to the objects they watch: no annotation, no finalizer, so that deletion never waits
for this operator. They are never retried either, which is why the queue does the work and the retries.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, Any

import kopf

from pdfjob_operator.metrics import registry as metrics
from pdfjob_operator.objects.labels import ANNOTATION_JOB, GROUP, LABEL_STAGE, LABEL_UID, PLURAL, VERSION
from pdfjob_operator.objects.pdfjob import Key, is_settled
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.runtime.backoff import exponential_backoff, with_jitter


if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.garbage_collection.collector import GarbageCollector
    from pdfjob_operator.metrics.job_gauges import JobGauges
    from pdfjob_operator.runtime.watch_liveness import WatchLiveness
    from pdfjob_operator.runtime.work_queue import WorkQueue


IDENTITY: Any = "pdfjob-operator"
"""Kopf would ask for the user's name otherwise, and a user id in a container may have none."""

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 15.0

log = logging.getLogger(__name__)


class Backoffs:
    """Pauses between attempts, without an end: an API server that is away for long is no reason to give up.

    Kopf would give up after 54 s of 5xx or 403 by default. It asks for a new iterator at each request.
    """

    def __iter__(self) -> Iterator[float]:
        for failures in itertools.count(1):
            yield with_jitter(exponential_backoff(failures, first=FIRST_BACKOFF_SECONDS, longest=MAX_BACKOFF_SECONDS))


class HarmlessStorage(kopf.AnnotationsDiffBaseStorage):
    """Reads nothing, for nothing is ever remembered.

    Kopf reads what it remembered in an annotation before it calls any handler, and an annotation that is no JSON would
    hide its object from every handler.
    """

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002 (Kopf's signature)
        """Read nothing."""
        return None


def registry_for(
    queue: WorkQueue[Key], collector: GarbageCollector, liveness: WatchLiveness, job_gauges: JobGauges
) -> kopf.OperatorRegistry:
    """Handlers that feed this queue."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry, id="configure")
    async def configure(settings: kopf.OperatorSettings, **_: object) -> None:
        settings.scanning.disabled = True  # else Kopf lists namespaces and CRDs of the whole cluster, and waits for it
        settings.posting.enabled = False  # our events are posted by the reconciler
        settings.persistence.diffbase_storage = HarmlessStorage()
        settings.process.ultimate_exiting_timeout = None  # else this process is killed after Kopf was started anew
        settings.networking.error_backoffs = Backoffs()
        settings.networking.connect_timeout = 10
        settings.networking.request_timeout = 60
        # Kopf would read whole lists at once, and keep each object in memory for 5 s: 260 MiB for 1,000 PdfJobs.
        settings.watching.chunk_size = 100
        settings.queueing.idle_timeout = 0.5
        settings.watching.reconnect_backoff = 1.0
        settings.watching.server_timeout = 300
        settings.watching.client_timeout = 330
        settings.watching.connect_timeout = 10
        settings.watching.inactivity_timeout = 70  # the server sends a bookmark every 60 s
        # Selected by the server: foreign Jobs and pods never reach this process, and chunk pods are never watched.
        settings.watching.label_selectors["batch", "v1", "jobs"] = LABEL_UID
        settings.watching.label_selectors["v1", "pods"] = (
            f"{LABEL_UID},{LABEL_STAGE} in ({Stage.PREPARE},{Stage.MERGE})"
        )

    @kopf.on.login(registry=registry, id="login")
    async def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def on_pdfjob(
        type: str | None,  # noqa: A002 (Kopf's name)
        body: kopf.Body,
        uid: str,
        namespace: str | None,
        name: str,
        **_: object,
    ) -> None:
        key = Key(namespace or "", name)  # never empty: all three kinds are namespaced
        liveness.record_event("pdfjobs", key)
        collector.add(body)
        if type == "DELETED":
            collector.remove(uid)
            job_gauges.remove(uid)
            queue.add(key)
            return
        job_gauges.add(body)
        if not is_settled(body):
            queue.add(key)

    @kopf.on.event("batch", "v1", "jobs", registry=registry)
    async def on_job(namespace: str | None, annotations: Mapping[str, str], **_: object) -> None:
        if (name := annotations.get(ANNOTATION_JOB)) is not None:
            key = Key(namespace or "", name)
            liveness.record_event("jobs", key)
            queue.add(key)

    @kopf.on.event("v1", "pods", registry=registry)
    async def on_pod(namespace: str | None, annotations: Mapping[str, str], **_: object) -> None:
        if (name := annotations.get(ANNOTATION_JOB)) is not None:
            queue.add(Key(namespace or "", name))

    return registry


async def watch(
    settings: Settings,
    queue: WorkQueue[Key],
    collector: GarbageCollector,
    liveness: WatchLiveness,
    job_gauges: JobGauges,
) -> None:
    """Feed the queue from the cluster's events until a signal ends it; start Kopf anew whenever it gives up."""
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    scope: dict[str, Any] = {"namespaces": settings.namespaces} if settings.namespaces else {"clusterwide": True}
    for pause in Backoffs():
        try:
            registry = registry_for(queue, collector, liveness, job_gauges)
            await kopf.operator(registry=registry, standalone=True, identity=IDENTITY, **scope)
        except Exception as error:  # noqa: BLE001 (an ERROR event in the stream, a CRD that is not there yet: not for us to judge)
            log.warning("the watch ended, and is started anew in %.0f s: %r", pause, error)
            metrics.WATCH_RESTARTS.inc()
            await asyncio.sleep(pause)
        else:
            return
