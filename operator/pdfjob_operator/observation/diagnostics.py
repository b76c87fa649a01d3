"""Diagnoses why pods do not start, or do not end, from the pods and from Events. Pure.

Kubernetes says it in six places (seen on 1.34): a container's waiting reason (images, configuration), the pod's
PodScheduled condition (no node, no claim), an Event about the pod (volumes, sandbox), an Event about its Job (quota,
admission), its claim and an Event about that (no class, no volume), and nowhere in the Job's own status.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.kubernetes import parse_time
from pdfjob_operator.objects.reasons import OperatorReason
from pdfjob_operator.objects.stage_pod import container_state


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pdfjob_operator.objects.kubernetes import Manifest
    from pdfjob_operator.objects.volume_claim import VolumeClaim


_IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
_PROVISIONING = timedelta(seconds=30)
"""How long a provisioner may take before it is named as what the pods wait for."""

_CONTAINER_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})

_ENDING = timedelta(seconds=60)
"""How long the other containers of a pod may run on after the runner's has ended."""


def from_pods(pods: Sequence[Manifest]) -> Failure | None:
    """Diagnose from the status of pods."""
    return next((failure for pod in pods if (failure := _from_pod(pod)) is not None), None)


def from_pod_events(events: Sequence[Manifest]) -> Failure | None:
    """Diagnose from the Events about a pod that has been scheduled, but whose container has not been created."""
    # From time to time, the kubelet also lists the volumes that are not mounted, without a reason: that comes last.
    for event in sorted(events, key=lambda raw: str(raw.get("message")).startswith("Unable to attach or mount")):
        message = str(event.get("message") or "")
        if event.get("reason") in ("FailedMount", "FailedAttachVolume"):
            return _missing_secret(message) or _failure(
                OperatorReason.VOLUME_UNAVAILABLE, f"A volume cannot be mounted: {message}"
            )
        if event.get("reason") == "FailedCreatePodSandBox":
            return _failure(OperatorReason.POD_NOT_STARTED, f"The node cannot start the pod: {message}")
    return None


def from_running_pods(pods: Sequence[Manifest], now: datetime) -> Failure | None:
    """Diagnose from pods that run although the chunk runner has ended: Kubernetes does not count them as finished."""
    for pod in pods:
        ended_at = (container_state(pod).get("terminated") or {}).get("finishedAt")
        if ended_at is None or now - parse_time(ended_at) < _ENDING:
            continue
        statuses = pod.get("status", {}).get("containerStatuses") or ()
        for other in (it["name"] for it in statuses if "running" in it.get("state", {})):
            return _failure(
                OperatorReason.POD_NOT_ENDING,
                f"Container {other} keeps pods running whose work is done: have it injected as a native sidecar, or not"
                " into the pods of PdfJobs (runnerPod.labels or runnerPod.annotations).",
            )
    return None


def from_job_events(events: Sequence[Manifest]) -> Failure | None:
    """Diagnose from the Events about a Job that has fewer pods than it wants."""
    for event in events:
        if event.get("reason") == "FailedCreate":
            return _failure(OperatorReason.POD_REFUSED, f"Kubernetes refuses the pod: {event.get('message')}")
    return None


def from_claim(claim: VolumeClaim, events: Sequence[Manifest], now: datetime) -> Failure | None:
    """Diagnose from a claim without a volume, and from the warnings about it.

    A claim whose class waits for the first pod has no volume at first, so that alone is no fault.

    Args:
        claim: The claim.
        events: Events of type `Warning` about it, newest first.
        now: The time.
    """
    if claim.storage_class is None:
        return _failure(
            OperatorReason.CLAIM_NOT_BOUND,
            f"PersistentVolumeClaim “{claim.name}” has no storage class, and the cluster has no default class: mark one"
            " as the default, or name one in workspace.storageClassName or spec.storage.storageClassName.",
        )
    message = next((str(event.get("message")) for event in events if event.get("reason") == "ProvisioningFailed"), None)
    if message is not None and re.search(r'storageclass\S* "[^"]*" not found', message):
        text = f"Storage class “{claim.storage_class}” does not exist: create it, or a claim with a class that exists."
        return _failure(OperatorReason.CLAIM_NOT_BOUND, text)
    if message is not None:
        text = f"No volume can be provisioned for PersistentVolumeClaim “{claim.name}”: {message}"
        return _failure(OperatorReason.CLAIM_NOT_BOUND, text)
    if claim.provisioner and claim.created_at is not None and now - claim.created_at >= _PROVISIONING:
        return _failure(
            OperatorReason.CLAIM_NOT_BOUND,
            f"PersistentVolumeClaim “{claim.name}” waits for a volume from the provisioner {claim.provisioner}: check"
            " that it is installed and works.",
        )
    return None


def _from_pod(pod: Manifest) -> Failure | None:
    waiting: Mapping[str, Any] = container_state(pod).get("waiting") or {}
    reason, message = waiting.get("reason"), waiting.get("message") or waiting.get("reason")
    if reason in _IMAGE_REASONS:
        return _failure(OperatorReason.IMAGE_UNAVAILABLE, f"The image cannot be pulled: {message}")
    if reason in _CONTAINER_REASONS and "subPath" in str(message):
        return _failure(
            OperatorReason.VOLUME_UNAVAILABLE,
            "The node cannot create the workspace's folder. If an NFS server maps root to another user (root_squash),"
            f" let everybody write to the volume's root, or export it with no_root_squash: {message}",
        )
    if reason in _CONTAINER_REASONS:
        return _missing_secret(str(message)) or _failure(
            OperatorReason.CONTAINER_NOT_STARTED, f"The container cannot be started: {message}"
        )
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _unscheduled(str(condition.get("message") or condition.get("reason")))
    return None


def _missing_secret(message: str) -> Failure | None:
    """Return the Secret or the key in it that the kubelet misses; `None` if it complains of something else."""
    if missing := re.search(r'secret "([^"]*)" not found', message):
        text = f"Secret “{missing[1]}” does not exist in the namespace: create it, and the job continues."
    elif missing := re.search(r"references non-existent secret key: (.*)", message):
        text = f"The Secret has no key “{missing[1]}”: add it, and the job continues."
    else:
        return None
    return _failure(OperatorReason.SECRET_NOT_FOUND, text)


def _unscheduled(message: str) -> Failure:
    if missing := re.search(r'persistentvolumeclaim "([^"]*)" not found', message):
        text = (
            f"PersistentVolumeClaim “{missing[1]}” does not exist in the namespace: create it, and the job continues."
        )
        return _failure(OperatorReason.CLAIM_NOT_FOUND, text)
    if deleted := re.search(r'persistentvolumeclaim "([^"]*)" is being deleted', message):
        text = f"PersistentVolumeClaim “{deleted[1]}” is being deleted: create it again once it is gone."
        return _failure(OperatorReason.CLAIM_NOT_FOUND, text)
    if lost := re.search(r'persistentvolumeclaim "([^"]*)" bound to non-existent persistentvolume', message):
        text = f"PersistentVolumeClaim “{lost[1]}” has lost its volume: restore the volume, or create the claim again."
        return _failure(OperatorReason.CLAIM_NOT_BOUND, text)
    if "unbound immediate PersistentVolumeClaims" in message:
        return _failure(OperatorReason.CLAIM_NOT_BOUND, f"The PersistentVolumeClaim is not bound yet: {message}")
    return _failure(OperatorReason.UNSCHEDULABLE, f"No node can run the pod: {message}")


def _failure(reason: OperatorReason, message: str) -> Failure:
    return Failure(reason, shorten(message))
