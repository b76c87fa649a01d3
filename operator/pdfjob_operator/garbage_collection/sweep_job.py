"""The Job that sweeps one claim, and what its name and its pod tell about the claim. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from chunk_runner.contract import environment
from pdfjob_operator.objects.kubernetes import JobOutcome
from pdfjob_operator.objects.labels import GROUP, LABEL_PRIORITY, LABEL_QUEUE, LABEL_STAGE, SWEEP
from pdfjob_operator.objects.manifests.node_sharing import share_node
from pdfjob_operator.objects.manifests.pods import mount_workspace, pod_template
from pdfjob_operator.objects.manifests.queue_labels import queue_labels
from pdfjob_operator.objects.names import is_object_name


if TYPE_CHECKING:
    from collections.abc import Iterable

    from pdfjob_operator.configuration.settings import Settings
    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.volume_claim import VolumeClaim


ANNOTATION_CLAIM = f"{GROUP}/claim"
"""On a sweep Job: the name of its claim, which may be too long for a label."""

LABEL_CLAIM_HASH = f"{GROUP}/claim-hash"
"""On a sweep Job and its pods: a hash of the claim's name, to select them by."""

SWEEP_TIMEOUT_SECONDS = 600
"""Deadline of a sweep Job, in seconds."""


class Claim(NamedTuple):
    """A PersistentVolumeClaim that holds workspaces."""

    namespace: str
    name: str


def sweep_job(
    claim: Claim,
    settings: Settings,
    number: int,
    *,
    live: str = "",
    before: int = 0,
    volume_claim: VolumeClaim | None = None,
) -> Manifest:
    """Build the Job that sweeps a claim.

    Args:
        claim: The claim.
        settings: The configuration.
        number: Number of the sweep, which makes its name unique.
        live: All PdfJobs in the namespace, as `LivePdfJobs` with `before` as seed.
        before: Time in seconds since 1970; workspaces that changed later stay.
        volume_claim: The claim as it was read; workspaces with the mark of another one stay. `None` if the sweep never
            runs.
    """
    env = {
        environment.LIVE_ENV: live,
        environment.BEFORE_ENV: str(before),
        environment.CLAIM_ENV: "" if volume_claim is None else volume_claim.uid,
    }
    pod = pod_template(settings, SWEEP, "sweep", env)
    pod["metadata"]["labels"] |= sweep_labels(claim)
    folder = f"{environment.WORKSPACES}/{claim.namespace}"
    mount_workspace(pod, claim.name, folder, environment.WORKSPACES_MOUNT)
    if volume_claim is not None and not volume_claim.allows_several_nodes(read_only=False):
        share_node(pod, [claim.name])
    queue = queue_labels(settings.queueing, SWEEP, {})
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"pdfjob-sweep-{_hash(claim)}-{number}",
            "namespace": claim.namespace,
            "labels": {**pod["metadata"]["labels"], **queue},
            "annotations": {ANNOTATION_CLAIM: claim.name},
        },
        "spec": {
            "suspend": bool(queue),  # Kueue resumes it
            "backoffLimit": 3,
            "activeDeadlineSeconds": SWEEP_TIMEOUT_SECONDS,
            "template": pod,
        },
    }


def note_of(claim: Claim, settings: Settings) -> Manifest:
    """Build a sweep Job that never runs, as a note that the claim holds workspaces.

    It waits in no queue, and if somebody resumes it nevertheless, as Kueue may with all Jobs, it starts no pod.
    """
    note = sweep_job(claim, settings, 0)
    for label in (LABEL_QUEUE, LABEL_PRIORITY):
        note["metadata"]["labels"].pop(label, None)
    note["spec"] |= {"suspend": True, "parallelism": 0}
    return note


def sweep_labels(claim: Claim) -> dict[str, str]:
    """Return the labels of the sweep Jobs and pods of a claim."""
    return {LABEL_STAGE: SWEEP, LABEL_CLAIM_HASH: _hash(claim)}


def claim_of_job(job: Manifest) -> Claim | None:
    """Return the claim of a sweep Job, or `None` if its annotation is missing, or is not a name."""
    name = job["metadata"].get("annotations", {}).get(ANNOTATION_CLAIM, "")
    return Claim(job["metadata"]["namespace"], name) if is_object_name(name) else None


def claim_of_pod(pod: Manifest) -> Claim:
    """Return the claim that a sweep pod mounts; its name is empty if there is none."""
    volumes = pod["spec"].get("volumes", ())
    names = (volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume)
    return Claim(pod["metadata"]["namespace"], next(names, ""))


def abridged(job: Manifest) -> Manifest:
    """Return of a sweep Job what is used: anybody may create many and large ones with its labels."""
    meta, status = job["metadata"], job.get("status", {})
    conditions = [{key: it[key] for key in ("type", "status")} for it in status.get("conditions", ())]
    queue = {key: value for key, value in meta.get("labels", {}).items() if key == LABEL_QUEUE}
    return {
        "metadata": {key: meta[key] for key in ("namespace", "name", "uid")} | {"labels": queue},
        "spec": {key: job["spec"][key] for key in ("suspend", "parallelism") if key in job["spec"]},
        "status": {"conditions": [it for it in conditions if it["type"] in {*JobOutcome}]},
    }


def next_number(jobs: Iterable[Manifest]) -> int:
    """Return a number for the next sweep, above those of the existing sweep Jobs."""
    return 1 + max((_number(job) for job in jobs), default=0)


def is_running(job: Manifest) -> bool:
    """Return whether a sweep Job will still do its work: it is not finished, and if it is suspended, it is queued."""
    finished = any(
        condition["type"] in {*JobOutcome} and condition["status"] == "True"
        for condition in job.get("status", {}).get("conditions", ())
    )
    is_held = job["spec"].get("suspend") and LABEL_QUEUE not in job["metadata"].get("labels", {})
    return not (finished or is_held or job["spec"].get("parallelism") == 0)


def _hash(claim: Claim) -> str:
    return hashlib.sha256(claim.name.encode()).hexdigest()[:8]


def _number(job: Manifest) -> int:
    suffix = str(job["metadata"]["name"]).rpartition("-")[2]
    return int(suffix) if suffix.isdecimal() and len(suffix) < len("1000000000") else 0  # anybody may choose a name
