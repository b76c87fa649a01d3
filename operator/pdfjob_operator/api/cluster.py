"""The API server: whatever is asked of it is asked here. Plain dicts in and out; what is not there is `None`.

Reads the cluster's state anew at every call; nothing is cached, so nothing is stale.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx2
from lightkube import ApiError
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.types import CascadeType, PatchType

from pdfjob_operator.api.client import Client, ConflictError, GoneError, RefusedError
from pdfjob_operator.objects.children import Children
from pdfjob_operator.objects.kubernetes import Manifest, is_controlled_by
from pdfjob_operator.objects.labels import GROUP, KIND, LABEL_STAGE, LABEL_UID, PLURAL, SWEEP, VERSION
from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.pdfjob import Key, PdfJob
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob
from pdfjob_operator.objects.stage_pod import StagePod


if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Self

log = logging.getLogger(__name__)

_PDFJOBS = create_namespaced_resource(GROUP, VERSION, KIND, PLURAL)
_JOBS = create_namespaced_resource("batch", "v1", "Job", "jobs")
_PODS = create_namespaced_resource("", "v1", "Pod", "pods")
_EVENTS = create_namespaced_resource("", "v1", "Event", "events")
_LEASES = create_namespaced_resource("coordination.k8s.io", "v1", "Lease", "leases")
_NAMESPACES = create_global_resource("", "v1", "Namespace", "namespaces")

_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}

_PAGE = 500
_FEW = 20


class Cluster:
    """A connection to the API server, found as kubectl finds it, or as a pod does."""

    def __init__(self) -> None:
        self._client = Client()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def pdfjobs(self, namespace: str | None) -> AsyncIterator[Mapping[str, Any]]:
        """All PdfJobs of a namespace, or of the cluster."""
        async for raw in self._client.list(_PDFJOBS, namespace=namespace or "*", chunk_size=_PAGE):
            yield raw

    async def pdfjob(self, key: Key) -> PdfJob | None:
        """The PdfJob as it is now."""
        raw = await self._get(_PDFJOBS, key.name, key.namespace)
        return None if raw is None else PdfJob.parse(raw)

    async def write_status(self, job: PdfJob, status: Manifest) -> None:
        """Replace the status of the PdfJob as it was read.

        Raises:
            ConflictError: It changed meanwhile, or is gone.
        """
        await self._replace(_PDFJOBS.Status, {**job.raw, "status": status})

    async def delete_pdfjob(self, job: PdfJob) -> None:
        """Delete this very PdfJob; one of the same name that came after it stays."""
        try:
            await self._client.delete_exactly(_PDFJOBS, job.key.name, namespace=job.key.namespace, uid=job.uid)
        except ApiError as error:
            if error.response.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                raise

    async def children(self, job: PdfJob) -> Children:
        """The Jobs that the PdfJob owns in its present round, and the pods of theirs that report.

        What only has their labels is ignored.
        """
        labels: dict[str, Any] = {LABEL_UID: job.uid}
        jobs: list[StageJob] = []
        async for raw in self.jobs(job.key.namespace, labels):
            parsed = StageJob.parse(raw)
            if (
                parsed is not None
                and parsed.round == job.round
                and is_controlled_by(raw, job.uid)
                and parsed.name == stage_job_name(job, parsed.stage, parsed.round, parsed.memory)
            ):
                jobs.append(parsed)
        children = Children(jobs=tuple(jobs))
        last = {it.uid for stage in Stage if (it := children.job(stage)) is not None}
        pods = await self._pods(
            job.key.namespace, labels={**labels, LABEL_STAGE: (Stage.PREPARE.value, Stage.MERGE.value)}
        )
        pods = [raw for raw in pods if any(is_controlled_by(raw, uid) for uid in last)]
        pods.sort(key=lambda raw: str(raw["metadata"]["creationTimestamp"]))
        return Children(jobs=tuple(jobs), pods=tuple(pod for raw in pods if (pod := StagePod.parse(raw)) is not None))

    async def last_failed_pods(self, namespace: str, job: StageJob) -> dict[int, Manifest]:
        """The last failed pod of each index of a Job, as far as they are still there."""
        pods = await self._pods(namespace, labels={_JOB_NAME: job.name}, fields={"status.phase": "Failed"})
        pods.sort(key=lambda raw: str(raw["metadata"]["creationTimestamp"]))
        last = {
            raw["metadata"].get("annotations", {}).get(_JOB_INDEX, ""): raw
            for raw in pods
            if is_controlled_by(raw, job.uid)
        }
        return {int(index): raw for index, raw in last.items() if index.isdecimal()}

    async def waiting_pods(self, namespace: str, job: StageJob) -> list[Manifest]:
        """Some of a Job's pods that have not started."""
        pods = await self._pods(namespace, labels={_JOB_NAME: job.name}, fields={"status.phase": "Pending"}, most=_FEW)
        return [raw for raw in pods if is_controlled_by(raw, job.uid)]

    async def warnings(self, namespace: str, uid: str) -> list[Manifest]:
        """The Events that warn about an object, newest first."""
        fields: dict[str, Any] = {"involvedObject.uid": uid, "type": "Warning"}
        events = [raw async for raw in self._client.list(_EVENTS, namespace=namespace, fields=fields)]
        return sorted(events, key=lambda raw: str(raw.get("lastTimestamp") or raw.get("eventTime")), reverse=True)

    async def is_terminating(self, namespace: str) -> bool:
        """Whether the namespace is being deleted."""
        raw = await self._get(_NAMESPACES, namespace)
        return raw is None or raw.get("status", {}).get("phase") == "Terminating"

    async def sweep_pods(self, namespace: str | None) -> list[Manifest]:
        """The pods of sweeps, oldest first."""
        pods = await self._pods(namespace or "*", labels={LABEL_STAGE: SWEEP})
        return sorted(pods, key=lambda raw: str(raw["metadata"]["creationTimestamp"]))

    async def jobs(self, namespace: str | None, labels: Mapping[str, Any]) -> AsyncIterator[Manifest]:
        """Jobs with these labels."""
        async for raw in self._client.list(_JOBS, namespace=namespace or "*", labels=dict(labels), chunk_size=_PAGE):
            yield raw

    async def create_job(self, manifest: Manifest, owner: PdfJob) -> bool:
        """Make a Job; one that is already there and ours is fine.

        Returns:
            Whether it was made by this call.

        Raises:
            RefusedError: It may not be made, or it is there and not ours.
        """
        name = manifest["metadata"]["name"]
        try:
            await self._create_job(manifest)
        except _ExistsError:
            present = await self._get(_JOBS, name, owner.key.namespace)
            if present is not None and not is_controlled_by(present, owner.uid):
                raise RefusedError(f"Job {name} belongs to something else: delete it.") from None
            return False
        except GoneError as error:
            raise RefusedError(str(error)) from error
        return True

    async def create_unowned_job(self, manifest: Manifest) -> None:
        """Make a Job that belongs to nothing; one that is already there is fine.

        Raises:
            RefusedError: It may not be made.
            GoneError: Its namespace is gone, or about to be.
        """
        with suppress(_ExistsError):
            await self._create_job(manifest)

    async def delete_job(self, namespace: str, name: str) -> None:
        """Delete a Job and its pods; one that is gone is fine."""
        try:
            await self._client.delete(_JOBS, name, namespace=namespace, cascade=CascadeType.BACKGROUND)
        except ApiError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise

    async def patch_job(self, namespace: str, name: str, spec: Manifest) -> None:
        """Change the spec of a Job; one that is gone is fine."""
        try:
            await self._client.patch(_JOBS, name, {"spec": spec}, namespace=namespace, patch_type=PatchType.MERGE)
        except ApiError as error:
            if error.response.status_code != HTTPStatus.NOT_FOUND:
                raise

    async def post_event(self, event: Manifest) -> None:
        """Post an Event; it is for people, so that a refusal is logged and nothing more."""
        try:
            await self._client.create(_EVENTS.from_dict(event))
        except httpx2.HTTPError as error:
            log.warning("cannot post an event: %s", error)

    async def lease(self, namespace: str, name: str) -> Manifest | None:
        """A Lease as it is now."""
        return await self._get(_LEASES, name, namespace)

    async def create_lease(self, namespace: str, name: str, spec: Manifest) -> None:
        """Make a Lease.

        Raises:
            ConflictError: It is there.
        """
        try:
            await self._client.create(
                _LEASES.from_dict({"metadata": {"namespace": namespace, "name": name}, "spec": spec})
            )
        except ApiError as error:
            if error.response.status_code == HTTPStatus.CONFLICT:
                raise ConflictError(str(error)) from error
            raise

    async def write_lease(self, lease: Manifest) -> None:
        """Replace a Lease as it was read.

        Raises:
            ConflictError: It changed meanwhile, or is gone.
        """
        await self._replace(_LEASES, lease)

    async def _get(self, kind: Any, name: str, namespace: str | None = None) -> Manifest | None:
        scope = {} if namespace is None else {"namespace": namespace}
        try:
            found: Manifest = await self._client.get(kind, name, **scope)
        except ApiError as error:
            if error.response.status_code == HTTPStatus.NOT_FOUND:
                return None
            raise
        return found

    async def _replace(self, kind: Any, raw: Mapping[str, Any]) -> None:
        try:
            await self._client.replace(
                kind.from_dict(raw), raw["metadata"]["name"], namespace=raw["metadata"]["namespace"]
            )
        except ApiError as error:
            if error.response.status_code in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND):
                raise ConflictError(str(error)) from error
            raise

    async def _create_job(self, manifest: Manifest) -> None:
        try:
            await self._client.create(_JOBS.from_dict(manifest))
        except ApiError as error:
            status = error.response.status_code
            if status == HTTPStatus.CONFLICT:
                raise _ExistsError from error
            if status == HTTPStatus.NOT_FOUND or "because it is being terminated" in str(error):
                raise GoneError(str(error)) from error
            if status in _REFUSALS:
                raise RefusedError(str(error)) from error
            raise

    async def _pods(
        self, namespace: str, *, labels: dict[str, Any], fields: dict[str, Any] | None = None, most: int | None = None
    ) -> list[Manifest]:
        found: list[Manifest] = []
        async for raw in self._client.list(
            _PODS, namespace=namespace, labels=labels, fields=fields, chunk_size=most or _PAGE
        ):
            found.append(raw)
            if most is not None and len(found) >= most:
                break
        return found


_JOB_NAME = "batch.kubernetes.io/job-name"
_JOB_INDEX = "batch.kubernetes.io/job-completion-index"


class _ExistsError(Exception):
    """There is one of that name."""
