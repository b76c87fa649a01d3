"""The processor gemini in real processes, through the real SDK, against a server that plays Gemini and its faults."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chunk_runner.contract import environment
from integration.gemini.book import KEY
from processes.pods import Pods
from tools.documents import pdfs
from tools.fake_gemini.server import GeminiServer


@pytest.fixture
def server() -> Iterator[GeminiServer]:
    with GeminiServer() as running:
        running.configure(retry_delay=1, hang=600)
        yield running


@pytest.fixture
def pods(tmp_path: Path, server: GeminiServer, monkeypatch: pytest.MonkeyPatch) -> Pods:
    """A volume with a book of four pages, and an empty workspace."""
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setenv(environment.BASE_URL_ENV, server.url)
    volume, workspace = tmp_path / "volume", tmp_path / "workspace"
    volume.mkdir()
    workspace.mkdir()
    pdfs.write_pages(volume / "book.pdf", [pdfs.sales(page) for page in range(1, 5)])
    return Pods(volume, workspace)
