"""Reads the Jobs and pods of a PdfJob. What only carries their labels is left out: ownership is proved by uid.

Of each object, only the parts that are needed are kept, and of these a bounded number, because a Job of 10,000 chunks
may leave 40,000 pods, and anybody may create more with the same labels.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from pdfjob_operator.api.cluster import newest
from pdfjob_operator.objects.kubernetes import is_controlled_by
from pdfjob_operator.objects.labels import LABEL_STAGE, LABEL_UID
from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.phases import REPORTING_STAGES, Stage
from pdfjob_operator.objects.stage_job import StageJob, last_job
from pdfjob_operator.objects.stage_pod import StagePod, is_out_of_memory, lost_workspace, volume_failure


if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chunk_runner.contract.report import Failure
    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import PdfJob


LABEL_JOB_NAME = "batch.kubernetes.io/job-name"
ANNOTATION_INDEX = "batch.kubernetes.io/job-completion-index"

_INDEX_DIGITS = 10
"""Digits that no index has: whoever may edit a pod may write anything into it."""

_SAMPLE = 20
"""Pods that are looked at where they are likely to have the same in common."""

_PARTS = 50
"""Claims and containers of such a pod that are kept: those of a PdfJob have two claims, and a few containers."""


_PODS_KEPT = 50
"""Pods of prepare and merge that are kept, the newest: more are only left if a drained node evicts them again and
again."""


class FailedIndexes(NamedTuple):
    """How the indexes of a failed Job failed, as far as their last pods have not been deleted.

    Attributes:
        out_of_memory: Indexes whose last pod ran out of memory.
        volume_failure: Report of the last pod of an index that could not use its volume; `None` if there is none.
        workspace_lost: Report of the last pod of an index that found no workspace; `None` if there is none.
    """

    out_of_memory: frozenset[int] = frozenset()
    volume_failure: Failure | None = None
    workspace_lost: Failure | None = None


class _PodEnd(NamedTuple):
    """The end of a failed pod."""

    created: str
    out_of_memory: bool
    volume_failure: Failure | None
    workspace_lost: Failure | None


async def stage_jobs_and_pods(cluster: Cluster, pdfjob: PdfJob) -> tuple[tuple[StageJob, ...], tuple[StagePod, ...]]:
    """Read the Jobs of a PdfJob's current round, and the pods of its last Jobs that report, oldest first."""
    jobs = await _stage_jobs(cluster, pdfjob)
    uids = {job.uid for stage in Stage if (job := last_job(jobs, stage)) is not None}
    pods = await newest(_reporting_pods(cluster, pdfjob, uids), _PODS_KEPT, lambda found: found[0])
    return jobs, tuple(pod for _, pod in pods)


async def failed_indexes(cluster: Cluster, namespace: str, job: StageJob) -> FailedIndexes:
    """Read how the last failed pod of each index of a Job ended, unless it has been deleted."""
    last: dict[int, _PodEnd] = {}
    async for raw in cluster.pods(namespace, {LABEL_JOB_NAME: job.name}, fields={"status.phase": "Failed"}):
        index = _index(raw)
        if index is None or index >= job.completions or not is_controlled_by(raw, job.uid):
            continue
        end = _PodEnd(_created(raw), is_out_of_memory(raw), volume_failure(raw), lost_workspace(raw))
        if index not in last or last[index].created <= end.created:
            last[index] = end
    return FailedIndexes(
        out_of_memory=frozenset(index for index, end in last.items() if end.out_of_memory),
        volume_failure=next((end.volume_failure for end in last.values() if end.volume_failure is not None), None),
        workspace_lost=next((end.workspace_lost for end in last.values() if end.workspace_lost is not None), None),
    )


async def some_pods(cluster: Cluster, namespace: str, job: StageJob, phase: str) -> list[Manifest]:
    """Read some of a Job's pods in this phase, oldest first: what tells why they do not start, or do not end."""
    found = cluster.pods(namespace, {LABEL_JOB_NAME: job.name}, fields={"status.phase": phase}, limit=_SAMPLE)
    return sorted([_abridged(raw) async for raw in found if is_controlled_by(raw, job.uid)], key=_created)


async def _reporting_pods(cluster: Cluster, pdfjob: PdfJob, job_uids: set[str]) -> AsyncIterator[tuple[str, StagePod]]:
    """Yield the pods of these Jobs that report, each after the time of its creation."""
    labels = {LABEL_UID: pdfjob.uid, LABEL_STAGE: tuple(stage.value for stage in REPORTING_STAGES)}
    async for raw in cluster.pods(pdfjob.key.namespace, labels):
        pod = StagePod.parse(raw) if any(is_controlled_by(raw, uid) for uid in job_uids) else None
        if pod is not None:
            yield _created(raw), pod


async def _stage_jobs(cluster: Cluster, pdfjob: PdfJob) -> tuple[StageJob, ...]:
    return tuple(
        [
            job
            async for raw in cluster.jobs(pdfjob.key.namespace, {LABEL_UID: pdfjob.uid})
            if is_controlled_by(raw, pdfjob.uid)
            and (job := StageJob.parse(raw)) is not None
            and job.round == pdfjob.round
            and job.name == stage_job_name(pdfjob, job.stage, job.round, job.doublings)
        ]
    )


def _abridged(pod: Manifest) -> Manifest:
    """Return the parts of a pod that diagnoses read: as an object in memory, a pod may have 20 MiB."""
    meta, status = pod["metadata"], pod.get("status", {})
    volumes = (volume for volume in pod.get("spec", {}).get("volumes") or () if "persistentVolumeClaim" in volume)
    conditions = (it for it in status.get("conditions") or () if it.get("type") == "PodScheduled")
    containers = ({"name": it["name"], "state": it.get("state", {})} for it in status.get("containerStatuses") or ())
    return {
        "metadata": {"uid": meta["uid"], "creationTimestamp": meta["creationTimestamp"]},
        "spec": {"volumes": [*islice(volumes, _PARTS)]},
        "status": {"conditions": [*islice(conditions, 1)], "containerStatuses": [*islice(containers, _PARTS)]},
    }


def _created(raw: Manifest) -> str:
    return str(raw["metadata"]["creationTimestamp"])


def _index(pod: Manifest) -> int | None:
    """Return the index of a pod of an Indexed Job; `None` if its annotation is missing or not a number."""
    text = str(pod["metadata"].get("annotations", {}).get(ANNOTATION_INDEX, ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _INDEX_DIGITS else None
