"""A cluster that returns what a test gives it, and remembers what is written."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from builders import make_pdfjob
from pdfjob_operator.api.cluster import Cluster
from pdfjob_operator.api.errors import ApiError, ConflictError, RequestRefusedError
from pdfjob_operator.objects.kubernetes import Manifest
from pdfjob_operator.objects.pdfjob import Key, PdfJob
from pdfjob_operator.objects.volume_claim import VolumeClaim


class FakeCluster(Cluster):
    """A cluster with one PdfJob.

    Attributes:
        found: The PdfJob; `None` if there is none.
        job_list: The Jobs that carry its labels.
        pod_list: The pods that carry its labels, or belong to its Jobs.
        events: The warnings about each object, by uid.
        terminating: Whether the namespace is being deleted.
        conflicting: Whether each write of a status, and the deletion of the PdfJob, is a conflict.
        refusing: Whether the creation of each Job is refused.
        claims: The claims that exist.
        forbidding: Whether claims may not be read.
        reads: What was read, in order.
        statuses: The statuses that were written.
        posted: The Events that were posted.
        created: The Jobs that were created.
        created_claims: The claims that were created.
        deleted: The names of what was deleted.
        on_write: Called once a status or a Job is written, before the answer.
    """

    def __init__(self, pdfjob: PdfJob | None = None) -> None:
        self.found = pdfjob
        self.job_list: list[Manifest] = []
        self.pod_list: list[Manifest] = []
        self.events: dict[str, list[Manifest]] = {}
        self.claims: list[VolumeClaim] = []
        self.terminating = self.conflicting = self.refusing = self.forbidding = False
        self.reads: list[str] = []
        self.statuses: list[Manifest] = []
        self.posted: list[Manifest] = []
        self.created: list[Manifest] = []
        self.created_claims: list[Manifest] = []
        self.deleted: list[str] = []
        self.on_write: Callable[[], None] = lambda: None

    async def pdfjobs(self, namespace: str | None) -> AsyncIterator[Mapping[str, Any]]:
        self.reads.append("pdfjobs")
        if self.found is not None:
            yield self.found.raw

    async def claim(self, namespace: str, name: str) -> VolumeClaim | None:
        self.reads.append(f"claim {name}")
        if self.forbidding:
            raise ApiError("may not get it", status=403)
        return next((claim for claim in self.claims if claim.name == name), None)

    async def create_claim(self, manifest: Manifest, owner: PdfJob) -> None:
        if self.refusing:
            raise RequestRefusedError("exceeded quota", kind="PersistentVolumeClaim")
        self.created_claims.append(manifest)

    async def create_unowned_job(self, manifest: Manifest) -> None:
        self.created.append(manifest)

    async def pdfjob(self, key: Key) -> PdfJob | None:
        self.reads.append("pdfjob")
        return self.found

    async def jobs(self, namespace: str | None, labels: Mapping[str, Any]) -> AsyncIterator[Manifest]:
        self.reads.append("jobs")
        for raw in self.job_list:
            yield raw

    async def pods(
        self,
        namespace: str | None,
        labels: Mapping[str, Any],
        *,
        fields: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Manifest]:
        phase = (fields or {}).get("status.phase")
        self.reads.append(f"pods {phase}" if phase else "pods")
        for raw in [raw for raw in self.pod_list if phase in (None, raw["status"].get("phase"))][:limit]:
            yield raw

    async def warnings(self, namespace: str, uid: str) -> list[Manifest]:
        self.reads.append(f"events {uid}")
        return self.events.get(uid, [])

    async def is_terminating(self, namespace: str) -> bool:
        self.reads.append("namespace")
        return self.terminating

    async def write_status(self, job: PdfJob, status: Manifest) -> bool:
        if self.conflicting:
            raise ConflictError("changed")
        self.statuses.append(status)
        self.on_write()
        return status != job.status

    async def post_event(self, event: Manifest) -> None:
        self.posted.append(event)

    async def create_job(self, manifest: Manifest, owner: PdfJob) -> bool:
        if self.refusing:
            raise RequestRefusedError("exceeded quota")
        self.created.append(manifest)
        self.on_write()
        return True

    async def delete_job(self, namespace: str, name: str, uid: str) -> None:
        self.deleted.append(name)

    async def delete_pdfjob(self, job: PdfJob) -> None:
        if self.conflicting:
            raise ConflictError("changed")
        self.deleted.append(job.key.name)


def raw_job(
    uid: str = "job-uid", *, name: str, owner: str = make_pdfjob().uid, chunks: int = 4, **status: Any
) -> Manifest:
    """A chunks Job with four workers, as the API server returns it; created half a minute ago."""
    return {
        "metadata": {
            "name": name,
            "uid": uid,
            "creationTimestamp": "2026-11-23T11:59:30Z",
            "labels": {"pdfjob.dev/stage": "chunks"},
            "ownerReferences": [{"uid": owner, "controller": True}],
        },
        "spec": {"completions": chunks, "parallelism": 4},
        "status": status,
    }


def raw_pod(*, job: str = "job-uid", index: int = 0, stage: str = "chunks", **status: Any) -> Manifest:
    """A pod of that Job, as the API server returns it."""
    return {
        "metadata": {
            "uid": f"pod-{index}",
            "creationTimestamp": "2026-11-23T11:59:30Z",
            "labels": {"pdfjob.dev/stage": stage},
            "annotations": {"batch.kubernetes.io/job-completion-index": str(index)},
            "ownerReferences": [{"uid": job, "controller": True}],
        },
        "status": status,
    }


def terminated(exit_code: int, message: str = "") -> list[Manifest]:
    """The statuses of the containers of a pod that has terminated."""
    return [{"name": "runner", "state": {"terminated": {"exitCode": exit_code, "message": message}}}]
