"""The chunk runner as a pod runs it: real processes on a real workspace."""

from pathlib import Path

import pytest

from integration.pods.job import SPEC
from processes.pods import Pods
from tools.documents import pdfs


@pytest.fixture
def pods(tmp_path: Path) -> Pods:
    """A volume with a book of nine pages, and an empty workspace."""
    volume, workspace = tmp_path / "volume", tmp_path / "workspace"
    volume.mkdir()
    workspace.mkdir()
    pdfs.write_numbered(volume / "book.pdf", 9)
    return Pods(volume, workspace)


@pytest.fixture
def prepared(pods: Pods) -> Pods:
    """A prepared job of three chunks."""
    code, report = pods.prepare(SPEC)
    assert (code, report.pages, report.chunks) == (0, 9, 3)
    return pods
