"""The three Jobs of a PdfJob as plain dicts. Pure: a PdfJob, the configuration and a few numbers in, a manifest out."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from chunk_runner import contract
from chunk_runner.contract import ExitCode, JobSpec
from pdfjob_operator.resources import (
    ANNOTATION_JOB,
    ANNOTATION_PAGES,
    API_VERSION,
    KIND,
    LABEL_STAGE,
    LABEL_UID,
    Manifest,
    PdfJob,
    Stage,
)


if TYPE_CHECKING:
    from pdfjob_operator.settings import Settings


RUNNER_USER = 65532
"""User and group of every pod: `nonroot` in distroless images, and in this project's."""

STAGE_RETRIES = 3
"""How often prepare and merge are tried again."""

# Pod deletions that Kubernetes itself announces (drains, evictions, preemption) use up no retries.
_IGNORE_DISRUPTIONS = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def prepare_job(job: PdfJob, settings: Settings, *, seconds: int) -> Manifest:
    """The Job that splits the source; with one chunk, it does everything.

    Args:
        job: The PdfJob.
        settings: The configuration.
        seconds: What is left of the job's time.
    """
    spec = JobSpec(path=job.path, processor=dict(job.processor), pages_per_chunk=job.pages_per_chunk, sha256=job.sha256)
    pod = _pod(job, settings, Stage.PREPARE, "prepare", {contract.SPEC_ENV: spec.dumps()})
    # The whole volume, read-only: a subPath to a missing file would make the kubelet create a folder of that name.
    claim = job.source_claim or _workspace_claim(job, settings)
    name = "workspace"
    if claim != _workspace_claim(job, settings):
        name = "source"
        pod["spec"]["volumes"].append({"name": name, "persistentVolumeClaim": {"claimName": claim, "readOnly": True}})
    pod["spec"]["containers"][0]["volumeMounts"].append(
        {"name": name, "mountPath": contract.SOURCE_MOUNT, "readOnly": True}
    )
    return _job(job, pod) | {
        "spec": {
            "backoffLimit": STAGE_RETRIES,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    _IGNORE_DISRUPTIONS,
                    _on_exit("FailJob", ExitCode.SOURCE, ExitCode.CONFIGURATION, ExitCode.USAGE),
                ]
            },
            "template": pod,
        }
    }


def chunks_job(job: PdfJob, settings: Settings, *, chunks: int, pages: int, seconds: int) -> Manifest:
    """The Indexed Job that processes the chunks, one pod for each.

    Args:
        job: The PdfJob.
        settings: The configuration.
        chunks: How many there are.
        pages: Pages of the source; kept on the Job.
        seconds: What is left of the job's time.
    """
    pod = _pod(job, settings, Stage.CHUNKS, "process", {})
    manifest = _job(job, pod)
    manifest["metadata"]["annotations"][ANNOTATION_PAGES] = str(pages)
    return manifest | {
        "spec": {
            "completionMode": "Indexed",
            "completions": chunks,
            "parallelism": parallelism(job, chunks),
            "backoffLimitPerIndex": job.retries,
            # Every chunk is run, then the merge judges: one bad chunk must not take the others with it.
            "maxFailedIndexes": chunks,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    _IGNORE_DISRUPTIONS,
                    _on_exit("FailIndex", ExitCode.CHUNK),
                    _on_exit("FailJob", ExitCode.CONFIGURATION, ExitCode.USAGE),
                ]
            },
            "template": pod,
        }
    }


def merge_job(job: PdfJob, settings: Settings, *, unfinished: str | None, seconds: int) -> Manifest:
    """The Job that merges the results and cleans up.

    Args:
        job: The PdfJob.
        settings: The configuration.
        unfinished: The reason to record for chunks that left neither a result nor a reason.
        seconds: How long it may take.
    """
    env = {} if unfinished is None else {contract.UNFINISHED_ENV: unfinished}
    pod = _pod(job, settings, Stage.MERGE, "merge", env)
    return _job(job, pod) | {
        "spec": {
            "backoffLimit": STAGE_RETRIES,
            "activeDeadlineSeconds": seconds,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": [_IGNORE_DISRUPTIONS]},
            "template": pod,
        }
    }


def parallelism(job: PdfJob, chunks: int) -> int:
    """Chunks in flight: never more than there are, and 0 pauses."""
    return min(job.workers, chunks)


def job_name(job: PdfJob) -> str:
    """What the names of all its Jobs begin with: the same at every pass, so that no Job can be made twice.

    At most 31 characters, because names of indexed pods end at 63; with a hash of the uid, because a PdfJob of the same
    name may have lived before.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", job.key.name)[:22].strip("-")
    return f"{readable}-{hashlib.sha256(job.uid.encode()).hexdigest()[:8]}"


def selector(job: PdfJob) -> str:
    """Selects the chunk pods."""
    return f"{LABEL_UID}={job.uid},{LABEL_STAGE}={Stage.CHUNKS}"


def owner_reference(job: PdfJob) -> dict[str, Any]:
    """Makes the PdfJob the object's controller, so that its deletion takes the object along."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": job.key.name,
        "uid": job.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def workspace_folder(job: PdfJob) -> str:
    """The workspace, relative to the root of its volume."""
    return f"{contract.WORKSPACES}/{job.uid}"


def _job(job: PdfJob, pod: Manifest) -> Manifest:
    """A Job but for its spec, labelled as its pods are."""
    labels = pod["metadata"]["labels"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{job_name(job)}-{labels[LABEL_STAGE]}",
            "namespace": job.key.namespace,
            "labels": labels,
            "annotations": dict(pod["metadata"]["annotations"]),
            "ownerReferences": [owner_reference(job)],
        },
    }


def _pod(job: PdfJob, settings: Settings, stage: Stage, command: str, env: dict[str, str]) -> Manifest:
    """A pod template that passes the restricted Pod Security Standard and has no access to the API."""
    return {
        "metadata": {
            "labels": {
                LABEL_UID: job.uid,
                LABEL_STAGE: stage.value,
                "app.kubernetes.io/name": "pdfjob",
                "app.kubernetes.io/component": stage.value,
                "app.kubernetes.io/managed-by": "pdfjob-operator",
            },
            "annotations": {ANNOTATION_JOB: job.key.name},
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 30,
            "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": RUNNER_USER,
                "runAsGroup": RUNNER_USER,
                "fsGroup": RUNNER_USER,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": stage.value,
                    "image": settings.runner_image,
                    "imagePullPolicy": settings.image_pull_policy,
                    "args": [command],
                    "env": [
                        {"name": contract.ATTEMPT_ENV, "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
                        # Doubled, because Kubernetes would expand $(NAME) in what a user wrote.
                        *({"name": name, "value": value.replace("$", "$$")} for name, value in env.items()),
                    ],
                    "resources": dict(settings.resources),
                    "terminationMessagePolicy": "File",
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [
                        {
                            "name": "workspace",
                            "mountPath": contract.WORKSPACE_MOUNT,
                            "subPath": workspace_folder(job),
                        },
                        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 (the pod's own)
                    ],
                }
            ],
            "volumes": [
                {
                    "name": "workspace",
                    "persistentVolumeClaim": {"claimName": _workspace_claim(job, settings)},
                },
                {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
            ],
        },
    }


def _workspace_claim(job: PdfJob, settings: Settings) -> str:
    return job.workspace_claim or settings.workspace_claim


def _on_exit(action: str, *codes: ExitCode) -> dict[str, Any]:
    return {"action": action, "onExitCodes": {"operator": "In", "values": sorted(codes)}}
