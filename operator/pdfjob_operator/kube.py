"""The API server: the only module that talks to it. Plain dicts in and out; what is not there is `None`.

Reads the cluster's state anew at every call; nothing is cached, so nothing is stale.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx2
from lightkube import ApiError, AsyncClient
from lightkube.generic_resource import create_namespaced_resource
from lightkube.types import CascadeType, PatchType

from pdfjob_operator.manifests import job_name
from pdfjob_operator.resources import (
    GROUP,
    KIND,
    LABEL_STAGE,
    LABEL_UID,
    PLURAL,
    VERSION,
    Children,
    Key,
    Manifest,
    PdfJob,
    Stage,
    StageJob,
    StagePod,
    owned_by,
)


if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from lightkube.operators import Operator

log = logging.getLogger(__name__)

_PDFJOBS = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
_JOBS = create_namespaced_resource("batch", "v1", "Job", "jobs")
_PODS = create_namespaced_resource("", "v1", "Pod", "pods")
_EVENTS = create_namespaced_resource("", "v1", "Event", "events")

_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}

_REQUEST_SECONDS = 30
_STARTUP_POLL_SECONDS = 2


class RefusedError(Exception):
    """The API server will not do this, and says why: a quota, an admission policy, a rule of the API."""


class ConflictError(Exception):
    """The object changed since it was read: read it again and decide anew."""


class Kube:
    """A connection to the API server, found as kubectl finds it, or as a pod does."""

    def __init__(self) -> None:
        self._client = AsyncClient(timeout=httpx2.Timeout(_REQUEST_SECONDS), field_manager="pdfjob-operator")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def wait_until_served(self, namespaces: tuple[str, ...]) -> None:
        """Return once the API server serves PdfJobs: right after an installation it may not do so yet."""
        while True:
            try:
                async for _ in self._client.list(_PDFJOBS, namespace=(namespaces or ("*",))[0], chunk_size=1):
                    break
            except (httpx2.HTTPError, OSError) as error:
                log.warning("waiting for the API server to serve PdfJobs: %s", error)
                await asyncio.sleep(_STARTUP_POLL_SECONDS)
            else:
                return

    async def pdfjob(self, key: Key) -> PdfJob | None:
        """The PdfJob as it is now."""
        try:
            return PdfJob.parse(await self._client.get(_PDFJOBS, key.name, namespace=key.namespace))
        except ApiError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise

    async def children(self, job: PdfJob) -> Children:
        """The Jobs that the PdfJob owns, and of their pods those that report; what only has their labels is ignored."""
        names = {f"{job_name(job)}-{stage}" for stage in Stage}
        labels: dict[str, str | Operator[Any] | Iterable[Any] | None] = {LABEL_UID: job.uid}
        jobs = [
            raw
            async for raw in self._client.list(_JOBS, namespace=job.key.namespace, labels=labels)
            if owned_by(raw, job.uid) and raw["metadata"]["name"] in names
        ]
        reporting = {**labels, LABEL_STAGE: (Stage.PREPARE.value, Stage.MERGE.value)}
        pods = [
            raw
            async for raw in self._client.list(_PODS, namespace=job.key.namespace, labels=reporting)
            if any(owned_by(raw, parent["metadata"]["uid"]) for parent in jobs)
        ]
        pods.sort(key=lambda raw: raw["metadata"]["creationTimestamp"])
        return Children(
            jobs={parsed.stage: parsed for raw in jobs if (parsed := StageJob.parse(raw)) is not None},
            pods=tuple(pod for raw in pods if (pod := StagePod.parse(raw)) is not None),
        )

    async def create_job(self, manifest: Manifest, owner: PdfJob) -> None:
        """Make a Job; one that is already there and ours is fine.

        Raises:
            RefusedError: It may not be made, or it is there and not ours.
        """
        name = manifest["metadata"]["name"]
        try:
            await self._client.create(_JOBS.from_dict(manifest))
        except ApiError as error:
            if error.response.status_code in _REFUSALS:
                raise RefusedError(str(error)) from error
            if error.response.status_code != HTTPStatus.CONFLICT:
                raise
            present = await self._client.get(_JOBS, name, namespace=owner.key.namespace)
            if not owned_by(present, owner.uid):
                raise RefusedError(f"Job {name} belongs to something else: delete it.") from error

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and its pods; one that is gone is fine."""
        try:
            await self._client.delete(_JOBS, name, namespace=namespace, cascade=CascadeType.BACKGROUND)
        except ApiError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise

    async def scale_job(self, namespace: str, name: str, parallelism: int) -> None:
        """Set how many pods of a Job may run at once; one that is gone is fine."""
        patch = {"spec": {"parallelism": parallelism}}
        try:
            await self._client.patch(_JOBS, name, patch, namespace=namespace, patch_type=PatchType.MERGE)
        except ApiError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise

    async def write_status(self, job: PdfJob, status: Manifest) -> None:
        """Replace the status of the PdfJob as it was read.

        Raises:
            ConflictError: It changed meanwhile, or is gone.
        """
        try:
            await self._client.replace(
                _PDFJOBS.Status.from_dict({**job.raw, "status": status}), job.key.name, namespace=job.key.namespace
            )
        except ApiError as error:
            if error.response.status_code in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND):
                raise ConflictError(str(error)) from error
            raise

    async def post_event(self, event: Manifest) -> None:
        """Post an Event; it is for people, so that a refusal is logged and nothing more."""
        try:
            await self._client.create(_EVENTS.from_dict(event))
        except httpx2.HTTPError as error:
            log.warning("cannot post an event: %s", error)
