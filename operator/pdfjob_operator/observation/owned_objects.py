"""Reads the Jobs and pods of a PdfJob. What only carries their labels is left out: ownership is proved by uid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pdfjob_operator.objects.kubernetes import is_controlled_by
from pdfjob_operator.objects.labels import LABEL_STAGE, LABEL_UID
from pdfjob_operator.objects.names import stage_job_name
from pdfjob_operator.objects.phases import Stage
from pdfjob_operator.objects.stage_job import StageJob, last_job
from pdfjob_operator.objects.stage_pod import StagePod


if TYPE_CHECKING:
    from collections.abc import Mapping

    from pdfjob_operator.api.cluster import Cluster
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.pdfjob import PdfJob


LABEL_JOB_NAME = "batch.kubernetes.io/job-name"
ANNOTATION_INDEX = "batch.kubernetes.io/job-completion-index"

_SAMPLE = 20
"""Waiting pods that are looked at: they all wait for the same."""


async def stage_jobs_and_pods(cluster: Cluster, pdfjob: PdfJob) -> tuple[tuple[StageJob, ...], tuple[StagePod, ...]]:
    """Read the Jobs of a PdfJob's current round, and the pods of its last prepare and merge Jobs, oldest first."""
    jobs = await _stage_jobs(cluster, pdfjob)
    uids = {job.uid for stage in Stage if (job := last_job(jobs, stage)) is not None}
    labels = {LABEL_UID: pdfjob.uid, LABEL_STAGE: (Stage.PREPARE.value, Stage.MERGE.value)}
    found = await cluster.pods(pdfjob.key.namespace, labels)
    owned = [raw for raw in found if any(is_controlled_by(raw, uid) for uid in uids)]
    return jobs, tuple(pod for raw in owned if (pod := StagePod.parse(raw)) is not None)


async def last_failed_pods(cluster: Cluster, namespace: str, job: StageJob) -> Mapping[int, Manifest]:
    """Read the last failed pod of each index of a Job, unless it has been deleted."""
    found = await cluster.pods(namespace, {LABEL_JOB_NAME: job.name}, fields={"status.phase": "Failed"})
    owned = [raw for raw in found if is_controlled_by(raw, job.uid)]
    last = {raw["metadata"].get("annotations", {}).get(ANNOTATION_INDEX, ""): raw for raw in owned}
    return {int(index): raw for index, raw in last.items() if index.isdecimal()}


async def waiting_pods(cluster: Cluster, namespace: str, job: StageJob) -> list[Manifest]:
    """Read some of a Job's pods that have not started."""
    found = await cluster.pods(namespace, {LABEL_JOB_NAME: job.name}, fields={"status.phase": "Pending"}, limit=_SAMPLE)
    return [raw for raw in found if is_controlled_by(raw, job.uid)]


async def _stage_jobs(cluster: Cluster, pdfjob: PdfJob) -> tuple[StageJob, ...]:
    found = [raw async for raw in cluster.jobs(pdfjob.key.namespace, {LABEL_UID: pdfjob.uid})]
    parsed = [job for raw in found if is_controlled_by(raw, pdfjob.uid) and (job := StageJob.parse(raw)) is not None]
    return tuple(
        job
        for job in parsed
        if job.round == pdfjob.round and job.name == stage_job_name(pdfjob, job.stage, job.round, job.doublings)
    )
