"""A job on a book of nine pages, and what its pods leave; for the tests of the chunk runner."""

import json
from pathlib import Path
from typing import Any

from chunk_runner.contract.job_spec import JobSpec
from processes.pods import Pods
from tools.documents import pdfs


SPEC = JobSpec(path="book.pdf", pages_per_chunk=3)
LEFT = {"output.json", "report.json"}


def pods_with_book(folder: Path, pages: int) -> Pods:
    """Write a book of numbered pages to a volume in this folder, and make an empty workspace beside it."""
    volume, workspace = folder / "volume", folder / "workspace"
    volume.mkdir()
    workspace.mkdir()
    pdfs.write_numbered(volume / "book.pdf", pages)
    return Pods(volume, workspace)


def output(pods: Pods) -> dict[str, object]:
    found: dict[str, object] = json.loads((pods.workspace / "output.json").read_text())
    return found


def attempts(pods: Pods, index: int) -> list[dict[str, Any]]:
    lines = (pods.workspace / "attempts" / f"{index:05}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
