"""Pods that do not start: the reason is shown within a minute, the job goes on when it is mended, and fails in time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.deployment import operator_with
from tools.documents import pdfs
from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import CLAIM, claim, pdfjob
from tools.kubectl.volume import Volume


def wait_for_reason(kubectl: Kubectl, reason: str) -> str:
    """Wait for what the user sees; returns the sentence. There is a Warning about it too."""
    path = "jsonpath={.status.conditions[?(@.type=='Reconciling')].reason}"
    kubectl.wait("pdfjob/job", f"{path}={reason}")
    uid = kubectl.get("pdfjob/job")["metadata"]["uid"]
    kubectl.wait("events", "create", f"--field-selector=involvedObject.uid={uid},reason={reason},type=Warning")
    return str(kubectl.status("job")["message"])


def test_a_missing_claim(kubectl: Kubectl) -> None:
    kubectl.apply(pdfjob("job", "a.pdf"))

    assert f"“{CLAIM}”" in wait_for_reason(kubectl, "ClaimNotFound")
    assert kubectl.status("job")["phase"] == "Pending"

    # Mended, but the source is missing: the job has gone on far enough to say so.
    kubectl.apply(claim(CLAIM))
    kubectl.wait("pdfjob/job", "jsonpath={.status.conditions[?(@.type=='Failed')].reason}=SourceNotFound")


@pytest.mark.exhaustive
def test_a_claim_that_never_comes_ends_with_the_jobs_time(kubectl: Kubectl) -> None:
    kubectl.apply(pdfjob("job", "a.pdf", timeoutSeconds=30))
    kubectl.wait("pdfjob/job", "condition=Failed")

    status = kubectl.status("job")
    assert {it["reason"] for it in status["conditions"]} == {"DeadlineExceeded"}
    assert CLAIM in status["message"]
    kubectl.wait("pods", "delete", "--selector=pdfjob.dev/uid")


def test_a_missing_password(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(pdfs.write_pages(tmp_path / "a.pdf", [["This is a secret."]], password="swordfish"), "a.pdf")
    job = pdfjob("job", "a.pdf")
    job["spec"]["source"]["passwordSecretRef"] = {"name": "passwords", "key": "book"}

    kubectl.apply(job)
    assert "“passwords”" in wait_for_reason(kubectl, "SecretNotFound")

    kubectl.run("create", "secret", "generic", "passwords", "--from-literal=book=swordfish")
    kubectl.wait("pdfjob/job", "condition=Complete")  # the kubelet tries again within two minutes


@pytest.mark.exhaustive
def test_a_quota(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")
    kubectl.run("create", "quota", "one", "--hard=pods=1")  # the one that holds the volume
    kubectl.wait("quota/one", "jsonpath={.status.hard}")

    kubectl.apply(pdfjob("job", "a.pdf"))
    assert "exceeded quota" in wait_for_reason(kubectl, "PodRefused")

    kubectl.run("delete", "quota", "one")
    kubectl.wait("pdfjob/job", "condition=Complete")


@pytest.fixture
def cordoned(operator: Kubectl) -> Iterator[Kubectl]:
    """No node takes new pods."""
    names = [node["metadata"]["name"] for node in operator.get("nodes")]
    operator.run("cordon", *names)
    try:
        yield operator
    finally:
        operator.run("uncordon", *names)


@pytest.mark.exhaustive
def test_no_node_takes_the_pods(kubectl: Kubectl, volume: Volume, cordoned: Kubectl, tmp_path: Path) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 3), "a.pdf")

    kubectl.apply(pdfjob("job", "a.pdf"))
    assert "unschedulable" in wait_for_reason(kubectl, "Unschedulable")

    cordoned.run("uncordon", *(node["metadata"]["name"] for node in cordoned.get("nodes")))
    kubectl.wait("pdfjob/job", "condition=Complete")


@pytest.fixture
def wrong_image(operator: Kubectl) -> Iterator[None]:
    """The operator's configuration names an image that is nowhere."""
    with operator_with(operator, PDFJOB_RUNNER_IMAGE="localhost/nowhere:1"):
        yield


@pytest.mark.usefixtures("wrong_image", "volume")
def test_an_image_that_cannot_be_pulled(kubectl: Kubectl) -> None:
    kubectl.apply(pdfjob("job", "a.pdf"))

    message = wait_for_reason(kubectl, "ImageUnavailable")
    assert "localhost/nowhere:1" in message
    assert "cannot be pulled" in message
    assert len(kubectl.get("jobs", "--selector=pdfjob.dev/uid")) == 1
