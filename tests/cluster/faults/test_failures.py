"""What goes wrong with a source or a chunk, and what the user is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.documents import pdfs
from tools.kubectl.client import Kubectl
from tools.kubectl.manifests import pdfjob
from tools.kubectl.volume import Volume


def not_a_pdf(path: Path) -> Path:
    path.write_text("This is a text file.")
    return path


BAD_SOURCES = [
    pytest.param(not_a_pdf, "NotAPdf", id="not-a-pdf"),
    pytest.param(None, "SourceNotFound", id="missing"),
]
"""The other reasons are the runner's own business: tests/integration/pods/test_sources.py."""


@pytest.mark.parametrize(("write", "reason"), BAD_SOURCES)
def test_a_bad_source_fails_at_once_and_says_why(
    kubectl: Kubectl, volume: Volume, tmp_path: Path, write: Callable[[Path], Path] | None, reason: str
) -> None:
    if write is not None:
        volume.put(write(tmp_path / "bad.pdf"), "bad.pdf")

    kubectl.apply(pdfjob("bad", "bad.pdf"))
    kubectl.wait("pdfjob/bad", "condition=Failed")

    status = kubectl.status("bad")
    failed = next(it for it in status["conditions"] if it["type"] == "Failed")
    assert (status["phase"], failed["reason"]) == ("Failed", reason)
    assert "bad.pdf" in failed["message"]
    assert failed["message"].endswith(".")
    assert [
        job["metadata"]["labels"]["pdfjob.dev/stage"] for job in kubectl.get("jobs", "--selector=pdfjob.dev/uid")
    ] == ["prepare"]
    assert len(kubectl.get("pods", "--selector=pdfjob.dev/stage=prepare")) == 1
    assert volume.files(volume.workspaces) == set()


def spoil(volume: Volume, uid: str, *chunks: int) -> None:
    """Overwrite chunk PDFs, as a failing disk would."""
    for index in chunks:
        volume.shell(f"echo spoilt > {volume.workspaces}/{uid}/chunks/{index:05}.pdf")


def start_paused(kubectl: Kubectl, volume: Volume, tmp_path: Path, **spec: object) -> str:
    """A job of three chunks that waits for workers; returns its uid."""
    volume.put(pdfs.write_numbered(tmp_path / "a.pdf", 9), "a.pdf")
    kubectl.apply(pdfjob("job", "a.pdf", chunking={"pagesPerChunk": 3}, workers=0, **spec))
    kubectl.wait("pdfjob/job", "jsonpath={.status.phase}=Processing")
    return str(kubectl.get("pdfjob/job")["metadata"]["uid"])


def test_a_failed_chunk_leaves_a_gap_and_takes_no_other_along(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    uid = start_paused(kubectl, volume, tmp_path)
    spoil(volume, uid, 1)

    kubectl.run("scale", "pdfjob/job", "--replicas=3")
    kubectl.wait("pdfjob/job", "condition=Complete")

    kubectl.wait("pdfjob/job", "condition=Partial")
    status = kubectl.status("job")
    assert status["chunks"] == {"total": 3, "active": 0, "succeeded": 2, "failed": 1}
    assert status["failedPages"] == "4-6"
    (failed,) = status["failedChunks"]
    assert (failed["index"], failed["pages"], failed["reason"]) == (1, "4-6", "ChunkUnreadable")
    output = json.loads(volume.read(f"{volume.workspaces}/{uid}/output.json", tmp_path / "output.json"))
    assert output["ledger"]["failed"] == "4-6"
    assert [entry.get("gap") for entry in output["sentences"]] == [
        None,
        None,
        None,
        "ChunkUnreadable",
        None,
        None,
        None,
    ]
    # What a retry of the failed chunk would need stays, and no chunk PDF does.
    kept = {f"{uid}/{name}" for name in ("output.json", "report.json", "manifest.json")}
    results = {f"{uid}/results/{index:05}.result" for index in (0, 2)}
    attempts = {f"{uid}/attempts/{index:05}.jsonl" for index in range(3)}
    assert volume.files(volume.workspaces) == kept | results | attempts


def test_a_job_out_of_time_fails_and_leaves_no_chunk_pdf(kubectl: Kubectl, volume: Volume, tmp_path: Path) -> None:
    start_paused(kubectl, volume, tmp_path, timeoutSeconds=15)

    kubectl.wait("pdfjob/job", "condition=Failed")

    status = kubectl.status("job")
    assert {it["reason"] for it in status["conditions"]} == {"DeadlineExceeded"}
    assert not any(name.endswith(".pdf") for name in volume.files(volume.workspaces))
