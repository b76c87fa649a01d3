"""What triggers a pass: the only module that knows Kopf, and it only turns events into keys.

`on.event` handlers write nothing to the objects they watch: no annotation, no finalizer, so that deletion never waits
for this operator. They are never retried either, which is why the queue does the work and the retries.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import kopf

from pdfjob_operator.resources import (
    ANNOTATION_JOB,
    GROUP,
    LABEL_STAGE,
    LABEL_UID,
    PLURAL,
    VERSION,
    Key,
    Stage,
    is_settled,
)


if TYPE_CHECKING:
    from collections.abc import Mapping

    from pdfjob_operator.queue import Queue
    from pdfjob_operator.settings import Settings


IDENTITY: Any = "pdfjob-operator"
"""Kopf would ask for the user's name otherwise, and a user id in a container may have none."""


def registry_for(queue: Queue[Key]) -> kopf.OperatorRegistry:
    """Handlers that feed this queue."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry, id="configure")
    async def configure(settings: kopf.OperatorSettings, **_: object) -> None:
        settings.scanning.disabled = True  # else Kopf lists namespaces and CRDs of the whole cluster, and waits for it
        settings.posting.enabled = False  # our events are posted by the reconciler
        settings.watching.server_timeout = 300
        settings.watching.client_timeout = 330
        settings.watching.connect_timeout = 10
        settings.networking.connect_timeout = 10
        settings.networking.request_timeout = 60
        # Selected by the server: foreign Jobs and pods never reach this process, and chunk pods are never watched.
        settings.watching.label_selectors["batch", "v1", "jobs"] = LABEL_UID
        settings.watching.label_selectors["v1", "pods"] = (
            f"{LABEL_UID},{LABEL_STAGE} in ({Stage.PREPARE},{Stage.MERGE})"
        )

    @kopf.on.login(registry=registry, id="login")
    async def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    async def on_pdfjob(body: kopf.Body, namespace: str | None, name: str, **_: object) -> None:
        if not is_settled(body):
            queue.add(Key(namespace or "", name))  # never empty: all three kinds are namespaced

    @kopf.on.event("batch", "v1", "jobs", registry=registry)
    @kopf.on.event("v1", "pods", registry=registry)
    async def on_child(namespace: str | None, annotations: Mapping[str, str], **_: object) -> None:
        if (name := annotations.get(ANNOTATION_JOB)) is not None:
            queue.add(Key(namespace or "", name))

    return registry


async def watch(queue: Queue[Key], settings: Settings) -> None:
    """Feed the queue from the cluster's events, until cancelled or until Kopf gives up."""
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    scope: dict[str, Any] = {"namespaces": settings.namespaces} if settings.namespaces else {"clusterwide": True}
    await kopf.operator(
        registry=registry_for(queue),
        standalone=True,
        identity=IDENTITY,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz",
        **scope,
    )
