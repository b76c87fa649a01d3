"""Many PdfJobs at once, on one node: a healthy operator is not restarted by its own probe."""

from pathlib import Path
from typing import Any

import pytest

from tools.documents import pdfs
from tools.kubectl.client import OPERATOR, Kubectl, KubectlError
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


NUMBER = 100


@pytest.mark.exhaustive
@pytest.mark.long
def test_a_hundred_pdfjobs_at_once_do_not_restart_the_operator(
    kubectl: Kubectl, operator: Kubectl, volume: Volume, tmp_path: Path
) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 4), "a.pdf")
    (before,) = operator.get("pods", OPERATOR)

    manifests = [pdfjob(f"job-{number}", "a.pdf") for number in range(NUMBER)]
    kubectl.apply({"apiVersion": "v1", "kind": "List", "items": manifests})
    left = unfinished(kubectl)
    while left:
        try:
            kubectl.wait(f"pdfjob/{left[0]}", "condition=Complete")
        except KubectlError:
            assert len(unfinished(kubectl)) < len(left)  # a busy machine takes its time, but something must finish
        left = unfinished(kubectl)

    (after,) = operator.get("pods", OPERATOR)
    assert len(kubectl.get("pdfjobs")) == NUMBER
    assert restarts(after) == restarts(before)


def unfinished(kubectl: Kubectl) -> list[str]:
    """The names of the PdfJobs that are not complete."""
    phases = {it["metadata"]["name"]: it.get("status", {}).get("phase") for it in kubectl.get("pdfjobs")}
    assert "Failed" not in phases.values()
    return [name for name, phase in phases.items() if phase != "Succeeded"]


def restarts(pod: dict[str, Any]) -> tuple[str, int]:
    """The operator's pod, and how often its container was restarted."""
    (container,) = pod["status"]["containerStatuses"]
    return pod["metadata"]["uid"], container["restartCount"]
