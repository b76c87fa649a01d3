"""The pods of PdfJobs, with all that an administrator adds, in a namespace that demands the restricted standard."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chart.helm import CI, Helm, operator_of, values
from chart.workers import worker_jobs
from tools.builds import binaries
from tools.control_plane.harness import Harness
from tools.kubectl.client import KubectlError


pytestmark = pytest.mark.needs("helm")

NEEDED: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "pdfjob-runner"}},
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "batch"}, "value": 1},
    {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "gvisor"}, "handler": "runsc"},
]
"""What the example with everything names."""


@pytest.fixture
def restricted(harness: Harness) -> Iterator[Harness]:
    """A namespace that admits no pod which breaks the standard."""
    standard = "pod-security.kubernetes.io/enforce=restricted"
    harness.kubectl.run("label", "namespace", harness.namespace, standard)
    harness.make_all(NEEDED)
    yield harness
    for kind in ("priorityclass/batch", "runtimeclass/gvisor"):
        harness.kubectl.run("delete", kind)


def refusal(harness: Harness, pod: dict[str, Any]) -> str:
    """Return what the API server says of a pod that it refuses."""
    manifest = {"apiVersion": "v1", "kind": "Pod", **pod}
    try:
        harness.kubectl.run("create", "--dry-run=server", "--filename=-", stdin=json.dumps(manifest))
    except KubectlError as error:
        return str(error)
    return ""


def test_the_api_server_admits_every_pod_with_every_example(restricted: Harness) -> None:
    program = binaries.find_helm()
    assert program is not None
    refusals = {}
    for example in CI:
        rendered = Helm(program).render(*values(example))
        for stage, job in worker_jobs(rendered, operator_of(rendered)).items():
            template = job["spec"]["template"]
            pod = {"metadata": {**template["metadata"], "name": stage}, "spec": template["spec"]}
            refusals[example.name, stage] = refusal(restricted, pod)
    assert {where: said for where, said in refusals.items() if said} == {}
    privileged = {"containers": [{"name": "a", "image": "b", "securityContext": {"privileged": True}}]}
    assert "violates PodSecurity" in refusal(restricted, {"metadata": {"name": "a"}, "spec": privileged})
