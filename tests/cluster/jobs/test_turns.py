"""More pods than workers, on a real cluster: pods that wait for their turn, and ask nothing before."""

from itertools import pairwise
from pathlib import Path

import pytest

from cluster.fault_job import CHUNKS, PAGES, FaultJob
from tools.documents import pdfs
from tools.kubectl import gemini as models
from tools.kubectl.client import Kubectl, KubectlError
from tools.kubectl.gemini import KEY_SECRET, Model
from tools.kubectl.volume import Volume


SECONDS = 1.0
"""What the model takes to answer."""


def test_pods_that_start_early_wait_for_their_turn(
    kubectl: Kubectl, volume: Volume, gemini: Model, tmp_path: Path
) -> None:
    book = pdfs.write_pages(tmp_path / "a.pdf", [pdfs.sales(page) for page in range(1, PAGES + 1)])
    volume.put(book, book.name)
    kubectl.apply(models.key_secret(f"AQ.the-key-of-{kubectl.namespace}"))
    processor = {"gemini": {"apiKeySecretRef": {"name": KEY_SECRET, "key": "key"}}}
    gemini.configure(held=True)
    job = FaultJob(kubectl, volume, workers=1, prestart=2, processor=processor)

    job.patch(suspend=False)
    # Three pods run, of which one is ready, because one asks.
    kubectl.wait("jobs", "create", job.selector("chunks"))
    kubectl.wait("jobs", "jsonpath={.status.ready}=1", job.selector("chunks"))
    kubectl.wait("pods", "jsonpath={.status.phase}=Running", job.selector("chunks"))
    assert len(job.pods("chunks")) == 3
    assert len(gemini.log(least=1)) == 1
    with pytest.raises(KubectlError, match=r"spec\.workers is immutable if spec\.prestart is set"):
        job.patch(workers=2)

    gemini.change(held=False, latency=SECONDS)
    status = job.wait_until_complete()

    assert (status["pages"], status["chunks"]["succeeded"]) == (PAGES, CHUNKS)
    times = sorted(entry["time"] for entry in gemini.log())
    assert len(times) == CHUNKS
    assert [later - earlier for earlier, later in pairwise(times[1:]) if later - earlier < SECONDS] == []
    (chunks,) = job.jobs("chunks")
    assert (chunks["spec"]["parallelism"], chunks["status"].get("failed", 0)) == (3, 0)
    assert volume.files(job.folder) == {"output.json", "report.json", "usage.jsonl"}
