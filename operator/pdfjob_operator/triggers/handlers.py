"""Kopf's handlers: the only module that knows Kopf. They hand watch events to the tracker, and do nothing else.

`on.event` handlers write nothing to the objects they watch: no annotation, no finalizer, so that deletion never waits
for this operator. They are never retried either, which is why the work queue retries.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import kopf
from kopf._core.reactor.inventory import ResourceMemories, ResourceMemory  # not exported, but `kopf.operator` takes one

from pdfjob_operator.metrics import registry as metrics
from pdfjob_operator.objects.labels import GROUP, LABEL_STAGE, LABEL_UID, PLURAL, VERSION
from pdfjob_operator.objects.phases import REPORTING_STAGES
from pdfjob_operator.runtime.backoff import exponential_backoff, with_jitter
from pdfjob_operator.triggers.empty_lists import EmptyLists


if TYPE_CHECKING:
    from collections.abc import Iterator

    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.triggers.tracker import Tracker


IDENTITY: Any = "pdfjob-operator"
"""By default, Kopf would look up the user's name, and a user id in a container may have none."""

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 15.0

log = logging.getLogger(__name__)


class Backoffs:
    """Exponential backoff without an end: an API server that is unavailable for long is no reason to give up.

    By default, Kopf gives up after 54 s of 5xx or 403. It asks for a new iterator at each request.
    """

    def __iter__(self) -> Iterator[float]:
        for failures in itertools.count(1):
            yield with_jitter(exponential_backoff(failures, first=FIRST_BACKOFF_SECONDS, longest=MAX_BACKOFF_SECONDS))


class NoDiffBaseStorage(kopf.AnnotationsDiffBaseStorage):
    """Stores nothing, reads nothing, and copies nothing.

    Before it calls any handler, Kopf reads what it stored in an annotation. An annotation that is not JSON would hide
    its object from every handler. Kopf also copies each object, to compare it with what was stored.
    """

    def fetch(self, **_: object) -> kopf.BodyEssence | None:
        """Read nothing."""
        return None

    def build(self, **_: object) -> kopf.BodyEssence:
        """Copy nothing."""
        return kopf.BodyEssence({})


class NoMemories(ResourceMemories):
    """Remembers nothing of an object.

    Kopf would remember every object until it is deleted, for change handlers and daemons, which do not exist here: a
    kilobyte for each PdfJob, and for each of its Jobs and pods.
    """

    async def recall(self, raw_body: kopf.RawBody, **options: Any) -> ResourceMemory:
        """Return a memory that is used once."""
        return await super().recall(raw_body, **{**options, "ephemeral": True})


@dataclass(frozen=True, kw_only=True)
class Connection(kopf.AiohttpSession):
    """A connection whose HTTP sessions have empty lists, and are otherwise as Kopf makes them.

    Kopf takes one session, but asks for another after it has closed the first, so each access makes one. Connections
    with the same credentials are equal, by which Kopf knows that the API server has rejected them before.

    Attributes:
        info: The API server and the credentials.
        began: Called with the plural name of a resource when its watch begins.
    """

    info: kopf.ConnectionInfo = field(repr=False)
    began: Callable[[str], None] = field(compare=False, repr=False)
    aiohttp_session: aiohttp.ClientSession = field(init=False, compare=False, repr=False)

    def __getattr__(self, name: str) -> aiohttp.ClientSession:
        """Make a session: `aiohttp_session` is never set."""
        if name != "aiohttp_session":
            raise AttributeError(name)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self.info.as_ssl_context()),
            headers=self.info.as_http_headers(),
            proxy=self.info.proxy_url,
            trust_env=self.info.trust_env,
            middlewares=(EmptyLists(self.began),),
        )


def registry_for(tracker: Tracker) -> kopf.OperatorRegistry:
    """Return handlers that hand events to the tracker."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry, id="configure")
    async def configure(settings: kopf.OperatorSettings, **_: object) -> None:
        settings.scanning.disabled = True  # otherwise, Kopf lists all namespaces and CRDs of the cluster first
        settings.posting.enabled = False  # the reporter posts Events
        settings.persistence.diffbase_storage = NoDiffBaseStorage()
        settings.process.ultimate_exiting_timeout = None  # otherwise, Kopf kills the process after a restart
        settings.networking.error_backoffs = Backoffs()
        settings.networking.connect_timeout = 10
        settings.networking.request_timeout = 60
        settings.watching.chunk_size = 1  # any limit: by it, `EmptyLists` knows a list
        settings.queueing.idle_timeout = 0.05  # for as long, Kopf keeps an object in memory, of whatever size
        settings.watching.reconnect_backoff = 1.0
        settings.watching.server_timeout = 300
        settings.watching.client_timeout = 330
        settings.watching.connect_timeout = 10
        settings.watching.inactivity_timeout = 70  # the server sends a bookmark every 60 s
        # The server filters: Jobs and pods of others never reach this process, and chunk pods are not watched.
        settings.watching.label_selectors["batch", "v1", "jobs"] = LABEL_UID
        settings.watching.label_selectors["v1", "pods"] = f"{LABEL_UID},{LABEL_STAGE} in ({','.join(REPORTING_STAGES)})"

    @kopf.on.login(registry=registry, id="login")
    async def login(**kwargs: Any) -> Connection | None:
        found = kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
        if found is None:
            return None
        shared = {name: getattr(found, name) for name in ("server", "priority", "default_namespace", "expiration")}
        return Connection(info=found, began=tracker.watch_began, **shared)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def on_pdfjob(event: kopf.RawEvent, body: kopf.Body, **_: object) -> None:
        tracker.pdfjob_event(body, deleted=event["type"] == "DELETED")

    @kopf.on.event("batch", "v1", "jobs", registry=registry)
    @kopf.on.event("v1", "pods", registry=registry)
    async def on_owned_object(resource: kopf.Resource, body: kopf.Body, **_: object) -> None:
        tracker.owned_object_event(resource.plural, body)

    return registry


async def watch(settings: Settings, tracker: Tracker) -> None:
    """Watch PdfJobs, their Jobs and the pods that report, until a signal ends it; restart Kopf whenever it gives up."""
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    scope: dict[str, Any] = {"namespaces": settings.namespaces} if settings.namespaces else {"clusterwide": True}
    for pause in Backoffs():
        try:
            registry = registry_for(tracker)
            await kopf.operator(registry=registry, memories=NoMemories(), standalone=True, identity=IDENTITY, **scope)
        except Exception as error:  # noqa: BLE001 (an ERROR event in the stream, a missing CRD: whatever it is, watch again)
            log.warning("the watch failed, restarting it in %.0f s: %r", pause, error)
            metrics.WATCH_RESTARTS.inc()
            await asyncio.sleep(pause)
        else:
            return
