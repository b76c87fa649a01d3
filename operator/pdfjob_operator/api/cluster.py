"""The cluster as the operator sees it: PdfJobs, Jobs, pods, claims, Events and namespaces.

Every call reads the current state; nothing is cached. Objects are plain dicts, and `None` stands for one that does not
exist. Anybody may create objects with any labels, so a selection is a stream: its reader keeps what it needs of each
object, and drops the rest. Methods raise `ApiError` wherever they do not say otherwise.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from lightkube.generic_resource import create_global_resource, create_namespaced_resource

from pdfjob_operator.api.errors import (
    ApiError,
    ConflictError,
    NamespaceGoneError,
    NotFoundError,
    RequestRefusedError,
)
from pdfjob_operator.objects.kubernetes import Manifest, abridged_event, is_controlled_by
from pdfjob_operator.objects.labels import GROUP, KIND, PLURAL, VERSION
from pdfjob_operator.objects.names import is_object_name
from pdfjob_operator.objects.pdfjob import Key, PdfJob
from pdfjob_operator.objects.volume_claim import VolumeClaim


if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping

    from pdfjob_operator.api.client import Client


T = TypeVar("T")

log = logging.getLogger(__name__)

PDFJOBS = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
JOBS = create_namespaced_resource("batch", "v1", "Job", "jobs")
_PODS = create_namespaced_resource("", "v1", "Pod", "pods")
_EVENTS = create_namespaced_resource("", "v1", "Event", "events")
_CLAIMS = create_namespaced_resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
_NAMESPACES = create_global_resource("", "v1", "Namespace", "namespaces")

_EVENTS_READ = 500
_EVENTS_KEPT = 20
"""Events about one object that are read, and of these the newest, which are kept: anybody may post any number."""

_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}


async def newest(found: AsyncIterable[T], most: int, time: Callable[[T], str]) -> list[T]:
    """Return the newest items of a stream, oldest first, and never hold more than twice as many.

    Args:
        found: The stream.
        most: How many to return.
        time: Returns the timestamp of an item.
    """
    kept: list[T] = []
    async for item in found:
        kept.append(item)
        if len(kept) >= 2 * most:
            kept = sorted(kept, key=time)[-most:]
    return sorted(kept, key=time)[-most:]


class Cluster:
    """The objects of a cluster.

    Args:
        client: The connection to the API server.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def pdfjobs(self, namespace: str | None) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the PdfJobs of a namespace, or of the whole cluster for `None`."""
        async for raw in self._client.list(PDFJOBS, namespace):
            yield raw

    async def pdfjob(self, key: Key) -> PdfJob | None:
        """Return a PdfJob."""
        raw = await self._get(PDFJOBS, key.name, key.namespace)
        return None if raw is None else PdfJob.parse(raw)

    async def write_status(self, job: PdfJob, status: Manifest) -> bool:
        """Replace the status of a PdfJob.

        Returns:
            Whether the status has changed; if not, no event follows.

        Raises:
            ConflictError: The PdfJob has changed since it was read, or is deleted.
        """
        try:
            written = await self._client.replace(PDFJOBS.Status, {**job.raw, "status": status})
        except NotFoundError as error:
            raise ConflictError(str(error)) from error
        return bool(written["metadata"]["resourceVersion"] != job.raw["metadata"]["resourceVersion"])

    async def delete_pdfjob(self, job: PdfJob) -> None:
        """Delete a PdfJob, unless it is deleted already.

        Raises:
            ConflictError: The PdfJob has changed since it was read: its author may want to keep it.
        """
        version = job.raw["metadata"]["resourceVersion"]
        with suppress(NotFoundError):
            await self._client.delete(PDFJOBS, job.key.name, job.key.namespace, uid=job.uid, resource_version=version)

    async def pods(
        self,
        namespace: str | None,
        labels: Mapping[str, Any],
        *,
        fields: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Manifest]:
        """Yield the pods that match the selectors in a namespace, or in the whole cluster for `None`."""
        async for raw in self._client.list(_PODS, namespace, labels=labels, fields=fields, limit=limit):
            yield raw

    async def warnings(self, namespace: str, uid: str) -> list[Manifest]:
        """Return Events of type `Warning` about an object, newest first and abridged, of the first `_EVENTS_READ`."""
        fields: dict[str, Any] = {"involvedObject.uid": uid, "type": "Warning"}
        found = self._client.list(_EVENTS, namespace, fields=fields, limit=_EVENTS_READ)
        events = await newest((abridged_event(raw) async for raw in found), _EVENTS_KEPT, lambda event: event["time"])
        return events[::-1]

    async def is_terminating(self, namespace: str) -> bool:
        """Return whether a namespace is deleted or being deleted."""
        raw = await self._get(_NAMESPACES, namespace)
        return raw is None or raw.get("status", {}).get("phase") == "Terminating"

    async def claim(self, namespace: str, name: str) -> VolumeClaim | None:
        """Return a PersistentVolumeClaim; `None` also for what cannot be the name of one."""
        raw = await self._get(_CLAIMS, name, namespace) if is_object_name(name) else None
        return None if raw is None else VolumeClaim.parse(raw)

    async def create_claim(self, manifest: Manifest, owner: PdfJob) -> None:
        """Create the PersistentVolumeClaim of a PdfJob, unless it exists.

        Raises:
            RequestRefusedError: The API server refuses the claim, or another one has its name.
            ConflictError: The claim was not created, and does not exist.
        """
        await self._create_owned(_CLAIMS, manifest, owner)

    async def jobs(self, namespace: str | None, labels: Mapping[str, Any]) -> AsyncIterator[Manifest]:
        """Yield the Jobs with these labels in a namespace, or in the whole cluster for `None`."""
        async for raw in self._client.list(JOBS, namespace, labels=labels):
            yield raw

    async def create_job(self, manifest: Manifest, owner: PdfJob) -> bool:
        """Create a Job that belongs to a PdfJob, unless it exists.

        Returns:
            Whether this call created it.

        Raises:
            RequestRefusedError: The API server refuses the Job, or another Job has its name.
            ConflictError: The Job was not created, and does not exist.
        """
        return await self._create_owned(JOBS, manifest, owner)

    async def create_unowned_job(self, manifest: Manifest) -> None:
        """Create a Job that has no owner, unless it exists.

        Raises:
            RequestRefusedError: The API server refuses the Job.
            NamespaceGoneError: The namespace is deleted or being deleted.
            ConflictError: The Job was not created, and does not exist.
        """
        await self._create_or_find(JOBS, manifest)

    async def delete_job(self, namespace: str, name: str, uid: str) -> None:
        """Delete a Job and its pods, unless it is deleted already.

        Raises:
            ConflictError: The Job was not deleted; perhaps it is another one of the same name.
        """
        with suppress(NotFoundError):
            await self._client.delete(JOBS, name, namespace, uid=uid)

    async def patch_job(self, namespace: str, name: str, uid: str, patch: Manifest) -> None:
        """Apply a merge patch to a Job, unless it is deleted.

        Raises:
            ConflictError: The Job was not changed; perhaps it is another one of the same name.
        """
        metadata = {**patch.get("metadata", {}), "uid": uid}
        with suppress(NotFoundError):
            await self._client.patch(JOBS, name, namespace, {**patch, "metadata": metadata})

    async def post_event(self, event: Manifest) -> None:
        """Create an Event. Nothing depends on Events, so a failure is only logged."""
        try:
            await self._client.create(_EVENTS, event)
        except ApiError as error:
            log.warning("cannot create an Event: %s", error)

    async def _get(self, kind: Any, name: str, namespace: str | None = None) -> Manifest | None:
        try:
            return await self._client.get(kind, name, namespace)
        except NotFoundError:
            return None

    async def _create_owned(self, kind: Any, manifest: Manifest, owner: PdfJob) -> bool:
        """Create an object that belongs to a PdfJob, unless it exists; return whether this call created it."""
        name = manifest["metadata"]["name"]
        try:
            present = await self._create_or_find(kind, manifest)
        except NamespaceGoneError as error:
            raise RequestRefusedError(str(error), kind=manifest["kind"]) from error
        if present is not None and not is_controlled_by(present, owner.uid):
            message = f"{manifest['kind']} {name} belongs to something else: delete it."
            raise RequestRefusedError(message, kind=manifest["kind"])
        return present is None

    async def _create_or_find(self, kind: Any, manifest: Manifest) -> Manifest | None:
        """Create an object, or return the one that has its name.

        A conflict alone does not prove that there is one: the API server also answers so if a quota has just changed.
        """
        meta = manifest["metadata"]
        try:
            await self._create(kind, manifest)
        except ConflictError:
            present = await self._get(kind, meta["name"], meta["namespace"])
            if present is None:
                raise
            return present
        return None

    async def _create(self, kind: Any, manifest: Manifest) -> None:
        try:
            await self._client.create(kind, manifest)
        except ConflictError:
            raise
        except ApiError as error:
            if isinstance(error, NotFoundError) or "because it is being terminated" in str(error):
                raise NamespaceGoneError(str(error)) from error
            if error.status in _REFUSALS:
                raise RequestRefusedError(str(error), kind=manifest["kind"], status=error.status) from error
            raise
