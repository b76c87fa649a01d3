from typing import Any

import pytest

from pdfjob_operator.trouble import of_job_events, of_pod_events, of_pods


def waiting(reason: str, message: str = "…") -> dict[str, Any]:
    return {"status": {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}}


def unscheduled(message: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": message}]}}


@pytest.mark.parametrize(
    ("pod", "reason", "said"),
    [
        (waiting("ImagePullBackOff", "Back-off pulling image x"), "ImageUnavailable", "pulling image x"),
        (waiting("ErrImagePull"), "ImageUnavailable", "…"),
        (waiting("CreateContainerConfigError", 'secret "key" not found'), "SecretNotFound", "key"),
        (waiting("CreateContainerConfigError", "no such key"), "ContainerNotStarted", "no such key"),
        (unscheduled('persistentvolumeclaim "books" not found'), "ClaimNotFound", "“books”"),
        (unscheduled("pod has unbound immediate PersistentVolumeClaims"), "ClaimNotBound", "no volume"),
        (unscheduled("0/3 nodes are available: Insufficient cpu"), "Unschedulable", "Insufficient cpu"),
    ],
)
def test_what_a_pod_says(pod: dict[str, Any], reason: str, said: str) -> None:
    found = of_pods([{}, pod])

    assert found is not None
    assert found.reason == reason
    assert said in found.message


@pytest.mark.parametrize("pod", [{}, waiting("ContainerCreating"), waiting("PodInitializing"), {"status": {}}])
def test_a_pod_that_only_takes_its_time_is_no_trouble(pod: dict[str, Any]) -> None:
    assert of_pods([pod]) is None


def test_what_events_say() -> None:
    mount = {"reason": "FailedMount", "message": 'MountVolume.SetUp failed: secret "gemini" not found'}
    disk = {"reason": "FailedAttachVolume", "message": "no such disk"}
    quota = {"reason": "FailedCreate", "message": "exceeded quota"}

    reasons = [
        found and found.reason
        for found in (
            of_pod_events([{"reason": "Scheduled"}, mount]),
            of_pod_events([disk]),
            of_job_events([quota]),
            of_pod_events([]),
            of_job_events([mount]),
        )
    ]
    assert reasons == ["SecretNotFound", "VolumeUnavailable", "PodRefused", None, None]


def test_a_hostile_message_becomes_one_line() -> None:
    found = of_job_events([{"reason": "FailedCreate", "message": "a\nb\x1b[31m" + "x" * 10_000}])

    assert found is not None
    assert found.message.isprintable()
    assert len(found.message) <= 300
