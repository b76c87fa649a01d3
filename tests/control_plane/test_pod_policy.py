"""The admission policy of the chart on `spec.pod`, as a real API server applies it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from chart.helm import Helm
from processes.running import until
from tools.builds import binaries
from tools.control_plane.harness import Harness
from tools.kubectl.client import KubectlError
from tools.kubectl.manifests import pdfjob
from unit.pdfjob_operator.planning.pod_attempts import ALLOWED, ATTEMPTS


pytestmark = pytest.mark.needs("helm")


@pytest.fixture
def policy(harness: Harness) -> Iterator[Harness]:
    """The policy is in force."""
    program = binaries.find_helm()
    assert program is not None
    rendered = yaml.safe_dump_all(Helm(program).render("--show-only=templates/admissionpolicy.yaml"))
    harness.kubectl.run("apply", "--filename=-", stdin=rendered)
    until(lambda: bool(refusal(harness, {"priorityClassName": "urgent"})))
    yield harness
    harness.kubectl.run("delete", "--filename=-", stdin=rendered)


def refusal(harness: Harness, pod: dict[str, Any]) -> str:
    """Return what the API server says of a PdfJob that it refuses."""
    manifest = json.dumps(pdfjob("attempt", "a.pdf", pod=pod))
    try:
        harness.kubectl.run("create", "--dry-run=server", "--filename=-", stdin=manifest)
    except KubectlError as error:
        return str(error)
    return ""


def test_every_attempt_is_refused_and_what_is_allowed_is_not(policy: Harness) -> None:
    said = {json.dumps(pod): refusal(policy, pod) for pod, _ in ATTEMPTS}

    assert [pod for pod, answer in said.items() if "spec.pod" not in answer] == []
    assert [answer for pod in ALLOWED if (answer := refusal(policy, pod))] == []


def test_spec_pod_is_immutable(harness: Harness) -> None:
    harness.make(pdfjob("germinal", "a.pdf", pod={"nodeSelector": {"kubernetes.io/arch": "arm64"}}))
    harness.make(pdfjob("nana", "a.pdf"))

    for name in ("germinal", "nana"):
        patch = '{"spec":{"pod":{"nodeSelector":{"kubernetes.io/arch":"amd64"}}}}'
        with pytest.raises(KubectlError, match=r"spec\.pod is immutable: create a new PdfJob"):
            harness.kubectl.run("patch", f"pdfjob/{name}", "--type=merge", f"--patch={patch}")
