"""Why pods do not start, told from the pods and the Events about them. Pure.

Kubernetes says it in five places (seen on 1.34): a container's waiting reason (images, configuration), the pod's
PodScheduled condition (no room, no claim), an Event about the pod (volumes), an Event about its Job (quota, admission),
and nowhere at all in the Job's own status.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from chunk_runner.contract.limits import shorten
from chunk_runner.contract.report import Failure
from pdfjob_operator.objects.stage_pod import container_state


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pdfjob_operator.objects.kubernetes import Manifest


IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)


def of_pods(pods: Sequence[Manifest]) -> Failure | None:
    """What the pods themselves say."""
    return next((found for pod in pods if (found := _of_pod(pod)) is not None), None)


def of_pod_events(events: Sequence[Manifest]) -> Failure | None:
    """What is said about a pod that has a node, but no container yet."""
    # From time to time the kubelet also sums up what is not mounted, without saying why: what says why comes first.
    for event in sorted(events, key=lambda it: str(it.get("message")).startswith("Unable to attach or mount")):
        message = str(event.get("message") or "")
        if event.get("reason") in ("FailedMount", "FailedAttachVolume"):
            return _secret(message) or Failure("VolumeUnavailable", shorten(f"A volume cannot be mounted: {message}"))
        if event.get("reason") == "FailedCreatePodSandBox":
            return Failure("PodNotStarted", shorten(f"The node cannot start the pod: {message}"))
    return None


def of_job_events(events: Sequence[Manifest]) -> Failure | None:
    """What is said about a Job that has fewer pods than it wants."""
    for event in events:
        if event.get("reason") == "FailedCreate":
            return Failure("PodRefused", shorten(f"Kubernetes refuses the pod: {event.get('message')}"))
    return None


def _of_pod(pod: Manifest) -> Failure | None:
    waiting: Mapping[str, Any] = container_state(pod).get("waiting") or {}
    said = waiting.get("message") or waiting.get("reason")
    if waiting.get("reason") in IMAGE_REASONS:
        return Failure("ImageUnavailable", shorten(f"The image cannot be pulled: {said}"))
    if waiting.get("reason") in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return _secret(str(said)) or Failure("ContainerNotStarted", shorten(f"The container cannot be started: {said}"))
    for condition in pod.get("status", {}).get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _unscheduled(str(condition.get("message") or condition.get("reason")))
    return None


def _secret(message: str) -> Failure | None:
    """A Secret that is missing, or its key, if that is what the kubelet complains of."""
    if missing := re.search(r'secret "([^"]*)" not found', message):
        said = f"The namespace has no Secret “{missing[1]}”: make one, the job goes on by itself."
    elif missing := re.search(r"references non-existent secret key: (.*)", message):
        said = f"The Secret has no key “{missing[1]}”: add it, the job goes on by itself."
    else:
        return None
    return Failure("SecretNotFound", shorten(said))


def _unscheduled(message: str) -> Failure:
    missing = re.search(r'persistentvolumeclaim "([^"]*)" not found', message)
    if missing:
        return Failure(
            "ClaimNotFound",
            shorten(f"The namespace has no PersistentVolumeClaim “{missing[1]}”: make one, the job goes on by itself."),
        )
    if "unbound immediate PersistentVolumeClaims" in message:
        return Failure("ClaimNotBound", shorten(f"The PersistentVolumeClaim has no volume yet: {message}"))
    return Failure("Unschedulable", shorten(f"No node takes the pod: {message}"))
