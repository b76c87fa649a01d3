from datetime import timedelta
from typing import Any

import pytest

from builders import NOW, make_claim
from pdfjob_operator.observation.diagnostics import (
    from_claim,
    from_job_events,
    from_pod_events,
    from_pods,
    from_running_pods,
)


def waiting(reason: str, message: str = "…") -> dict[str, Any]:
    return {
        "status": {
            "containerStatuses": [{"name": "runner", "state": {"waiting": {"reason": reason, "message": message}}}]
        }
    }


def unscheduled(message: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": message}]}}


@pytest.mark.parametrize(
    ("pod", "reason", "said"),
    [
        (waiting("ImagePullBackOff", "Back-off pulling image x"), "ImageUnavailable", "pulling image x"),
        (waiting("ErrImagePull"), "ImageUnavailable", "…"),
        (waiting("CreateContainerConfigError", 'secret "key" not found'), "SecretNotFound", "key"),
        (waiting("CreateContainerConfigError", "no such key"), "ContainerNotStarted", "no such key"),
        (
            waiting("CreateContainerConfigError", "failed to create subPath directory for volumeMount workspace"),
            "VolumeUnavailable",
            "root_squash",
        ),
        (
            waiting("CreateContainerConfigError", "failed to prepare subPath for volumeMount workspace"),
            "VolumeUnavailable",
            "root_squash",
        ),
        (unscheduled('persistentvolumeclaim "books" not found'), "ClaimNotFound", "“books”"),
        (unscheduled('persistentvolumeclaim "books" is being deleted'), "ClaimNotFound", "“books” is being deleted"),
        (
            unscheduled('persistentvolumeclaim "books" bound to non-existent persistentvolume "pv"'),
            "ClaimNotBound",
            "lost",
        ),
        (unscheduled("pod has unbound immediate PersistentVolumeClaims"), "ClaimNotBound", "not bound"),
        (unscheduled("0/3 nodes are available: Insufficient cpu"), "Unschedulable", "Insufficient cpu"),
    ],
)
def test_pods_are_diagnosed_from_their_status(pod: dict[str, Any], reason: str, said: str) -> None:
    found = from_pods([{}, pod])

    assert found is not None
    assert found.reason == reason
    assert said in found.message


@pytest.mark.parametrize(
    ("ended", "other", "is_kept"),
    [
        ("2026-11-23T11:58:00Z", "running", True),
        ("2026-11-23T11:59:30Z", "running", False),
        ("2026-11-23T11:58:00Z", "terminated", False),
        (None, "running", False),
    ],
)
def test_a_pod_is_kept_if_another_container_runs_on_after_the_work_is_done(
    *, ended: str | None, other: str, is_kept: bool
) -> None:
    state = {"running": {}} if ended is None else {"terminated": {"exitCode": 0, "finishedAt": ended}}
    statuses = [{"name": "istio-proxy", "state": {other: {}}}, {"name": "runner", "state": state}]
    pod = {"metadata": {"name": "pod-0"}, "status": {"containerStatuses": statuses}}

    assert (from_running_pods([pod], NOW) is not None) == is_kept


@pytest.mark.parametrize("pod", [{}, waiting("ContainerCreating"), waiting("PodInitializing"), {"status": {}}])
def test_a_pod_that_is_only_slow_has_no_diagnosis(pod: dict[str, Any]) -> None:
    assert from_pods([pod]) is None


def test_pods_and_jobs_are_diagnosed_from_events() -> None:
    mount = {"reason": "FailedMount", "message": 'MountVolume.SetUp failed: secret "gemini" not found'}
    disk = {"reason": "FailedAttachVolume", "message": "no such disk"}
    quota = {"reason": "FailedCreate", "message": "exceeded quota"}

    reasons = [
        found and found.reason
        for found in (
            from_pod_events([{"reason": "Scheduled"}, mount]),
            from_pod_events([disk]),
            from_job_events([quota]),
            from_pod_events([]),
            from_job_events([mount]),
        )
    ]
    assert reasons == ["SecretNotFound", "VolumeUnavailable", "PodRefused", None, None]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('MountVolume.SetUp failed for volume "password" : secret "books" not found', "Secret “books” does not exist"),
        (
            'MountVolume.SetUp failed for volume "password" : references non-existent secret key: germinal',
            "no key “germinal”",
        ),
    ],
    ids=["no Secret", "no key"],
)
def test_a_missing_secret_or_key_is_named(said: str, told: str) -> None:
    found = from_pod_events([{"reason": "FailedMount", "message": said}])

    assert found is not None
    assert found.reason == "SecretNotFound"
    assert told in found.message
    assert "the job continues" in found.message


def test_a_cause_is_preferred_to_a_later_summary_without_one() -> None:
    summary = {"reason": "FailedMount", "message": "Unable to attach or mount volumes: unmounted volumes=[password]"}
    cause = {"reason": "FailedMount", "message": 'MountVolume.SetUp failed: secret "books" not found'}

    reasons = [found and found.reason for found in (from_pod_events([summary, cause]), from_pod_events([summary]))]
    assert reasons == ["SecretNotFound", "VolumeUnavailable"]


def test_a_hostile_message_becomes_one_line() -> None:
    found = from_job_events([{"reason": "FailedCreate", "message": "a\nb\x1b[31m" + "x" * 10_000}])

    assert found is not None
    assert found.message.isprintable()
    assert len(found.message) <= 300


YOUNG, OLD = NOW - timedelta(seconds=10), NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("claim", "message", "said"),
    [
        ({"storage_class": None}, None, "has no storage class, and the cluster has no default class"),
        ({}, 'storageclass.storage.k8s.io "nfs" not found', "Storage class “nfs” does not exist"),
        ({}, "NodePath only supports ReadWriteOnce", "No volume can be provisioned for PersistentVolumeClaim “books”"),
        ({"provisioner": "ebs.csi.aws.com", "created_at": OLD}, None, "from the provisioner ebs.csi.aws.com"),
    ],
    ids=["no class", "no such class", "a class that cannot", "no provisioner"],
)
def test_what_keeps_a_claim_from_binding_is_named(claim: dict[str, Any], message: str | None, said: str) -> None:
    events = [] if message is None else [{"reason": "ProvisioningFailed", "message": message}]

    found = from_claim(make_claim("books", bound=False, **claim), events, NOW)

    assert found is not None
    assert found.reason == "ClaimNotBound"
    assert said in found.message


@pytest.mark.parametrize(
    "claim",
    [{"created_at": OLD}, {"provisioner": "ebs.csi.aws.com", "created_at": YOUNG}],
    ids=["waits for the first pod", "is being provisioned"],
)
def test_a_claim_that_waits_for_its_first_pod_or_its_volume_is_no_fault(claim: dict[str, Any]) -> None:
    assert from_claim(make_claim("books", bound=False, **claim), [], NOW) is None
