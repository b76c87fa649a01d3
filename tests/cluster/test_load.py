"""Many PdfJobs at once, on one node: a healthy operator is not restarted by its own probe."""

from pathlib import Path
from typing import Any

import pytest

from tools import pdfs
from tools.kubectl import OPERATOR, Kubectl, Volume, pdfjob


NUMBER = 100


@pytest.mark.long
def test_a_hundred_pdfjobs_at_once_do_not_restart_the_operator(
    kubectl: Kubectl, operator: Kubectl, volume: Volume, tmp_path: Path
) -> None:
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 4), "a.pdf")
    (before,) = operator.get("pods", OPERATOR)

    names = [f"job-{number}" for number in range(NUMBER)]
    manifests = [pdfjob(name, "a.pdf", chunking={"pagesPerChunk": 2}, workers=1) for name in names]
    kubectl.apply({"apiVersion": "v1", "kind": "List", "items": manifests})
    for name in names:
        kubectl.wait(f"pdfjob/{name}", "condition=Complete")

    (after,) = operator.get("pods", OPERATOR)
    assert restarts(after) == restarts(before)


def restarts(pod: dict[str, Any]) -> tuple[str, int]:
    """The operator's pod, and how often its container was restarted."""
    (container,) = pod["status"]["containerStatuses"]
    return pod["metadata"]["uid"], container["restartCount"]
